using Rlvr.Algorithms.Losses;

namespace Rlvr.Training;

/// <summary>The coefficient of the KL penalty in the reward: fixed, or following <c>loss.kl_target</c>. Its value belongs into a checkpoint.</summary>
/// <param name="options">The loss settings.</param>
internal sealed class KlCoefficient(LossOptions options)
{
    public double Value { get; set; } = options.KlInReward;

    /// <summary>After a step: adapts to the KL that was measured in it.</summary>
    public void Follow(double kl, int rows)
    {
        if (options.KlTarget > 0) Value = AdaptiveKl.Next(Value, kl, options.KlTarget, rows, options.KlHorizon);
    }
}
