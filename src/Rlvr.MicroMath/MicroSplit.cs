namespace Rlvr.MicroMath;

/// <summary>The part of the world a computation belongs to; see <see cref="Computation.Split"/>.</summary>
public enum MicroSplit
{
    /// <summary>Only ever asked in a benchmark suite.</summary>
    Test,

    /// <summary>Questions for reinforcement learning; their solutions are never shown.</summary>
    RlPool,

    /// <summary>Documents of the pretraining corpus.</summary>
    Pretraining,
}
