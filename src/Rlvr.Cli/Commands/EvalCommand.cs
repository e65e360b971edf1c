using System.CommandLine;
using System.Text.Json.Nodes;
using Rlvr.Cli.Output;
using Rlvr.Data;
using Rlvr.Evaluation;
using Rlvr.Math;
using Rlvr.MicroMath;
using Rlvr.Rewards;
using Rlvr.Rollouts;
using Rlvr.Runs;

namespace Rlvr.Cli.Commands;

/// <summary><c>rlvr eval</c>: accuracy of a model on suites of problems.</summary>
internal static class EvalCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> model = new("MODEL") { Description = "a model folder, OWNER/NAME of a hub, or a run (its last checkpoint)" };
        Option<string[]> suites = new("--suite", "-s") { Description = "suites by name or .jsonl file, with commas between; of a run by default those of its recipe", HelpName = "A,B" };
        Option<int> samples = new("--samples", "-k") { Description = "responses per problem, for avg@k and pass@k", DefaultValueFactory = _ => 1, HelpName = "K" };
        Option<string?> prompt = new("--prompt") { Description = "prompt template by name, or a text with {problem}; chat is the model's own. Default: that of the run's recipe, or the model's own where it has one", HelpName = "NAME" };
        Option<string?> profile = new("--profile") { Description = "what counts as right: strict, training (only a boxed answer) or evaluation. Default: that of the run's recipe, else evaluation, and training for the suites of micro-maths", HelpName = "NAME" };
        Option<int> limit = new("--limit") { Description = "use only N problems, spread over the suite; 0 uses all", HelpName = "N" };
        Option<int> rows = new("--max-rows") { Description = "most responses decoded at once", DefaultValueFactory = _ => 128, HelpName = "N" };
        Option<string?> output = new("--out") { Description = "write all responses to this file, one JSON object a line", HelpName = "FILE" };
        Option<bool> json = new("--json") { Description = "one JSON object on standard output" };
        SamplingSettings sampling = new(temperature: 0);
        ComputeSettings compute = new();
        ExampleCommand command = new("eval", "Evaluate a model on suites of problems.",
            "rlvr eval models/micro-math --suite micro500,micro-olympiad",
            "rlvr eval runs/one-shot-20260101-120000 --suite micro500 -k 8 -t 0.6 --out responses.jsonl")
        { model, suites };
        SamplingSettings.AddRange(command, samples, k => k is >= 1 and <= 10_000, "1 to 10000");
        sampling.AddTo(command);
        command.Add(prompt);
        profile.AcceptOnlyFromAmong("strict", "training", "evaluation");
        command.Add(profile);
        SamplingSettings.AddRange(command, limit, n => n >= 0, "at least 0");
        SamplingSettings.AddRange(command, rows, n => n >= 1, "at least 1");
        command.Add(output);
        compute.AddTo(command);
        command.Add(json);
        command.SetAction(result =>
        {
            string name = result.GetRequiredValue(model);
            string? file = result.GetValue(output);
            if (file is not null) OutputProbe.Check(file);
            ModelSource source = ModelSource.Find(name, terminal);
            string? judge = result.GetValue(profile) ?? source.Recipe?.Evaluation.Profile;
            PullView view = new(terminal);
            (string Name, IReadOnlyList<Problem> Problems, VerifierProfile Profile)[] sets =
                [.. SuiteNames(result.GetValue(suites), source).Select(s => (ProblemSets.ShortName(s), ProblemSets.Load(FileLocator.Find(s), view, terminal.Cancellation), RewardCatalog.ParseProfile(judge ?? DefaultProfile(s))))];
            view.Close();
            EvaluationSettings settings = new()
            {
                Prompt = source.Template(result.GetValue(prompt)),
                Samples = result.GetValue(samples),
                Temperature = result.GetValue(sampling.Temperature),
                TopP = result.GetValue(sampling.TopP),
                TopK = result.GetValue(sampling.TopK),
                MinP = result.GetValue(sampling.MinP),
                MaxNewTokens = result.GetResult(sampling.MaxNewTokens) is null && source.Recipe is { } recipe
                    ? recipe.Evaluation.MaxNewTokens > 0 ? recipe.Evaluation.MaxNewTokens : recipe.Rollout.MaxNewTokens
                    : result.GetValue(sampling.MaxNewTokens),
                MaxRows = result.GetValue(rows),
                Seed = result.GetValue(sampling.Seed),
                Limit = result.GetValue(limit),
            };
            if (settings is { Samples: > 1, Temperature: 0 }) throw new UsageException($"--samples {settings.Samples} needs a --temperature above 0, such as 0.6: greedy responses to a problem are all the same.");
            using LanguageModel language = LanguageModel.Load(source.Folder, compute.Choose(result));
            compute.ApplyThreads(result, language.Network.Config.HiddenSize);
            List<EvaluationResult> results = Evaluate(terminal, language, sets, settings);
            if (file is not null) AtomicFile.WriteAllText(file, string.Concat(results.Select(r => r.ToJsonLines())));
            if (result.GetValue(json)) JsonOutput.Write(terminal, ToJson(name, source, results));
            else terminal.Tables.Write(EvaluationTables.Table(results));
            return ExitCode.Done;
        });
        return command;
    }

    private static List<EvaluationResult> Evaluate(Terminal terminal, LanguageModel model, (string Name, IReadOnlyList<Problem> Problems, VerifierProfile Profile)[] sets, EvaluationSettings settings)
    {
        List<EvaluationResult> results = [];
        ProgressLine progress = new(terminal);
        try
        {
            foreach ((string suite, IReadOnlyList<Problem> problems, VerifierProfile profile) in sets)
                results.Add(new Evaluator(model).Evaluate(suite, problems, settings with { Profile = profile }, (done, total) => progress.Report($"evaluating {suite}", done, total), terminal.Cancellation));
        }
        finally
        {
            progress.Clear();
        }
        return results;
    }

    // The suites of micro-maths ask for a box, as their training does; other benchmarks are judged as the paper's evaluation does.
    private static string DefaultProfile(string suite) =>
        MicroSuites.Names.Contains(ProblemSets.ShortName(suite)) ? "training" : "evaluation";

    private static IReadOnlyList<string> SuiteNames(string[]? given, ModelSource source)
    {
        string[] names = [.. (given ?? []).SelectMany(s => s.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Distinct()];
        if (names.Length > 0) return names;
        if (source.Recipe is { Evaluation.Suites: { Count: > 0 } suites }) return suites;
        throw new UsageException("no suite: say which with --suite, for example --suite micro500.");
    }

    private static JsonObject ToJson(string name, ModelSource source, List<EvaluationResult> results) => new()
    {
        ["model"] = name,
        ["folder"] = source.Folder,
        ["step"] = source.Step,
        ["seconds"] = JsonOutput.Number(results.Sum(r => r.Seconds)),
        ["suites"] = new JsonArray([.. results.Select(EvaluationTables.ToJson)]),
    };
}
