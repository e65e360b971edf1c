namespace Rlvr.Math.Numerics;

/// <summary>
/// The work that one verification may still do, in units of roughly a nanosecond. What exceeds it is undefined, never an endless wait.
/// </summary>
internal sealed class WorkBudget(long units = WorkBudget.Standard)
{
    /// <summary>Enough for everything a person writes; well below 50 milliseconds.</summary>
    public const long Standard = 12_000_000;

    private long _left = units;

    public bool IsSpent => _left <= 0;

    /// <summary>Takes units away; false where none are left.</summary>
    public bool Spend(long units) => (_left -= units) > 0;
}
