namespace Rlvr.Cli.Verify;

/// <summary>Work on a stream of items with all processors, its results in the order of the items, with few items in memory.</summary>
internal static class OrderedWork
{
    /// <summary>Takes the next items when results are taken: two for each processor wait at most.</summary>
    public static IEnumerable<TResult> Run<TItem, TResult>(IEnumerable<TItem> items, Func<TItem, TResult> work, CancellationToken cancellation)
    {
        int ahead = 2 * Environment.ProcessorCount;
        Queue<Task<TResult>> running = new(ahead);
        foreach (TItem item in items)
        {
            cancellation.ThrowIfCancellationRequested();
            if (running.Count == ahead) yield return running.Dequeue().GetAwaiter().GetResult();
            running.Enqueue(Task.Run(() => work(item), cancellation));
        }
        while (running.TryDequeue(out Task<TResult>? task))
        {
            cancellation.ThrowIfCancellationRequested();
            yield return task.GetAwaiter().GetResult();
        }
    }
}
