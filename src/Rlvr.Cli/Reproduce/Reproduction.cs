using System.Text.Json.Nodes;
using Rlvr.Cli.Output;
using Rlvr.Experiments;
using Rlvr.Tensors;
using Rlvr.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Cli.Reproduce;

/// <summary>Runs a plan, or says what it would run, and writes the page.</summary>
/// <param name="terminal">Where everything is said.</param>
/// <param name="plan">The plan.</param>
/// <param name="parallel">Most jobs at once.</param>
/// <param name="threads">Threads of a job; 0 lets it choose.</param>
/// <param name="seeds">Seeds of compared runs.</param>
/// <param name="command">The command line, for the page.</param>
/// <param name="page">The page.</param>
internal sealed class Reproduction(Terminal terminal, ReproductionPlan plan, int parallel, int threads, int seeds, string command, string page)
{
    private readonly ProblemSizes sizes = new();

    /// <summary>Says what would be run, and writes nothing.</summary>
    public int DryRun(bool asJson)
    {
        IReadOnlyList<PlanRow> rows = PlanRow.Of(plan, Estimator());
        if (asJson) JsonOutput.Write(terminal, PlanTables.ToJson(plan, rows, parallel));
        else PlanTables.Write(terminal, plan, rows, parallel);
        if (sizes.Missing.Count > 0) terminal.Error.WriteLine($"not counted, because they are not on this machine: {SafeText.OneLine(string.Join(", ", sizes.Missing), 300)}");
        return ExitCode.Done;
    }

    /// <summary>Writes the page from what is done, and runs nothing.</summary>
    public int WriteOnly(bool asJson)
    {
        OutputProbe.Check(page, makeFolder: true);
        Tell([], WritePage(), asJson);
        if (plan.ToDo.Count > 0) terminal.Error.WriteLine($"{plan.Jobs.Count} jobs, {plan.ToDo.Count} of them not done; the same command without --page-only runs them");
        return ExitCode.Done;
    }

    /// <summary>Runs what is not done, then writes the page from what there is.</summary>
    public int Run(bool asJson)
    {
        OutputProbe.Check(page, makeFolder: true);
        using FileStream held = Hold();
        IReadOnlyList<ReproductionJob> todo = plan.ToDo;
        terminal.Error.WriteLine($"{plan.Jobs.Count} jobs, {plan.Jobs.Count - todo.Count} of them done; {parallel} at once");
        JobEstimator estimator = Estimator();
        double Seconds(ReproductionJob job) => estimator.Of(job).Seconds is var s && double.IsFinite(s) ? s : 0;
        ReproduceView view = new(terminal, plan, parallel, Seconds, sizes.Of);
        JobRunner runner = new(todo, parallel, StartAsync, view) { KeepLastCheckpoint = plan.Folder.Scale == ExperimentScale.Micro };
        IReadOnlyList<JobOutcome> outcomes = view.ShowAsync(() => runner.RunAsync(terminal.Cancellation)).GetAwaiter().GetResult();
        IReadOnlyList<(Experiment Experiment, ExperimentPage Page)> pages = WritePage();
        Tell(outcomes, pages, asJson);
        if (terminal.Cancellation.IsCancellationRequested)
        {
            terminal.Error.WriteLine("stopped; the same command goes on");
            return ExitCode.Stopped;
        }
        int failed = outcomes.Count(o => o.Result is JobResult.Failed or JobResult.Skipped);
        if (failed == 0) return ExitCode.Done;
        terminal.Error.WriteLine($"error: {failed} of {plan.Jobs.Count} jobs failed or were left out: {SafeText.OneLine(string.Join(", ", outcomes.Where(o => o.Result is JobResult.Failed or JobResult.Skipped).Select(o => o.Job.Name)), 300)}. Their results are missing on the page; the same command tries them again.");
        return ExitCode.Failed;
    }

    private JobEstimator Estimator()
    {
        Device device = ComputeDevice.Choose("auto");
        if (threads > 0) torch.set_num_threads(threads);
        else if (device.type == DeviceType.CPU) ThreadChoice.Apply(0, 512); // all processors at once are slow where others work too
        SpeedProbe probe = new(device);
        return new JobEstimator(plan, probe.Of, sizes.Of, onGpu: plan.Folder.Scale == ExperimentScale.Paper && probe.OnGpu);
    }

    private Task<JobExit> StartAsync(ReproductionJob job, bool resumes, CancellationToken cancellation) =>
        JobProcess.RunAsync(JobArguments.Of(job, plan.Folder, threads, resumes), plan.Folder.Log(job), _ => { }, cancellation);

    private IReadOnlyList<(Experiment Experiment, ExperimentPage Page)> WritePage()
    {
        ExperimentResults results = ResultsReader.Read(plan);
        return ResultsPage.Write(plan, results, PageFacts.Of(plan, results, command, seeds), page);
    }

    private void Tell(IReadOnlyList<JobOutcome> outcomes, IReadOnlyList<(Experiment Experiment, ExperimentPage Page)> pages, bool asJson)
    {
        if (asJson)
        {
            JsonOutput.Write(terminal, new JsonObject
            {
                ["page"] = page,
                ["stopped"] = terminal.Cancellation.IsCancellationRequested,
                ["jobs"] = new JsonArray([.. plan.Jobs.Select(job => Of(job, outcomes.FirstOrDefault(o => o.Job.Name == job.Name)))]),
                ["experiments"] = new JsonArray([.. pages.Select(Of)]),
            });
            return;
        }
        foreach ((Experiment experiment, ExperimentPage found) in pages)
        {
            IEnumerable<string> words = Enum.GetValues<Agreement>().Select(a => (Agreement: a, Count: found.Findings.Count(f => f.Agreement == a))).Where(a => a.Count > 0).Select(a => $"{a.Count} {ResultsPage.Word(a.Agreement)}");
            terminal.Out.WriteLine($"{experiment.Id,-4} {experiment.Title}: {(found.Findings.Count == 0 ? "no claims" : string.Join(", ", words))}");
        }
        terminal.Out.WriteLine($"page: {page}");
    }

    private JsonObject Of(ReproductionJob job, JobOutcome? outcome) => new()
    {
        ["job"] = job.Name,
        ["recipe"] = job.Recipe,
        ["folder"] = job.Folder,
        ["result"] = outcome is null ? plan.ToDo.Contains(job) ? "to do" : "done" : outcome.Result.ToString().ToLowerInvariant(),
        ["seconds"] = outcome is null ? null : JsonOutput.Number(outcome.Seconds),
        ["why"] = outcome is { Why.Length: > 0 } ? outcome.Why : null,
        ["log"] = outcome is null ? null : plan.Folder.Log(job),
    };

    private static JsonObject Of((Experiment Experiment, ExperimentPage Page) page) => new()
    {
        ["id"] = page.Experiment.Id,
        ["title"] = page.Experiment.Title,
        ["findings"] = new JsonArray([.. page.Page.Findings.Select(f => new JsonObject { ["claim"] = f.Claim, ["agreement"] = ResultsPage.Word(f.Agreement), ["detail"] = f.Detail })]),
    };

    /// <summary>Keeps other reproductions out of the folder: two would write the same runs.</summary>
    private FileStream Hold()
    {
        string path = Path.Combine(plan.Folder.Path, ".reproduce.lock");
        try
        {
            Directory.CreateDirectory(plan.Folder.Path);
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException e) when (File.Exists(path))
        {
            throw new RlvrException($"another reproduction is at work in '{plan.Folder.Path}'. Wait for it, or choose another folder with --out.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RlvrException($"'{plan.Folder.Path}' cannot be written: {e.Message} Choose another folder with --out.", e);
        }
    }
}
