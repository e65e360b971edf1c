namespace Rlvr.Cli.Verify;

/// <summary>The names of the fields of a line.</summary>
/// <param name="Answer">The answer as it stands in the box.</param>
/// <param name="Expected">The expected answer.</param>
/// <param name="Id">What names the pair.</param>
/// <param name="Response">The text the answer is taken from, where a line has no answer.</param>
/// <param name="Compare">A verdict to compare with; null compares with none.</param>
internal sealed record VerifyFields(string Answer = "answer", string Expected = "expected", string Id = "id", string Response = "response", string? Compare = null);
