namespace Rlvr.Training;

/// <summary>Divides a step's rollouts into mini-batches, one optimiser update each.</summary>
internal static class MiniBatches
{
    /// <summary>
    /// Consecutive rows, in order and without shuffling as in the released code of arXiv 2504.20571; every pass over the rows is divided alike.
    /// </summary>
    /// <param name="rows">Rollouts of the step.</param>
    /// <param name="updates">Updates of all passes together; a multiple of <paramref name="epochs"/>.</param>
    /// <param name="epochs">Passes over the rows.</param>
    public static IEnumerable<int[]> Of(int rows, int updates, int epochs)
    {
        int count = updates / epochs, size = rows / count;
        for (int update = 0; update < updates; update++)
        {
            int part = update % count;
            yield return [.. Enumerable.Range(part * size, part == count - 1 ? rows - (part * size) : size)];
        }
    }
}
