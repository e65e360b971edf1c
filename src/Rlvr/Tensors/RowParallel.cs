using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>Divides the rows of a kernel among threads.</summary>
internal static class RowParallel
{
    // Below this many numbers a further thread costs more than it saves.
    private const long WorkPerThread = 1 << 16;

    /// <summary>How many threads some work is worth.</summary>
    /// <param name="work">About how many numbers are touched.</param>
    public static int Threads(long work) => (int)long.Clamp(work / WorkPerThread, 1, int.Max(1, get_num_threads()));

    /// <summary>Does something with all rows.</summary>
    /// <param name="rows">Their number.</param>
    /// <param name="threads">Threads at most: see <see cref="Threads"/>.</param>
    /// <param name="body">From a part's number, below that of the threads, the first of its rows and how many they are.</param>
    public static void Run(int rows, int threads, Action<int, int, int> body)
    {
        int parts = int.Min(threads, rows);
        if (parts <= 0) return;
        if (parts == 1)
        {
            body(0, 0, rows);
            return;
        }
        Parallel.For(0, parts, new ParallelOptions { MaxDegreeOfParallelism = parts }, part =>
        {
            int first = (int)((long)rows * part / parts);
            body(part, first, (int)((long)rows * (part + 1) / parts) - first);
        });
    }
}
