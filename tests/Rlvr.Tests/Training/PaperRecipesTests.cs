using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Rlvr.Selection;
using Rlvr.Tests.Shared;
using Rlvr.Training;

namespace Rlvr.Tests.Training;

/// <summary>recipes/paper has a short file for every run of the paper, and its page says which.</summary>
public sealed partial class PaperRecipesTests
{
    private static readonly string Folder = Path.Combine(TestFiles.Root, "recipes", "paper");

    private static readonly string[] Bases = ["llama-3b", "math-1.5b", "math-1.5b-instruct", "math-1.5b-ppo", "math-7b", "qwen-1.5b", "r1-1.5b"];

    public static TheoryData<string> Names => [.. Directory.GetFiles(Folder, "*.yaml").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_recipe_is_short_valid_and_named_after_its_file(string name)
    {
        string path = Path.Combine(Folder, $"{name}.yaml");
        string[] lines = File.ReadAllLines(path);
        Assert.InRange(lines.Length, 3, 20);
        Assert.StartsWith("# ", lines[0], StringComparison.Ordinal);
        Assert.Equal(Bases.Contains(name) && name != "math-1.5b-ppo" ? 0 : 1, lines.Count(l => l.StartsWith("extends: ", StringComparison.Ordinal)));
        Recipe recipe = RecipeFile.Load(path);
        RecipeRules.CheckTogether(recipe);
        Assert.Equal(name, recipe.Name);
        // The longest name that fits says the model.
        string model = Bases.Where(b => name.StartsWith(b, StringComparison.Ordinal)).MaxBy(b => b.Length)!;
        Assert.Equal(RecipeFile.Load(Path.Combine(Folder, $"{model}.yaml")).Model, recipe.Model);
        Assert.Equal((128, 8), (recipe.Rollout.BatchSize, recipe.Rollout.GroupSize));
        Assert.Equal(["six"], recipe.Evaluation.Suites);
    }

    [Fact]
    public void The_page_lists_every_run_and_nothing_else()
    {
        string[] listed = [.. Row().Matches(File.ReadAllText(Path.Combine(Folder, "README.md"))).Select(m => m.Groups["name"].Value).Order(StringComparer.Ordinal)];
        Assert.Equal(Names.Select(n => n.Data).Except(Bases), listed);
    }

    [Fact]
    public void The_steps_and_lengths_are_those_of_the_paper()
    {
        (string Model, int Steps, int Tokens)[] expected = [("math-1.5b", 2000, 3072), ("math-7b", 1000, 3072), ("llama-3b", 1000, 3072), ("r1-1.5b", 1200, 8192)];
        foreach ((string model, int steps, int tokens) in expected)
        {
            Recipe recipe = RecipeFile.Load(Path.Combine(Folder, $"{model}-pi1.yaml"));
            Assert.Equal((steps, tokens), (recipe.Steps, recipe.Rollout.MaxNewTokens));
        }
    }

    [Fact]
    public void The_examples_have_the_ranks_that_their_recipes_say()
    {
        string history = TestFiles.Golden("..", "paper", "acc_step_500.json");
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(history));
        ExampleHistory[] histories = [.. json.RootElement.EnumerateObject().Select(e => new ExampleHistory(e.Name, [.. e.Value.EnumerateArray().Select(v => v.GetDecimal())]))];
        string[] ranked = [.. ExampleRanking.Rank(histories, "variance").Select(e => e.Index)];
        string Rank(string text) => ranked[int.Parse(text, CultureInfo.InvariantCulture) - 1];
        int compared = 0;
        foreach (string name in Names.Select(n => n.Data))
        {
            string[] ranks = [.. Ranks().Matches(name).Select(m => m.Groups["rank"].Value)];
            if (ranks.Length == 0 || name.Contains("in-context", StringComparison.Ordinal)) continue;
            Assert.Equal(ranks.Select(Rank), Load(name).Data.Examples);
            compared++;
        }
        Assert.True(compared > 40, $"{compared} compared");
        Assert.Equal(ranked.Take(16), Load("math-1.5b-16-shot").Data.Examples);
        Assert.Equal(new[] { "1", "2", "13", "1209" }.Select(Rank), Load("math-1.5b-4-shot").Data.Examples);
    }

    private static Recipe Load(string name) => RecipeFile.Load(Path.Combine(Folder, $"{name}.yaml"));

    [GeneratedRegex(@"^\| \[`(?<name>[^`]+)`\]\(\k<name>\.yaml\) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"-pi(?<rank>\d+)")]
    private static partial Regex Ranks();
}
