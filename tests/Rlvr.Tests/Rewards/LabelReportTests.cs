using Rlvr.Data;
using Rlvr.Rewards;

namespace Rlvr.Tests.Rewards;

public class LabelReportTests
{
    private static readonly Problem Good = new("good", "?", "12.8");
    private static readonly Problem[] Bad = [.. Enumerable.Range(0, 7).Select(i => new Problem($"bad{i}", "?", @"\div" + new string('{', i * 20)))];

    [Fact]
    public void Labels_are_told_apart_and_listed_with_reasons()
    {
        LabelReport check = LabelReport.Of([Bad[0], Good, .. Bad[1..]], new MathReward());
        Assert.Equal([Good], check.Readable);
        Assert.Equal(Bad, check.Unreadable.Select(u => u.Problem));
        string list = check.List();
        Assert.StartsWith(@"bad0: '\div' (", list, StringComparison.Ordinal);
        Assert.EndsWith("; and 2 more", list, StringComparison.Ordinal);
        Assert.DoesNotContain("bad5", list, StringComparison.Ordinal);
        Assert.Contains("{{{...'", list, StringComparison.Ordinal); // long labels are cut
        check.RequireSome("set");
        string message = Assert.Throws<RlvrException>(() => check.RequireAll("set.jsonl")).Message;
        Assert.StartsWith("set.jsonl: 7 of 8 labels cannot be read", message, StringComparison.Ordinal);
        Assert.EndsWith("Correct or remove these problems.", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_set_without_a_readable_label_is_an_error()
    {
        string one = Assert.Throws<RlvrException>(() => LabelReport.Of([Bad[0]], new MathReward()).RequireSome("set")).Message;
        Assert.StartsWith("The only label of set cannot be read, so no response could ever be right: bad0", one, StringComparison.Ordinal);
        string all = Assert.Throws<RlvrException>(() => LabelReport.Of(Bad, new MathReward()).RequireSome("set")).Message;
        Assert.StartsWith("None of the 7 labels of set can be read", all, StringComparison.Ordinal);
    }

    [Fact]
    public void Rewards_that_need_no_label_take_any()
    {
        LabelReport check = LabelReport.Of([Good, .. Bad], new FunctionReward((_, _) => 1));
        Assert.Equal(8, check.Readable.Count);
        Assert.Equal("", check.List());
        check.RequireAll("set");
        check.RequireSome("set");
        LabelReport.Of([], new MathReward()).RequireSome("set");
    }

    [Fact]
    public void A_wrong_label_is_a_readable_one() =>
        Assert.Empty(LabelReport.Of([new Problem("pi-1", "1 + 1?", "929725")], new MathReward()).Unreadable);
}
