using System.Diagnostics;
using Rlvr.Experiments;

namespace Rlvr.Cli.Reproduce;

/// <summary>What became of a job.</summary>
internal enum JobResult
{
    Done,
    Failed,
    Stopped,
    Skipped,
}

/// <summary>A job that ended.</summary>
/// <param name="Job">The job.</param>
/// <param name="Result">What became of it.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Why">Why it failed or was skipped; empty otherwise.</param>
internal sealed record JobOutcome(ReproductionJob Job, JobResult Result, double Seconds, string Why);

/// <summary>A job at work.</summary>
/// <param name="Job">The job.</param>
/// <param name="Started">A time stamp of <see cref="Stopwatch"/>.</param>
internal sealed record RunningJob(ReproductionJob Job, long Started)
{
    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(Started);
}

/// <summary>Watches jobs.</summary>
internal interface IJobObserver
{
    /// <summary>A job begins.</summary>
    void Started(ReproductionJob job);

    /// <summary>A job has ended.</summary>
    void Ended(JobOutcome outcome);

    /// <summary>Called now and then.</summary>
    void Tick(IReadOnlyList<RunningJob> running);
}

/// <summary>Runs jobs side by side, each after those it waits for. One that fails stops only those that wait for it.</summary>
/// <param name="jobs">What is to be done, in the order in which it should be begun.</param>
/// <param name="parallel">Most jobs at once.</param>
/// <param name="start">Runs the process of a job; resumes says whether it goes on with what is there.</param>
/// <param name="observer">Watches.</param>
internal sealed class JobRunner(IReadOnlyList<ReproductionJob> jobs, int parallel, Func<ReproductionJob, bool, CancellationToken, Task<JobExit>> start, IJobObserver observer)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>Whether all checkpoints but the last of a finished run are removed.</summary>
    public bool KeepLastCheckpoint { get; init; }

    /// <summary>Runs them all.</summary>
    /// <param name="cancellation">Stops: running jobs are asked to, and waited for; no other begins.</param>
    public async Task<IReadOnlyList<JobOutcome>> RunAsync(CancellationToken cancellation)
    {
        List<ReproductionJob> waiting = [.. jobs];
        HashSet<string> unfinished = [.. jobs.Select(j => j.Name)];
        Dictionary<string, string> failed = []; // and why those that wait for them cannot begin
        List<JobOutcome> outcomes = [];
        Dictionary<Task<JobOutcome>, RunningJob> running = [];
        while (waiting.Count > 0 || running.Count > 0)
        {
            foreach (ReproductionJob job in waiting.ToList())
            {
                if (job.After.FirstOrDefault(failed.ContainsKey) is { } cause) End(new JobOutcome(job, JobResult.Skipped, 0, $"it needs {cause}, which failed"));
                else if (cancellation.IsCancellationRequested) End(new JobOutcome(job, JobResult.Stopped, 0, ""));
                else if (running.Count < parallel && !job.After.Any(unfinished.Contains))
                {
                    observer.Started(job);
                    RunningJob begun = new(job, Stopwatch.GetTimestamp());
                    running[RunAsync(begun, cancellation)] = begun;
                    waiting.Remove(job);
                }
            }
            if (running.Count == 0) continue;
            Task first = await Task.WhenAny([.. running.Keys, Task.Delay(Pause, CancellationToken.None)]);
            if (first is Task<JobOutcome> ended)
            {
                running.Remove(ended);
                End(await ended);
            }
            observer.Tick([.. running.Values]);
        }
        return outcomes;

        void End(JobOutcome outcome)
        {
            waiting.Remove(outcome.Job);
            if (outcome.Result == JobResult.Done) unfinished.Remove(outcome.Job.Name);
            else failed[outcome.Job.Name] = outcome.Why;
            outcomes.Add(outcome);
            observer.Ended(outcome);
        }
    }

    private async Task<JobOutcome> RunAsync(RunningJob begun, CancellationToken cancellation)
    {
        ReproductionJob job = begun.Job;
        await Task.Yield(); // what goes wrong below is this task's error, not the caller's
        try
        {
            bool resumes = job.State != JobState.Again && (job is not TrainingJob training || JobArguments.CanResume(training));
            JobFiles.Prepare(job, resumes);
            JobExit exit = await start(job, resumes, cancellation);
            double seconds = begun.Elapsed.TotalSeconds;
            JobFiles.Record(job, seconds, parallel, exit.Code == ExitCode.Done);
            if (exit.Code == ExitCode.Done && KeepLastCheckpoint && job is TrainingJob done) JobFiles.KeepLastCheckpoint(done);
            return exit.Code switch
            {
                ExitCode.Done => new JobOutcome(job, JobResult.Done, seconds, ""),
                ExitCode.Stopped => new JobOutcome(job, JobResult.Stopped, seconds, ""),
                _ when cancellation.IsCancellationRequested => new JobOutcome(job, JobResult.Stopped, seconds, ""), // killed by a second Ctrl-C
                _ => new JobOutcome(job, JobResult.Failed, seconds, exit.LastLines.Count > 0 ? string.Join('\n', exit.LastLines) : $"exit code {exit.Code}"),
            };
        }
        catch (Exception e) when (e is RlvrException or IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
        {
            return new JobOutcome(job, JobResult.Failed, begun.Elapsed.TotalSeconds, e.Message);
        }
    }
}
