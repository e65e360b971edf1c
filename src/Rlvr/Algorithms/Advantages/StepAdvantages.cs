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
    /// <param name="advantages">Of each row.</param>
    /// <param name="batch">What they were computed from.</param>
    /// <exception cref="ArgumentException">Not one for each row.</exception>
    public static StepAdvantages ByRow(double[] advantages, AdvantageBatch batch)
    {
        if (advantages.Length != batch.Scores.Length)
            throw new ArgumentException($"{advantages.Length} advantages for {batch.Scores.Length} rows; an estimator gives one for each row", nameof(advantages));
        return new StepAdvantages([.. advantages.Select((a, row) => Filled((float)a, batch.Lengths[row]))], advantages, null);
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

    /// <summary>The same in a larger batch, where the other rows have advantage and return 0.</summary>
    /// <param name="rows">Where in the larger batch each row belongs.</param>
    /// <param name="lengths">Tokens of each row of the larger batch.</param>
    public StepAdvantages In(IReadOnlyList<int> rows, IReadOnlyList<int> lengths)
    {
        float[][] tokens = [.. lengths.Select(length => new float[length])];
        float[][]? returns = Returns is null ? null : [.. lengths.Select(length => new float[length])];
        double[] means = new double[lengths.Count];
        for (int i = 0; i < rows.Count; i++)
        {
            (tokens[rows[i]], means[rows[i]]) = (Tokens[i], Rows[i]);
            if (returns is not null) returns[rows[i]] = Returns![i];
        }
        return new StepAdvantages(tokens, means, returns);
    }

    private static float[] Single(double[] values) => [.. values.Select(v => (float)v)];

    private static float[] Filled(float value, int length)
    {
        float[] tokens = new float[length];
        Array.Fill(tokens, value);
        return tokens;
    }
}
