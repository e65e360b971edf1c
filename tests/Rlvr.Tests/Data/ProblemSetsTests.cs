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
    [InlineData("micro50", "Did you mean 'micro500'?")]
    [InlineData("micro:pi1", "Did you mean 'pi-1'?")]
    [InlineData("nonsense", "Expected one of micro500, micro-olympiad,")]
    [InlineData("missing.jsonl", "missing.jsonl: error: there is no such file")]
    public void An_unknown_name_lists_what_there_is(string name, string expected) =>
        Assert.Contains(expected, Assert.Throws<RlvrException>(() => ProblemSets.Load(name)).Message, StringComparison.Ordinal);
}
