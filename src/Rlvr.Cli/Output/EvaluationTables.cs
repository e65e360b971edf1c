using System.Globalization;
using System.Text.Json.Nodes;
using Rlvr.Cli.Suites;
using Rlvr.Evaluation;
using Rlvr.Runs;
using Spectre.Console;

namespace Rlvr.Cli.Output;

/// <summary>Evaluations as tables and as JSON.</summary>
internal static class EvaluationTables
{
    /// <summary>A share as a percentage with one digit; a dash where there is none.</summary>
    public static string Percent(double share) => double.IsFinite(share) ? (100 * share).ToString("0.0", CultureInfo.InvariantCulture) : "–";

    /// <summary>A share with its standard error, in points: 35.7 ± 0.9.</summary>
    public static string WithError(double share, double error) => double.IsFinite(error) ? $"{Percent(share)} ± {Percent(error)}" : Percent(share);

    /// <summary>A table with a heading that is a number in every column but the first.</summary>
    public static Table Create(string first, params IEnumerable<string> numbers)
    {
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumn(first);
        foreach (string heading in numbers) table.AddColumn(new TableColumn(Text(heading)).RightAligned());
        return table;
    }

    /// <summary>Text of others in a cell.</summary>
    public static string Text(string text) => Markup.Escape(SafeText.OneLine(text, 60));

    /// <summary>The table of all suites; of several benchmarks also their line of the paper's tables.</summary>
    public static void Write(Terminal terminal, IReadOnlyList<PlannedSuite> plan, IReadOnlyList<EvaluationResult> results)
    {
        terminal.Tables.Write(Table(results));
        if (results.Count > 1 && plan.All(s => s.Benchmark is not null)) terminal.Tables.Write(PaperTable(plan, results));
    }

    /// <summary>One row a suite and one for each of its subjects and levels, and the average.</summary>
    private static Table Table(IReadOnlyList<EvaluationResult> results)
    {
        bool sampled = results.Any(r => r.Settings.Samples > 1), mixed = results.Select(r => r.Settings.Samples).Distinct().Count() > 1;
        Table table = Create("suite", ["problems", mixed ? "score" : sampled ? $"avg@{results[0].Settings.Samples}" : "accuracy", "95% interval", .. sampled ? ["pass@k", "maj@k"] : (string[])[], "boxed", "cut off", "loops", "tokens"]);
        foreach (EvaluationResult r in results)
        {
            int k = r.Settings.Samples;
            string score = $"[bold]{Percent(r.Accuracy)}[/]", name = Text(r.Suite) + (mixed ? $" [grey]{(k > 1 ? $"avg@{k}" : "pass@1")}[/]" : "");
            List<string> cells = [name, $"{r.Problems.Count}", score, $"{Percent(r.Interval.Low)} – {Percent(r.Interval.High)}"];
            if (sampled) cells.AddRange(k > 1 ? [Percent(r.PassAt(k)), Percent(r.Majority)] : ["", ""]);
            cells.AddRange([Percent(r.Boxed), Percent(r.Truncated), Percent(r.Repetitive), r.MeanLength.ToString("0.0", CultureInfo.InvariantCulture)]);
            table.AddRow([.. cells]);
            void Part(string part, int problems, double accuracy) => table.AddRow([$"  [grey]{Text(part)}[/]", $"[grey]{problems}[/]", $"[grey]{Percent(accuracy)}[/]", .. Enumerable.Repeat("", cells.Count - 3)]);
            if (r.Subjects.Count > 1) foreach (SubjectAccuracy subject in r.Subjects) Part(subject.Subject, subject.Problems, subject.Accuracy);
            if (r.Levels.Count > 1) foreach (LevelAccuracy level in r.Levels) Part(int.TryParse(level.Level, out _) ? $"level {level.Level}" : level.Level, level.Problems, level.Accuracy);
        }
        if (results.Count > 1)
        {
            SuiteAverage average = SuiteAverage.Of(results);
            table.AddEmptyRow();
            table.AddRow([$"average of {results.Count}", "", $"[bold]{Percent(average.Accuracy)}[/]", $"{Percent(average.Interval.Low)} – {Percent(average.Interval.High)}", .. Enumerable.Repeat("", table.Columns.Count - 4)]);
        }
        return table;
    }

    /// <summary>The columns of arXiv 2504.20571, Table 8, in the order in which the benchmarks were named, each with its standard error.</summary>
    private static Table PaperTable(IReadOnlyList<PlannedSuite> plan, IReadOnlyList<EvaluationResult> results)
    {
        Table table = Create("%", [.. plan.Select(s => s.Heading), "Avg"]);
        SuiteAverage average = SuiteAverage.Of(results);
        table.AddRow(["score", .. results.Select(r => $"[bold]{Percent(r.Accuracy)}[/]"), $"[bold]{Percent(average.Accuracy)}[/]"]);
        table.AddRow(["[grey]standard error[/]", .. results.Select(r => $"[grey]{Percent(r.StandardError)}[/]"), $"[grey]{Percent(average.StandardError)}[/]"]);
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
}
