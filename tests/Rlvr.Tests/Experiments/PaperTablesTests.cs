using System.Text.Json;
using Rlvr.Experiments.Catalog;
using Rlvr.Tests.Shared;

namespace Rlvr.Tests.Experiments;

public sealed class PaperTablesTests
{
    private static readonly string[] Six = ["MATH500", "AIME24", "AMC23", "Minerva", "Olympiad", "AIME25", "Avg"];

    // The rows of Table 5 have no names in the paper: they are marked by the terms of the loss.
    private static readonly string[] Table5 =
        ["none", "PG", "PG WD", "PG WD KL", "all", "entropy 0.003", "PG entropy", "WD KL", "WD KL entropy", "entropy alone", "label 12.7", "label 4", "label impossible"];

    [Fact]
    public void Every_number_is_the_papers()
    {
        string path = Path.GetFullPath(Path.Combine(TestFiles.Root, "..", "shared", "paper", "tables.json"));
        TestFiles.Require(File.Exists(path), "needs the paper's tables, which are not on this machine");
        JsonElement paper = JsonDocument.Parse(File.ReadAllText(path)).RootElement;
        int compared = 0;

        void Same(string table, string row, IEnumerable<JsonElement> cells)
        {
            Assert.Equal(cells.Select(c => c.ValueKind == JsonValueKind.Number ? c.GetDouble() : double.NaN), PaperTables.Get(table).Rows[row]);
            compared++;
        }

        void Named(string table, JsonElement rows)
        {
            foreach (JsonElement row in rows.EnumerateArray()) Same(table, row.GetProperty("name").GetString()!, Six.Select(c => row.GetProperty(c)));
            Assert.Equal(rows.GetArrayLength(), PaperTables.Get(table).Rows.Count);
            Assert.Equal(Six, PaperTables.Get(table).Columns);
        }

        void Columned(string table, JsonElement of)
        {
            Assert.Equal(of.GetProperty("cols").EnumerateArray().Select(c => c.GetString()), PaperTables.Get(table).Columns);
            JsonElement rows = of.TryGetProperty("rows", out JsonElement inner) ? inner : of;
            foreach (JsonProperty row in rows.EnumerateObject().Where(r => r.Name != "cols")) Same(table, row.Name, row.Value.EnumerateArray());
        }

        Columned("1", paper.GetProperty("T1_ARC"));
        Columned("3", paper.GetProperty("T3"));
        Columned("20", paper.GetProperty("T20_pass8"));
        Named("4 7B", paper.GetProperty("T4").GetProperty("Qwen2.5-Math-7B GRPO"));
        Named("4 Llama", paper.GetProperty("T4").GetProperty("Llama-3.2-3B-Instruct GRPO"));
        Named("4 PPO", paper.GetProperty("T4").GetProperty("Qwen2.5-Math-1.5B PPO"));
        Named("4 R1", paper.GetProperty("T4").GetProperty("R1-Distill-Qwen-1.5B GRPO eval32k"));
        Named("8", paper.GetProperty("T8"));
        Named("10 Qwen2.5-1.5B", paper.GetProperty("T10").GetProperty("Qwen2.5-1.5B"));
        Named("10 Qwen2.5-Math-1.5B-Instruct", paper.GetProperty("T10").GetProperty("Qwen2.5-Math-1.5B-Instruct"));
        Named("10 Qwen2.5-Math-7B extra", paper.GetProperty("T10").GetProperty("Qwen2.5-Math-7B extra"));
        Named("12", paper.GetProperty("T12_R1Distill_eval8k"));
        Named("13", paper.GetProperty("T13"));
        Named("14", paper.GetProperty("T14_acc"));
        Named("16", paper.GetProperty("T16"));
        Named("17", paper.GetProperty("T17"));
        Named("18", paper.GetProperty("T18"));
        Named("19", paper.GetProperty("T19_len"));
        foreach (JsonProperty row in paper.GetProperty("T14_boxed_pct").EnumerateObject()) Same("14 boxed", row.Name, row.Value.EnumerateArray());
        foreach (JsonProperty row in paper.GetProperty("T15").EnumerateObject().Where(r => r.Name != "steps")) Same("15", row.Name, row.Value.EnumerateArray());
        foreach ((string name, JsonElement row) in Table5.Zip(paper.GetProperty("T5").GetProperty("rows").EnumerateArray())) Same("5", name, row.EnumerateArray().Skip(6));
        foreach (JsonElement pair in paper.GetProperty("T9_best_each").EnumerateArray())
            Same("9", pair[0].GetProperty("name").GetString()!, Six.Select(c => pair[0].GetProperty(c)).Append(pair[1]));
        Assert.Equal(PaperTables.Names.Sum(t => PaperTables.Get(t).Rows.Count), compared);
    }

    [Fact]
    public void A_cell_that_is_not_there_is_an_error_that_names_it()
    {
        Assert.Equal(72.8, PaperTables.Get("8", "pi1", "MATH500"));
        Assert.Contains("Table 8", Assert.Throws<ArgumentException>(() => PaperTables.Get("8", "pi2", "MATH500")).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => PaperTables.Get("3", "pi1", "type"));
        Assert.Throws<ArgumentException>(() => PaperTables.Get("99"));
    }
}
