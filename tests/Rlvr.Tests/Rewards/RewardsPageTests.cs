using System.Diagnostics;
using System.Text.RegularExpressions;
using Rlvr.Data;
using Rlvr.Rewards;
using Rlvr.Tests.Shared;
using Rlvr.Training;

namespace Rlvr.Tests.Rewards;

/// <summary>What docs/rewards.md shows is what works.</summary>
public sealed partial class RewardsPageTests : IDisposable
{
    private static readonly string Page = File.ReadAllText(Path.Combine(TestFiles.Root, "docs", "rewards.md"));

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static IEnumerable<string> Blocks(string language) => Block().Matches(Page).Where(m => m.Groups["language"].Value == language).Select(m => m.Groups["text"].Value);

    [Fact]
    public void Every_reward_of_the_catalog_is_explained()
    {
        string[] named = [.. Named().Matches(Page).SelectMany(m => m.Groups["names"].Value.Split(", ")).Select(n => n.Trim('`'))];
        Assert.Equal(RewardCatalog.Names.Order(), named.Order());
        foreach (string verdict in RewardVerdicts.All) Assert.Contains($"| `{verdict}` | `verdict_", Page, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_recipe_on_the_page_can_be_used()
    {
        string[] recipes = [.. Blocks("yaml")];
        Assert.True(recipes.Length > 8);
        foreach (string yaml in recipes)
            RecipeRules.CheckTogether(RecipeFile.Load(folder.Write("recipe.yaml", "model: m\ndata:\n  train: micro:pi-1\n" + yaml)));
    }

    [Fact]
    public void The_examples_in_CSharp_compile_and_run()
    {
        string source = Unindented(File.ReadAllText(Path.Combine(TestFiles.Root, "tests", "Rlvr.Tests", "Rewards", "RewardExamples.cs")));
        string[] examples = [.. Blocks("csharp")];
        Assert.True(examples.Length > 9);
        Assert.All(examples, example => Assert.Contains(Unindented(example), source, StringComparison.Ordinal));
        RewardExamples.Run();
    }

    [Fact]
    public void The_program_in_Python_runs()
    {
        TestFiles.Require(HasPython(), "needs python3 on the PATH");
        using ProgramReward reward = new(Patient("python3", folder.Write("reward.py", Assert.Single(Blocks("python")))));
        Problem problem = new("p", "How many “π”?", "2.50");
        Assert.Equal(new RewardResult(1, true, "Correct"), reward.Score(problem, "1 + 1.5 = 2.5, “so”"));
        Assert.Equal(new RewardResult(0, false, "Wrong"), reward.Score(problem, "It is 3."));
        Assert.Equal(new RewardResult(0, false, "NoAnswer"), reward.Score(problem, "None."));
        Assert.Equal(0, reward.Restarts);
    }

    [Fact]
    public void The_program_for_a_shell_runs()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs /bin/sh");
        using ProgramReward reward = new(Patient("/bin/sh", folder.Write("reward.sh", Assert.Single(Blocks("sh")))));
        Problem problem = new("p", @"Put it in \boxed{}, like ""response"":", "3");
        Assert.Equal(1, reward.Score(problem, @"So \boxed{3}").Value);
        Assert.Equal(0, reward.Score(problem, "So 3").Value);
        Assert.Equal(0, reward.Restarts);
    }

    private static ProgramOptions Patient(params string[] command) => new() { Command = command, Timeout = TimeSpan.FromSeconds(120) };

    private static bool HasPython()
    {
        try
        {
            using Process? python = Process.Start(new ProcessStartInfo("python3", "--version") { RedirectStandardOutput = true });
            return python is not null && python.WaitForExit(60_000) && python.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static string Unindented(string text) => string.Join('\n', text.ReplaceLineEndings("\n").Split('\n').Select(l => l.Trim())).Trim();

    [GeneratedRegex(@"^```(?<language>\w+)\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^\| \[(?<names>`[^\]]*`)\]\(#", RegexOptions.Multiline)]
    private static partial Regex Named();
}
