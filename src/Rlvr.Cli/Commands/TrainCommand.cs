using System.CommandLine;
using System.Text.Json.Nodes;
using Rlvr.Cli.Output;
using Rlvr.Runs;
using Rlvr.Training;

namespace Rlvr.Cli.Commands;

/// <summary><c>rlvr train</c>: a training run after a recipe.</summary>
internal static class TrainCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string?> recipe = new("RECIPE") { Description = "a recipe (YAML); not needed with --resume", Arity = ArgumentArity.ZeroOrOne };
        Option<string[]> set = new("--set") { Description = "a setting over the recipe's, key=value or section.key=value; may be repeated", HelpName = "A.B=C" };
        Option<string?> run = new("--run") { Description = "the run's folder; by default runs/NAME-YYYYMMDD-HHMMSS (UTC)", HelpName = "DIR" };
        Option<bool> resume = new("--resume") { Description = "go on with the stopped run in --run from its last checkpoint" };
        Option<bool> dryRun = new("--dry-run") { Description = "check everything, print the plan and the resolved recipe, train nothing" };
        Option<string?> shared = new("--share-evaluations") { Description = "keep evaluations before training in this folder, and take those that other runs of the same model left there", HelpName = "DIR" };
        Option<bool> json = new("--json") { Description = "one JSON object on standard output" };
        ExampleCommand command = new("train", "Train a model after a recipe. Ctrl-C stops with a checkpoint; --resume goes on.",
            "rlvr train recipes/micro/one-shot.yaml",
            "rlvr train recipes/micro/one-shot.yaml --set steps=20 --set loss.kl=0 --run runs/no-kl",
            "rlvr train --resume --run runs/no-kl")
        { recipe, set, run, resume, dryRun, shared, json };
        command.SetAction(result =>
        {
            bool asJson = result.GetValue(json);
            TextWriter table = asJson ? terminal.Error : terminal.Out;
            TrainingView view = new(terminal, table);
            try
            {
                if (result.GetValue(resume)) return Finish(terminal, Resume(result.GetValue(recipe), result.GetValue(set), result.GetValue(run), result.GetValue(dryRun), view, terminal), asJson);
                string path = result.GetValue(recipe) ?? throw new UsageException("no recipe: say which, for example rlvr train recipes/micro/one-shot.yaml.");
                Recipe settings = RecipeFile.Load(FileLocator.Find(path), result.GetValue(set));
                if (result.GetValue(dryRun)) return DryRun(terminal, settings, asJson);
                string folder = RunFolder.For(settings, result.GetValue(run));
                terminal.LogFolder = folder;
                view.Note($"run: {folder}");
                return Finish(terminal, TrainingRun.Start(settings, folder, view, terminal.Cancellation, result.GetValue(shared)), asJson);
            }
            finally
            {
                view.Close();
            }
        });
        return command;
    }

    private static TrainingOutcome Resume(string? recipe, string[]? sets, string? run, bool dryRun, TrainingView view, Terminal terminal)
    {
        if (run is null) throw new UsageException("--resume goes on with a run: say which with --run DIR.");
        if (recipe is not null || sets is { Length: > 0 } || dryRun) throw new UsageException("--resume takes the recipe of the run; leave out RECIPE, --set and --dry-run.");
        terminal.LogFolder = run;
        return TrainingRun.Resume(run, view, terminal.Cancellation);
    }

    private static int DryRun(Terminal terminal, Recipe recipe, bool asJson)
    {
        TrainingPlan plan = TrainingRun.Plan(recipe);
        string yaml = RecipeFile.ToYaml(recipe);
        if (asJson)
        {
            JsonObject facts = [];
            foreach ((string name, string value) in plan.Facts) facts[name] = value;
            JsonOutput.Write(terminal, new JsonObject { ["plan"] = facts, ["memory"] = ToJson(plan), ["time"] = plan.Time is { } time ? ToJson(time) : null, ["recipe"] = yaml });
            return ExitCode.Done;
        }
        foreach ((string name, string value) in plan.Facts) terminal.Out.WriteLine("# " + SafeText.OneLine($"{name,-18} {value}", 400));
        foreach ((string name, string size) in plan.Memory.Lines(plan.AvailableMemory)) terminal.Out.WriteLine($"#   {name,-28} {size}");
        terminal.Out.Write(yaml);
        return ExitCode.Done;
    }

    /// <summary>The memory plan, in bytes.</summary>
    private static JsonObject ToJson(TrainingPlan plan)
    {
        return new JsonObject
        {
            ["total"] = plan.Memory.Total,
            ["machine"] = plan.AvailableMemory,
            ["rows"] = plan.Memory.Rows,
            ["recompute"] = plan.Memory.Recomputes,
            ["kept"] = Items(plan.Memory.Kept),
            ["page_cache"] = Items(plan.Memory.PageCache),
            ["phases"] = new JsonObject(plan.Memory.Phases.Select(phase => KeyValuePair.Create(phase.Name, (JsonNode?)Items(phase.Items)))),
        };

        static JsonObject Items(IReadOnlyList<MemoryItem> items) => new(items.Select(item => KeyValuePair.Create(item.Name, (JsonNode?)item.Bytes)));
    }

    /// <summary>The time plan, in seconds.</summary>
    private static JsonObject ToJson(TimePlan time) => new()
    {
        ["step"] = time.Step,
        ["rollouts"] = time.Rollouts,
        ["update"] = time.Update,
        ["evaluation"] = time.Evaluation,
        ["total"] = time.Total,
        ["response_tokens"] = time.ResponseTokens,
        ["sampled"] = time.Sampled,
    };

    private static int Finish(Terminal terminal, TrainingOutcome outcome, bool asJson)
    {
        using RunDirectory run = RunDirectory.Open(outcome.RunPath);
        if (asJson)
        {
            JsonOutput.Write(terminal, new JsonObject
            {
                ["run"] = outcome.RunPath,
                ["step"] = outcome.LastStep,
                ["stopped"] = outcome.Stopped,
                ["checkpoint"] = run.CheckpointSteps() is [.., int last] ? run.CheckpointPath(last) : null,
                ["report"] = run.ReportPath,
                ["evaluations"] = new JsonArray([.. outcome.Evaluations.Select(EvaluationTables.ToJson)]),
            });
        }
        else
        {
            terminal.Out.WriteLine($"report: {run.ReportPath}");
        }
        return outcome.Stopped ? ExitCode.Stopped : ExitCode.Done;
    }
}
