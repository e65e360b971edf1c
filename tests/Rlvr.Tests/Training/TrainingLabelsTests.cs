using Rlvr.Data;
using Rlvr.Rewards;
using Rlvr.Training;

namespace Rlvr.Tests.Training;

public class TrainingLabelsTests
{
    private static readonly Problem Good = new("good", "?", "1"), Bad = new("bad", "?", @"\div");

    private static readonly Recipe Recipe = new() { Data = new() { Train = "train.jsonl" } };

    private static TrainingLabels Check(Recipe recipe, IReadOnlyList<Problem> problems, params (string, IReadOnlyList<Problem>)[] suites) =>
        TrainingLabels.Check(recipe, RewardCatalog.Create(recipe.Reward, 100), problems, suites);

    [Fact]
    public void Unreadable_labels_are_dropped_from_training_and_kept_in_suites_and_told()
    {
        TrainingLabels labels = Check(Recipe, [Bad, Good], ("s500", [Good, Bad, Good]));
        Assert.Equal([Good], labels.Problems);
        Assert.Equal([("train.jsonl", "bad", @"\div", "dropped"), ("s500", "bad", @"\div", "kept")], labels.Unreadable.Select(u => (u.Set, u.Problem, u.Label, u.Action)));
        Assert.All(labels.Unreadable, u => Assert.NotEmpty(u.Reason));
        Assert.Equal(2, labels.Notes.Count);
        Assert.StartsWith(@"warning: train.jsonl: 1 of 2 labels cannot be read (left out of training): bad: '\div' (", labels.Notes[0], StringComparison.Ordinal);
        Assert.StartsWith("warning: s500: 1 of 3 labels cannot be read (kept, and no response to them is right): bad", labels.Notes[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_said_where_all_can_be_read()
    {
        TrainingLabels labels = Check(Recipe, [Good], ("s500", [Good]));
        Assert.Equal([Good], labels.Problems);
        Assert.Empty(labels.Notes);
        Assert.Empty(labels.Unreadable);
    }

    [Fact]
    public void A_recipe_may_want_an_error()
    {
        Recipe strict = Recipe with { Reward = new() { UnreadableLabels = "error" } };
        string message = Assert.Throws<RlvrException>(() => Check(strict, [Bad, Good])).Message;
        Assert.StartsWith("train.jsonl: 1 of 2 labels cannot be read", message, StringComparison.Ordinal);
        Assert.EndsWith("or set reward.unreadable_labels to drop.", message, StringComparison.Ordinal);
        Check(strict, [Good], ("s500", [Good, Bad]));
    }

    [Fact]
    public void One_example_or_a_suite_without_a_readable_label_is_an_error()
    {
        Assert.StartsWith("The only label of train.jsonl cannot be read", Assert.Throws<RlvrException>(() => Check(Recipe, [Bad])).Message, StringComparison.Ordinal);
        Assert.StartsWith("The only label of suite s500 cannot be read", Assert.Throws<RlvrException>(() => Check(Recipe, [Good], ("s500", [Bad]))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_label_is_read_by_the_reward_that_is_used()
    {
        Recipe exact = Recipe with { Reward = new() { Kind = "exact" } };
        Assert.Equal([Bad, Good], Check(exact, [Bad, Good]).Problems);
        Recipe numeric = Recipe with { Reward = new() { Kind = "numeric" } };
        Assert.Equal([Good], Check(numeric, [Good, new Problem("x", "?", "x^2")]).Problems);
    }
}
