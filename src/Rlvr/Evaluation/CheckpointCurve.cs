namespace Rlvr.Evaluation;

/// <summary>The accuracy of a run's checkpoints on some suites, and which of them is best.</summary>
/// <param name="Points">The checkpoints by step; at least one, all with the same suites.</param>
/// <remarks>
/// The best checkpoint is chosen on the very problems that it is reported on, as in arXiv 2504.20571: its accuracy is an optimistic estimate, the more so the
/// more checkpoints there are.
/// </remarks>
public sealed record CheckpointCurve(IReadOnlyList<CheckpointPoint> Points)
{
    /// <summary>The checkpoint with the best average over suites (as in the paper's Table 8); of equals the earliest.</summary>
    public CheckpointPoint Best => Points.MaxBy(p => p.Average.Accuracy)!;

    /// <summary>The best checkpoint on one suite (as in the paper's Tables 3 and 5); of equals the earliest.</summary>
    public CheckpointPoint BestOn(string suite) => Points.MaxBy(p => p[suite].Accuracy)!;

    /// <summary>Names of the suites.</summary>
    public IReadOnlyList<string> Suites => [.. Points[0].Scores.Select(s => s.Suite)];
}

/// <summary>The evaluations of one checkpoint.</summary>
/// <param name="Step">Training steps before it.</param>
/// <param name="Scores">Suite by suite.</param>
public sealed record CheckpointPoint(int Step, IReadOnlyList<SuiteScore> Scores)
{
    /// <summary>The average over the suites.</summary>
    public SuiteAverage Average => SuiteAverage.Of([.. Scores.Select(s => (s.Accuracy, s.StandardError))]);

    /// <summary>The score on a suite.</summary>
    public SuiteScore this[string suite] => Scores.First(s => s.Suite == suite);
}

/// <summary>The accuracy on one suite, without the responses behind it.</summary>
/// <param name="Suite">Its name.</param>
/// <param name="Problems">Number of problems.</param>
/// <param name="Samples">Responses a problem.</param>
/// <param name="Accuracy">Share of right responses, 0 to 1.</param>
/// <param name="StandardError">Its standard error, clustered by problem.</param>
public sealed record SuiteScore(string Suite, int Problems, int Samples, double Accuracy, double StandardError)
{
    /// <summary>That of an evaluation.</summary>
    public static SuiteScore Of(EvaluationResult result) => new(result.Suite, result.Problems.Count, result.Settings.Samples, result.Accuracy, result.StandardError);
}
