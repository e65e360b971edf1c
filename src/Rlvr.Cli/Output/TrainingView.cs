using System.Globalization;
using Rlvr.Runs;
using Rlvr.Training;

namespace Rlvr.Cli.Output;

/// <summary>Shows a training run as it goes on: a table that grows by a line now and then, and below it how far the work is.</summary>
/// <param name="terminal">Whose standard error has the progress.</param>
/// <param name="table">Where the lines of the table go.</param>
internal sealed class TrainingView(Terminal terminal, TextWriter table) : ITrainingObserver
{
    private const int Lines = 20; // about so many lines of a run stay on the screen
    private const string Header = "   step  reward  training accuracy   entropy  length      KL  gradient  s/step";

    private readonly ProgressLine progress = new(terminal);
    private bool headed;

    /// <summary>Whether each evaluation gets a line.</summary>
    public bool ShowEvaluations { get; init; } = true;

    /// <summary>Whether the plan is shown at the start.</summary>
    public bool ShowPlan { get; init; } = true;

    /// <summary>The metrics of the last step.</summary>
    public StepMetrics? Last { get; private set; }

    public void Started(TrainingPlan plan)
    {
        if (!ShowPlan) return;
        foreach ((string name, string value) in plan.Facts) progress.Note($"{name,-18} {value}");
    }

    public void StepDone(StepMetrics metrics, int totalSteps)
    {
        Last = metrics;
        int every = int.Max(1, (totalSteps + Lines - 1) / Lines);
        if (metrics.Step == 1 || metrics.Step % every == 0 || metrics.Step == totalSteps)
        {
            progress.Clear();
            if (!headed) table.WriteLine(Header);
            headed = true;
            table.WriteLine(Line(metrics));
            table.Flush();
        }
        progress.Report("training", metrics.Step, totalSteps, string.Create(CultureInfo.InvariantCulture, $"train accuracy {100 * metrics["train_accuracy"]:0}%"));
        if (metrics.Step == totalSteps) progress.Clear();
    }

    public void EvaluationProgress(string suite, int done, int total)
    {
        progress.Report($"evaluating {suite}", done, total);
        if (done == total) progress.Clear();
    }

    public void Evaluated(EvaluationRecord record)
    {
        progress.Clear();
        if (!ShowEvaluations) return;
        headed = false; // the table goes on below, with its header again
        string how = record.Temperature == 0 ? "greedy" : string.Create(CultureInfo.InvariantCulture, $"temperature {record.Temperature}");
        table.WriteLine(SafeText.Clean($"step {record.Step}: {record.Suite} {EvaluationTables.Percent(record.Accuracy)}% ({how}, {record.Problems} problems, boxed {EvaluationTables.Percent(record.Boxed)}%)"));
    }

    public void Note(string message) => progress.Note(message);

    /// <summary>Takes the progress line away.</summary>
    public void Close() => progress.Clear();

    private static string Line(StepMetrics m)
    {
        double accuracy = m["train_accuracy"];
        return string.Create(CultureInfo.InvariantCulture,
            $"{m.Step,7}{m["reward_mean"],8:0.000}  {Bar(accuracy)}{100 * accuracy,4:0}% {m["entropy"],10:0.000}{m["response_length_mean"],8:0.0}{m["kl"],8:0.000}{m["gradient_norm"],10:0.000}{m["seconds_step"],8:0.00}");
    }

    private static string Bar(double share)
    {
        const int width = 12;
        int filled = double.IsFinite(share) ? (int)double.Round(share * width) : 0;
        return new string('█', filled) + new string('░', width - filled);
    }
}
