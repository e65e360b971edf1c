using Rlvr.Experiments.Measures;

namespace Rlvr.Experiments.Catalog;

/// <summary>Makes a table of accuracies after training: the paper's numbers, and ours beside them.</summary>
/// <param name="results">The results.</param>
/// <param name="title">Title.</param>
/// <param name="columns">Columns of the paper's table that are shown.</param>
internal sealed class AccuracyTable(ExperimentResults results, string title, params IReadOnlyList<string> columns)
{
    private readonly List<IReadOnlyList<string>> rows = [];

    private bool Sampled => results.Scale == ExperimentScale.Micro;

    /// <summary>Adds a row.</summary>
    /// <param name="name">What was trained, in the paper's words.</param>
    /// <param name="table">The paper's table.</param>
    /// <param name="row">Its row; null where the paper has none.</param>
    /// <param name="entry">Whose numbers stand beside it.</param>
    public AccuracyTable Row(string name, string table, string? row, Entry entry)
    {
        string main = Suites.Main(results.Scale);
        IReadOnlyList<string> all = Suites.All(results.Scale);
        Measurement greedy = results.Accuracy(entry, main), sampled = results.Accuracy(entry, main, Decoding.Sampled);
        rows.Add(
        [
            name,
            .. columns.Select(column => row is null ? "" : PaperTables.Get(table, row, column).ToString("0.0")),
            entry.Recipe is null ? "" : entry.IsBase ? "base" : entry.Recipe,
            Unit.Percent.Show(greedy),
            .. Sampled ? (string[])[Unit.Percent.Show(sampled)] : [],
            Unit.Percent.Show(results.Average(entry, all)),
            .. Sampled ? (string[])[Unit.Percent.Show(results.Average(entry, all, Decoding.Sampled))] : [],
            int.Max(greedy.Seeds, sampled.Seeds) is > 0 and var seeds ? $"{seeds}" : "",
        ]);
        return this;
    }

    /// <summary>The table so far.</summary>
    public ResultTable Build()
    {
        string main = Suites.Main(results.Scale), all = Suites.Average(results.Scale);
        string[] ours = Sampled
            ? ["ours", $"{main}, greedy", $"{main}, temperature 0.6", $"{all}, greedy", $"{all}, temperature 0.6", "seeds"]
            : ["ours", $"{main}, greedy", $"{all}, greedy", "seeds"];
        return new ResultTable(title, ["trained on", .. columns.Select(c => $"paper: {c}"), .. ours], rows);
    }
}
