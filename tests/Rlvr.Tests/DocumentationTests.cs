using System.Text.RegularExpressions;
using Rlvr.Algorithms.Advantages;
using Rlvr.Algorithms.Losses;
using Rlvr.Tests.Runs;
using Rlvr.Tests.Shared;
using Rlvr.Training;

namespace Rlvr.Tests;

/// <summary>The reference pages name every key and every metric, and nothing that is not there.</summary>
public sealed partial class DocumentationTests
{
    private static readonly string[] Nl = ["\n"];

    [Fact]
    public void Recipes_page_has_every_key_with_its_default()
    {
        var page = File.ReadAllText(Path.Combine(TestFiles.Root, "docs", "recipes.md"));
        var parts = page.Split("\n## ");
        Assert.Equal(Defaults(new Recipe()), Documented(parts.Single(p => p.StartsWith("Training\n"))));
        // The two sections at the end of pretraining are those of training, with other defaults, which the page lists in words.
        var pretraining = Defaults(new PretrainRecipe()).Where(k => !k.StartsWith("optimizer.") && !k.StartsWith("compute."));
        var part = parts.Single(p => p.StartsWith("Pretraining\n"));
        Assert.Equal(pretraining, Documented(part));
        var words = part[part.IndexOf("### `optimizer`")..].ReplaceLineEndings(" ");
        var (usual, here) = (Defaults(new Recipe()), Defaults(new PretrainRecipe()));
        foreach (var changed in here.Where(k => k.StartsWith("optimizer.")).Except(usual))
            Assert.Contains(Regex.Replace(changed["optimizer.".Length..], "^(.*) = ", "`$1` ").Replace("0.003", "3e-3"), words);
    }

    [Fact]
    public void Metrics_page_explains_every_metric_and_field()
    {
        using var folder = new TemporaryFolder();
        using var run = ExampleRun.Write(folder["run"], steps: 1);
        var parts = File.ReadAllText(Path.Combine(TestFiles.Root, "docs", "metrics.md")).Split("\n## ");
        var evaluations = parts.Single(p => p.StartsWith("evals.jsonl"));
        var rollouts = parts.Single(p => p.StartsWith("rollouts/"));
        Assert.Equal(run.ReadMetrics()[0].Values.Select(v => v.Name).Order(), parts.Except([evaluations, rollouts]).SelectMany(Rows).Order());
        Assert.Equal(Fields(run.EvaluationsPath), Rows(evaluations));
        Assert.Equal(Fields(run.RolloutsPath(1)), Rows(rollouts));
    }

    [Fact]
    public void Every_algorithm_has_a_page_with_its_parameters()
    {
        var folder = Path.Combine(TestFiles.Root, "docs", "algorithms");
        var index = File.ReadAllText(Path.Combine(folder, "README.md"));
        foreach (var (name, parameters) in AdvantageEstimators.Names.Select(n => (n, AdvantageEstimators.Parameters(n)))
            .Concat(PolicyLosses.Names.Select(n => (n, PolicyLosses.Parameters(n)))))
        {
            var row = Regex.Match(index, $@"^\| `{name}` \| \[[^\]]+\]\((?<page>[a-z-]+\.md)\)", RegexOptions.Multiline);
            Assert.True(row.Success, $"docs/algorithms/README.md has no row for '{name}'");
            var page = File.ReadAllText(Path.Combine(folder, row.Groups["page"].Value));
            Assert.Contains($"`{name}`", page.Replace("loss.policy_loss: ", "").Replace("loss.advantage: ", ""), StringComparison.Ordinal);
            // Those that have recipe keys of their own are described by these.
            foreach (var parameter in parameters.Where(p => !(PolicyLosses.HasPpoRange(name) && p.StartsWith("clip_"))))
                Assert.True(page.Contains($"`{parameter}`"), $"{row.Groups["page"].Value} does not name `{parameter}`");
        }
        foreach (var link in Directory.GetFiles(folder, "*.md").SelectMany(f => Regex.Matches(File.ReadAllText(f), @"\]\((?<to>[^)#:]+\.(md|cs))(#[^)]*)?\)")).Select(m => m.Groups["to"].Value))
            Assert.True(File.Exists(Path.Combine(folder, link)), $"docs/algorithms links to {link}, which is not there");
    }

    private static IEnumerable<string> Fields(string jsonLines)
    {
        using var line = System.Text.Json.JsonDocument.Parse(File.ReadLines(jsonLines).First());
        return [.. line.RootElement.EnumerateObject().Select(p => p.Name)];
    }

    /// <summary>Names in the first column of the tables.</summary>
    private static IEnumerable<string> Rows(string part) => Row().Matches(part).Select(m => m.Groups["name"].Value);

    /// <summary>"section.key = default" of every row, in order.</summary>
    private static List<string> Documented(string part)
    {
        var keys = new List<string>();
        var section = "";
        foreach (var line in part.Split('\n'))
        {
            if (Section().Match(line) is { Success: true } heading)
                section = heading.Groups[1].Value + ".";
            else if (Row().Match(line) is { Success: true } row)
                keys.Add($"{section}{row.Groups["name"].Value} = {row.Groups["value"].Value}");
        }
        return keys;
    }

    private static List<string> Defaults<T>(T recipe) where T : class
    {
        var keys = new List<string>();
        var section = "";
        foreach (var line in RecipeFile.ToYaml(recipe).Split(Nl, StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.EndsWith(':'))
                section = line[..^1] + ".";
            else
                keys.Add($"{(line.StartsWith(' ') ? section : "")}{line.Trim().Replace(": ", " = ")}");
        }
        return keys;
    }

    [GeneratedRegex(@"^\| `(?<name>[a-z0-9_]+)` \|(?: `(?<value>[^`]*)` \|)?", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"^### `(\w+)`")]
    private static partial Regex Section();

    [Fact]
    public void The_example_in_the_README_is_the_sample_that_runs_in_continuous_integration()
    {
        string sample = File.ReadAllText(Path.Combine(TestFiles.Root, "samples", "OwnReward", "Program.cs")).TrimEnd();
        Assert.Contains("```csharp\n" + sample + "\n```", File.ReadAllText(Path.Combine(TestFiles.Root, "README.md")), StringComparison.Ordinal);
    }
}
