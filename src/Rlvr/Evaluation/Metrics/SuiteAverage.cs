namespace Rlvr.Evaluation;

/// <summary>The mean of the accuracies of several suites, each counting the same however many problems it has (the <c>Avg</c> column of arXiv 2504.20571).</summary>
/// <param name="Accuracy">The mean, 0 to 1.</param>
/// <param name="StandardError">√(Σ SE²) / S over the S suites, whose problems are independent of each other.</param>
public readonly record struct SuiteAverage(double Accuracy, double StandardError)
{
    /// <summary>Averages suites.</summary>
    /// <param name="suites">Accuracy and standard error of each; at least one.</param>
    public static SuiteAverage Of(IReadOnlyCollection<(double Accuracy, double StandardError)> suites) =>
        new(suites.Average(s => s.Accuracy), double.Sqrt(suites.Sum(s => s.StandardError * s.StandardError)) / suites.Count);

    /// <summary>Averages evaluations.</summary>
    public static SuiteAverage Of(IEnumerable<EvaluationResult> results) => Of([.. results.Select(r => (r.Accuracy, r.StandardError))]);

    /// <summary>95% confidence interval: 1.96 standard errors on both sides, within 0 and 1.</summary>
    public ConfidenceInterval Interval => new(double.Max(0, Accuracy - (StandardErrors.Z * StandardError)), double.Min(1, Accuracy + (StandardErrors.Z * StandardError)));
}
