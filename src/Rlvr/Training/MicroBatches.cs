namespace Rlvr.Training;

/// <summary>
/// Divides the rows of a mini-batch into micro-batches of about equal numbers of tokens, as the released code of arXiv 2504.20571 does
/// with dynamic batch sizes.
/// </summary>
public static class MicroBatches
{
    /// <summary>
    /// Packs rows under a token budget: ceil(total tokens / budget) micro-batches, balanced by <see cref="Partition"/>. The
    /// budget is a target, not a bound: an uneven division can exceed it slightly, a single longer row by itself.
    /// </summary>
    /// <param name="lengths">Tokens of each row (prompt and response).</param>
    /// <param name="tokenBudget">Tokens of one micro-batch.</param>
    /// <returns>The row numbers of each micro-batch, ascending; every row is in exactly one of them.</returns>
    /// <exception cref="RlvrException">The budget is not positive.</exception>
    public static IReadOnlyList<int[]> Pack(IReadOnlyList<int> lengths, long tokenBudget)
    {
        if (tokenBudget <= 0) throw new RlvrException($"compute.micro_batch_tokens: {tokenBudget} is not positive; 24000 is the default");
        if (lengths.Count == 0) return [];
        long total = lengths.Sum(length => (long)length);
        long count = (total + tokenBudget - 1) / tokenBudget;
        return Partition(lengths, (int)long.Clamp(count, 1, lengths.Count));
    }

    /// <summary>
    /// Divides rows into <paramref name="parts"/> with nearly equal sums by the largest differencing method (Karmarkar and Karp, 1982).
    /// </summary>
    /// <param name="lengths">Weight of each row.</param>
    /// <param name="parts">Number of parts, at most the number of rows.</param>
    /// <param name="equalSize">Also gives every part the same number of rows, which must divide evenly.</param>
    /// <returns>The row numbers of each part, ascending, the heaviest part first.</returns>
    /// <exception cref="ArgumentException">The number of parts does not fit the number of rows.</exception>
    public static IReadOnlyList<int[]> Partition(IReadOnlyList<int> lengths, int parts, bool equalSize = false)
    {
        if (parts < 1 || parts > lengths.Count)
            throw new ArgumentException($"cannot divide {lengths.Count} rows into {parts} non-empty parts", nameof(parts));
        if (equalSize && lengths.Count % parts != 0)
            throw new ArgumentException($"{lengths.Count} rows do not divide evenly into {parts} parts", nameof(parts));

        (int Row, long Length)[] rows = [.. lengths.Select((length, row) => (row, (long)length)).OrderBy(r => r.Item2).ThenBy(r => r.row)];
        var queue = new PriorityQueue<Division, Division>();
        foreach ((int Row, long Length)[] start in rows.Chunk(equalSize ? parts : 1))
        {
            var division = new Division(start, parts);
            queue.Enqueue(division, division);
        }
        while (queue.Count > 1)
        {
            Division first = queue.Dequeue();
            first.Merge(queue.Dequeue());
            queue.Enqueue(first, first);
        }
        return queue.Dequeue().Rows();
    }

    /// <summary>Where each row went: position p of the concatenated micro-batches holds row order[p]; the result r has order[r[row]] = row.</summary>
    public static int[] ReverseIndex(IReadOnlyList<int[]> microBatches)
    {
        int[] order = [.. microBatches.SelectMany(rows => rows)];
        int[] reverse = new int[order.Length];
        for (int position = 0; position < order.Length; position++) reverse[order[position]] = position;
        return reverse;
    }

    /// <summary>A division of some of the rows into parts, heaviest first. The one with the largest spread is taken up first.</summary>
    private sealed class Division : IComparable<Division>
    {
        private readonly Part[] parts;

        public Division((int Row, long Length)[] rows, int count)
        {
            parts = new Part[count];
            for (int i = 0; i < count; i++)
            {
                parts[i] = new Part();
                if (i < rows.Length) parts[i].Add(rows[i]);
            }
            Sort();
        }

        private long Spread => parts[0].Sum - parts[^1].Sum;

        /// <summary>Joins the heaviest part of one with the lightest of the other, and so on.</summary>
        public void Merge(Division other)
        {
            for (int i = 0; i < parts.Length; i++)
                foreach ((int Row, long Length) row in other.parts[^(i + 1)].Rows) parts[i].Add(row);
            Sort();
        }

        public int CompareTo(Division? other)
        {
            if (other is null) return 1;
            int bySpread = other.Spread.CompareTo(Spread);
            return bySpread != 0 ? bySpread : other.parts[0].CompareTo(parts[0]);
        }

        public IReadOnlyList<int[]> Rows() => [.. parts.Select(part => part.Rows.Select(row => row.Row).Order().ToArray())];

        private void Sort() => Array.Sort(parts, (a, b) => b.CompareTo(a));
    }

    private sealed class Part : IComparable<Part>
    {
        public long Sum { get; private set; }

        public List<(int Row, long Length)> Rows { get; } = [];

        public void Add((int Row, long Length) row)
        {
            Rows.Add(row);
            Sum += row.Length;
        }

        /// <summary>By sum, then number of rows, then the rows themselves: a total order, so the result does not depend on the heap.</summary>
        public int CompareTo(Part? other)
        {
            if (other is null) return 1;
            if (Sum != other.Sum) return Sum.CompareTo(other.Sum);
            if (Rows.Count != other.Rows.Count) return Rows.Count.CompareTo(other.Rows.Count);
            for (int i = 0; i < Rows.Count; i++)
                if (Rows[i] != other.Rows[i]) return Rows[i].CompareTo(other.Rows[i]);
            return 0;
        }
    }
}
