using System.CommandLine;
using System.Text.Json.Nodes;
using Rlvr.Cli.Output;
using Rlvr.Cli.Suites;
using Rlvr.Evaluation;
using Rlvr.Evaluation.Endpoint;
using Rlvr.Rollouts;

namespace Rlvr.Cli.Commands;

/// <summary><c>rlvr eval</c>: accuracy of a model, or of every checkpoint of a run, on suites of problems.</summary>
internal static class EvalCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string?> model = new("MODEL") { Description = "a model folder, OWNER/NAME of a hub, or a run (its last checkpoint); none with --endpoint", Arity = ArgumentArity.ZeroOrOne };
        SuiteOptions suites = new(terminal);
        Option<bool> all = new("--all-checkpoints") { Description = "evaluate every checkpoint of the run MODEL: the curve, and the best step" };
        Option<string?> output = new("--out") { Description = "keep all responses in this folder; stopped, the same command goes on with what is there. With --all-checkpoints by default evaluations in the run's folder", HelpName = "DIR" };
        Option<bool> json = new("--json") { Description = "one JSON object on standard output" };
        ComputeSettings compute = new();
        EndpointSettings endpoint = new();
        ExampleCommand command = new("eval", "Evaluate a model on suites of problems.",
            "rlvr eval models/micro-math --suite micro500,micro-olympiad",
            "rlvr eval Qwen/Qwen2.5-Math-1.5B --suite six --out evaluations/base",
            "rlvr eval runs/one-shot-20260101-120000 --suite micro500 -k 8 -t 0.6",
            "rlvr eval runs/one-shot-20260101-120000 --all-checkpoints",
            "rlvr eval --endpoint http://localhost:8000 --suite math500 --out evaluations/served")
        { model };
        suites.AddTo(command);
        command.Add(all);
        command.Add(output);
        endpoint.AddTo(command);
        compute.AddTo(command);
        command.Add(json);
        command.SetAction(result =>
        {
            string? folder = result.GetValue(output);
            if (folder is not null) CheckFolder(folder);
            endpoint.Check(result, model, all);
            if (endpoint.IsGiven(result)) return AskServer(folder);
            string name = result.GetValue(model) ?? throw new UsageException("no model: name a folder or a run, or a server with --endpoint URL.");
            ModelResponder Responder(ModelSource source) => new(source.Folder, () =>
            {
                LanguageModel language = LanguageModel.Load(source.Folder, compute.Choose(result), compute.Precision(result), frozen: true);
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
            ModelSource source = ModelSource.Find(name, terminal);
            IReadOnlyList<PlannedSuite> plan = suites.Plan(result, source);
            using ModelResponder responder = Responder(source);
            List<EvaluationResult> results = SuiteRunner.Run(terminal, responder, plan, folder is null ? null : EvaluationFolder.Open(folder));
            return Show(plan, results, new JsonObject { ["model"] = name, ["folder"] = source.Folder, ["step"] = source.Step });

            // Needs no libtorch.
            int AskServer(string? folder)
            {
                IReadOnlyList<PlannedSuite> plan = suites.Plan(result, null, (requested, chat) => endpoint.Template(result, requested, chat));
                using EndpointResponder server = endpoint.Connect(result, terminal.Cancellation);
                return Show(plan, SuiteRunner.Run(terminal, server, plan, folder is null ? null : EvaluationFolder.Open(folder)), new JsonObject { ["model"] = server.Model, ["endpoint"] = server.Url });
            }

            int Show(IReadOnlyList<PlannedSuite> plan, List<EvaluationResult> results, JsonObject who)
            {
                if (result.GetValue(json)) JsonOutput.Write(terminal, ToJson(who, folder, results));
                else EvaluationTables.Write(terminal, plan, results);
                return ExitCode.Done;
            }
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

    private static JsonObject ToJson(JsonObject who, string? folder, List<EvaluationResult> results)
    {
        who["out"] = folder;
        who["seconds"] = JsonOutput.Number(results.Sum(r => r.Seconds));
        who["suites"] = new JsonArray([.. results.Select(EvaluationSummary.Of)]);
        who["average"] = EvaluationSummary.Of(SuiteAverage.Of(results));
        return who;
    }
}
