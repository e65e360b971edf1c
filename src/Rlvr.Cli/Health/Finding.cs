namespace Rlvr.Cli.Health;

/// <summary>How good a finding is.</summary>
internal enum Level
{
    /// <summary>As it should be.</summary>
    Good,

    /// <summary>Neither good nor bad.</summary>
    Note,

    /// <summary>Works, but could be better.</summary>
    Warning,

    /// <summary>Does not work.</summary>
    Bad,
}

/// <summary>One thing that <c>rlvr doctor</c> found out.</summary>
/// <param name="Name">What was looked at.</param>
/// <param name="Level">How good it is.</param>
/// <param name="Value">What was found.</param>
/// <param name="Advice">What to do about it; null where there is nothing to do.</param>
internal sealed record Finding(string Name, Level Level, string Value, string? Advice = null)
{
    /// <summary>Measured numbers, by name, for scripts.</summary>
    public IReadOnlyList<(string Name, double Value)> Numbers { get; init; } = [];
}
