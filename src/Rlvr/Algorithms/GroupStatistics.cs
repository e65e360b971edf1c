namespace Rlvr.Algorithms;

/// <summary>
/// Mean, deviation and size of the group of every row. Computed in double precision whatever the model's type: with equal
/// rewards, such as 0.1 eight times, a rounding error of single precision divided by a deviation near zero would be an advantage.
/// A score of NaN marks a row that could not be scored: it is left out of its group's mean and deviation.
/// </summary>
public sealed class GroupStatistics
{
    private readonly double[] means;
    private readonly double[] deviations;
    private readonly int[] sizes;

    private GroupStatistics(double[] means, double[] deviations, int[] sizes, int groups, int equalGroups)
    {
        (this.means, this.deviations, this.sizes) = (means, deviations, sizes);
        (Groups, EqualGroups) = (groups, equalGroups);
    }

    /// <summary>Number of groups.</summary>
    public int Groups { get; }

    /// <summary>Number of groups of two or more rows whose scores are all equal: nothing can be learned from them.</summary>
    public int EqualGroups { get; }

    /// <summary>Mean score of each row's group; NaN where no row of it could be scored.</summary>
    public ReadOnlySpan<double> Means => means;

    /// <summary>Sample standard deviation (n - 1) of each row's group; 0 where fewer than two rows were scored.</summary>
    public ReadOnlySpan<double> Deviations => deviations;

    /// <summary>Number of rows of each row's group, those that could not be scored included.</summary>
    public ReadOnlySpan<int> Sizes => sizes;

    /// <summary>Computes the statistics.</summary>
    /// <param name="scores">One score per row.</param>
    /// <param name="groups">The group of each row: any numbers, in any order.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static GroupStatistics Of(ReadOnlySpan<double> scores, ReadOnlySpan<int> groups)
    {
        if (scores.Length != groups.Length)
            throw new ArgumentException($"{scores.Length} scores but {groups.Length} group numbers", nameof(groups));
        Dictionary<int, List<int>> rowsOf = RowsByGroup(groups);
        double[] means = new double[scores.Length];
        double[] deviations = new double[scores.Length];
        int[] sizes = new int[scores.Length];
        int equalGroups = 0;
        foreach (List<int> rows in rowsOf.Values)
        {
            // Shifting by the first score makes groups of equal scores exact: mean = score, deviation = 0.
            int scored = 0;
            double first = double.NaN, shifted = 0, squares = 0;
            foreach (int row in rows)
            {
                if (double.IsNaN(scores[row])) continue;
                if (scored++ == 0) first = scores[row];
                shifted += scores[row] - first;
            }
            double mean = first + shifted / int.Max(1, scored);
            foreach (int row in rows)
                if (!double.IsNaN(scores[row])) squares += (scores[row] - mean) * (scores[row] - mean);
            double deviation = scored > 1 ? double.Sqrt(squares / (scored - 1)) : 0;
            if (rows.Count > 1 && squares == 0) equalGroups++;
            foreach (int row in rows) (means[row], deviations[row], sizes[row]) = (mean, deviation, rows.Count);
        }
        return new GroupStatistics(means, deviations, sizes, rowsOf.Count, equalGroups);
    }

    /// <summary>The rows of each group, ascending.</summary>
    internal static Dictionary<int, List<int>> RowsByGroup(ReadOnlySpan<int> groups)
    {
        var rowsOf = new Dictionary<int, List<int>>();
        for (int row = 0; row < groups.Length; row++)
        {
            if (!rowsOf.TryGetValue(groups[row], out List<int>? rows)) rowsOf[groups[row]] = rows = [];
            rows.Add(row);
        }
        return rowsOf;
    }
}
