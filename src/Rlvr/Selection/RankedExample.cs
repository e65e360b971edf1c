namespace Rlvr.Selection;

/// <summary>An example with its score; the first of a ranking is pi_1.</summary>
/// <param name="Index">The example's name or row in its data set.</param>
/// <param name="Score">The score that it was ranked by, higher first.</param>
public readonly record struct RankedExample(string Index, double Score);
