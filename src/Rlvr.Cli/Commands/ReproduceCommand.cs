using System.CommandLine;
using System.Text.Json.Nodes;
using Rlvr.Cli.Output;
using Rlvr.Cli.Reproduce;
using Rlvr.Experiments;

namespace Rlvr.Cli.Commands;

/// <summary><c>rlvr reproduce</c>: the paper's experiments, run and put beside the paper's numbers.</summary>
internal static class ReproduceCommand
{
    /// <param name="terminal">Where it writes.</param>
    /// <param name="experiments">The experiments; null takes the paper's.</param>
    public static Command Create(Terminal terminal, IReadOnlyList<Experiment>? experiments = null)
    {
        IReadOnlyList<Experiment> catalog = experiments ?? ExperimentCatalog.All;
        Argument<string[]> names = new("EXPERIMENT") { Description = "E1 to E19, several, or all", Arity = ArgumentArity.ZeroOrMore };
        Option<string> scale = new("--scale") { Description = "micro: the embedded model, minutes on a laptop; paper: the paper's models", DefaultValueFactory = _ => "micro", HelpName = "micro|paper" };
        Option<int> seeds = new("--seeds") { Description = "seeds of the runs that the paper compares with others", DefaultValueFactory = _ => 3, HelpName = "N" };
        Option<int?> jobs = new("--jobs", "-j") { Description = "jobs at once, each with one thread; by default one for each processor at micro scale, else 1", HelpName = "N" };
        Option<string> output = new("--out") { Description = "folder of the runs and of the page", DefaultValueFactory = _ => ReproductionFolder.DefaultRoot, HelpName = "DIR" };
        Option<string?> page = new("--page") { Description = "the page of the results, with its figures in a folder beside it; by default DIR/SCALE/results.md", HelpName = "FILE" };
        Option<string?> recipes = new("--recipes") { Description = "folder of the recipes; by default recipes/SCALE", HelpName = "DIR" };
        Option<bool> redo = new("--redo") { Description = "make results again that were made with other recipes, models or problems than they would be now" };
        Option<bool> dryRun = new("--dry-run") { Description = "print what would be run: steps, rollouts, tokens, time and memory on this machine" };
        Option<bool> pageOnly = new("--page-only") { Description = "run nothing: write the page from what is done" };
        Option<bool> list = new("--list") { Description = "print the experiments" };
        Option<bool> json = new("--json") { Description = "one JSON object on standard output" };
        scale.AcceptOnlyFromAmong("micro", "paper");
        ExampleCommand command = new("reproduce", "Run the paper's experiments, skipping what is done, and write a page with the paper's numbers beside these. Ctrl-C stops with checkpoints; the same command goes on.",
            "rlvr reproduce E9",
            "rlvr reproduce all --dry-run",
            "rlvr reproduce E1 E5 --seeds 1 --page results.md",
            "rlvr reproduce all --scale paper --dry-run")
        { names, scale };
        SamplingSettings.AddRange(command, seeds, n => n is >= 1 and <= 100, "1 to 100");
        SamplingSettings.AddRange(command, jobs, n => n is null or (>= 1 and <= 1000), "1 to 1000");
        foreach (Option option in new Option[] { output, page, recipes, redo, dryRun, pageOnly, list, json }) command.Add(option);
        command.SetAction(result =>
        {
            if (result.GetValue(list)) return List(terminal, catalog, result.GetValue(json));
            string[] asked = result.GetValue(names) ?? [];
            if (asked.Length == 0) throw new UsageException("no experiment: say which, for example rlvr reproduce E1, or all; 'rlvr reproduce --list' says what each is.");
            ExperimentScale which = Enum.Parse<ExperimentScale>(result.GetRequiredValue(scale), ignoreCase: true);
            bool micro = which == ExperimentScale.Micro;
            int parallel = result.GetValue(jobs) ?? (micro ? Environment.ProcessorCount : 1);
            // Measured on the micro model: one thread each in two processes does more than two threads in one.
            int threads = micro || parallel > 1 ? 1 : 0;
            PlanOptions options = new()
            {
                Folder = new ReproductionFolder(result.GetRequiredValue(output), which),
                Seeds = result.GetValue(seeds),
                Redo = result.GetValue(redo),
                Recipes = result.GetValue(recipes),
                Sets = threads > 0 ? [$"compute.threads={threads}"] : [],
            };
            ReproductionPlan plan = ReproductionPlanner.Make(ExperimentNames.Find(asked, catalog), options);
            string? elsewhere = result.GetValue(page);
            string line = $"rlvr reproduce {string.Join(' ', asked)} --scale {plan.Folder.ScaleName} --seeds {options.Seeds}{(elsewhere is null ? "" : $" --page {elsewhere}")}";
            Reproduction reproduction = new(terminal, plan, parallel, threads, options.Seeds, line, elsewhere ?? plan.Folder.Page);
            if (result.GetValue(pageOnly)) return reproduction.WriteOnly(result.GetValue(json));
            return result.GetValue(dryRun) ? reproduction.DryRun(result.GetValue(json)) : reproduction.Run(result.GetValue(json));
        });
        return command;
    }

    private static int List(Terminal terminal, IReadOnlyList<Experiment> catalog, bool asJson)
    {
        if (asJson)
        {
            JsonOutput.Write(terminal, new JsonObject { ["experiments"] = new JsonArray([.. catalog.Select(e => new JsonObject { ["id"] = e.Id, ["title"] = e.Title, ["question"] = e.Question })]) });
            return ExitCode.Done;
        }
        foreach (Experiment experiment in catalog) terminal.Out.WriteLine($"{experiment.Id,-4} {experiment.Title}: {experiment.Question}");
        return ExitCode.Done;
    }
}
