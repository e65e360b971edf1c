using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>Numbers of threads of the tensor library, by what is computed.</summary>
/// <param name="Threads">For many rows at once: the update, and whatever is not decoding.</param>
/// <param name="Measured">GFLOP/s with many rows by number of threads; empty where the number was given.</param>
public sealed record ThreadPlan(int Threads, IReadOnlyList<(int Threads, double Gflops)> Measured)
{
    /// <summary>For few rows at once, as in decoding, whose small products a further thread may slow down.</summary>
    public int Decoding { get; init; } = Threads;

    /// <summary>Takes the number for decoding until what is returned is disposed of.</summary>
    public IDisposable BeginDecoding()
    {
        set_num_threads(Decoding);
        return new End(Threads);
    }

    private sealed class End(int threads) : IDisposable
    {
        public void Dispose() => set_num_threads(threads);
    }
}
