using Rlvr.Runs;
using Rlvr.Selection;

namespace Rlvr.Cli;

/// <summary>Finds how training examples went: in a run that recorded it, or in a file.</summary>
internal static class ExampleHistories
{
    /// <summary>Reads the histories of a run or a file.</summary>
    /// <param name="name">A run's folder, or a JSON file of index -> accuracies by epoch.</param>
    /// <exception cref="RlvrException">There is neither, or it has no history.</exception>
    public static IReadOnlyList<ExampleHistory> Read(string name)
    {
        string path = FileLocator.Find(name);
        if (!Directory.Exists(path)) return HistoryFile.Read(path);
        using RunDirectory run = RunDirectory.Open(path);
        IReadOnlyList<ExampleAccuracyRecord> records = run.ReadAccuracies();
        if (records.Count == 0)
        {
            throw new RlvrException($"the run '{name}' has no history of its examples ({Path.GetFileName(run.AccuracyPath)}). "
                + "Training records it after every step, but not with rollout.dynamic_sampling; wait for the first step, or train without it.");
        }
        return OfRun(records);
    }

    /// <summary>The accuracy of each example by epoch, examples in the order in which they first occur; an epoch that dropped an example is left out of its list.</summary>
    public static IReadOnlyList<ExampleHistory> OfRun(IReadOnlyList<ExampleAccuracyRecord> records) =>
        [.. records.SelectMany(record => record.Accuracy.Select(example => (example.Key, record.Epoch, record.Step, example.Value)))
            .GroupBy(example => example.Key)
            .Select(example => new ExampleHistory(example.Key, [.. example.GroupBy(e => e.Epoch).OrderBy(e => e.Key).Select(e => (decimal)e.Average(s => s.Value))]))];
}
