namespace Rlvr.MicroMath;

/// <summary>A problem and one way to answer it, right or wrong: what a language model is pretrained on.</summary>
/// <param name="Problem">The problem.</param>
/// <param name="Response">The answer's lines, separated by line feeds, without one at the end.</param>
/// <param name="Habit">The manner of the response.</param>
/// <param name="Checked">Whether the response goes through the steps a second time.</param>
public sealed record MicroDocument(MicroProblem Problem, string Response, Habit Habit, bool Checked)
{
    /// <summary>Another problem and its response that stand before this one in the text, often of the same habit: so an example can be learned from in context; null in most documents.</summary>
    public MicroDocument? Earlier { get; init; }
}
