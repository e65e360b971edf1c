namespace Rlvr.Training;

/// <summary>
/// How many times longer each term of the work takes than <see cref="MachineSpeed"/> says, in the order of <see cref="CostTerms"/>: fitted to measurements by
/// <c>bench sweep</c> (docs/performance.md). They say how well the program uses a machine, so they hold roughly for others too.
/// </summary>
/// <param name="Decoding">Of decoding.</param>
/// <param name="Update">Of the update.</param>
public sealed record CostFactors(IReadOnlyList<double> Decoding, IReadOnlyList<double> Update)
{
    /// <summary>As fitted.</summary>
    public static CostFactors Fitted { get; } = new([1.29, 1, 9.16, 8.4, 6.85], [1.22, 2.85, 8.86, 4.57, 1.88]);
}
