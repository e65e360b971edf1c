using System.CommandLine;
using System.Text.Json.Nodes;
using Rlvr.Cli.Output;
using Rlvr.Cli.Suites;
using Rlvr.Evaluation;
using Rlvr.Rollouts;

namespace Rlvr.Cli.Commands;

/// <summary><c>rlvr eval</c>: accuracy of a model, or of every checkpoint of a run, on suites of problems.</summary>
internal static class EvalCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> model = new("MODEL") { Description = "a model folder, or a run (its last checkpoint)" };
        SuiteOptions suites = new();
        Option<bool> all = new("--all-checkpoints") { Description = "evaluate every checkpoint of the run MODEL: the curve, and the best step" };
        Option<string?> output = new("--out") { Description = "keep all responses in this folder; stopped, the same command goes on with what is there. With --all-checkpoints by default evaluations in the run's folder", HelpName = "DIR" };
        Option<bool> json = new("--json") { Description = "one JSON object on standard output" };
        ComputeSettings compute = new();
        ExampleCommand command = new("eval", "Evaluate a model on suites of problems.",
            "rlvr eval models/micro-math --suite micro500,micro-olympiad",
            "rlvr eval Qwen2.5-Math-1.5B --suite six --out evaluations/base",
            "rlvr eval runs/one-shot-20260101-120000 --suite micro500 -k 8 -t 0.6",
            "rlvr eval runs/one-shot-20260101-120000 --all-checkpoints")
        { model };
        suites.AddTo(command);
        command.Add(all);
        command.Add(output);
        compute.AddTo(command);
        command.Add(json);
        command.SetAction(result =>
        {
            string name = result.GetRequiredValue(model);
            string? folder = result.GetValue(output);
            if (folder is not null) CheckFolder(folder);
            ModelResponder Responder(ModelSource source) => new(source.Folder, () =>
            {
                LanguageModel language = LanguageModel.Load(source.Folder, compute.Choose(result));
                compute.ApplyThreads(result, language.Network.Config.HiddenSize);
                return language;
            });
            if (result.GetValue(all))
            {
                CheckpointRunner runner = new(terminal, name, folder);
                CheckpointCurve curve = runner.Run(source => suites.Plan(result, source), Responder);
                if (result.GetValue(json)) JsonOutput.Write(terminal, runner.ToJson(curve));
                else CurveTables.Write(terminal, curve);
                return ExitCode.Done;
            }
            ModelSource source = ModelSource.Find(name);
            IReadOnlyList<PlannedSuite> plan = suites.Plan(result, source);
            using ModelResponder responder = Responder(source);
            List<EvaluationResult> results = SuiteRunner.Run(terminal, responder, plan, folder is null ? null : EvaluationFolder.Open(folder));
            if (result.GetValue(json)) JsonOutput.Write(terminal, ToJson(name, source, folder, results));
            else EvaluationTables.Write(terminal, plan, results);
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>Finds out before the work, not after it, whether the folder can be written.</summary>
    private static void CheckFolder(string folder)
    {
        if (folder.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase))
            throw new UsageException($"--out {folder} names a file; it is a folder, in which each suite has a file of its own. Leave out '.jsonl'.");
        EvaluationFolder.Open(folder);
        OutputProbe.Check(folder, makeFolder: true);
    }

    private static JsonObject ToJson(string name, ModelSource source, string? folder, List<EvaluationResult> results) => new()
    {
        ["model"] = name,
        ["folder"] = source.Folder,
        ["step"] = source.Step,
        ["out"] = folder,
        ["seconds"] = JsonOutput.Number(results.Sum(r => r.Seconds)),
        ["suites"] = new JsonArray([.. results.Select(EvaluationSummary.Of)]),
        ["average"] = EvaluationSummary.Of(SuiteAverage.Of(results)),
    };
}
