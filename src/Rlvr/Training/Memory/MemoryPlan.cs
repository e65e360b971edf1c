namespace Rlvr.Training;

/// <summary>Something that takes memory.</summary>
/// <param name="Name">What.</param>
/// <param name="Bytes">How much.</param>
public sealed record MemoryItem(string Name, long Bytes);

/// <summary>A part of a step with what it takes while it lasts.</summary>
/// <param name="Name">The phase.</param>
/// <param name="Items">What it takes on top of what is kept.</param>
public sealed record MemoryPhase(string Name, IReadOnlyList<MemoryItem> Items)
{
    /// <summary>All of it.</summary>
    public long Bytes => Items.Sum(item => item.Bytes);
}

/// <summary>
/// How much memory a training run takes at its peak, if every response is as long as it may be: what is kept all the time, and the largest of the
/// phases that follow one another. Made by <see cref="MemoryPlanner"/>.
/// </summary>
/// <param name="Kept">Kept from the first update to the last.</param>
/// <param name="Phases">Rollouts, update, evaluation.</param>
/// <param name="Rows">Rows that are decoded at once.</param>
/// <param name="Recomputes">Whether the update computes layers again in its backward pass.</param>
public sealed record MemoryPlan(IReadOnlyList<MemoryItem> Kept, IReadOnlyList<MemoryPhase> Phases, int Rows, bool Recomputes)
{
    /// <summary>What is read through mappings of files: page cache, which the system drops where memory is needed and reads again. Not part of the totals.</summary>
    public IReadOnlyList<MemoryItem> PageCache { get; init; } = [];

    /// <summary>Bytes that are kept all the time.</summary>
    public long KeptBytes => Kept.Sum(item => item.Bytes);

    /// <summary>The phase that takes most.</summary>
    public MemoryPhase Largest => Phases.MaxBy(phase => phase.Bytes)!;

    /// <summary>Bytes at the peak.</summary>
    public long Total => KeptBytes + Largest.Bytes;

    /// <summary>Bytes of an item of what is kept or of a phase; 0 where the run has no such thing.</summary>
    public long this[string name] => Kept.Concat(Phases.SelectMany(phase => phase.Items)).Where(item => item.Name == name).Select(item => item.Bytes).DefaultIfEmpty(0).Max();

    /// <summary>The plan in one line.</summary>
    /// <param name="available">What the machine has; null where it is not known.</param>
    public string Summary(long? available) =>
        $"{Gigabytes(Total)} at the peak, in the {Largest.Name}{(available is { } bytes ? $", of {Gigabytes(bytes)}" : "")}: "
        + string.Join(", ", Kept.Concat(Largest.Items).Where(item => item.Bytes > 0).Select(item => $"{item.Name} {Gigabytes(item.Bytes)}"))
        + $"; {Rows} rows decoded at once{(Recomputes ? ", layers computed again in the backward pass" : "")}"
        + string.Concat(PageCache.Select(item => $"; {item.Name} mapped from its files, {Gigabytes(item.Bytes)} of page cache"));

    /// <summary>The plan as lines of a name and a size.</summary>
    /// <param name="available">What the machine has; null where it is not known.</param>
    public IEnumerable<(string Name, string Size)> Lines(long? available)
    {
        foreach (MemoryItem item in Kept) yield return (item.Name, Gigabytes(item.Bytes));
        foreach (MemoryItem item in PageCache) yield return ($"{item.Name}, page cache", $"{Gigabytes(item.Bytes)}, not in the total: the system can drop it");
        foreach (MemoryPhase phase in Phases)
        {
            foreach (MemoryItem item in phase.Items)
                if (item.Bytes > 0) yield return ($"{phase.Name}: {item.Name}", Gigabytes(item.Bytes));
        }
        yield return ("total", $"{Gigabytes(Total)} at the peak, in the {Largest.Name}");
        if (available is { } bytes) yield return ("machine", Gigabytes(bytes));
    }

    private static string Gigabytes(long bytes) => bytes < 995_000_000 ? $"{bytes / 1e6:F0} MB" : $"{bytes / 1e9:F2} GB";
}
