using System.Globalization;
using System.Text.Json.Nodes;
using Rlvr.Cli.Output;
using Rlvr.Data;
using Rlvr.Runs;
using Rlvr.Training;
using Spectre.Console;

namespace Rlvr.Cli.Demo;

/// <summary>What the demo found, as tables and as JSON.</summary>
/// <param name="Recipe">The recipe.</param>
/// <param name="Example">The one training example.</param>
/// <param name="Outcome">How the run ended.</param>
/// <param name="TrainingAccuracy">Share of right rollouts in the last step.</param>
/// <param name="Samples">Answers before and after.</param>
/// <param name="ReportPath">The report.</param>
/// <param name="Time">How long everything took.</param>
internal sealed record DemoResult(
    Recipe Recipe, Problem Example, TrainingOutcome Outcome, double TrainingAccuracy, IReadOnlyList<DemoSample> Samples, string ReportPath, TimeSpan Time)
{
    private EvaluationRecord[] Before => [.. Outcome.Evaluations.Where(e => e.Step == 0)];

    private EvaluationRecord[] After => [.. Outcome.Evaluations.Where(e => e.Step == Outcome.LastStep && e.Step > 0)];

    /// <summary>Accuracy by subject of the first suite, then the other suites, before and after, greedy and sampled.</summary>
    public Table Table()
    {
        double[] temperatures = [.. Before.Select(e => e.Temperature).Distinct().Order()];
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumn("% right");
        foreach (double t in temperatures)
        {
            string name = t == 0 ? "greedy" : string.Create(CultureInfo.InvariantCulture, $"T {t}");
            table.AddColumn(new TableColumn($"{name}\nbefore").RightAligned());
            table.AddColumn(new TableColumn($"\nafter").RightAligned());
            table.AddColumn(new TableColumn($"\ngain").RightAligned());
        }
        string first = ProblemNames.First(Recipe);
        foreach (SubjectAccuracy subject in Find(Before, first, 0)?.Subjects ?? [])
        {
            string label = Markup.Escape(SafeText.Clean(subject.Subject.Replace('_', ' '))) + (subject.Subject == Example.Subject ? " [grey](example)[/]" : "");
            table.AddRow([label, .. temperatures.SelectMany(t => Cells(OfSubject(Find(Before, first, t), subject.Subject), OfSubject(Find(After, first, t), subject.Subject)))]);
        }
        foreach (string suite in Recipe.Evaluation.Suites)
        {
            bool main = suite == first;
            string label = main ? $"[bold]all of {Markup.Escape(ProblemSets.ShortName(suite))}[/]" : $"[grey]{Markup.Escape(ProblemSets.ShortName(suite))}{Meaning(suite)}[/]";
            if (main) table.AddEmptyRow();
            table.AddRow([label, .. temperatures.SelectMany(t => Cells(Find(Before, suite, t)?.Accuracy, Find(After, suite, t)?.Accuracy, bold: main))]);
            if (main && Recipe.Evaluation.Suites.Count > 1) table.AddEmptyRow();
        }
        return table;
    }

    /// <summary>Gain of the first suite, greedy, in points; NaN without both evaluations.</summary>
    public double Gain
    {
        get
        {
            string first = ProblemNames.First(Recipe);
            return Find(Before, first, 0) is { } before && Find(After, first, 0) is { } after ? 100 * (after.Accuracy - before.Accuracy) : double.NaN;
        }
    }

    /// <summary>Everything for a script.</summary>
    public JsonObject ToJson() => new()
    {
        ["seconds"] = JsonOutput.Number(Time.TotalSeconds),
        ["recipe"] = Recipe.Name,
        ["seed"] = Recipe.Seed,
        ["steps"] = Outcome.LastStep,
        ["stopped"] = Outcome.Stopped,
        ["example"] = new JsonObject { ["id"] = Example.Id, ["subject"] = Example.Subject, ["problem"] = Example.Text, ["answer"] = Example.Answer },
        ["training_accuracy"] = JsonOutput.Number(TrainingAccuracy),
        ["before"] = ByTemperature(Before),
        ["after"] = ByTemperature(After),
        ["samples"] = new JsonArray([.. Samples.Select(s => new JsonObject
        {
            ["id"] = s.Problem.Id,
            ["problem"] = s.Problem.Text,
            ["answer"] = s.Problem.Answer,
            ["before"] = s.Before.Text,
            ["before_correct"] = s.Before.Correct,
            ["after"] = s.After.Text,
            ["after_correct"] = s.After.Correct,
        })]),
        ["run"] = Outcome.RunPath,
        ["report"] = ReportPath,
    };

    private static JsonObject ByTemperature(EvaluationRecord[] records)
    {
        JsonObject all = [];
        foreach (IGrouping<double, EvaluationRecord> group in records.GroupBy(r => r.Temperature).OrderBy(g => g.Key))
        {
            JsonObject suites = [];
            foreach (EvaluationRecord record in group)
            {
                JsonObject subjects = [];
                foreach (SubjectAccuracy subject in record.Subjects) subjects[subject.Subject] = JsonOutput.Number(subject.Accuracy);
                suites[ProblemSets.ShortName(record.Suite)] = new JsonObject
                {
                    ["accuracy"] = JsonOutput.Number(record.Accuracy),
                    ["problems"] = record.Problems,
                    ["boxed"] = JsonOutput.Number(record.Boxed),
                    ["subjects"] = subjects,
                };
            }
            all[group.Key == 0 ? "greedy" : string.Create(CultureInfo.InvariantCulture, $"temperature_{group.Key}")] = suites;
        }
        return all;
    }

    private static EvaluationRecord? Find(EvaluationRecord[] records, string suite, double temperature) =>
        records.LastOrDefault(r => r.Suite == suite && r.Temperature == temperature);

    private static double? OfSubject(EvaluationRecord? record, string subject) => record?.Subjects.FirstOrDefault(s => s.Subject == subject)?.Accuracy;

    private static IEnumerable<string> Cells(double? before, double? after, bool bold = false)
    {
        string Bold(string text) => bold ? $"[bold]{text}[/]" : text;
        yield return Bold(EvaluationTables.Percent(before ?? double.NaN));
        yield return Bold(EvaluationTables.Percent(after ?? double.NaN));
        double gain = 100 * ((after ?? double.NaN) - (before ?? double.NaN));
        string text = double.IsFinite(gain) ? gain.ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture) : "–";
        yield return Bold(gain >= 0.05 ? $"[green]{text}[/]" : gain <= -0.05 ? $"[red]{text}[/]" : text);
    }

    // Said of the suites of the micro-maths world only; another suite has its name.
    private static string Meaning(string suite) => ProblemSets.ShortName(suite) switch
    {
        "micro-olympiad" => " (longer)",
        "micro-far" => " (never seen)",
        "micro-hard" => " (harder)",
        _ => "",
    };
}
