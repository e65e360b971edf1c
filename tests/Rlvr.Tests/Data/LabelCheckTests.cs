using Rlvr.Data;
using Rlvr.Math;

namespace Rlvr.Tests.Data;

public sealed class LabelCheckTests
{
    [Fact]
    public void Labels_that_cannot_be_read_are_listed_with_their_reasons()
    {
        Problem[] problems = [new("good", "?", "\\frac{1}{2}"), .. Enumerable.Range(0, 7).Select(i => new Problem($"bad{i}", "?", "\\frac{1}{")), new("letter", "?", "B")];
        IReadOnlyList<UnreadableLabel> unreadable = LabelCheck.Find(problems, VerifierProfile.Evaluation);
        Assert.Equal(problems[1..8], unreadable.Select(label => label.Problem));
        Assert.All(unreadable, label => Assert.NotEmpty(label.Reason));
        string text = LabelCheck.Describe(unreadable);
        Assert.StartsWith("bad0: '\\frac{1}{' (", text, StringComparison.Ordinal);
        Assert.EndsWith("; and 2 more", text, StringComparison.Ordinal);
        Assert.DoesNotContain("more", LabelCheck.Describe([.. unreadable.Take(5)]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_label_is_cut() =>
        Assert.InRange(LabelCheck.Describe([new(new("id", "?", new string('x', 5000)), "long")]).Length, 80, 120);
}
