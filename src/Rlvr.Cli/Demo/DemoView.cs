using System.Globalization;
using Rlvr.Cli.Output;
using Rlvr.Runs;
using Rlvr.Training;
using Spectre.Console;

namespace Rlvr.Cli.Demo;

/// <summary>Tells the demo's run as a story: a heading for each part, the table of the training, how the test accuracy goes meanwhile.</summary>
/// <param name="terminal">Whose standard error has the progress.</param>
/// <param name="console">Where the story goes.</param>
/// <param name="recipe">The recipe.</param>
internal sealed class DemoView(Terminal terminal, IAnsiConsole console, Recipe recipe) : ITrainingObserver
{
    private readonly TrainingView view = new(terminal, console.Profile.Out.Writer) { ShowEvaluations = false, ShowPlan = false };
    private bool training;

    /// <summary>Metrics of the last step.</summary>
    public StepMetrics? Last => view.Last;

    public void Started(TrainingPlan plan)
    {
        foreach ((string name, string value) in plan.Facts.Where(f => f.Name is "model" or "device")) console.MarkupLine($"[grey]{Markup.Escape($"{name,-9} {SafeText.Clean(value)}")}[/]");
        if (recipe.Evaluation.Before) Heading("1. Before: what the model can do now");
    }

    public void StepDone(StepMetrics metrics, int totalSteps)
    {
        if (!training)
        {
            training = true;
            Heading($"2. Training: {totalSteps} steps");
            console.MarkupLine($"[grey]Each step the model writes {recipe.Rollout.BatchSize * recipe.Rollout.GroupSize} solutions to the same problem, in {recipe.Rollout.BatchSize} groups of {recipe.Rollout.GroupSize}; those that are right "
                + "become likelier, compared with the others of their group (GRPO). It sees no solution but its own.[/]");
        }
        view.StepDone(metrics, totalSteps);
    }

    public void EvaluationProgress(string suite, int done, int total) => view.EvaluationProgress(suite, done, total);

    public void Evaluated(EvaluationRecord record)
    {
        view.Evaluated(record);
        if (record.Suite != ProblemNames.First(recipe)) return;
        string how = record.Temperature == 0 ? "greedily" : string.Create(CultureInfo.InvariantCulture, $"at temperature {record.Temperature}");
        string line = $"{EvaluationTables.Percent(record.Accuracy),5}% of {record.Problems} test problems right, answered {how}";
        bool between = record.Step > 0 && record.Step < recipe.Steps;
        if (record.Step == recipe.Steps && record.Temperature == 0) Heading("3. After: the same test again");
        console.MarkupLine(between ? $"[green]{record.Step,7}   now {Markup.Escape(line)}[/]" : Markup.Escape(line));
    }

    public void Note(string message) => view.Note(message);

    /// <summary>Takes the progress line away.</summary>
    public void Close() => view.Close();

    private void Heading(string text)
    {
        view.Close();
        console.WriteLine();
        console.MarkupLine($"[bold]{Markup.Escape(text)}[/]");
    }
}

/// <summary>The suites of a recipe.</summary>
internal static class ProblemNames
{
    /// <summary>The suite that the demo speaks of: the recipe's first.</summary>
    public static string First(Recipe recipe) => recipe.Evaluation.Suites is [{ } first, ..] ? first : "";
}
