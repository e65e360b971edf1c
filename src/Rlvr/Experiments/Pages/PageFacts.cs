using System.Globalization;
using Rlvr.Runs;

namespace Rlvr.Experiments;

/// <summary>How the results of a page came about.</summary>
/// <param name="Command">The command that makes the page.</param>
/// <param name="Seeds">Seeds of the runs that are compared.</param>
/// <param name="Lines">What was run, when, where and how long it took.</param>
public sealed record PageFacts(string Command, int Seeds, IReadOnlyList<(string Name, string Value)> Lines)
{
    /// <summary>Gathers them from the folders of a plan's jobs.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="results">What there is.</param>
    /// <param name="command">The command that makes the page.</param>
    /// <param name="seeds">Seeds of the runs that are compared.</param>
    /// <exception cref="RlvrException">A file cannot be read.</exception>
    public static PageFacts Of(ReproductionPlan plan, ExperimentResults results, string command, int seeds)
    {
        int trainings = plan.Jobs.Count(j => j is TrainingJob), evaluations = plan.Jobs.Count(j => j is EvaluationJob);
        JobRecord[] records = [.. plan.Jobs.Where(j => j is not PretrainingJob).Select(j => JobRecord.Read(j.Folder)).OfType<JobRecord>().Where(r => r.Finished is not null)];
        List<(string, string)> lines =
        [
            ("Runs", Count(results.AllTrainings.Count, trainings, $"training runs of {plan.Jobs.OfType<TrainingJob>().Select(j => j.Recipe).Distinct().Count()} recipes")
                + (evaluations > 0 ? Count(results.AllEvaluations.Count, evaluations, ", {0} further evaluations") : "")
                + $"; {seeds} seed{(seeds == 1 ? "" : "s")} where runs are compared"),
        ];
        if (records.Length > 0)
        {
            (DateTimeOffset first, DateTimeOffset last) = (records.Min(r => r.Finished!.Value), records.Max(r => r.Finished!.Value));
            lines.Add(("When", Day(first) == Day(last) ? Day(first) : $"{Day(first)} to {Day(last)}"));
        }
        foreach (string machine in Machines(plan).Distinct()) lines.Add(("Machine", machine));
        double seconds = records.Sum(r => r.Seconds);
        int beside = records.Select(r => r.Beside).DefaultIfEmpty(1).Max();
        if (seconds > 0) lines.Add(("Time", string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:0.0} hours of jobs, {beside} at a time")));
        return new PageFacts(command, seeds, lines);
    }

    private static string Count(int done, int planned, string what)
    {
        string number = done == planned ? $"{done}" : $"{done} of {planned}";
        return what.Contains("{0}", StringComparison.Ordinal) ? what.Replace("{0}", number, StringComparison.Ordinal) : $"{number} {what}";
    }

    private static IEnumerable<string> Machines(ReproductionPlan plan)
    {
        foreach (TrainingJob job in plan.Jobs.OfType<TrainingJob>().Where(j => RunDirectory.Exists(j.Folder)))
        {
            using RunDirectory run = RunDirectory.Open(job.Folder);
            if (run.ReadEnvironment() is not { } e) continue;
            string device = e.More.TryGetValue("device", out string? name) && name != "cpu" ? $", {name}" : "";
            yield return string.Create(CultureInfo.InvariantCulture, $"{e.Processor}, {e.Processors} processor{(e.Processors == 1 ? "" : "s")}, {e.MemoryBytes / 1e9:0} GB{device}; {e.OperatingSystem}; {e.Runtime}; Rlvr {e.Rlvr}");
        }
    }

    private static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
