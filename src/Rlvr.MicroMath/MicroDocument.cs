namespace Rlvr.MicroMath;

/// <summary>A problem and one way to answer it, right or wrong: what a language model is pretrained on.</summary>
/// <param name="Problem">The problem.</param>
/// <param name="Response">The answer's lines, separated by line feeds, without one at the end.</param>
/// <param name="Habit">The manner of the response.</param>
/// <param name="Checked">Whether the response goes through the steps a second time.</param>
public sealed record MicroDocument(MicroProblem Problem, string Response, Habit Habit, bool Checked);
