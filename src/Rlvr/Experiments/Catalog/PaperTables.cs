using System.Text.Json;

namespace Rlvr.Experiments.Catalog;

/// <summary>The numbers that arXiv 2504.20571 (v3) prints, by table, row and column. Accuracies are in percent.</summary>
internal static class PaperTables
{
    private const string Resource = "Rlvr.Experiments.Catalog.paper-tables.json";

    private static readonly Lazy<Dictionary<string, PaperTable>> Tables = new(Read);

    /// <summary>Names of the tables.</summary>
    public static IReadOnlyCollection<string> Names => Tables.Value.Keys;

    /// <summary>A table: its number, and where it has several parts the part's name, as in <c>4 Llama</c>.</summary>
    /// <exception cref="ArgumentException">There is no such table.</exception>
    public static PaperTable Get(string table) =>
        Tables.Value.GetValueOrDefault(table) ?? throw new ArgumentException($"There is no table '{table}' of the paper; there are {string.Join(", ", Tables.Value.Keys)}.", nameof(table));

    /// <summary>A number of a table.</summary>
    /// <exception cref="ArgumentException">There is no such cell, or it holds no number.</exception>
    public static double Get(string table, string row, string column) => Get(table)[row, column];

    private static Dictionary<string, PaperTable> Read()
    {
        using Stream stream = typeof(PaperTables).Assembly.GetManifestResourceStream(Resource)!;
        using var document = JsonDocument.Parse(stream);
        return document.RootElement.EnumerateObject().ToDictionary(t => t.Name, t => new PaperTable(
            t.Name,
            [.. t.Value.GetProperty("columns").EnumerateArray().Select(c => c.GetString()!)],
            t.Value.GetProperty("rows").EnumerateObject().ToDictionary(
                r => r.Name, IReadOnlyList<double> (r) => [.. r.Value.EnumerateArray().Select(c => c.ValueKind == JsonValueKind.Number ? c.GetDouble() : double.NaN)])));
    }
}

/// <summary>A printed table.</summary>
/// <param name="Name">Its number.</param>
/// <param name="Columns">Heads of the columns of numbers.</param>
/// <param name="Rows">Numbers by row, NaN where the paper has a word.</param>
internal sealed record PaperTable(string Name, IReadOnlyList<string> Columns, IReadOnlyDictionary<string, IReadOnlyList<double>> Rows)
{
    /// <summary>A cell.</summary>
    /// <exception cref="ArgumentException">There is no such cell, or it holds no number.</exception>
    public double this[string row, string column]
    {
        get
        {
            int at = Columns.ToList().IndexOf(column);
            if (at < 0 || !Rows.TryGetValue(row, out IReadOnlyList<double>? cells) || !double.IsFinite(cells[at]))
                throw new ArgumentException($"Table {Name} of the paper has no number in row '{row}', column '{column}'.");
            return cells[at];
        }
    }
}
