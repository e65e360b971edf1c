using System.Globalization;
using System.Text.Json.Nodes;
using Rlvr.Evaluation;
using Rlvr.Runs;
using Spectre.Console;

namespace Rlvr.Cli.Output;

/// <summary>Evaluations as tables and as JSON.</summary>
internal static class EvaluationTables
{
    /// <summary>A share as a percentage with one digit; a dash where there is none.</summary>
    public static string Percent(double share) => double.IsFinite(share) ? (100 * share).ToString("0.0", CultureInfo.InvariantCulture) : "–";

    /// <summary>One row a suite and one for each of its subjects.</summary>
    public static Table Table(IReadOnlyList<EvaluationResult> results)
    {
        EvaluationSettings settings = results[0].Settings;
        int samples = settings.Samples;
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumn("suite");
        table.AddColumn(new TableColumn("problems").RightAligned());
        table.AddColumn(new TableColumn(samples > 1 ? $"avg@{samples}" : "accuracy").RightAligned());
        table.AddColumn(new TableColumn("95% interval").RightAligned());
        if (samples > 1) table.AddColumn(new TableColumn($"pass@{samples}").RightAligned());
        table.AddColumn(new TableColumn("boxed").RightAligned());
        table.AddColumn(new TableColumn("cut off").RightAligned());
        table.AddColumn(new TableColumn("tokens").RightAligned());
        foreach (EvaluationResult r in results)
        {
            List<string> cells = [Markup.Escape(SafeText.Clean(r.Suite)), $"{r.Problems.Count}", $"[bold]{Percent(r.Accuracy)}[/]", $"{Percent(r.Interval.Low)} – {Percent(r.Interval.High)}"];
            if (samples > 1) cells.Add(Percent(r.PassAt(samples)));
            cells.AddRange([Percent(r.Boxed), Percent(r.Truncated), r.MeanLength.ToString("0.0", CultureInfo.InvariantCulture)]);
            table.AddRow([.. cells]);
            if (r.Subjects.Count < 2) continue;
            foreach (SubjectAccuracy subject in r.Subjects)
                table.AddRow([$"  [grey]{Markup.Escape(SafeText.Clean(subject.Subject))}[/]", $"[grey]{subject.Problems}[/]", $"[grey]{Percent(subject.Accuracy)}[/]", .. Enumerable.Repeat("", cells.Count - 3)]);
        }
        return table;
    }

    /// <summary>The line of a run's evaluation as JSON.</summary>
    public static JsonObject ToJson(EvaluationRecord record)
    {
        JsonObject subjects = [];
        foreach (SubjectAccuracy subject in record.Subjects) subjects[subject.Subject] = JsonOutput.Number(subject.Accuracy);
        return new JsonObject
        {
            ["step"] = record.Step,
            ["suite"] = record.Suite,
            ["temperature"] = JsonOutput.Number(record.Temperature),
            ["problems"] = record.Problems,
            ["accuracy"] = JsonOutput.Number(record.Accuracy),
            ["boxed"] = JsonOutput.Number(record.Boxed),
            ["subjects"] = subjects,
        };
    }

    /// <summary>An evaluation as JSON.</summary>
    public static JsonObject ToJson(EvaluationResult result)
    {
        JsonObject subjects = [], pass = [];
        foreach (SubjectAccuracy subject in result.Subjects) subjects[subject.Subject] = JsonOutput.Number(subject.Accuracy);
        for (int k = 1; k <= result.Settings.Samples; k *= 2) pass[k.ToString(CultureInfo.InvariantCulture)] = JsonOutput.Number(result.PassAt(k));
        pass[result.Settings.Samples.ToString(CultureInfo.InvariantCulture)] = JsonOutput.Number(result.PassAt(result.Settings.Samples));
        return new JsonObject
        {
            ["suite"] = result.Suite,
            ["temperature"] = JsonOutput.Number(result.Settings.Temperature),
            ["samples"] = result.Settings.Samples,
            ["problems"] = result.Problems.Count,
            ["accuracy"] = JsonOutput.Number(result.Accuracy),
            ["interval"] = new JsonArray(JsonOutput.Number(result.Interval.Low), JsonOutput.Number(result.Interval.High)),
            ["pass_at"] = pass,
            ["boxed"] = JsonOutput.Number(result.Boxed),
            ["truncated"] = JsonOutput.Number(result.Truncated),
            ["length"] = JsonOutput.Number(result.MeanLength),
            ["seconds"] = JsonOutput.Number(result.Seconds),
            ["subjects"] = subjects,
        };
    }
}
