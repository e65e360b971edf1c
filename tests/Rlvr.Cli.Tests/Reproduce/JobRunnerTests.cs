using Rlvr.Cli.Reproduce;
using Rlvr.Experiments;
using Rlvr.Tests.Shared;
using Rlvr.Training;

namespace Rlvr.Cli.Tests.Reproduce;

public sealed class JobRunnerTests : IJobObserver, IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly List<string> started = [];
    private readonly List<JobOutcome> ended = [];
    private int most;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Jobs_run_side_by_side_each_after_those_it_waits_for()
    {
        ReproductionJob[] jobs = [Job("model"), Job("a", "model"), Job("b", "model"), Job("c"), Job("d", "a", "c")];
        HashSet<string> done = [];
        JobRunner runner = new(jobs, 2, async (job, _, _) =>
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
            lock (done)
            {
                Assert.Subset(done, new HashSet<string>(job.After));
                done.Add(job.Name);
            }
            return new JobExit(0, []);
        }, this);
        IReadOnlyList<JobOutcome> outcomes = await runner.RunAsync(TestContext.Current.CancellationToken);
        Assert.All(outcomes, o => Assert.Equal(JobResult.Done, o.Result));
        Assert.Equal(["a", "b", "c", "d", "model"], outcomes.Select(o => o.Job.Name).Order());
        Assert.Equal(["model", "c"], started.Take(2)); // a and b wait, c need not
        Assert.True(most <= 2, $"{most} at once");
    }

    [Fact]
    public async Task A_failure_stops_only_what_waits_for_it()
    {
        ReproductionJob[] jobs = [Job("a"), Job("b", "a"), Job("c", "b"), Job("d")];
        JobRunner runner = new(jobs, 1, (job, _, _) => Task.FromResult(job.Name == "a" ? new JobExit(1, ["first", "error: no such thing"]) : new JobExit(0, [])), this);
        await runner.RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["a", "d"], started);
        Assert.Equal([("a", JobResult.Failed), ("b", JobResult.Skipped), ("c", JobResult.Skipped), ("d", JobResult.Done)], ended.Select(o => (o.Job.Name, o.Result)).Order());
        Assert.Equal("first\nerror: no such thing", ended[0].Why);
        Assert.Contains("it needs a", ended.Single(o => o.Job.Name == "b").Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stopping_asks_the_running_jobs_waits_for_them_and_begins_no_other()
    {
        using CancellationTokenSource stop = new();
        JobRunner runner = new([Job("a"), Job("b")], 1, async (_, _, cancellation) =>
        {
            stop.CancelAfter(20);
            await Task.Delay(Timeout.Infinite, cancellation).ContinueWith(_ => { }, TaskScheduler.Default); // as a process that saves before it ends
            return new JobExit(ExitCode.Stopped, []);
        }, this);
        IReadOnlyList<JobOutcome> outcomes = await runner.RunAsync(stop.Token);
        Assert.Equal(["a"], started);
        Assert.Equal([JobResult.Stopped, JobResult.Stopped], outcomes.Select(o => o.Result));
    }

    [Fact]
    public async Task What_cannot_be_started_is_a_failed_job()
    {
        JobRunner runner = new([Job("a"), Job("b")], 2, (job, _, _) => job.Name == "a" ? throw new RlvrException("no program") : Task.FromResult(new JobExit(0, [])), this);
        IReadOnlyList<JobOutcome> outcomes = await runner.RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal((JobResult.Failed, "no program"), outcomes.Where(o => o.Job.Name == "a").Select(o => (o.Result, o.Why)).Single());
        Assert.Equal(JobResult.Done, outcomes.Single(o => o.Job.Name == "b").Result);
    }

    void IJobObserver.Started(ReproductionJob job) => started.Add(job.Name);

    void IJobObserver.Ended(JobOutcome outcome) => ended.Add(outcome);

    void IJobObserver.Tick(IReadOnlyList<RunningJob> running) => most = int.Max(most, running.Count);

    // A pretraining has no files that the runner looks at.
    private PretrainingJob Job(string name, params string[] after) => new() { Recipe = name, RecipePath = "", Folder = folder[name], Settings = new PretrainRecipe(), After = after };
}
