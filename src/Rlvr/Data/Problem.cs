namespace Rlvr.Data;

/// <summary>A problem with the answer that a verifier compares with.</summary>
/// <param name="Id">Its name, unique in its data set.</param>
/// <param name="Text">The problem as its author wrote it, without a prompt around it.</param>
/// <param name="Answer">The label: the right answer, as text.</param>
/// <param name="Subject">The field it belongs to, for tables by subject.</param>
/// <param name="Level">How hard it is, as its data set says.</param>
/// <param name="Source">Where it comes from.</param>
public sealed record Problem(string Id, string Text, string Answer, string? Subject = null, string? Level = null, string? Source = null);
