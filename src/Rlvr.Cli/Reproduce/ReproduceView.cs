using System.Diagnostics;
using System.Globalization;
using Rlvr.Cli.Output;
using Rlvr.Experiments;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Rlvr.Cli.Reproduce;

/// <summary>Shows jobs as they run: on a terminal a table that is drawn again and again, elsewhere a line when one begins or ends.</summary>
internal sealed class ReproduceView : IJobObserver
{
    private const int BarWidth = 24;

    private readonly Terminal terminal;
    private readonly ReproductionPlan plan;
    private readonly Func<ReproductionJob, double> seconds;
    private readonly Func<string, int> problems;
    private readonly int parallel;
    private readonly long begun = Stopwatch.GetTimestamp();
    private readonly List<JobOutcome> ended = [];
    private LiveDisplayContext? live;
    private IReadOnlyList<RunningJob> running = [];

    /// <param name="terminal">Whose standard error it is.</param>
    /// <param name="plan">What is done.</param>
    /// <param name="parallel">Most jobs at once.</param>
    /// <param name="seconds">About how long a job takes.</param>
    /// <param name="problems">Problems of a suite.</param>
    public ReproduceView(Terminal terminal, ReproductionPlan plan, int parallel, Func<ReproductionJob, double> seconds, Func<string, int> problems)
    {
        this.terminal = terminal;
        this.plan = plan;
        this.parallel = parallel;
        this.seconds = seconds;
        this.problems = problems;
    }

    private int Total => plan.Jobs.Count;

    private int Done => plan.Jobs.Count - plan.ToDo.Count + ended.Count(o => o.Result == JobResult.Done);

    /// <summary>Shows what happens while the work goes on.</summary>
    public async Task<T> ShowAsync<T>(Func<Task<T>> work)
    {
        if (!terminal.ErrorIsTerminal) return await work();
        return await terminal.ErrorTables.Live(Draw()).AutoClear(true).StartAsync(async context =>
        {
            live = context;
            try
            {
                return await work();
            }
            finally
            {
                live = null;
            }
        });
    }

    public void Started(ReproductionJob job)
    {
        if (live is null) terminal.Error.WriteLine($"begins: {SafeText.OneLine(job.Name, 100)}{(job.State == JobState.Unfinished ? " (goes on)" : "")}");
    }

    public void Ended(JobOutcome outcome)
    {
        ended.Add(outcome);
        string name = SafeText.OneLine(outcome.Job.Name, 100);
        string? text = outcome.Result switch
        {
            JobResult.Done => $"[{Done}/{Total}] {name}: {Durations.Words(TimeSpan.FromSeconds(outcome.Seconds))}{(Left() is { } left ? $"; {Durations.Words(left)} left" : "")}",
            JobResult.Failed => $"{name} failed after {Durations.Words(TimeSpan.FromSeconds(outcome.Seconds))}; its log is {plan.Folder.Log(outcome.Job)}\n" + string.Join('\n', SafeText.Clean(outcome.Why).Split('\n').Select(l => "    " + l)),
            JobResult.Skipped => $"{name} is left out: {outcome.Why}",
            _ when outcome.Seconds > 0 => $"{name} stopped",
            _ => null, // it had not begun
        };
        if (text is null) return;
        if (live is null) terminal.Error.WriteLine(text);
        else terminal.ErrorTables.WriteLine(text);
    }

    public void Tick(IReadOnlyList<RunningJob> running)
    {
        this.running = running;
        live?.UpdateTarget(Draw());
    }

    private Rows Draw()
    {
        Grid grid = new();
        grid.AddColumn(new GridColumn().NoWrap()).AddColumn(new GridColumn().NoWrap()).AddColumn(new GridColumn().NoWrap());
        foreach (RunningJob job in running)
        {
            double share = JobMeter.Fraction(job.Job, problems);
            grid.AddRow(Markup.Escape(SafeText.OneLine(job.Job.Name, 48)), Bar(share), Durations.Short(job.Elapsed));
        }
        string left = Left() is { } time ? $", about {Durations.Words(time)} left" : "";
        List<IRenderable> rows = [grid, new Markup(string.Create(CultureInfo.InvariantCulture, $"[bold]{Done} of {Total}[/] done{(ended.Count(o => o.Result == JobResult.Failed) is > 0 and int failed ? $", [red]{failed} failed[/]" : "")}, {Durations.Short(Stopwatch.GetElapsedTime(begun))}{left}"))];
        return new Rows(rows);
    }

    private static string Bar(double share)
    {
        int filled = (int)(share * BarWidth);
        return $"[green]{new string('━', filled)}[/][grey]{new string('╌', BarWidth - filled)}[/] {100 * share,3:0}%";
    }

    /// <summary>What the estimates say of the rest, scaled by how the jobs that ended compare with theirs.</summary>
    private TimeSpan? Left()
    {
        JobOutcome[] known = [.. ended.Where(o => o.Result == JobResult.Done)];
        double expected = known.Sum(o => seconds(o.Job)), took = known.Sum(o => o.Seconds);
        if (expected <= 0) return null;
        HashSet<string> gone = [.. ended.Select(o => o.Job.Name)];
        double rest = plan.ToDo.Where(j => !gone.Contains(j.Name)).Sum(seconds) * took / expected;
        rest -= running.Sum(r => double.Min(r.Elapsed.TotalSeconds, seconds(r.Job) * took / expected));
        return TimeSpan.FromSeconds(double.Clamp(rest / parallel, 0, 1e9));
    }
}
