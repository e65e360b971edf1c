namespace Rlvr.Training;

/// <summary>What a piece of work consists of. Seconds are a weighted sum of it: see <see cref="CostModel"/>.</summary>
/// <param name="Products">Multiplications and additions of matrix products.</param>
/// <param name="Reading">Bytes of weights, gradients and moments that are read or written whatever the number of tokens.</param>
/// <param name="Attention">Multiplications and additions of attention.</param>
/// <param name="Elements">Bytes of what is computed for each element: norms, gates, rotations, probabilities of the vocabulary.</param>
/// <param name="Operations">Calls of the tensor library.</param>
public readonly record struct CostTerms(double Products, double Reading, double Attention, double Elements, double Operations)
{
    /// <summary>Both.</summary>
    public static CostTerms operator +(CostTerms a, CostTerms b) =>
        new(a.Products + b.Products, a.Reading + b.Reading, a.Attention + b.Attention, a.Elements + b.Elements, a.Operations + b.Operations);

    /// <summary>So many times.</summary>
    public static CostTerms operator *(double times, CostTerms a) => new(times * a.Products, times * a.Reading, times * a.Attention, times * a.Elements, times * a.Operations);

    /// <summary>Seconds of each term if the machine did everything as fast as what was measured of it.</summary>
    public double[] Seconds(MachineSpeed speed) =>
        [Products / speed.Flops, Reading / speed.BytesPerSecond, Attention / speed.Flops, Elements / speed.BytesPerSecond, Operations * speed.SecondsPerOperation];
}
