using Rlvr.Evaluation;

namespace Rlvr.Experiments.Measures;

/// <summary>A number measured in a run.</summary>
/// <param name="Seed">The run's seed.</param>
/// <param name="Value">The number.</param>
/// <param name="Error">Its standard error inside the run: for an accuracy clustered by problem; NaN where nobody knows.</param>
/// <param name="Step">Training steps before it.</param>
internal readonly record struct SeedValue(int Seed, double Value, double Error = double.NaN, int Step = 0);

/// <summary>A number measured in the runs of several seeds; none where nothing has been run.</summary>
/// <param name="Values">One a seed.</param>
internal sealed record Measurement(IReadOnlyList<SeedValue> Values)
{
    /// <summary>Nothing measured.</summary>
    public static Measurement None { get; } = new([]);

    /// <summary>Whether anything was measured.</summary>
    public bool Exists => Values.Count > 0;

    /// <summary>Number of seeds.</summary>
    public int Seeds => Values.Count;

    /// <summary>Mean over seeds; NaN for none.</summary>
    public double Mean => Exists ? Values.Average(v => v.Value) : double.NaN;

    /// <summary>Standard deviation between seeds, with n - 1; NaN for fewer than two.</summary>
    public double Deviation => Seeds < 2 ? double.NaN : double.Sqrt(Values.Sum(v => (v.Value - Mean) * (v.Value - Mean)) / (Seeds - 1));

    /// <summary>
    /// Standard error of the mean in a comparison on the same problems: √((mean of the squared errors inside a run + deviation²) / seeds). Training and the draw of
    /// responses average out over seeds. The choice of problems does not, but it is the same on both sides and cancels in their difference as far as the same problems are
    /// hard for both: dividing its part by S seeds too is right for a correlation of 1 - 1/S between the sides, and on the safe side above that. For a single seed the
    /// whole error counts, as if nothing cancelled. NaN for a single seed without an error of its own.
    /// </summary>
    public double StandardError
    {
        get
        {
            double[] known = [.. Values.Select(v => v.Error).Where(double.IsFinite)];
            double inside = known.Length > 0 ? known.Average(e => e * e) : Seeds < 2 ? double.NaN : 0;
            return double.Sqrt((inside + (Seeds < 2 ? 0 : Deviation * Deviation)) / int.Max(1, Seeds));
        }
    }

    /// <summary>The mean of several numbers of the same runs, seed by seed; only seeds that have all of them.</summary>
    public static Measurement Average(IReadOnlyList<Measurement> parts)
    {
        IEnumerable<int> seeds = parts.Count == 0 ? [] : parts.Select(p => p.Values.Select(v => v.Seed)).Aggregate((a, b) => a.Intersect(b));
        return new([.. seeds.Select(seed =>
        {
            SeedValue[] values = [.. parts.Select(p => p.Values.First(v => v.Seed == seed))];
            SuiteAverage average = SuiteAverage.Of([.. values.Select(v => (v.Value, v.Error))]);
            return new SeedValue(seed, average.Accuracy, average.StandardError, values[0].Step);
        })]);
    }
}
