using Rlvr.Runs;
using Rlvr.Training;

namespace Rlvr.Tests.Training;

/// <summary>Runs that stop and go on.</summary>
public sealed class StoppedRunTests : TrainingRunTest
{
    [Theory]
    [InlineData(1)] // no checkpoint and no evaluation due
    [InlineData(2)] // an evaluation due
    [InlineData(3)]
    [InlineData(5)] // the last evaluation due
    public void A_stopped_run_goes_on_as_if_it_had_not_stopped(int stopAfter)
    {
        TrainingRun.Start(Recipe, Folder["straight"], new Observer(), CancellationToken.None);
        using CancellationTokenSource source = new();
        Observer stopping = new() { OnStep = step => { if (step == stopAfter) source.Cancel(); } };
        TrainingOutcome stopped = TrainingRun.Start(Recipe, Folder["run"], stopping, source.Token);
        Assert.Equal((stopAfter, true), (stopped.LastStep, stopped.Stopped));
        Assert.True(File.Exists(Path.Combine(Folder["run"], "report.html")));

        TrainingOutcome resumed = TrainingRun.Resume(Folder["run"], new Observer(), CancellationToken.None);
        Assert.Equal((5, false), (resumed.LastStep, resumed.Stopped));
        Same(Folder["straight"], Folder["run"]);
    }

    [Fact]
    public void Steps_after_the_last_checkpoint_are_taken_again()
    {
        TrainingRun.Start(Recipe, Folder["run"], new Observer(), CancellationToken.None);
        float[] weights = Weights(Folder["run"]);
        // As after a crash in step 5.
        using (RunDirectory run = RunDirectory.Open(Folder["run"])) Directory.Delete(run.CheckpointPath(5), recursive: true);
        TrainingRun.Resume(Folder["run"], new Observer(), CancellationToken.None);
        using RunDirectory resumed = RunDirectory.Open(Folder["run"]);
        Assert.Equal([1, 2, 3, 4, 5], resumed.ReadMetrics().Select(m => m.Step));
        Assert.Equal(6, resumed.ReadEvaluations().Count);
        Assert.Equal(weights, Weights(Folder["run"]));
    }

    [Fact]
    public void A_run_stopped_before_its_first_step_cannot_go_on()
    {
        using CancellationTokenSource source = new();
        source.Cancel();
        TrainingOutcome outcome = TrainingRun.Start(Recipe, Folder["run"], new Observer(), source.Token);
        Assert.Equal((0, true), (outcome.LastStep, outcome.Stopped));
        Assert.Contains("no checkpoint", Assert.Throws<RlvrException>(() => TrainingRun.Resume(Folder["run"], new Observer(), CancellationToken.None)).Message, StringComparison.Ordinal);
        Assert.Throws<RlvrException>(() => TrainingRun.Resume(Folder["nowhere"], new Observer(), CancellationToken.None));
    }
}
