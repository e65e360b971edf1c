using Rlvr.Algorithms.Advantages;
using static TorchSharp.torch;

namespace Rlvr.Tests.Algorithms.Advantages;

/// <summary>TRL's ways to turn several rewards into advantages; its epsilon is 1e-4, and rows without any reward get 0.</summary>
public class TrlAdvantagesTests
{
    [Fact]
    public void Advantages_equal_trl()
    {
        foreach (GoldenCase c in Golden.Read("trl_advantages.json"))
        {
            using var scope = NewDisposeScope();
            double[][] rows = [.. c.Inputs.GetProperty("rewards_per_func").EnumerateArray().Select(Golden.Flatten)];
            double[][] rewards = [.. Enumerable.Range(0, rows[0].Length).Select(k => rows.Select(row => row[k]).ToArray())];
            int[] groups = [.. Enumerable.Range(0, rows.Length).Select(row => row / c.Integer("num_generations"))];
            double[] weights = c.Numbers("reward_weights");

            double[] advantages = (c.Text("multi_objective_aggregation"), c.Text("scale_rewards")) switch
            {
                ("normalize_then_sum", _) => Gdpo.Compute(rewards, weights, groups),
                (_, "group") => Grpo.Compute(Gdpo.Sum(rewards, weights), groups, 1e-4),
                (_, "batch") => LitePpo.Compute(Gdpo.Sum(rewards, weights), groups, 1e-4),
                _ => DrGrpo.Compute(Gdpo.Sum(rewards, weights), groups),
            };
            c.Check("advantages", tensor(advantages));
        }
    }

    [Fact]
    public void Rewards_and_weights_have_to_match() =>
        Assert.Throws<ArgumentException>(() => Gdpo.Sum([[1, 2]], [1, 1]));
}
