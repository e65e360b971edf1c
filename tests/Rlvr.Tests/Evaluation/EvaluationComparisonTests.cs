using System.Text.Json;
using Rlvr.Evaluation;
using Rlvr.Tests.Shared;

namespace Rlvr.Tests.Evaluation;

public sealed class EvaluationComparisonTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Problems_are_matched_by_name_and_the_changed_ones_found()
    {
        StoredEvaluation a = Read("a", ("s", "x", "1"), ("s", "y", "1"), ("s", "z", "0"), ("t", "x", "0")), b = Read("b", ("t", "x", "1"), ("s", "z", "1"), ("s", "y", "0"), ("s", "x", "1"));
        EvaluationComparison comparison = EvaluationComparison.Of(a, b);
        Assert.Equal(["s", "t"], comparison.Suites.Select(s => s.Name));
        SuiteComparison s = comparison.Suites[0];
        Assert.Equal(("z", "y"), (Assert.Single(s.Better).Before.Id, Assert.Single(s.Worse).Before.Id));
        Assert.Equal((0, 1, "exact McNemar"), (s.Difference.Mean, s.Difference.P, s.Test));
        Assert.Equal(1.0 / 3, comparison.Before, 12);
        Assert.Equal(5.0 / 6, comparison.After, 12);
        Assert.Equal(0.5, comparison.Overall.Mean, 12);
    }

    [Fact]
    public void Several_samples_are_compared_problem_by_problem()
    {
        (string, string, string)[] Rows(string some) => [.. Enumerable.Range(0, 8).Select(i => ("s", $"p{i}", i < 6 ? some : "0011"))];
        EvaluationComparison comparison = EvaluationComparison.Of(Read("a", Rows("0100")), Read("b", Rows("0111")));
        SuiteComparison s = comparison.Suites[0];
        Assert.Equal(6, s.Better.Count);
        Assert.Equal(0.5, s.Better[0].Difference, 12);
        Assert.Equal(2.0 / 64, s.Difference.P, 12); // six differences of the same sign
        Assert.Equal("exact paired permutation", s.Test);
        Assert.True(s.Difference.IsMoreThanNoise);
        Assert.Equal(0.375, comparison.Overall.Mean, 12);
        // 1 sample against 4: shares are compared.
        Assert.Equal(-0.25, EvaluationComparison.Of(Read("c", ("s", "x", "1")), Read("d", ("s", "x", "0111"))).Suites[0].Difference.Mean, 12);
    }

    [Fact]
    public void What_does_not_match_is_an_error()
    {
        StoredEvaluation a = Read("a", ("s", "x", "1"), ("s", "y", "0"));
        string Error(StoredEvaluation b) => Assert.Throws<RlvrException>(() => EvaluationComparison.Of(a, b)).Message;
        Assert.Contains("do not have the same suites", Error(Read("b", ("s", "x", "1"), ("s", "y", "1"), ("t", "y", "1"))), StringComparison.Ordinal);
        Assert.Contains("--suite s", Error(Read("b", ("s", "x", "1"), ("s", "y", "1"), ("t", "y", "1"))), StringComparison.Ordinal);
        Assert.Contains("none in common", Error(Read("b", ("t", "x", "1"))), StringComparison.Ordinal);
        string lacking = Error(Read("b", ("s", "x", "1"), ("s", "z", "0")));
        Assert.Contains($"'{folder["b.jsonl"]}' lacks 1: y; '{folder["a.jsonl"]}' lacks 1: z", lacking, StringComparison.Ordinal);
        File.WriteAllText(folder["b.jsonl"], File.ReadAllText(folder["a.jsonl"]).Replace("\"label\"", "\"other\""));
        Assert.Contains("has another text or label", Error(StoredEvaluation.Read(folder["b.jsonl"])), StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_read_is_an_error()
    {
        string Error(string path, params string[] suites) => Assert.Throws<RlvrException>(() => StoredEvaluation.Read(path, suites.Length > 0 ? suites : null)).Message;
        Assert.Contains("there is no evaluation", Error(folder["nothing"]), StringComparison.Ordinal);
        Assert.Contains("there are no responses", Error(folder.Write("empty.jsonl", "")), StringComparison.Ordinal);
        Assert.Contains("bad.jsonl(1): error: ", Error(folder.Write("bad.jsonl", "nonsense\n")), StringComparison.Ordinal);
        string path = Read("a", ("s", "x", "11"), ("s", "y", "00")).Path;
        Assert.Contains("has no suite 'ss'. Did you mean 's'?", Error(path, "ss"), StringComparison.Ordinal);
        string[] lines = File.ReadAllLines(path);
        Assert.Contains("is not complete", Error(folder.Write("short.jsonl", string.Join('\n', lines[..3]) + "\n")), StringComparison.Ordinal);
        Assert.Contains("twice", Error(folder.Write("double.jsonl", string.Join('\n', lines[0], lines[0], lines[2], lines[3]) + "\n")), StringComparison.Ordinal);
    }

    [Fact]
    public void The_best_checkpoint_is_the_earliest_of_equals()
    {
        CheckpointPoint Point(int step, double s, double t) => new(step, [new("s", 10, 1, s, 0.1), new("t", 10, 1, t, 0.1)]);
        CheckpointCurve curve = new([Point(20, 0.5, 0.1), Point(40, 0.4, 0.6), Point(60, 0.6, 0.4), Point(80, 0.6, 0.1)]);
        Assert.Equal((40, 60, 40), (curve.Best.Step, curve.BestOn("s").Step, curve.BestOn("t").Step));
        Assert.Equal(0.5, curve.Best.Average.Accuracy, 12);
        Assert.Equal(double.Sqrt(0.02) / 2, curve.Best.Average.StandardError, 12);
    }

    /// <summary>A file of responses: suite, problem, and a digit for each sample, 1 for right.</summary>
    private StoredEvaluation Read(string name, params (string Suite, string Id, string Samples)[] problems)
    {
        string path = folder.Write($"{name}.jsonl", string.Concat(problems.SelectMany(p => p.Samples.Select((c, i) => JsonSerializer.Serialize(new
        {
            suite = p.Suite,
            id = p.Id,
            problem = $"text of {p.Id}",
            answer = "label",
            sample = i,
            response = $"{c}",
            verdict = c == '1' ? "Correct" : "Wrong",
            correct = c == '1',
        }) + "\n"))));
        return StoredEvaluation.Read(path);
    }
}
