namespace Rlvr.Algorithms.Advantages;

/// <summary>What an advantage estimator gives: an advantage for each token, and for a critic what it should have predicted.</summary>
public sealed class StepAdvantages
{
    private StepAdvantages(float[][] tokens, double[] rows, float[][]? returns) => (Tokens, Rows, Returns) = (tokens, rows, returns);

    /// <summary>The advantage of each token of each row.</summary>
    public IReadOnlyList<float[]> Tokens { get; }

    /// <summary>The advantage of each row: that of all its tokens, or their mean.</summary>
    public IReadOnlyList<double> Rows { get; }

    /// <summary>A critic's target at each token of each row; null where there is none.</summary>
    public IReadOnlyList<float[]>? Returns { get; }

    /// <summary>One advantage per row, the same for all its tokens.</summary>
    /// <param name="advantages">Of each row; rows that could not be scored get 0.</param>
    /// <param name="batch">What they were computed from.</param>
    /// <exception cref="ArgumentException">Not one for each row.</exception>
    public static StepAdvantages ByRow(double[] advantages, AdvantageBatch batch)
    {
        if (advantages.Length != batch.Scores.Length)
            throw new ArgumentException($"{advantages.Length} advantages for {batch.Scores.Length} rows; an estimator gives one for each row", nameof(advantages));
        double[] rows = [.. advantages.Select((a, row) => double.IsNaN(batch.Scores[row]) ? 0 : a)];
        return new StepAdvantages([.. rows.Select((a, row) => Filled((float)a, batch.Lengths[row]))], rows, null);
    }

    /// <summary>One advantage per token.</summary>
    /// <param name="advantages">[B, T]; what lies outside the mask of the batch becomes 0.</param>
    /// <param name="batch">What they were computed from.</param>
    /// <exception cref="ArgumentException">Advantages or returns have another shape than the batch's rewards.</exception>
    public static StepAdvantages ByToken(TokenAdvantages advantages, AdvantageBatch batch)
    {
        long[] expected = [batch.Lengths.Length, batch.Lengths.DefaultIfEmpty(0).Max()];
        if (!advantages.Advantages.shape.SequenceEqual(expected) || !advantages.Returns.shape.SequenceEqual(expected))
        {
            throw new ArgumentException($"advantages of shape [{string.Join(", ", advantages.Advantages.shape)}] and returns of shape [{string.Join(", ", advantages.Returns.shape)}] "
                + $"for rewards of shape [{string.Join(", ", expected)}]; an estimator gives one for each token", nameof(advantages));
        }
        using var scope = TorchSharp.torch.NewDisposeScope();
        double[][] tokens = PaddedRows.Unpad(advantages.Advantages * batch.Mask(), batch.Lengths), returns = PaddedRows.Unpad(advantages.Returns, batch.Lengths);
        return new StepAdvantages([.. tokens.Select(Single)], [.. tokens.Select(t => t.DefaultIfEmpty(0).Average())], [.. returns.Select(Single)]);
    }

    private static float[] Single(double[] values) => [.. values.Select(v => (float)v)];

    private static float[] Filled(float value, int length)
    {
        float[] tokens = new float[length];
        Array.Fill(tokens, value);
        return tokens;
    }
}
