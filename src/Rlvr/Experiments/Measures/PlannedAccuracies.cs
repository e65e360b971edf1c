using Rlvr.Evaluation;

namespace Rlvr.Experiments.Measures;

/// <summary>Numbers out of evaluations beyond those of the trainings.</summary>
internal static class PlannedAccuracies
{
    /// <summary>The accuracy on a suite, seed by seed.</summary>
    public static Measurement Accuracy(this ExperimentResults results, PlannedEvaluation planned, string suite) => new(
        [.. results.Evaluations(planned.Name)
            .Select(e => (e.Seed, Record: e.Evaluations.FirstOrDefault(r => r.Suite == suite)))
            .Where(e => e.Record is not null)
            .Select(e => Accuracies.Value(e.Seed, e.Record!)!.Value)]);

    /// <summary>The mean accuracy over its suites.</summary>
    public static Measurement Average(this ExperimentResults results, PlannedEvaluation planned) => Measurement.Average([.. planned.Suites.Select(s => results.Accuracy(planned, s))]);

    /// <summary>
    /// The share of problems of a suite with a right response among k, seed by seed, estimated without bias from all responses of a problem, with the standard error of
    /// a mean over problems.
    /// </summary>
    public static Measurement PassAt(this ExperimentResults results, PlannedEvaluation planned, string suite, int k) => OverProblems(results, planned, suite, problem =>
    {
        int n = problem.Count;
        return n < k ? double.NaN : PassAtK.Estimate(n, problem.Count(r => r.Correct), k);
    });

    /// <summary>The mean over a suite's problems of a number of their responses, seed by seed, with the standard error of a mean over problems.</summary>
    /// <param name="results">The results.</param>
    /// <param name="planned">The evaluation.</param>
    /// <param name="suite">The suite.</param>
    /// <param name="number">The number, of all responses to one problem; NaN leaves the problem out.</param>
    public static Measurement OverProblems(this ExperimentResults results, PlannedEvaluation planned, string suite, Func<IReadOnlyList<ResponseRecord>, double> number)
    {
        List<SeedValue> values = [];
        foreach (EvaluatedRun run in results.Evaluations(planned.Name))
        {
            double[] problems = [.. run.Responses.Where(r => r.Suite == suite).GroupBy(r => r.Id).Select(g => number([.. g])).Where(double.IsFinite)];
            if (problems.Length == 0) continue;
            double error = problems.Length < 2 ? double.NaN : StandardErrors.OfMean(problems);
            values.Add(new SeedValue(run.Seed, problems.Average(), double.Max(error, 1.0 / (problems.Length + 2))));
        }
        return new(values);
    }
}
