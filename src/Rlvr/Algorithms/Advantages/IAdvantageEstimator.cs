namespace Rlvr.Algorithms.Advantages;

/// <summary>
/// An advantage estimator: how much better each token was than expected. Its settings are its own properties, so a new one is one small
/// class that the trainer need not know. One that needs only a number for each row can be a function: <see cref="RowEstimator"/>.
/// </summary>
public interface IAdvantageEstimator
{
    /// <summary>What the trainer must provide beside scores, groups and lengths.</summary>
    AdvantageNeeds Needs => AdvantageNeeds.None;

    /// <summary>The advantages of a step's rollouts.</summary>
    StepAdvantages Compute(AdvantageBatch batch);
}

/// <summary>What an estimator cannot do without. Each costs something, so it is computed only where it is asked for.</summary>
[Flags]
public enum AdvantageNeeds
{
    /// <summary>Nothing but rewards.</summary>
    None = 0,

    /// <summary>Groups of two rollouts or more: they are compared with each other.</summary>
    Groups = 1,

    /// <summary>A critic, for <see cref="AdvantageBatch.Values"/>.</summary>
    Critic = 2,

    /// <summary>A greedy response to each prompt, for <see cref="AdvantageBatch.Baselines"/>.</summary>
    GreedyBaseline = 4,

    /// <summary><see cref="AdvantageBatch.LogProbs"/> and <see cref="AdvantageBatch.SumPiSquared"/>: one more forward pass.</summary>
    Probabilities = 8,
}
