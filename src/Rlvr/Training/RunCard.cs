using System.Globalization;
using System.Text.RegularExpressions;
using Rlvr.Data;
using Rlvr.Evaluation;
using Rlvr.Models;
using Rlvr.Runs;
using static TorchSharp.torch;

namespace Rlvr.Training;

/// <summary>Makes the model card of a checkpoint from what its run has written.</summary>
public static partial class RunCard
{
    /// <summary>The card's file.</summary>
    public const string FileName = "README.md";

    /// <summary>Problems up to this many are shown in full.</summary>
    private const int MaxProblems = 4;

    private static readonly string[] TermsKeys = ["license", "license_name", "license_link"];

    /// <summary>Writes the card beside the weights of a checkpoint; does nothing where there is no such checkpoint.</summary>
    /// <param name="run">The run.</param>
    /// <param name="step">The checkpoint's step.</param>
    /// <param name="origin">The folder that the model was loaded from, whose card names the terms of use; null where there is none.</param>
    /// <exception cref="RlvrException">It cannot be written.</exception>
    public static void Write(RunDirectory run, int step, string? origin)
    {
        string folder = run.CheckpointPath(step);
        if (Directory.Exists(folder)) AtomicFile.WriteAllText(Path.Combine(folder, FileName), Of(run, step, origin).ToMarkdown());
    }

    /// <summary>Makes the card of a checkpoint.</summary>
    /// <param name="run">The run.</param>
    /// <param name="step">The checkpoint's step.</param>
    /// <param name="origin">The folder that the model was loaded from, whose card names the terms of use; null where there is none.</param>
    /// <param name="dtype">The element type of the weights; that of the checkpoint where null.</param>
    /// <param name="merged">Whether the card is for an adapter that has been added to its base model's weights.</param>
    public static ModelCard Of(RunDirectory run, int step, string? origin, ScalarType? dtype = null, bool merged = false)
    {
        Recipe recipe = RecipeFile.Load(run.RecipePath);
        ModelConfig config = ModelConfig.Read(run.CheckpointPath(step));
        bool adapts = recipe.Lora.Rank > 0;
        PromptTemplate? prompt = FindPrompt(recipe.Data.Prompt, run.CheckpointPath(step));
        // A run on few problems meets them all in every step; the first and the last tell.
        IReadOnlyList<int> saved = run.RolloutSteps();
        (string Problem, string Answer)[] problems = [.. saved.Take(1).Concat(saved.TakeLast(1)).Distinct().SelectMany(run.ReadRollouts).Select(r => (r.Prompt, r.Label)).Distinct()];
        string? id = HubId(recipe.Model);
        return new ModelCard
        {
            Name = recipe.Name,
            Base = id ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(recipe.Model)),
            BaseId = id,
            DatasetId = HubId(recipe.Data.Train),
            Terms = ReadTerms(origin),
            Tags = [recipe.Loss.Advantage],
            Step = step,
            Facts =
            [
                ("architecture", config.ModelType),
                ("parameters", config.ParameterCount.ToString("N0", CultureInfo.InvariantCulture)),
                .. adapts ? [("adapter", Adapter(recipe, config) + (merged ? ", merged" : ""))] : Array.Empty<(string, string)>(),
                ("weights", ModelConfigWriter.DtypeName(dtype ?? (adapts ? ScalarType.Float32 : config.TorchDtype)) ?? "float32"),
            ],
            IsAdapter = adapts && !merged,
            Data = DataOf(recipe.Data),
            Problems = problems.Length <= MaxProblems ? problems : [],
            Prompt = prompt?.Text ?? PromptTemplate.Placeholder,
            IsChat = prompt?.Name == PromptTemplate.Chat,
            Evaluations = [.. WithShortNames(run.ReadEvaluations()), .. Later(run, step)],
            Recipe = WithoutFolders(run.ReadRecipe(), recipe),
            Version = run.ReadEnvironment()?.Rlvr ?? "",
        };
    }

    private static string Adapter(Recipe recipe, ModelConfig config)
    {
        LoraSettings settings = LoraTraining.SettingsOf(recipe);
        return FormattableString.Invariant($"LoRA of {settings}: {settings.ParameterCount(config):N0} parameters");
    }

    /// <summary>
    /// The id that a hub knows a model or a data set by: of a path in Hugging Face's cache (models--OWNER--NAME/snapshots/...) what is written there, of
    /// something like OWNER/NAME (with @REVISION or :FILE) that is nothing here that.
    /// </summary>
    internal static string? HubId(string name)
    {
        if (Cached().Match(name) is { Success: true } cached) return cached.Groups["id"].Value.Replace("--", "/", StringComparison.Ordinal);
        string path = FileLocator.Find(name);
        return Id().Match(name) is { Success: true } id && !Directory.Exists(path) && !File.Exists(path) ? id.Groups["id"].Value : null;
    }

    /// <summary>The lines about the terms of use in the head of a folder's card.</summary>
    internal static IReadOnlyList<(string Key, string Value)> ReadTerms(string? folder)
    {
        string path = Path.Combine(folder ?? "", FileName);
        if (folder is null || !File.Exists(path)) return [];
        try
        {
            string[] lines = File.ReadAllLines(path);
            if (lines is not ["---", ..]) return [];
            return [.. lines.Skip(1).TakeWhile(line => line != "---").Select(line => Term().Match(line))
                .Where(m => m.Success && TermsKeys.Contains(m.Groups["key"].Value)).Select(m => (m.Groups["key"].Value, m.Groups["value"].Value))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // the card of the base model is no condition of training
        }
    }

    /// <summary>Evaluations of a checkpoint that were made after the run (rlvr eval RUN --all-checkpoints).</summary>
    private static EvaluationRecord[] Later(RunDirectory run, int step)
    {
        string path = Path.Combine(run.StoredEvaluationsFolder, RunDirectory.StepName(step));
        try
        {
            if (!EvaluationFolder.Exists(path)) return [];
            EvaluationFolder folder = EvaluationFolder.Open(path);
            return [.. folder.ReadScores().Select(score => new EvaluationRecord
            {
                Step = step,
                Suite = score.Suite,
                Temperature = double.Parse(folder.SettingsOf(score.Suite)["temperature"], CultureInfo.InvariantCulture),
                Samples = score.Samples,
                Problems = score.Problems,
                Accuracy = score.Accuracy,
                StandardError = score.StandardError,
            })];
        }
        catch (RlvrException)
        {
            return []; // a broken evaluation is no reason to go without a checkpoint
        }
    }

    private static string DataOf(DataOptions data) => ProblemSets.ShortName(data.Train)
        + (data.Examples.Count > 0 ? $", {data.Examples.Count} chosen" : data.Limit > 0 ? $", the first {data.Limit}" : "")
        + (data.Problem.Length > 0 ? ", with another text" : "")
        + (data.Label.Length > 0 ? ", with another label" : data.LabelNoise > 0 ? string.Create(CultureInfo.InvariantCulture, $", {data.LabelNoise:P0} of the labels wrong on purpose") : "");

    private static IReadOnlyList<EvaluationRecord> WithShortNames(IReadOnlyList<EvaluationRecord> evaluations)
    {
        ILookup<string, string> suites = evaluations.Select(e => e.Suite).Distinct().ToLookup(ProblemSets.ShortName);
        return [.. evaluations.Select(e => suites[ProblemSets.ShortName(e.Suite)].Count() == 1 ? e with { Suite = ProblemSets.ShortName(e.Suite) } : e)];
    }

    /// <summary>Whoever reads the card has other folders: of a full path only its last name tells something.</summary>
    private static string WithoutFolders(string yaml, Recipe recipe)
    {
        foreach (string path in new[] { recipe.Model, recipe.Data.Train }.Concat(recipe.Evaluation.Suites).Where(Path.IsPathRooted))
            yaml = yaml.Replace(path, Path.GetFileName(Path.TrimEndingDirectorySeparator(path)), StringComparison.Ordinal);
        return EnvironmentInfo.WithoutHome(yaml);
    }

    private static PromptTemplate? FindPrompt(string name, string folder)
    {
        try
        {
            return PromptTemplate.Get(name, folder);
        }
        catch (RlvrException)
        {
            return null; // a template of a later version; the recipe names it
        }
    }

    [GeneratedRegex(@"^(?<id>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?<!\.jsonl?|\.parquet)(@[^:]*)?(:.*)?$")]
    private static partial Regex Id();

    [GeneratedRegex(@"(^|[/\\])(models|datasets)--(?<id>[^/\\]+)([/\\]|$)")]
    private static partial Regex Cached();

    [GeneratedRegex(@"^(?<key>[a-z_]+):\s*[""']?(?<value>[^""'#]*[^""'#\s])")]
    private static partial Regex Term();
}
