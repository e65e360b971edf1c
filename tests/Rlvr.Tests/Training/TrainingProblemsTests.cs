using Rlvr.Data;
using Rlvr.Tests.Shared;
using Rlvr.Text;
using Rlvr.Training;

namespace Rlvr.Tests.Training;

public class TrainingProblemsTests
{
    private static readonly Problem[] Pool = [.. Enumerable.Range(0, 20).Select(i => new Problem(i == 4 ? "2" : $"p{i + 1:00}", $"What is {i} + 1?", $"{i + 1}"))];

    private static string[] Choose(DataOptions data) => [.. TrainingProblems.Choose(data with { Train = "pool.jsonl" }, Pool).Select(p => p.Id)];

    private static string Error(DataOptions data) => Assert.Throws<RecipeException>(() => Choose(data)).Message;

    private static DataOptions Examples(params string[] examples) => new() { Examples = examples };

    [Fact]
    public void Problems_are_chosen_by_id_or_row_in_the_order_given()
    {
        Assert.Equal(["p13", "p01", "p20"], Choose(Examples("p13", "1", "20")));
        // An id comes before a row; row:2 is always the row.
        Assert.Equal(["2", "p02"], Choose(Examples("2", "row:2")));
        Assert.Equal(["p01", "p02", "p03"], Choose(new() { Limit = 3 }));
        Assert.Equal(Pool.Select(p => p.Id), Choose(new()));
    }

    [Theory]
    [InlineData(1, 128)]
    [InlineData(2, 64)] // as in the paper: 64 + 64
    [InlineData(4, 32)]
    [InlineData(16, 8)]
    public void Few_examples_fill_the_batch_in_equal_parts(int count, int each)
    {
        Recipe recipe = TinyTask.Recipe with { Data = new() { Prompt = "plain", Examples = [.. Pool.Take(count).Select(p => p.Id)] }, Rollout = TinyTask.Recipe.Rollout with { BatchSize = 128 } };
        using Rlvr.Rollouts.LanguageModel model = TinyLanguage.Create(seed: 1);
        using RlTrainer trainer = new(model, TrainingProblems.Choose(recipe.Data, Pool), TinyTask.Ascii, recipe);
        Assert.Equal(Enumerable.Repeat(each, count), trainer.BatchOf(7).CountBy(i => i).OrderBy(c => c.Key).Select(c => c.Value));
        Assert.Equal(1, trainer.StepsPerEpoch);
    }

    [Fact]
    public void What_is_not_there_is_an_error_that_says_what_is()
    {
        Assert.Equal("recipe: error: data.examples: pool.jsonl has no problem 'p99x'. Expected an id, such as 'p01', or the number of a row from 1 to 20.", Error(Examples("p99x")));
        Assert.Contains("has no problem 'p1'. Did you mean 'p01'?", Error(Examples("p1")), StringComparison.Ordinal);
        Assert.Contains("has 20 problem(s), and neither a row 21 nor a problem of that id.", Error(Examples("21")), StringComparison.Ordinal);
        Assert.Contains("neither a row 0 nor a problem of that id. The first row is 1.", Error(Examples("0")), StringComparison.Ordinal);
        Assert.Contains("neither a row -1 nor", Error(Examples("-1")), StringComparison.Ordinal);
        Assert.Contains("neither a row 99999999999999999999 nor", Error(Examples("99999999999999999999")), StringComparison.Ordinal);
        Assert.Contains("has no problem 'row:x'", Error(Examples("row:x")), StringComparison.Ordinal);
        Assert.Contains("has no problem ''", Error(Examples("")), StringComparison.Ordinal);
        Assert.Equal("recipe: error: data.examples names problem 'p03' twice, as '3' and as 'p03'. Name it once: few problems are repeated to fill the batch by themselves.", Error(Examples("3", "p03")));
        Assert.Contains("names problem 'p03' twice. Name", Error(Examples("p03", "p03")), StringComparison.Ordinal);
    }

    [Fact]
    public void Contradictions_are_found_before_the_data_are_loaded()
    {
        string Of(DataOptions data) => Assert.Throws<RecipeException>(() => RecipeRules.CheckTogether(new Recipe { Data = data })).Message;
        Assert.Contains("data.examples chooses 1 problem(s) and data.limit the first 3; keep one", Of(Examples("p01") with { Limit = 3 }), StringComparison.Ordinal);
        Assert.Contains("data.label sets the label, and data.label_noise", Of(new() { Label = "4", LabelNoise = 0.5 }), StringComparison.Ordinal);
        Assert.Contains("data.label stands for the label of one problem, and data.examples chooses 2", Of(Examples("p01", "p02") with { Label = "4" }), StringComparison.Ordinal);
        Assert.Contains("data.problem stands for the text of one problem, and data.examples chooses 2", Of(Examples("p01", "p02") with { Problem = "?" }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_label_and_a_text_are_replaced_in_one_problem_only()
    {
        Problem changed = TrainingProblems.Choose(Examples("p03") with { Label = "4", Train = "x" }, Pool).Single();
        Assert.Equal(("p03", "What is 2 + 1?", "4", "3"), (changed.Id, changed.Text, changed.Answer, changed.CleanAnswer));
        changed = TrainingProblems.Choose(Examples("p03") with { Problem = "Two and one?", Train = "x" }, Pool).Single();
        Assert.Equal(("p03", "Two and one?", "3", null), (changed.Id, changed.Text, changed.Answer, changed.CleanAnswer));
        // The right answer of another question is not known.
        changed = TrainingProblems.Choose(new() { Limit = 1, Label = "5", Problem = "2 + 3?", Train = "x" }, Pool).Single();
        Assert.Equal(("2 + 3?", "5", null), (changed.Text, changed.Answer, changed.CleanAnswer));
        Assert.Equal("recipe: error: data.label stands for the label of one problem, and there are 20 of pool.jsonl. Choose one, such as data.examples: [p01].", Error(new() { Label = "4" }));
        Assert.Contains("data.problem stands for the text of one problem, and there are 20", Error(new() { Problem = "?" }), StringComparison.Ordinal);
    }

    [Fact]
    public void Another_text_is_framed_by_the_template_in_place_of_the_chat_of_the_data_set()
    {
        Problem chat = new("c", "Old?", "1") { Chat = [new ChatMessage("user", "Old?")] };
        Problem changed = Assert.Single(TrainingProblems.Choose(new() { Problem = "New?" }, [chat]));
        Assert.Equal("New?", changed.Text);
        Assert.Empty(changed.Chat);
    }

    [Fact]
    public void A_file_with_numbers_names_examples_as_text()
    {
        using TemporaryFolder folder = new();
        folder.Write("r.yaml", "model: m\ndata:\n  train: pool.jsonl\n  examples: [124, row:3, \"a b\"]\n");
        Recipe recipe = RecipeFile.Load(folder["r.yaml"]);
        Assert.Equal(["124", "row:3", "a b"], recipe.Data.Examples);
        folder.Write("again.yaml", RecipeFile.ToYaml(recipe));
        Assert.Equal(recipe.Data.Examples, RecipeFile.Load(folder["again.yaml"]).Data.Examples);
    }
}
