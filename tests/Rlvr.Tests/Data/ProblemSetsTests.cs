using Rlvr.Data;
using Rlvr.MicroMath;
using Rlvr.Tests.Shared;

namespace Rlvr.Tests.Data;

public sealed class ProblemSetsTests
{
    [Fact]
    public void Every_suite_loads_with_and_without_its_prefix()
    {
        foreach (string name in MicroSuites.Names)
        {
            IReadOnlyList<Problem> problems = ProblemSets.Load(name);
            Assert.Equal(MicroSuites.Get(name).Select(p => (p.Id, p.Text, p.Answer, p.Subject)), problems.Select(p => (p.Id, p.Text, p.Answer, p.Subject!)));
            Assert.Equal(problems, ProblemSets.Load("micro:" + name));
        }
    }

    [Fact]
    public void A_file_loads_by_its_path()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("sums.jsonl", """{"problem": "1 + 1", "answer": "2"}""" + "\n");
        Assert.Equal("2", Assert.Single(ProblemSets.Load(path)).Answer);
        Assert.Equal("sums", ProblemSets.ShortName(path));
        Assert.Equal("rl-pool", ProblemSets.ShortName("micro:rl-pool"));
        Assert.Equal("micro500", ProblemSets.ShortName("micro500"));
    }

    [Theory]
    [InlineData("math500=some/where/file.parquet", "math500")]
    [InlineData("math500", "math500")]
    [InlineData("sets/own.parquet?text=a&answer=b", "own")]
    [InlineData("sets/own/test.jsonl", "own")]
    [InlineData("test.jsonl", "test")]
    [InlineData("sets/own.json", "own")]
    [InlineData("openai/gsm8k", "gsm8k")]
    [InlineData("openai/gsm8k@main:socratic/test.parquet", "gsm8k")]
    [InlineData("nonsense", "nonsense")]
    public void A_set_has_a_short_name(string name, string expected) => Assert.Equal(expected, ProblemSets.ShortName(name));

    [Fact]
    public void A_folder_is_no_file()
    {
        using TemporaryFolder folder = new();
        Assert.Equal($"{folder.Path}: error: this is a folder. Expected a file of problems; name one in it.", Assert.Throws<RlvrException>(() => ProblemSets.Load(folder.Path)).Message);
    }

    [Fact]
    public void A_file_whose_name_has_a_question_mark_is_a_file()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("is=it?.jsonl", """{"problem": "1 + 1", "answer": "2"}""");
        Assert.Single(ProblemSets.Load(path));
        Assert.Equal("is=it?", ProblemSets.ShortName(path));
    }

    [Theory]
    [InlineData("micro50", "Did you mean 'micro500'?")]
    [InlineData("micro:pi1", "Did you mean 'pi-1'?")]
    [InlineData("nonsense", "Expected one of micro500, micro-olympiad,")]
    [InlineData("missing.jsonl", "missing.jsonl: error: there is no such file")]
    [InlineData("missing.parquet?text=a", "missing.parquet: error: there is no such file")]
    [InlineData("sets/missing.json", "missing.json: error: there is no such file")]
    [InlineData("math50", "Did you mean 'math500'?")]
    [InlineData("math50=x.jsonl", "Did you mean 'math500'?")]
    [InlineData("six", "'six' is a group of sets: math500, aime24, amc23, minerva, olympiadbench, aime25. Expected one set of problems here.")]
    [InlineData("", "there is no set of problems ''.")]
    public void An_unknown_name_lists_what_there_is(string name, string expected) =>
        Assert.Contains(expected, Assert.Throws<RlvrException>(() => ProblemSets.Load(name)).Message, StringComparison.Ordinal);
}
