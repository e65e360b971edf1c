using Rlvr.Runs;

namespace Rlvr.Experiments.Measures;

/// <summary>Accuracies out of the evaluations that trainings make themselves.</summary>
internal static class Accuracies
{
    /// <summary>The accuracy on a suite, seed by seed: before the first step, or after the last.</summary>
    public static Measurement Accuracy(this ExperimentResults results, Entry entry, string suite, Decoding decoding = Decoding.Greedy) =>
        results.Of(entry, suite, decoding, Value);

    /// <summary>The accuracy on a suite's problems of one subject. Its error is the binomial one: the problems' own spread is not kept.</summary>
    public static Measurement SubjectAccuracy(this ExperimentResults results, Entry entry, string suite, string subject, Decoding decoding = Decoding.Greedy) =>
        results.Of(entry, suite, decoding, (seed, record) => record.Subjects.FirstOrDefault(s => s.Subject == subject) is { } of
            ? new SeedValue(seed, of.Accuracy, Binomial(of.Accuracy, of.Problems), record.Step)
            : null);

    /// <summary>The mean accuracy over suites, each counting the same; only seeds with all of them.</summary>
    public static Measurement Average(this ExperimentResults results, Entry entry, IReadOnlyList<string> suites, Decoding decoding = Decoding.Greedy) =>
        Measurement.Average([.. suites.Select(suite => results.Accuracy(entry, suite, decoding))]);

    /// <summary>Some number of the evaluation on a suite before the first step or after the last; a seed without it (null) is left out.</summary>
    public static Measurement Of(this ExperimentResults results, Entry entry, string suite, Decoding decoding, Func<int, EvaluationRecord, SeedValue?> number)
    {
        if (entry.Recipe is null) return Measurement.None;
        List<SeedValue> values = [];
        foreach (TrainedRun run in results.Trainings(entry.Recipe))
        {
            EvaluationRecord? record = run.Records(suite, decoding).Where(e => e.Step == 0 == entry.IsBase).MaxBy(e => e.Step);
            if (record is not null && number(run.Seed, record) is { } value && double.IsFinite(value.Value)) values.Add(value);
        }
        // A base model decodes greedily to the same responses whatever the seed: one measurement, not several.
        return entry.IsBase && decoding == Decoding.Greedy ? new([.. values.Take(1)]) : new(values);
    }

    /// <summary>A run's evaluations on a suite.</summary>
    public static IEnumerable<EvaluationRecord> Records(this TrainedRun run, string suite, Decoding decoding) =>
        run.Evaluations.Where(e => e.Suite == suite && (e.Temperature == 0) == (decoding == Decoding.Greedy));

    /// <summary>The accuracy of an evaluation with its standard error.</summary>
    public static SeedValue? Value(int seed, EvaluationRecord record) => new SeedValue(seed, record.Accuracy, Error(record), record.Step);

    /// <summary>
    /// The standard error of an evaluation's accuracy, clustered by problem. Where all problems agree it would be 0; it is never taken to be less than that of one
    /// problem more that does not, 1 / (n + 2).
    /// </summary>
    public static double Error(EvaluationRecord record) =>
        double.Max(double.IsFinite(record.StandardError) ? record.StandardError : Binomial(record.Accuracy, record.Problems), 1.0 / (record.Problems + 2));

    private static double Binomial(double share, int n) => double.Max(double.Sqrt(share * (1 - share) / int.Max(1, n - 1)), 1.0 / (n + 2));
}
