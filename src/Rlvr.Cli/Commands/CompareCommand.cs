using System.CommandLine;
using System.Text.Json.Nodes;
using Rlvr.Cli.Output;
using Rlvr.Evaluation;
using Rlvr.Runs;

namespace Rlvr.Cli.Commands;

/// <summary><c>rlvr compare</c>: which problems two evaluations differ in, and whether the difference is more than noise.</summary>
internal static class CompareCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> first = new("A") { Description = "an evaluation: a folder of 'rlvr eval --out', one of its .jsonl files, or a run whose checkpoints were evaluated (the last of them)" };
        Argument<string> second = new("B") { Description = "another evaluation of the same problems" };
        Option<string[]> suites = new("--suite", "-s") { Description = "compare only these suites, with commas between", HelpName = "A,B" };
        Option<int> show = new("--show") { Description = "show problem and responses of the first N changed problems in each direction", HelpName = "N" };
        Option<bool> json = new("--json") { Description = "one JSON object on standard output, with all changed problems" };
        ExampleCommand command = new("compare", "Compare two evaluations of the same problems: which problems changed, and whether the difference is more than noise.",
            "rlvr compare evaluations/base evaluations/one-shot",
            "rlvr compare runs/one-shot/evaluations/step-000020 runs/one-shot/evaluations/step-000060 --show 3")
        { first, second, suites };
        SamplingSettings.AddRange(command, show, n => n >= 0, "at least 0");
        command.Add(json);
        command.SetAction(result =>
        {
            string[] names = [.. (result.GetValue(suites) ?? []).SelectMany(s => s.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
            StoredEvaluation a = Read(terminal, result.GetRequiredValue(first), names), b = Read(terminal, result.GetRequiredValue(second), names);
            EvaluationComparison comparison = EvaluationComparison.Of(a, b);
            foreach (SuiteComparison suite in comparison.Suites.Where(s => s.SettingDifferences.Count > 0))
                terminal.Error.WriteLine(SafeText.OneLine($"{suite.Name} was evaluated in two ways: {string.Join("; ", suite.SettingDifferences)}", 400));
            if (result.GetValue(json))
            {
                JsonObject found = new() { ["a"] = a.Path, ["b"] = b.Path };
                foreach ((string key, JsonNode? value) in ComparisonTables.ToJson(comparison)) found[key] = value?.DeepClone();
                JsonOutput.Write(terminal, found);
            }
            else
            {
                ComparisonTables.Write(terminal, comparison, result.GetValue(show));
            }
            return ExitCode.Done;
        });
        return command;
    }

    private static StoredEvaluation Read(Terminal terminal, string name, string[] suites)
    {
        string path = FileLocator.Find(name);
        if (Directory.Exists(path) && !EvaluationFolder.Exists(path) && RunDirectory.Exists(path)) path = LastOf(terminal, path);
        return StoredEvaluation.Read(path, suites.Length > 0 ? suites : null);
    }

    /// <summary>The last evaluation of a run's checkpoints.</summary>
    private static string LastOf(Terminal terminal, string path)
    {
        using RunDirectory run = RunDirectory.Open(path);
        string[] evaluations = [.. RunDirectory.StepsIn(run.StoredEvaluationsFolder).Select(s => Path.Combine(run.StoredEvaluationsFolder, RunDirectory.StepName(s))).Where(EvaluationFolder.Exists)];
        if (evaluations.Length == 0)
            throw new RlvrException($"no responses of evaluations are kept in the run '{path}' (its evals.jsonl has numbers only). 'rlvr eval {path} --all-checkpoints' makes them.");
        terminal.Error.WriteLine(SafeText.OneLine($"{path}: comparing {evaluations[^1]}", 400));
        return evaluations[^1];
    }
}
