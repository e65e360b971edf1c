using System.Globalization;
using System.Text.Json.Nodes;
using Rlvr.Evaluation;
using Spectre.Console;

namespace Rlvr.Cli.Output;

/// <summary>The comparison of two evaluations as tables and as JSON.</summary>
internal static class ComparisonTables
{
    private const int ListedIds = 12, ShownText = 1200;

    /// <summary>A row a suite; then which problems changed, and of the first of them what was written.</summary>
    /// <param name="terminal">Where to.</param>
    /// <param name="comparison">What was found.</param>
    /// <param name="show">Of so many changed problems in each direction the responses are shown.</param>
    public static void Write(Terminal terminal, EvaluationComparison comparison, int show)
    {
        Table table = EvaluationTables.Create("suite", "problems", "A", "B", "B − A", "95% interval", "better", "worse", "p");
        foreach (SuiteComparison s in comparison.Suites)
        {
            Row(table, EvaluationTables.Text(s.Name), $"{s.Before.Problems.Count}", s.Before.Accuracy, s.After.Accuracy, s.Difference, $"{s.Better.Count}", $"{s.Worse.Count}");
        }
        if (comparison.Suites.Count > 1)
        {
            table.AddEmptyRow();
            Row(table, $"average of {comparison.Suites.Count}", "", comparison.Before, comparison.After, comparison.Overall, "", "");
        }
        terminal.Tables.Write(table);
        foreach (SuiteComparison suite in comparison.Suites) Say(terminal, suite.Name, suite.Difference, $"{suite.Test} test");
        if (comparison.Suites.Count > 1) Say(terminal, "average", comparison.Overall, "paired permutation test");
        foreach (SuiteComparison suite in comparison.Suites)
        {
            bool single = suite.Before.Samples == 1 && suite.After.Samples == 1;
            Changes(terminal, suite.Name, single ? "wrong → right" : "better", suite.Better, show);
            Changes(terminal, suite.Name, single ? "right → wrong" : "worse", suite.Worse, show);
        }
    }

    /// <summary>Everything, with all problems that changed.</summary>
    public static JsonObject ToJson(EvaluationComparison comparison) => new()
    {
        ["suites"] = new JsonArray([.. comparison.Suites.Select(s =>
        {
            JsonObject json = new()
            {
                ["suite"] = s.Name,
                ["problems"] = s.Before.Problems.Count,
                ["samples"] = new JsonArray(s.Before.Samples, s.After.Samples),
                ["a"] = JsonOutput.Number(s.Before.Accuracy),
                ["b"] = JsonOutput.Number(s.After.Accuracy),
            };
            Add(json, s.Difference, s.Test);
            json["different_settings"] = new JsonArray([.. s.SettingDifferences.Select(d => JsonValue.Create(d))]);
            json["better"] = Ids(s.Better);
            json["worse"] = Ids(s.Worse);
            return json;
        })]),
        ["average"] = Average(comparison),
    };

    private static JsonObject Average(EvaluationComparison comparison)
    {
        JsonObject json = new() { ["a"] = JsonOutput.Number(comparison.Before), ["b"] = JsonOutput.Number(comparison.After) };
        Add(json, comparison.Overall, comparison.Suites.Count == 1 ? comparison.Suites[0].Test : $"paired permutation, {PairedTest.Flips} draws");
        return json;
    }

    private static void Add(JsonObject json, PairedDifference difference, string test)
    {
        json["difference"] = JsonOutput.Number(difference.Mean);
        json["standard_error"] = JsonOutput.Number(difference.StandardError);
        json["interval"] = new JsonArray(JsonOutput.Number(difference.Interval.Low), JsonOutput.Number(difference.Interval.High));
        json["p"] = difference.P; // not rounded: it may be very small
        json["test"] = test;
        json["more_than_noise"] = difference.IsMoreThanNoise;
    }

    private static JsonArray Ids(IReadOnlyList<ChangedProblem> problems) =>
        new([.. problems.Select(p => new JsonObject { ["id"] = p.Before.Id, ["a"] = JsonOutput.Number(p.Before.Accuracy), ["b"] = JsonOutput.Number(p.After.Accuracy) })]);

    private static void Row(Table table, string name, string problems, double before, double after, PairedDifference d, string better, string worse)
    {
        string color = !d.IsMoreThanNoise ? "grey" : d.Mean > 0 ? "green" : "red";
        table.AddRow(name, problems, EvaluationTables.Percent(before), EvaluationTables.Percent(after), $"[{color}]{Signed(d.Mean)}[/]", $"{Signed(d.Interval.Low)} – {Signed(d.Interval.High)}",
            better, worse, P(d.P).Replace("= ", "", StringComparison.Ordinal));
    }

    private static void Say(Terminal terminal, string name, PairedDifference d, string test)
    {
        string change = double.Abs(d.Mean) < 0.0005 ? "B is as good as A" : $"B is {EvaluationTables.Percent(double.Abs(d.Mean))} points {(d.Mean > 0 ? "better" : "worse")} than A";
        terminal.Out.WriteLine($"{SafeText.OneLine(name, 60)}: {change}, {(d.IsMoreThanNoise ? "more than noise" : "within noise")} ({test}, p {P(d.P)})");
    }

    private static void Changes(Terminal terminal, string suite, string direction, IReadOnlyList<ChangedProblem> changed, int show)
    {
        if (changed.Count == 0) return;
        string more = changed.Count > ListedIds ? $", and {changed.Count - ListedIds} more" : "";
        terminal.Out.WriteLine($"{SafeText.OneLine(suite, 60)}, {direction} ({changed.Count}): {string.Join(", ", changed.Take(ListedIds).Select(c => SafeText.OneLine(c.Before.Id, 60)))}{more}");
        foreach (ChangedProblem problem in changed.Take(show))
        {
            ResponseRecord of = problem.Before.Responses[0];
            terminal.Out.WriteLine();
            terminal.Out.WriteLine($"--- {SafeText.OneLine(problem.Before.Id, 60)}: {EvaluationTables.Percent(problem.Before.Accuracy)}% → {EvaluationTables.Percent(problem.After.Accuracy)}%");
            terminal.Out.WriteLine(Cut(of.Problem));
            terminal.Out.WriteLine($"label: {SafeText.OneLine(of.Answer, 200)}");
            // Of several responses one that shows the change: a right one where it is better, a wrong one where it is worse.
            Show(terminal, "A", problem.Before, problem.Difference < 0);
            Show(terminal, "B", problem.After, problem.Difference > 0);
        }
        if (show > 0) terminal.Out.WriteLine();
    }

    private static void Show(Terminal terminal, string name, StoredProblem problem, bool right)
    {
        ResponseRecord response = problem.Responses.FirstOrDefault(r => r.Correct == right) ?? problem.Responses[0];
        terminal.Out.WriteLine($"{name} ({(response.Correct ? "right" : "wrong")}, answered {SafeText.OneLine(response.Extracted ?? "nothing", 80)}):");
        terminal.Out.WriteLine(Cut(response.Response));
    }

    // The end of a response has its answer.
    private static string Cut(string text)
    {
        string clean = SafeText.Clean(text).Trim();
        return "  " + (clean.Length <= ShownText ? clean : "… " + clean[^ShownText..]).ReplaceLineEndings("\n  ");
    }

    private static string Signed(double share) => (100 * share).ToString("+0.0;−0.0;0.0", CultureInfo.InvariantCulture);

    private static string P(double p) => p < 0.0001 ? "< 0.0001" : p <= 1.0 / (PairedTest.Flips + 1) ? "≤ 0.0001" : "= " + p.ToString(p < 0.001 ? "0.0000" : "0.000", CultureInfo.InvariantCulture);
}
