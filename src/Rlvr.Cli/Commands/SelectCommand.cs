using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Rlvr.Cli.Output;
using Rlvr.Data;
using Rlvr.Runs;
using Rlvr.Selection;
using Rlvr.Training;
using Spectre.Console;

namespace Rlvr.Cli.Commands;

/// <summary><c>rlvr select</c>: ranks training examples by how they went, and writes the first ones as a data set.</summary>
internal static class SelectCommand
{
    /// <summary>Rows of the table where nothing else is asked for.</summary>
    private const int Shown = 20;

    public static Command Create(Terminal terminal)
    {
        Argument<string> history = new("RUN|FILE") { Description = "a run, or a JSON file of index -> accuracies by epoch" };
        Option<string> by = new("--by") { Description = "variance (of the accuracy over the epochs), lim (how closely it follows the mean) or random", DefaultValueFactory = _ => "variance", HelpName = "ORDER" };
        Option<int?> top = new("--top") { Description = "only the first K", HelpName = "K" };
        Option<ulong> seed = new("--seed") { Description = "seed of random", DefaultValueFactory = _ => 1UL, HelpName = "N" };
        Option<string?> output = new("--out") { Description = "write the chosen rows as a data set to this file, one JSON object a line", HelpName = "FILE.jsonl" };
        Option<string?> data = new("--data") { Description = "the data set that the indices name; of a run by default what it was trained on", HelpName = "SET" };
        Option<bool> json = new("--json") { Description = "a JSON array of index and score in rank order on standard output" };
        by.AcceptOnlyFromAmong([.. ExampleRanking.Names]);
        ExampleCommand command = new("select", "Rank training examples by how they went in training; write the best as a data set.",
            "rlvr select runs/full-set --by variance --top 1 --out pi-1.jsonl",
            "rlvr select acc_step_500.json --by variance --top 16 --json")
        { history, by };
        SamplingSettings.AddRange(command, top, k => k is null or >= 1, "at least 1");
        command.Add(seed);
        command.Add(output);
        command.Add(data);
        command.Add(json);
        command.SetAction(result =>
        {
            string name = result.GetRequiredValue(history);
            string? file = result.GetValue(output);
            if (file is not null) OutputProbe.Check(file);
            IReadOnlyList<RankedExample> ranked = ExampleRanking.Rank(ExampleHistories.Read(name), result.GetRequiredValue(by), result.GetValue(seed));
            int count = result.GetValue(top) ?? ranked.Count;
            if (count > ranked.Count) throw new RlvrException($"--top {count} asks for more examples than the {ranked.Count} of '{name}'.");
            RankedExample[] chosen = [.. ranked.Take(count)];
            if (file is not null) WriteRows(terminal, file, chosen, result.GetValue(data) ?? DataOf(name));
            if (result.GetValue(json)) terminal.Out.WriteLine(ToJson(chosen).ToJsonString());
            else WriteTable(terminal, chosen, result.GetRequiredValue(by), shown: result.GetValue(top) is null ? Shown : count);
            return ExitCode.Done;
        });
        return command;
    }

    private static string DataOf(string name)
    {
        string path = FileLocator.Find(name);
        if (!Directory.Exists(path)) throw new UsageException("--out needs the rows that the indices name: say which data set with --data SET.");
        using RunDirectory run = RunDirectory.Open(path);
        return RecipeFile.Load(run.RecipePath).Data.Train;
    }

    private static void WriteRows(Terminal terminal, string file, RankedExample[] chosen, string set)
    {
        PullView view = new(terminal);
        Dictionary<string, Problem> problems;
        try
        {
            problems = ProblemSets.Load(set, view, terminal.Cancellation).ToDictionary(problem => problem.Id);
        }
        finally
        {
            view.Close();
        }
        IEnumerable<Problem> rows = chosen.Select(example => problems.TryGetValue(example.Index, out Problem? problem) ? problem
            : throw new RlvrException($"{set}: error: there is no problem with the id '{example.Index}', which the history names. Is this the data set that was trained on? Its ids begin with {string.Join(", ", problems.Keys.Take(3))}."));
        AtomicFile.WriteAllText(file, ProblemWriter.ToJsonLines(rows));
        terminal.Error.WriteLine($"{file}: {chosen.Length} {(chosen.Length == 1 ? "problem" : "problems")}");
    }

    // Rows are named by numbers in most histories; others see their names.
    private static JsonArray ToJson(RankedExample[] ranked) => [.. ranked.Select(example => new JsonObject
    {
        ["index"] = long.TryParse(example.Index, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number.ToString(CultureInfo.InvariantCulture) == example.Index
            ? JsonValue.Create(number) : JsonValue.Create(example.Index),
        ["score"] = example.Score,
    })];

    private static void WriteTable(Terminal terminal, RankedExample[] chosen, string by, int shown)
    {
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumn(new TableColumn("rank").RightAligned());
        table.AddColumn("index");
        table.AddColumn(new TableColumn(by).RightAligned());
        foreach ((RankedExample example, int i) in chosen.Take(shown).Select((example, i) => (example, i)))
            table.AddRow($"{i + 1}", EvaluationTables.Text(example.Index), example.Score.ToString("0.000000", CultureInfo.InvariantCulture));
        terminal.Tables.Write(table);
        if (chosen.Length > shown) terminal.Out.WriteLine($"and {chosen.Length - shown} more: --top K or --json show them");
    }
}
