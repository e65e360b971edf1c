namespace Rlvr.Algorithms.Losses;

/// <summary>
/// A KL coefficient that follows a target (Ziegler et al., arXiv 1909.08593, section 2.2): each update multiplies it by
/// 1 + clip(kl / target - 1, -0.2, 0.2) n / horizon.
/// </summary>
public static class AdaptiveKl
{
    /// <summary>The next coefficient.</summary>
    /// <param name="coefficient">The current one.</param>
    /// <param name="kl">KL measured on this batch.</param>
    /// <param name="target">KL to hold.</param>
    /// <param name="rows">Rows of this batch.</param>
    /// <param name="horizon">Rows over which an error of 20% changes the coefficient by 20%.</param>
    public static double Next(double coefficient, double kl, double target, int rows, double horizon) =>
        coefficient * (1 + double.Clamp(kl / target - 1, -0.2, 0.2) * rows / horizon);
}
