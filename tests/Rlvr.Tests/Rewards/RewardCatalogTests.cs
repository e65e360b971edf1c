using Rlvr.Data;
using Rlvr.Rewards;
using Rlvr.Tests.Shared;

namespace Rlvr.Tests.Rewards;

public class RewardCatalogTests
{
    [Theory]
    [InlineData("math", typeof(MathReward))]
    [InlineData("format", typeof(FormatReward))]
    [InlineData("random", typeof(RandomReward))]
    [InlineData("exact", typeof(ExactReward))]
    [InlineData("numeric", typeof(NumericReward))]
    [InlineData("choice", typeof(ChoiceReward))]
    [InlineData("regex", typeof(RegexReward))]
    [InlineData("math - overlong", typeof(WeightedSum))]
    [InlineData("2 math", typeof(WeightedSum))]
    public void Recipes_name_rewards(string kind, Type type) => Assert.IsType(type, RewardCatalog.Create(new() { Kind = kind, Pattern = "x" }, 100));

    [Fact]
    public void Settings_reach_the_rewards()
    {
        static double Score(RewardOptions options, string label, string response, int tokens = 10) =>
            RewardCatalog.Create(options, 100).Score(new Problem("p", "?", label), response, new() { Tokens = tokens }).Value;
        Assert.Equal(0, Score(new(), "4/3", @"\boxed{12/9}"));
        Assert.Equal(1, Score(new() { Profile = "strict" }, "4/3", @"\boxed{12/9}"));
        Assert.Equal(1, Score(new() { Kind = "exact", IgnoreCase = true }, "a", @"\boxed{A}"));
        Assert.Equal(0, Score(new() { Kind = "exact" }, "a", @"\boxed{A}"));
        Assert.Equal(0, Score(new() { Kind = "exact", Trim = false, Answer = "response" }, "a", "a "));
        Assert.Equal(1, Score(new() { Kind = "exact", Answer = "response" }, "a", "a "));
        Assert.Equal(1, Score(new() { Kind = "numeric", Tolerance = 0.1 }, "1", @"\boxed{1.1}"));
        Assert.Equal(1, Score(new() { Kind = "numeric", RelativeTolerance = 0.1, Answer = "usual" }, "10", "The answer is 11."));
        Assert.Equal(1, Score(new() { Kind = "choice", Answer = "response" }, "B", "(B)"));
        Assert.Equal(1, Score(new() { Kind = "regex", Pattern = "X{answer}", IgnoreCase = true }, "5", "x5"));
        Assert.Equal(1, Score(new() { Kind = "math", Profile = "evaluation" }, "5", "The answer is 5."));
        Assert.Equal(0.5, Score(new() { Kind = "math - overlong" }, "1", @"\boxed{1}", tokens: 90), 12); // from 80 to 100
        Assert.Equal(0.8, Score(new() { Kind = "math - overlong", OverlongFrom = 10, OverlongTo = 60 }, "1", @"\boxed{1}", tokens: 20), 12);
        Assert.Equal(0.9, Score(new() { Kind = "math - 0.01 tokens" }, "1", @"\boxed{1}", tokens: 10), 12);
        Assert.Equal(0.91, Score(new() { Kind = "math - 0.01 characters" }, "1", @"\boxed{1}"), 12);
        Assert.Equal(-0.5, Score(new() { Kind = "math - repetition", RepetitionNgram = 1 }, "1", "a a"), 12);
        Assert.Equal(0, Score(new() { Kind = "math - repetition" }, "1", "a a"), 12);
    }

    [Theory]
    [InlineData("regex", "'regex' needs a pattern: set reward.pattern")]
    [InlineData("0.5 math + program", "'program' needs a program: set reward.program, such as [python3, reward.py]")]
    [InlineData("maths", "reward.kind: there is no reward 'maths'")]
    [InlineData("math - overlong", "reward.overlong_from (200) is above reward.overlong_to (100)")]
    public void What_is_missing_is_named(string kind, string message)
    {
        RewardOptions options = new() { Kind = kind, OverlongFrom = 200 };
        Assert.Contains(message, RewardCatalog.ProblemOf(options, 100), StringComparison.Ordinal);
        Assert.Contains(message, Assert.Throws<RlvrException>(() => RewardCatalog.Create(options, 100)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_names_are_refused_with_those_there_are() =>
        Assert.Contains("'lax'; expected strict, training or evaluation", Assert.Throws<RlvrException>(() => RewardCatalog.Create(new() { Profile = "lax" }, 1)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_program_is_started_with_its_arguments()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs /bin/sh");
        using TemporaryFolder folder = new();
        string script = folder.Write("reward.sh", "while read -r line; do id=${line#*\\\"id\\\":}; printf '{\"id\":%s,\"reward\":%s}\\n' \"${id%%,*}\" \"$1\"; done\n");
        using WeightedSum sum = Assert.IsType<WeightedSum>(RewardCatalog.Create(new() { Kind = "0 math + 2 program", Program = ["/bin/sh", script, "0.25"], ProgramTimeout = 60 }, 1));
        Assert.Equal(0.5, sum.Score(new Problem("p", "?", "1"), "x").Value);
        Assert.Contains("cannot be started", Assert.Throws<RlvrException>(() => RewardCatalog.Create(new() { Kind = "program", Program = ["no-such-program-at-all"] }, 1)).Message, StringComparison.Ordinal);
    }
}
