using Rlvr.Evaluation;

namespace Rlvr.Tests.Evaluation;

public sealed class ReflectionTests
{
    [Theory]
    [InlineData("Let me recheck this.", "recheck")]
    [InlineData("RETHINK! Then (recalculate)", "rethink", "recalculate")]
    [InlineData("recheck, recheck", "recheck")]
    [InlineData("I rechecked it, and am rethinking.")]
    [InlineData("prerecheck recheck_it recheck2")]
    [InlineData("xrecheck recheck", "recheck")]
    [InlineData("")]
    public void Whole_words_count_whatever_their_case(string response, params string[] found) => Assert.Equal(found, Reflection.Find(response, Reflection.Words));

    [Fact]
    public void The_words_are_ones_own()
    {
        Assert.Equal(["wait", "let me check"], Reflection.Find("Wait, let me check again", ["wait", "let me check", "hmm", ""]));
        Assert.Empty(Reflection.Find("recheck", []));
    }
}
