using System.Text.Json.Nodes;
using Rlvr.Runs;

namespace Rlvr.Evaluation;

/// <summary>The numbers of an evaluation as JSON: summary.json, and what <c>rlvr eval --json</c> prints. Shares are from 0 to 1; what does not exist is null.</summary>
public static class EvaluationSummary
{
    /// <summary>All numbers of one suite.</summary>
    public static JsonObject Of(EvaluationResult result)
    {
        JsonObject pass = [], verdicts = [], subjects = [], levels = [];
        foreach (int k in result.PassKs) pass[$"{k}"] = Number(result.PassAt(k));
        foreach ((string verdict, double share) in result.Verdicts) verdicts[verdict] = Number(share);
        foreach (SubjectAccuracy subject in result.Subjects) subjects[subject.Subject] = Number(subject.Accuracy);
        foreach (LevelAccuracy level in result.Levels) levels[level.Level] = Number(level.Accuracy);
        ConfidenceInterval interval = result.Interval;
        return new JsonObject
        {
            ["suite"] = result.Suite,
            ["temperature"] = Number(result.Settings.Temperature),
            ["samples"] = result.Settings.Samples,
            ["problems"] = result.Problems.Count,
            ["accuracy"] = Number(result.Accuracy),
            ["standard_error"] = Number(result.StandardError),
            ["interval"] = new JsonArray(Number(interval.Low), Number(interval.High)),
            ["pass_at"] = pass,
            ["majority"] = Number(result.Settings.Samples > 1 ? result.Majority : double.NaN),
            ["boxed"] = Number(result.Boxed),
            ["truncated"] = Number(result.Truncated),
            ["repetitive"] = Number(result.Repetitive),
            ["reflection"] = Number(result.Reflective),
            ["length"] = Number(result.MeanLength),
            ["length_median"] = Number(result.MedianLength),
            ["length_max"] = result.MaxLength,
            ["verdicts"] = verdicts,
            ["subjects"] = subjects,
            ["levels"] = levels,
        };
    }

    /// <summary>The average of suites as JSON.</summary>
    public static JsonObject Of(SuiteAverage average) => new()
    {
        ["accuracy"] = Number(average.Accuracy),
        ["standard_error"] = Number(average.StandardError),
        ["interval"] = new JsonArray(Number(average.Interval.Low), Number(average.Interval.High)),
    };

    /// <summary>The average over the suites of a summary; null where there is none.</summary>
    internal static JsonObject? Average(JsonObject suites) =>
        suites.Count == 0 ? null : Of(SuiteAverage.Of([.. suites.Select(s => (Read(s.Value!["accuracy"]), Read(s.Value!["standard_error"])))]));

    /// <summary>What <see cref="Of(EvaluationResult)"/> wrote.</summary>
    internal static SuiteScore ReadScore(string suite, JsonNode json) =>
        new(suite, json["problems"]!.GetValue<int>(), json["samples"]!.GetValue<int>(), Read(json["accuracy"]), Read(json["standard_error"]));

    private static double Read(JsonNode? number) => number?.GetValue<double>() ?? double.NaN;

    /// <summary>Six digits are more than any evaluation has; null is what JSON has for a number that is not finite.</summary>
    private static JsonValue? Number(double value) => double.IsFinite(value) ? JsonValue.Create(double.Round(value, 6)) : null;
}
