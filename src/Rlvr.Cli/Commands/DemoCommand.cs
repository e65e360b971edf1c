using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Rlvr.Cli.Demo;
using Rlvr.Cli.Output;
using Rlvr.Data;
using Rlvr.Runs;
using Rlvr.Training;
using Spectre.Console;

namespace Rlvr.Cli.Commands;

/// <summary><c>rlvr demo</c>: 1-shot RLVR from beginning to end, in a few minutes.</summary>
internal static class DemoCommand
{
    private const string DefaultRecipe = "recipes/micro/one-shot.yaml";
    private const int SampleLines = 8;

    public static Command Create(Terminal terminal)
    {
        Option<string> recipe = new("--recipe") { Description = "the recipe to run", DefaultValueFactory = _ => DefaultRecipe, HelpName = "FILE" };
        Option<int?> steps = new("--steps") { Description = "training steps, instead of the recipe's", HelpName = "N" };
        Option<ulong?> seed = new("--seed") { Description = "seed of every random choice, instead of the recipe's", HelpName = "N" };
        Option<string[]> set = new("--set") { Description = "a setting over the recipe's, key=value or section.key=value; may be repeated", HelpName = "A.B=C" };
        Option<string?> run = new("--run") { Description = "the run's folder; by default runs/NAME-YYYYMMDD-HHMMSS (UTC)", HelpName = "DIR" };
        Option<bool> json = new("--json") { Description = "one JSON object on standard output" };
        ExampleCommand command = new("demo", "Watch a language model learn from one training example: evaluate, train, evaluate again.",
            "rlvr demo",
            "rlvr demo --recipe recipes/micro/full-set.yaml --seed 2 --json")
        { recipe, steps, seed, set, run, json };
        command.SetAction(result =>
        {
            long start = Stopwatch.GetTimestamp();
            List<string> sets = [.. result.GetValue(set) ?? []];
            if (result.GetValue(steps) is { } s) sets.Add($"steps={s}");
            if (result.GetValue(seed) is { } n) sets.Add(string.Create(CultureInfo.InvariantCulture, $"seed={n}"));
            Recipe settings = RecipeFile.Load(FileLocator.Find(result.GetRequiredValue(recipe)), sets);
            bool asJson = result.GetValue(json);
            IAnsiConsole console = asJson ? terminal.ErrorTables : terminal.Tables;
            IReadOnlyList<Problem> problems = ProblemSets.Load(settings.Data.Train);
            Introduce(console, settings, problems);
            string folder = RunFolder.For(settings, result.GetValue(run));
            terminal.LogFolder = folder;
            DemoView view = new(terminal, console, settings);
            TrainingOutcome outcome;
            try
            {
                outcome = TrainingRun.Start(settings, folder, view, terminal.Cancellation);
            }
            finally
            {
                view.Close();
            }
            using RunDirectory directory = RunDirectory.Open(outcome.RunPath);
            IReadOnlyList<DemoSample> samples = outcome.Stopped ? [] : DemoSamples.Find(settings, directory, problems[0], terminal.Cancellation);
            DemoResult found = new(settings, problems[0], outcome, view.Last?["train_accuracy"] ?? double.NaN, samples, Path.GetFullPath(directory.ReportPath), Stopwatch.GetElapsedTime(start));
            if (!outcome.Stopped) Tell(console, found);
            else console.MarkupLine($"Stopped after step {outcome.LastStep}. Report: {Markup.Escape(found.ReportPath)}");
            if (asJson) JsonOutput.Write(terminal, found.ToJson());
            return outcome.Stopped ? ExitCode.Stopped : ExitCode.Done;
        });
        return command;
    }

    private static void Introduce(IAnsiConsole console, Recipe recipe, IReadOnlyList<Problem> problems)
    {
        Problem example = problems[0];
        console.MarkupLine(problems.Count == 1
            ? "[bold]1-shot RLVR: a language model gets better at everything from ONE training example[/] [grey](arXiv 2504.20571)[/]"
            : $"[bold]RLVR on {problems.Count} training problems[/] [grey](arXiv 2504.20571)[/]");
        console.WriteLine();
        console.MarkupLine($"[grey]{(problems.Count == 1 ? "example  " : "one of it")}[/] [yellow]{Markup.Escape(SafeText.Clean(example.Text))}[/]  [grey]answer[/] [yellow]{Markup.Escape(SafeText.Clean(example.Answer))}[/]");
        console.MarkupLine(recipe.Reward.Kind switch
        {
            "math" => @"[grey]reward[/]    1 if the answer the model puts in \boxed{} is right, else 0. It is shown no solution.",
            "format" => @"[grey]reward[/]    1 if the model puts anything in \boxed{}, right or wrong, else 0.",
            _ => $"[grey]reward[/]    {Markup.Escape(recipe.Reward.Kind)}",
        });
    }

    private static void Tell(IAnsiConsole console, DemoResult found)
    {
        console.WriteLine();
        console.Write(found.Table());
        console.MarkupLine($"[grey]The training problem{(ProblemSets.Load(found.Recipe.Data.Train).Count == 1 ? "" : "s")} itself: {EvaluationTables.Percent(found.TrainingAccuracy)}% of the attempts in the last step were right.[/]");
        foreach (DemoSample sample in found.Samples) Show(console, sample);
        console.WriteLine();
        console.MarkupLine(Meaning(found));
        console.WriteLine();
        console.MarkupLine($"Report with curves and rollouts to read: [bold]{Markup.Escape(found.ReportPath)}[/]");
        console.MarkupLine($"[grey]Everything took {Durations.Words(found.Time)}. Next: rlvr train --help; recipes/micro has more experiments.[/]");
    }

    private static void Show(IAnsiConsole console, DemoSample sample)
    {
        console.WriteLine();
        console.MarkupLine($"[bold]{Markup.Escape(SafeText.Clean(sample.Problem.Text))}[/] [grey](answer {Markup.Escape(SafeText.Clean(sample.Problem.Answer))})[/]");
        Grid grid = new();
        grid.AddColumn(new GridColumn().NoWrap());
        grid.AddColumn();
        foreach ((string name, Evaluation.EvaluatedResponse response) in new[] { ("before", sample.Before), ("after", sample.After) })
        {
            string color = response.Correct ? "green" : "red", verdict = response.Correct ? "right" : response.Boxed ? "wrong" : "no boxed answer";
            string[] lines = SafeText.Clean(response.Text).Trim().Split('\n');
            string text = string.Join('\n', lines.Take(SampleLines)) + (lines.Length > SampleLines ? "\n…" : "");
            grid.AddRow($"  [grey]{name}[/]", $"{Markup.Escape(text)} [{color}]({verdict})[/]");
        }
        console.Write(grid);
    }

    private static string Meaning(DemoResult found) => found.Gain switch
    {
        >= 20 when found.Recipe.Reward.Kind == "math" =>
            "What happened? The base model knew how to solve these problems, but chose at random how to answer: with care, in a hurry, with a guess, "
            + "without a box. Rewarding right answers made the careful way the usual one, and that way works for every subject. "
            + "The paper reports such a gain from one example for models of 1.5 to 7 billion parameters.",
        >= 5 => "The model got better at problems it was not trained on.",
        > -5 => "The test accuracy hardly changed: this is what the measurement says. More steps, another seed or another example may differ.",
        < 0 => "The model got worse on the test: this is what the measurement says.",
        _ => "There was no evaluation before and after, so there is nothing to compare.",
    };
}
