using System.Globalization;
using Rlvr.Data;
using Rlvr.Math;
using Rlvr.MicroMath;
using Rlvr.Tests.Shared;

namespace Rlvr.Tests.Data;

/// <summary>The benchmarks' table, and how their files are found on this machine.</summary>
public sealed class BenchmarksTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string? before = Environment.GetEnvironmentVariable(BenchmarkFiles.FolderVariable);

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(BenchmarkFiles.FolderVariable, before);
        folder.Dispose();
    }

    private static string Rows(int count) => string.Concat(Enumerable.Range(0, count).Select(i => $$"""{"problem": "What is {{i}} + 1?", "answer": {{i + 1}}}""" + "\n"));

    [Fact]
    public void Names_are_unique_and_collide_with_nothing()
    {
        string[] names = [.. Benchmarks.All.Select(benchmark => benchmark.Name), .. Benchmarks.Groups.Keys, .. MicroSuites.Names];
        Assert.Equal(names.Length, names.Distinct().Count());
        Assert.Equal(["math500", "aime24", "aime25", "amc23", "minerva", "olympiadbench", "math", "gsm8k", "arc-easy", "arc-challenge", "deepscaler"],
            Benchmarks.All.Select(benchmark => benchmark.Name).Where(name => !name.EndsWith("-train", StringComparison.Ordinal)));
        Assert.All(Benchmarks.All, benchmark => Assert.NotEmpty(benchmark.Sources));
        Assert.All(Benchmarks.Groups.Values.SelectMany(name => name), name => Assert.NotNull(Benchmarks.Find(name)));
        Assert.Null(Benchmarks.Find("nonsense"));
        Assert.Null(Benchmarks.Group("nonsense"));
        Assert.Equal(["aime24", "micro500", "math500", "amc23", "minerva", "olympiadbench", "aime25", "own.jsonl"], Benchmarks.Expand(["aime24", "micro500", "six", "own.jsonl"]));
    }

    [Fact]
    public void Six_are_scored_as_in_the_paper()
    {
        IReadOnlyList<Benchmark> six = Benchmarks.Group("six")!;
        Assert.Equal(["MATH500", "AIME24", "AMC23", "Minerva", "Olympiad", "AIME25"], six.Select(benchmark => benchmark.Column));
        Assert.Equal([500, 30, 40, 272, 675, 30], six.Select(benchmark => benchmark.Count));
        Assert.Equal([(0, 1), (0.6, 8), (0.6, 8), (0, 1), (0, 1), (0.6, 8)], six.Select(benchmark => (benchmark.Scoring.Temperature, benchmark.Scoring.Samples)));
        Assert.Equal(["pass@1", "avg@8", "avg@8", "pass@1", "pass@1", "avg@8"], six.Select(benchmark => benchmark.Scoring.Metric));
        Assert.All(six, benchmark => Assert.Equal((3072, 1, VerifierProfile.Evaluation), (benchmark.Scoring.MaxNewTokens, benchmark.Scoring.TopP, benchmark.Scoring.Profile)));
    }

    [Fact]
    public void A_copy_is_named_with_an_equals_sign_and_counted()
    {
        string path = folder.Write("mine.jsonl", Rows(30));
        IReadOnlyList<Problem> problems = ProblemSets.Load($"aime24={path}");
        Assert.Equal(new("aime24:30", "What is 29 + 1?", "30", Source: "aime24"), problems[^1]);
        Assert.Equal("aime24", ProblemSets.ShortName($"aime24={path}"));
        string error = Assert.Throws<RlvrException>(() => ProblemSets.Load($"amc23={path}")).Message;
        Assert.StartsWith($"{path}: error: found 30 problems, expected the 40 of AMC 2023. To use it as a set of its own, name the file alone: {path}. A copy of yours: amc23=PATH, or ", error, StringComparison.Ordinal);
        Assert.Contains("there is no such file", Assert.Throws<RlvrException>(() => ProblemSets.Load($"aime24={folder["none.jsonl"]}")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_copy_may_be_a_folder()
    {
        folder.Write("test.json", Rows(30));
        Assert.Equal(30, ProblemSets.Load($"aime25={folder.Path}").Count);
        string error = Assert.Throws<RlvrException>(() => ProblemSets.Load($"gsm8k-train={folder.Path}")).Message;
        Assert.Equal($"{folder.Path}: error: the folder has no file of GSM8K (train). Expected train.jsonl, train.json or train.parquet in it, or main/train-00000-of-00001.parquet. Or name the file.", error);
    }

    [Theory]
    [InlineData("aime25", "aime25/test.jsonl", 30)]
    [InlineData("minerva", "minerva_math/test.jsonl", 272)]
    [InlineData("minerva", "minerva/test.json", 272)]
    [InlineData("aime24", "aime24.jsonl", 30)]
    [InlineData("math500", "MATH-500/test.jsonl", 500)]
    [InlineData("math500", "HuggingFaceH4/MATH-500/test.jsonl", 500)]
    public void The_folder_of_data_sets_is_searched(string name, string file, int count)
    {
        folder.Write(file, Rows(count));
        Environment.SetEnvironmentVariable(BenchmarkFiles.FolderVariable, folder.Path);
        Assert.Equal(count, ProblemSets.Load(name).Count);
    }

    [Fact]
    public void A_set_in_several_files_is_one()
    {
        Environment.SetEnvironmentVariable(BenchmarkFiles.FolderVariable, folder.Path);
        folder.Write("opencompass/AIME2025/aime2025-I.jsonl", Rows(15));
        folder.Write("opencompass/AIME2025/aime2025-II.jsonl", Rows(15));
        IReadOnlyList<Problem> problems = ProblemSets.Load("aime25");
        Assert.Equal(Enumerable.Range(1, 30).Select(i => string.Create(CultureInfo.InvariantCulture, $"aime25:{i}")), problems.Select(problem => problem.Id));
        folder.Write("opencompass/AIME2025/aime2025-II.jsonl", Rows(14));
        Assert.Contains("aime2025-I.jsonl and 1 more files: error: found 29 problems, expected the 30 of AIME 2025.", Assert.Throws<RlvrException>(() => ProblemSets.Load("aime25")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_of_data_sets_that_is_not_there_is_named()
    {
        Environment.SetEnvironmentVariable(BenchmarkFiles.FolderVariable, folder["none"]);
        Assert.Equal($"RLVR_DATA={folder["none"]}: error: there is no such folder. Set it to the folder of your data sets, or unset it.", Assert.Throws<RlvrException>(() => ProblemSets.Load("aime24")).Message);
    }

    [Fact]
    public void Fields_of_a_copy_can_be_named()
    {
        string path = folder.Write("mine.jsonl", Rows(30).Replace("answer", "target", StringComparison.Ordinal));
        Assert.Equal("30", ProblemSets.Load($"aime24={path}?answer=target")[^1].Answer);
    }
}
