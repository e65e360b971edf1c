using System.Text.Json.Nodes;
using Rlvr.Data;
using Rlvr.Evaluation;
using Spectre.Console;

namespace Rlvr.Cli.Output;

/// <summary>The curve of a run's checkpoints as a table and as JSON.</summary>
internal static class CurveTables
{
    /// <summary>One row a checkpoint, the best of each column marked, and in words which is best.</summary>
    public static void Write(Terminal terminal, CheckpointCurve curve)
    {
        bool several = curve.Suites.Count > 1;
        Table table = EvaluationTables.Create("step", [.. curve.Suites.Select(Heading), .. several ? ["Avg"] : (string[])[]]);
        foreach (CheckpointPoint point in curve.Points)
        {
            IEnumerable<string> cells = point.Scores.Select(s => Cell(s.Accuracy, point == curve.BestOn(s.Suite)));
            table.AddRow([$"{point.Step}", .. cells, .. several ? [Cell(point.Average.Accuracy, point == curve.Best)] : (string[])[]]);
        }
        terminal.Tables.Write(table);
        if (several)
            Line(terminal, $"best average: step {curve.Best.Step}, {EvaluationTables.WithError(curve.Best.Average.Accuracy, curve.Best.Average.StandardError)} (what Table 8 of arXiv 2504.20571 reports)");
        string suites = string.Join("; ", curve.Suites.Select(s => $"{Heading(s)} {EvaluationTables.WithError(curve.BestOn(s)[s].Accuracy, curve.BestOn(s)[s].StandardError)} at step {curve.BestOn(s).Step}"));
        Line(terminal, $"best per suite: {suites} (as in its Tables 3 and 5)");
        if (curve.Points.Count > 1) Line(terminal, $"chosen among {curve.Points.Count} checkpoints on these very problems, as in the paper: the best is an optimistic estimate");
    }

    /// <summary>All points, and the best.</summary>
    public static JsonObject ToJson(CheckpointCurve curve)
    {
        JsonObject best = [];
        foreach (string suite in curve.Suites) best[suite] = Score(curve.BestOn(suite)[suite], curve.BestOn(suite).Step);
        return new JsonObject
        {
            ["points"] = new JsonArray([.. curve.Points.Select(p =>
            {
                JsonObject suites = [];
                foreach (SuiteScore score in p.Scores) suites[score.Suite] = Score(score, null);
                return new JsonObject { ["step"] = p.Step, ["average"] = EvaluationSummary.Of(p.Average), ["suites"] = suites };
            })]),
            ["best_average"] = new JsonObject { ["step"] = curve.Best.Step, ["accuracy"] = JsonOutput.Number(curve.Best.Average.Accuracy), ["standard_error"] = JsonOutput.Number(curve.Best.Average.StandardError) },
            ["best_by_suite"] = best,
        };
    }

    private static JsonObject Score(SuiteScore score, int? step)
    {
        JsonObject json = new()
        {
            ["accuracy"] = JsonOutput.Number(score.Accuracy),
            ["standard_error"] = JsonOutput.Number(score.StandardError),
            ["problems"] = score.Problems,
            ["samples"] = score.Samples,
        };
        if (step is { } s) json.Insert(0, "step", s);
        return json;
    }

    private static string Cell(double accuracy, bool best) => best ? $"[bold]{EvaluationTables.Percent(accuracy)}*[/]" : $"{EvaluationTables.Percent(accuracy)} ";

    private static string Heading(string suite) => Benchmarks.Find(suite)?.Column ?? suite;

    private static void Line(Terminal terminal, string text) => terminal.Out.WriteLine(SafeText.Clean(text));
}
