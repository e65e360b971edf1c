using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Rlvr.Runs;
using Rlvr.Tests.Shared;

namespace Rlvr.Tests.Runs;

public sealed partial class ReportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Page(RunDirectory run)
    {
        Assert.Equal(_folder["run/report.html"], Report.Write(run));
        return File.ReadAllText(run.ReportPath);
    }

    [Fact]
    public void It_shows_the_example_the_result_and_the_subjects()
    {
        using var run = ExampleRun.Write(_folder["run"]);
        var page = Page(run);
        Assert.Contains("<h1>one-shot</h1>", page);
        Assert.Contains("all on <strong>one problem</strong>", page);
        Assert.Contains("Tom has 29 apples and 3 boxes of 8 apples each.", page);
        var first = run.ReadEvaluations().First(e => e.Temperature == 0);
        var last = run.ReadEvaluations().Last(e => e.Temperature == 0 && e.Suite == "micro500");
        Assert.Contains($"went from {100 * first.Accuracy:F1}% to", page);
        Assert.Contains($"<span class=\"to\">{100 * last.Accuracy:F1}%</span>", page);
        foreach (var subject in last.Subjects)
            Assert.Matches($"<th scope=\"row\">{subject.Subject}</th>[^/]*<td[^>]*>{subject.Problems}</td>\\s*<td>[\\d.]+%</td><td>{100 * subject.Accuracy:F1}%</td>", page);
        Assert.Contains("temperature 0.6", page);
        Assert.Contains("<summary>Step 1</summary>", page);
        Assert.Contains("<summary>Step 60</summary>", page);
        Assert.Contains("temperature: 0.6\n", page); // the recipe
        Assert.Contains("2.10.0", page); // the environment
    }

    [Fact]
    public void The_curves_are_there_with_title_unit_and_a_sentence_for_screen_readers()
    {
        using var run = ExampleRun.Write(_folder["run"]);
        var page = Page(run);
        foreach (var id in new[] { "accuracy", "entropy", "length", "kl", "gradient", "reward", "difference" })
            Assert.Matches($"id=\"plot-{id}\" role=\"img\" aria-label=\"[^\"]+ at step 60[^\"]*\"", page);

        using var charts = JsonDocument.Parse(ChartsBlock().Match(page).Groups[1].Value);
        var accuracy = charts.RootElement[0];
        Assert.Equal(["training", "micro500, greedy", "micro-olympiad, greedy", "micro-far, greedy"],
            accuracy.GetProperty("series").EnumerateArray().Select(s => s.GetProperty("label").GetString()));
        Assert.Equal(Enumerable.Range(0, 61), accuracy.GetProperty("steps").EnumerateArray().Select(s => s.GetInt32()));
        var training = accuracy.GetProperty("series")[0].GetProperty("values");
        Assert.Equal(JsonValueKind.Null, training[0].ValueKind); // nothing is trained at step 0
        Assert.Equal(run.ReadMetrics()[29]["train_accuracy"], training[30].GetDouble(), 5);
    }

    [Fact]
    public void What_a_model_wrote_stays_text()
    {
        using var run = ExampleRun.Write(_folder["run"], name: ExampleRun.Hostile);
        run.Append(new EvaluationRecord
        {
            Step = 60,
            Suite = ExampleRun.Hostile,
            Problems = 1,
            Accuracy = 1,
            Subjects = [new(ExampleRun.Hostile, 1, 1)],
        });
        var hostile = new RolloutRecord
        {
            Step = 61,
            Problem = ExampleRun.Hostile,
            Group = 0,
            Rollout = 0,
            Prompt = ExampleRun.Hostile,
            Response = ExampleRun.Hostile,
            Label = ExampleRun.Hostile,
            Extracted = ExampleRun.Hostile,
            Verdict = ExampleRun.Hostile,
            Reward = 0,
            Tokens = 1,
            Finish = ExampleRun.Hostile,
        };
        run.WriteRollouts(61, [hostile, hostile with { Rollout = 1, Response = "<svg onload=alert(1)>" }]);
        run.WriteRecipe($"name: {ExampleRun.Hostile}");
        var page = Page(run);
        Assert.DoesNotContain("<img", page);
        Assert.DoesNotContain("<svg", page);
        Assert.DoesNotContain("<script>document", page);
        Assert.DoesNotContain('\u202e', page);
        Assert.DoesNotContain('\0', page);
        Assert.Contains("&lt;img src=x onerror=&quot;document.title=&#39;broken&#39;&quot;&gt;", page);
        // The page's own elements and no more: three scripts, each closed once.
        Assert.Equal(3, Regex.Count(page, "<script"));
        Assert.Equal(3, Regex.Count(page, "</script"));
        Assert.DoesNotContain('<', ChartsBlock().Match(page).Groups[1].Value);
    }

    [Fact]
    public void It_needs_no_other_file_and_lets_no_other_script_run()
    {
        using var run = ExampleRun.Write(_folder["run"]);
        var page = Page(run);
        Assert.DoesNotMatch("<[^>]*(src|href)=", page);
        Assert.DoesNotContain("@import", page);
        Assert.DoesNotContain("url(", page);
        var policy = Regex.Match(page, "http-equiv=\"Content-Security-Policy\" content=\"([^\"]*)\"").Groups[1].Value;
        Assert.StartsWith("default-src 'none';", policy);
        Assert.DoesNotContain("script-src 'unsafe", policy);
        var scripts = Regex.Matches(page, "<script>(.*?)</script>", RegexOptions.Singleline);
        Assert.Equal(2, scripts.Count);
        foreach (Match script in scripts)
            Assert.Contains($"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script.Groups[1].Value)))}'", policy);
        Assert.Contains("The MIT License", page); // of the chart library
    }

    [Fact]
    public void A_run_that_has_only_begun_has_a_report_too()
    {
        using var run = RunDirectory.Create(_folder["run"]);
        run.WriteRecipe("model: m\n");
        var page = Page(run);
        Assert.Contains("<h1>run</h1>", page); // the folder's name
        Assert.Contains("No training step has been done yet.", page);
        Assert.DoesNotContain("<h2 id=\"result\">", page);

        run.Append(new StepMetrics(1, [("kl", double.NaN), ("entropy", 0.5)]));
        run.Append(new EvaluationRecord { Step = 0, Suite = "s", Problems = 0, Accuracy = double.NaN });
        page = Page(run);
        Assert.Contains("id=\"plot-entropy\"", page);
        Assert.DoesNotContain("id=\"plot-kl\"", page); // no number in it
        Assert.Contains("<span class=\"to\">–</span>", page);
    }

    [Theory]
    [InlineData(0.37, 0.87, 500, true)]
    [InlineData(0.87, 0.37, 500, true)]
    [InlineData(0.50, 0.52, 500, false)]
    [InlineData(0.01, 0.00, 100, false)]
    [InlineData(0, 0, 100, false)]
    [InlineData(double.NaN, 0.5, 100, false)]
    public void Only_changes_that_chance_hardly_explains_are_coloured(double before, double after, int problems, bool clear) =>
        Assert.Equal(clear, SuiteResult.IsClear(before, after, problems));

    [Fact]
    public void The_standard_error_is_binomial_and_not_zero_at_the_ends()
    {
        Assert.Equal(0.0223, SuiteResult.StandardError(0.5, 500), 4);
        Assert.InRange(SuiteResult.StandardError(0, 100), 0.01, 0.02);
    }

    [Fact]
    public void Chosen_steps_are_spread_with_the_first_and_the_last()
    {
        Assert.Equal([1, 2, 3], ReportData.Spread([1, 2, 3], 3));
        var spread = ReportData.Spread([.. Enumerable.Range(0, 101)], 6);
        Assert.Equal([0, 20, 40, 60, 80, 100], spread);
    }

    [Fact]
    public void Rollouts_are_chosen_from_every_verdict_and_no_text_twice()
    {
        using var run = ExampleRun.Write(_folder["run"]);
        var first = ReportData.Read(run).Rollouts[0];
        Assert.Equal(1, first.Step);
        Assert.Equal(["Correct", "NoAnswer", "Wrong"], first.Rollouts.Select(r => r.Rollout.Verdict).Distinct().Order());
        Assert.Equal(first.Rollouts.Count, first.Rollouts.Select(r => r.Rollout.Response).Distinct().Count());
        Assert.Equal(24, ReportData.Read(run).Rollouts[^1].Rollouts.Sum(r => r.Copies));
    }

    [GeneratedRegex("<script type=\"application/json\" id=\"charts\">(.*?)</script>", RegexOptions.Singleline)]
    private static partial Regex ChartsBlock();
}
