using System.Diagnostics;
using System.Text.Json;
using Rlvr.Cli.Verify;
using Rlvr.Math;
using Rlvr.Tests.Shared;

namespace Rlvr.Cli.Tests;

/// <summary><c>rlvr verify</c> of one pair.</summary>
public sealed class VerifyPairTests
{
    [Theory]
    [InlineData("Correct", "--answer", "0.5", "--expected", @"\frac{1}{2}")]
    [InlineData("Wrong", "--answer", "0.3", "--expected", @"\frac{1}{2}")]
    [InlineData("NoAnswer", "--answer", "", "--expected", "5")]
    [InlineData("UnparsableAnswer", "--answer", @"\int x dx", "--expected", "5")]
    [InlineData("UnparsableLabel", "--answer", "5", "--expected", @"\frac{")]
    [InlineData("Correct", "-a", "-5", "-e", "-5.0")]
    [InlineData("Wrong", "-a", "--5x", "-e", "7")]
    [InlineData("Wrong", "-a", "@5", "-e", "6")]
    [InlineData("Correct", "--response", @"so \boxed{3}", "--expected", "3")]
    [InlineData("NoAnswer", "--response", "The answer is 3.", "--expected", "3")]
    [InlineData("Correct", "--response", "The answer is 3.", "--expected", "3", "--sources", "usual")]
    [InlineData("Correct", "--response", "I take option C", "--expected", "C", "--sources", "box,choice-letter")]
    [InlineData("Correct", "--response", @"<think>\boxed{2}</think> \boxed{3}", "--expected", "3", "--after-thinking")]
    [InlineData("NoAnswer", "--response", @"\boxed{3}", "--expected", "3", "--after-thinking")]
    [InlineData("Wrong", "--answer", "0.33333", "--expected", "1/3")]
    [InlineData("Correct", "--answer", "0.33333", "--expected", "1/3", "--profile", "evaluation")]
    [InlineData("Wrong", "--answer", "12/9", "--expected", "4/3", "--profile", "training")]
    public void The_verdict_is_printed_and_is_no_failure(string verdict, params string[] args)
    {
        CommandRun run = CommandRun.Of(["verify", .. args]).Succeeded();
        Assert.Equal((verdict, ""), (run.Out.TrimEnd(), run.Error));
    }

    [Fact]
    public void An_explanation_says_how_both_were_read_and_what_the_rule_means()
    {
        CommandRun run = CommandRun.Of("verify", "--response", @"\boxed{x = 0.5}", "--expected", @"\frac12", "--explain").Succeeded();
        Assert.Equal(
            [
                "verdict           Correct: the answer is the expected one",
                "extracted         x = 0.5",
                @"expected          \frac12",
                "read as           x = 1/2",
                "expected read as  1/2",
                "rule              label-added: the answer has a name before its value (x = ...); the value is compared",
            ], run.Out.TrimEnd().Split('\n'));
    }

    [Fact]
    public void Json_is_one_object()
    {
        JsonElement json = CommandRun.Of("verify", "-a", "0.5", "-e", @"\frac12", "--json", "--explain").Succeeded().Json;
        Assert.Equal(["verdict", "extracted", "answer_form", "expected_form", "rule", "explanation"], json.EnumerateObject().Select(p => p.Name));
        Assert.Equal(("Correct", "0.5", "1/2", "1/2", "rational"), (Text("verdict"), Text("extracted"), Text("answer_form"), Text("expected_form"), Text("rule")));
        JsonElement none = CommandRun.Of("verify", "-r", "nothing", "-e", "1/2", "--json").Succeeded().Json;
        Assert.Equal((JsonValueKind.Null, "no-box"), (none.GetProperty("extracted").ValueKind, none.GetProperty("rule").GetString()));

        string? Text(string name) => json.GetProperty(name).GetString();
    }

    [Fact]
    public void A_hostile_text_does_not_act_on_the_terminal()
    {
        const string Hostile = "\u001b[2J\u202e5\u009b";
        foreach (string[] options in (string[][])[["--explain"], ["--json"]])
        {
            CommandRun run = CommandRun.Of(["verify", "-a", Hostile, "-e", "5", .. options]).Succeeded();
            Assert.DoesNotContain(run.Out, c => (char.IsControl(c) && c != '\n') || c == '\u202e');
        }
        Assert.Equal(Hostile, CommandRun.Of("verify", "-a", Hostile, "-e", "5", "--json").Json.GetProperty("extracted").GetString());
    }

    [Theory]
    [InlineData("nothing to verify: name a FILE, or give --answer and --expected")]
    [InlineData("--expected is missing", "-a", "5")]
    [InlineData("--answer is missing (or --response)", "-e", "5")]
    [InlineData("--answer or --response, not both", "-a", "5", "-r", "5", "-e", "5")]
    [InlineData("a file or one pair, not both", "pairs.jsonl", "-a", "5")]
    [InlineData("--explain belongs to one pair", "pairs.jsonl", "--explain")]
    [InlineData("--id-field belongs to a file", "-a", "5", "-e", "5", "--id-field", "x")]
    [InlineData("--show belongs to a file", "-a", "5", "-e", "5", "--show", "3")]
    [InlineData("--after-thinking says where a response has its answer", "-a", "5", "-e", "5", "--after-thinking")]
    [InlineData("--sources says where a response has its answer", "-a", "5", "-e", "5", "--sources", "usual")]
    [InlineData("--sources belongs to the strict profile", "-r", "5", "-e", "5", "--sources", "usual", "--profile", "training")]
    [InlineData("unknown source 'boxx', expected box, broken-box", "-r", "5", "-e", "5", "--sources", "boxx")]
    [InlineData("--sources names no source", "-r", "5", "-e", "5", "--sources", ",")]
    [InlineData("argument 'lax' not recognized. Must be one of: 'strict' 'training' 'evaluation'.", "-a", "5", "-e", "5", "--profile", "lax")]
    [InlineData("--show is -1, expected at least 0", "pairs.jsonl", "--show", "-1")]
    public void Wrong_usage_is_told_in_one_line(string expected, params string[] args) => CommandRun.Of(["verify", .. args]).FailedWith(2, expected);

    [Fact]
    public void Every_rule_and_verdict_has_a_sentence()
    {
        HashSet<string> rules = [];
        foreach (string line in File.ReadLines(TestFiles.Fixture("grading", "strict-cases.txt")).Where(l => l.Length > 0 && !l.StartsWith('#')))
        {
            string[] parts = line.Split(" ||| ");
            foreach (VerifierProfile profile in Enum.GetValues<VerifierProfile>())
            {
                rules.Add(new MathVerifier(profile).VerifyAnswer(parts[1], parts[2]).Rule);
                rules.Add(new MathVerifier(profile).VerifyAnswer(parts[2], parts[1]).Rule);
            }
        }
        rules.UnionWith([new MathVerifier().VerifyResponse("", "5").Rule, new MathVerifier().VerifyAnswer("", "5").Rule, new MathVerifier().VerifyAnswer("5", "").Rule, new MathVerifier().VerifyAnswer(new string('5', 70_000), "5").Rule]);
        Assert.True(rules.Count > 30);
        Assert.All(rules, rule => Assert.True(RuleText.Of(rule).Length > 0, $"the rule '{rule}' has no sentence"));
        Assert.Equal(Enum.GetValues<Verdict>().Length, Enum.GetValues<Verdict>().Select(RuleText.Of).Distinct().Count());
    }

    [Fact]
    public async Task It_needs_no_tensor_library()
    {
        using TemporaryFolder folder = new();
        foreach (string path in Directory.EnumerateFiles(AppContext.BaseDirectory))
        {
            string name = Path.GetFileName(path);
            if ((name.EndsWith(".dll", StringComparison.Ordinal) && !name.Contains("Torch", StringComparison.Ordinal)) || name == "Rlvr.Cli.runtimeconfig.json") File.Copy(path, folder[name]);
        }
        ProcessStartInfo start = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [folder["Rlvr.Cli.dll"], "verify", "-a", "0.5", "-e", "1/2"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        Assert.True(process.WaitForExit(60_000), "it hangs");
        Assert.Equal(("Correct\n", ""), (await output, await error));
    }
}
