using System.CommandLine;
using Rlvr.Cli.Commands;
using Rlvr.Cli.Output;
using Rlvr.Data;
using Rlvr.Evaluation;
using Rlvr.MicroMath;
using Rlvr.Rewards;
using Rlvr.Training;

namespace Rlvr.Cli.Suites;

/// <summary>
/// The options that say which suites are evaluated and how. What is not asked for comes from the run's recipe, else from the benchmark's own
/// protocol, else it is one greedy response.
/// </summary>
/// <param name="terminal">Shows downloads.</param>
internal sealed class SuiteOptions(Terminal terminal)
{
    private const string NoDemonstration = "none";

    private readonly Option<string[]> suites = new("--suite", "-s") { Description = "suites by name or file, with commas between; six are the six benchmarks of the paper; of a run by default those of its recipe", HelpName = "A,B" };
    private readonly Option<int> samples = new("--samples", "-k") { Description = "responses per problem, for avg@k, pass@k and majority@k; by default the benchmark's own number, else 1", DefaultValueFactory = _ => 1, HelpName = "K" };
    private readonly Option<string?> prompt = new("--prompt") { Description = "prompt template by name, or a text with {problem}; chat is the model's own. Default: that of the run's recipe, or the model's own where it has one (for the benchmarks with nothing but the problem in it)", HelpName = "NAME" };
    private readonly Option<string?> inContext = new("--in-context") { Description = $"show the first problem of this set, solved, before every question: a file of problems, micro:pi-1, ...; {NoDemonstration} shows nothing. Default: as the run's recipe says", HelpName = "SET" };
    private readonly Option<string?> inContextResponse = new("--in-context-response") { Description = "text file with the response to show; by default the set's own solution, else the label in a box", HelpName = "FILE" };
    private readonly Option<string?> profile = new("--profile") { Description = "what counts as right: strict, training (only a boxed answer) or evaluation. Default: that of the run's recipe, else evaluation, and training for the suites of micro-maths", HelpName = "NAME" };
    private readonly Option<int> limit = new("--limit") { Description = "use only N problems, spread over the suite; 0 uses all", HelpName = "N" };
    private readonly Option<int> rows = new("--max-rows") { Description = "most responses decoded at once", DefaultValueFactory = _ => 128, HelpName = "N" };
    private readonly Option<string> words = new("--reflection-words") { Description = "words that count as self-reflection", DefaultValueFactory = _ => string.Join(',', Reflection.Words), HelpName = "A,B" };
    private readonly SamplingSettings sampling = new(temperature: 0);
    private readonly Dictionary<string, IReadOnlyList<Problem>> loaded = [];
    private Demonstration? demonstration;

    public void AddTo(Command command)
    {
        command.Add(suites);
        SamplingSettings.AddRange(command, samples, k => k is >= 1 and <= 10_000, "1 to 10000");
        sampling.AddTo(command);
        command.Add(prompt);
        command.Add(inContext);
        command.Add(inContextResponse);
        profile.AcceptOnlyFromAmong("strict", "training", "evaluation");
        command.Add(profile);
        SamplingSettings.AddRange(command, limit, n => n >= 0, "at least 0");
        SamplingSettings.AddRange(command, rows, n => n >= 1, "at least 1");
        command.Add(words);
    }

    /// <summary>The suites with their problems and settings, for a model.</summary>
    /// <exception cref="RlvrException">There is no suite, one cannot be read, or the options contradict each other.</exception>
    public IReadOnlyList<PlannedSuite> Plan(ParseResult result, ModelSource source) => Plan(result, source.Recipe, source.Template);

    /// <summary>The same for whoever answers.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="recipe">The recipe of the run it comes from; null where there is none.</param>
    /// <param name="template">Finds the prompt template: the one asked for (null takes the default), and how the model's own is used by default.</param>
    /// <exception cref="RlvrException">There is no suite, one cannot be read, or the options contradict each other.</exception>
    public IReadOnlyList<PlannedSuite> Plan(ParseResult result, Recipe? recipe, Func<string?, string, PromptTemplate> template)
    {
        List<PlannedSuite> plan = [];
        Demonstration? shown = DemonstrationOf(result, recipe);
        foreach (string set in Names(result, recipe))
        {
            string name = UniqueName(set, plan);
            Benchmark? benchmark = Benchmarks.Find(set.Split('=', '?')[0]); // math500=my/copy.jsonl is the benchmark, too
            IReadOnlyList<Problem> problems = Load(set);
            EvaluationSettings settings = Settings(result, recipe, set, benchmark) with
            {
                Judge = EvaluationSettings.JudgeOf(problems),
                // The paper's evaluation puts the bare problem into the model's own template.
                Prompt = template(result.GetValue(prompt), benchmark is null ? PromptTemplate.Chat : $"{PromptTemplate.Chat}:{PromptTemplate.Placeholder}").With(shown),
            };
            plan.Add(new PlannedSuite(name, benchmark, problems, settings));
        }
        return plan;
    }

    private EvaluationSettings Settings(ParseResult result, Recipe? recipe, string set, Benchmark? benchmark)
    {
        BenchmarkScoring? own = benchmark?.Scoring;
        double temperature = Given(result, sampling.Temperature) ? result.GetValue(sampling.Temperature) : own?.Temperature ?? 0;
        int count = Given(result, samples) ? result.GetValue(samples) : temperature == 0 ? 1 : own?.Samples ?? 1;
        if (count > 1 && temperature == 0) throw new UsageException($"--samples {count} needs a --temperature above 0, such as 0.6: greedy responses to a problem are all the same.");
        string? judge = result.GetValue(profile) ?? recipe?.Evaluation.Profile;
        return new EvaluationSettings
        {
            Prompt = PromptTemplate.Get("plain"),
            Samples = count,
            Temperature = temperature,
            TopP = Given(result, sampling.TopP) ? result.GetValue(sampling.TopP) : own?.TopP ?? 1,
            TopK = result.GetValue(sampling.TopK),
            MinP = result.GetValue(sampling.MinP),
            MaxNewTokens = Given(result, sampling.MaxNewTokens) ? result.GetValue(sampling.MaxNewTokens)
                : recipe is not null ? (recipe.Evaluation.MaxNewTokens > 0 ? recipe.Evaluation.MaxNewTokens : recipe.Rollout.MaxNewTokens) : own?.MaxNewTokens ?? 0,
            MaxRows = result.GetValue(rows),
            Seed = result.GetValue(sampling.Seed),
            Limit = result.GetValue(limit),
            Profile = judge is not null ? RewardCatalog.ParseProfile(judge) : own?.Profile ?? DefaultProfile(set),
            ReflectionWords = result.GetRequiredValue(words).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
        };
    }

    private IReadOnlyList<string> Names(ParseResult result, Recipe? recipe)
    {
        string[] given = [.. (result.GetValue(suites) ?? []).SelectMany(s => s.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
        IReadOnlyList<string> names = given.Length > 0 ? given : recipe?.Evaluation.Suites ?? [];
        if (names.Count == 0) throw new UsageException("no suite: say which with --suite, for example --suite micro500.");
        return Benchmarks.Expand(names);
    }

    /// <summary>Two sets may have the same short name, each in its folder; tables and files need to tell them apart.</summary>
    private static string UniqueName(string set, List<PlannedSuite> before)
    {
        string name = ProblemSets.ShortName(set);
        if (before.All(s => s.Name != name)) return name;
        string longer = Path.GetFileName(Path.GetDirectoryName(set)) is { Length: > 0 } folder ? $"{folder}-{name}" : name;
        if (before.All(s => s.Name != longer)) return longer;
        throw new UsageException($"two suites are called '{name}'. Evaluate them one after the other, or rename a file.");
    }

    private IReadOnlyList<Problem> Load(string set) =>
        loaded.TryGetValue(set, out IReadOnlyList<Problem>? problems) ? problems : loaded[set] = Pull(view => ProblemSets.Load(set, view, terminal.Cancellation));

    private Demonstration? DemonstrationOf(ParseResult result, Recipe? recipe)
    {
        string? set = result.GetValue(inContext) ?? recipe?.Evaluation.InContext, response = result.GetValue(inContextResponse);
        if (set is not (null or "" or NoDemonstration)) return demonstration ??= Pull(view => Demonstration.Load(set, response, view, terminal.Cancellation));
        return response is null ? null : throw new UsageException("--in-context-response is the response to a problem: say which with --in-context SET.");
    }

    private T Pull<T>(Func<PullView, T> load)
    {
        PullView view = new(terminal);
        try
        {
            return load(view);
        }
        finally
        {
            view.Close();
        }
    }

    // The suites of micro-maths ask for a box, as their training does; other sets are judged as the paper's evaluation does.
    private static Math.VerifierProfile DefaultProfile(string set) =>
        MicroSuites.Names.Contains(ProblemSets.ShortName(set)) ? Math.VerifierProfile.Training : Math.VerifierProfile.Evaluation;

    private static bool Given<T>(ParseResult result, Option<T> option) => result.GetResult(option) is { Implicit: false };
}
