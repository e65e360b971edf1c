namespace Rlvr.Math;

/// <summary>Which answers count as the expected one.</summary>
public enum VerifierProfile
{
    /// <summary>Mathematically equal, exactly. The default.</summary>
    Strict,

    /// <summary>
    /// What the reward released with "Reinforcement Learning for Reasoning in Large Language Models with One Training Example"
    /// (arXiv 2504.20571; verl/utils/reward_score/deepscaler.py) accepts: string forms and reduced fractions.
    /// </summary>
    Training,

    /// <summary>
    /// What the Qwen2.5-Math evaluation accepts: numbers within a relative 1e-4, percentages either way, commas ignored.
    /// </summary>
    Evaluation,
}
