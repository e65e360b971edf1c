namespace Rlvr.Algorithms;

/// <summary>
/// DAPO's soft overlong punishment (arXiv 2503.14476, equation 13): added to the reward, 0 up to a length, then falling in a straight line
/// to -1 at the limit, so that a response is not suddenly worth nothing for one token too many.
/// </summary>
public static class OverlongPenalty
{
    /// <summary>0 to -1.</summary>
    /// <param name="length">Response tokens.</param>
    /// <param name="maximum">The limit.</param>
    /// <param name="buffer">Tokens before the limit over which the penalty grows.</param>
    public static double Of(int length, int maximum, int buffer) =>
        buffer <= 0 ? (length >= maximum ? -1 : 0) : double.Clamp((double)(maximum - buffer - length) / buffer, -1, 0);
}
