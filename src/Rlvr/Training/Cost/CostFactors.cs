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
    public static CostFactors Fitted { get; } = new([1.31, 0.976, 6.5, 3.27, 7.62], [0.983, 6.09, 3.52, 4.66, 4.59]);
}
