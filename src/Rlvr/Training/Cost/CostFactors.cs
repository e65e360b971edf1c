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
    public static CostFactors Fitted { get; } = new([1.52, 1, 7.28, 4.78, 1], [1.27, 3.38, 3.36, 1, 1.24]);
}
