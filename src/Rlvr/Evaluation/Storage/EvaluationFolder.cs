using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rlvr.Data;
using Rlvr.Runs;

namespace Rlvr.Evaluation;

/// <summary>
/// A folder that keeps an evaluation, response by response, so that a stopped one goes on where it stopped:
/// <code>
/// settings.json   the model, and of each suite the problems, the prompt and how it was sampled and judged
/// SUITE.jsonl     one line a response
/// summary.json    the numbers
/// </code>
/// Suites may be added later; what is there must have been made with the same settings.
/// </summary>
public sealed class EvaluationFolder
{
    internal const string SettingsFile = "settings.json", SummaryFile = "summary.json";
    private const string FileKey = "file"; // of a suite's settings, the one thing that is no setting

    private readonly JsonObject settings;

    private EvaluationFolder(string path, JsonObject settings)
    {
        Path = path;
        this.settings = settings;
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>The model's name when the folder was made; empty in a new one.</summary>
    public string Model => (string?)settings["model"] ?? "";

    /// <summary>Names of the suites it has, complete or not.</summary>
    public IReadOnlyList<string> Suites => [.. Entries.Select(e => e.Key)];

    private JsonObject Entries => settings["suites"]!.AsObject();

    /// <summary>True when a folder holds an evaluation.</summary>
    public static bool Exists(string path) => File.Exists(System.IO.Path.Combine(path, SettingsFile));

    /// <summary>Opens a folder, or prepares one that is made with its first suite.</summary>
    /// <param name="path">A folder with an evaluation, or one that is empty or missing.</param>
    /// <exception cref="RlvrException">It holds something else, or its settings cannot be read.</exception>
    public static EvaluationFolder Open(string path)
    {
        if (File.Exists(path)) throw new RlvrException($"'{path}' is a file; an evaluation is kept in a folder, with a file for each suite.");
        if (Exists(path)) return new EvaluationFolder(path, ReadSettings(System.IO.Path.Combine(path, SettingsFile)));
        if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
            throw new RlvrException($"'{path}' is not empty and holds no evaluation: it has no {SettingsFile}. Choose another folder.");
        return new EvaluationFolder(path, new JsonObject { ["format"] = 1, ["rlvr"] = EnvironmentInfo.Collect().Rlvr, ["model"] = null, ["fingerprint"] = null, ["suites"] = new JsonObject() });
    }

    /// <summary>The file of a suite's responses.</summary>
    public string FileOf(string suite) => System.IO.Path.Combine(Path, (string?)Entries[suite]?[FileKey] ?? throw new ArgumentException($"There is no suite '{suite}' in '{Path}'.", nameof(suite)));

    /// <summary>
    /// The settings of a suite in words, as far as responses depend on them: temperature, samples, prompt and so on.
    /// </summary>
    public IReadOnlyDictionary<string, string> SettingsOf(string suite) =>
        Entries[suite]!.AsObject().Where(s => s.Key != FileKey).ToDictionary(s => s.Key, s => Text(s.Value));

    /// <summary>Begins a suite or goes on with it.</summary>
    /// <exception cref="RlvrException">The folder's evaluation is of another model, or of other settings; the message names what differs.</exception>
    internal SuiteFile Begin(string suite, IResponder responder, EvaluationSettings how, IReadOnlyList<Problem> problems)
    {
        JsonObject entry = Describe(how, problems);
        string fingerprint = responder.Fingerprint;
        if (settings["fingerprint"] is { } known && (string?)known != fingerprint)
            throw new RlvrException($"'{Path}' holds an evaluation of another model: {Model} ({known}), and now it is {responder.Name} ({fingerprint}). Choose another folder.");
        if (Entries[suite] is JsonObject before)
        {
            string[] differences = [.. entry.Where(s => Text(s.Value) != Text(before[s.Key])).Select(s => $"{s.Key} was {Short(before[s.Key])}, now {Short(s.Value)}")];
            if (differences.Length > 0)
                throw new RlvrException($"'{Path}' holds an evaluation of {suite} with other settings: {string.Join("; ", differences)}. Choose another folder, or repeat those settings.");
        }
        else
        {
            string file = NewFile(suite);
            if (File.Exists(System.IO.Path.Combine(Path, file))) throw new RlvrException($"'{System.IO.Path.Combine(Path, file)}' is in the way: {SettingsFile} beside it does not know it. Move it, or choose another folder.");
            entry[FileKey] = file;
            settings["model"] ??= responder.Name;
            settings["fingerprint"] ??= fingerprint;
            Entries[suite] = entry;
            MakeFolder();
            AtomicFile.WriteAllText(System.IO.Path.Combine(Path, SettingsFile), settings.ToJsonString(RunJson.Indented) + "\n");
        }
        return new SuiteFile(FileOf(suite), suite, how, problems);
    }

    /// <summary>Writes summary.json: the suites given, beside those that are in it already, and the average over all of them.</summary>
    /// <exception cref="RlvrException">It cannot be written.</exception>
    public void WriteSummary(IReadOnlyList<EvaluationResult> results)
    {
        string path = System.IO.Path.Combine(Path, SummaryFile);
        JsonObject suites = File.Exists(path) && ReadObject(path)["suites"] is JsonObject old ? old : [];
        foreach (EvaluationResult result in results) suites[result.Suite] = EvaluationSummary.Of(result);
        // In the order of the settings, which does not depend on how often the evaluation was stopped.
        JsonObject ordered = [];
        foreach (string suite in Suites.Where(suites.ContainsKey)) ordered[suite] = suites[suite]!.DeepClone();
        JsonObject summary = new() { ["model"] = Model, ["suites"] = ordered, ["average"] = EvaluationSummary.Average(ordered) };
        AtomicFile.WriteAllText(path, summary.ToJsonString(RunJson.Indented) + "\n");
    }

    /// <summary>The scores of its complete suites, from summary.json; none where it was never evaluated to the end.</summary>
    /// <exception cref="RlvrException">The file cannot be read.</exception>
    public IReadOnlyList<SuiteScore> ReadScores()
    {
        string path = System.IO.Path.Combine(Path, SummaryFile);
        if (!File.Exists(path)) return [];
        try
        {
            return [.. ReadObject(path)["suites"]!.AsObject().Where(s => Entries.ContainsKey(s.Key)).Select(s => EvaluationSummary.ReadScore(s.Key, s.Value!))];
        }
        catch (Exception e) when (e is InvalidOperationException or NullReferenceException or FormatException)
        {
            throw new RlvrException($"{path}: error: this is no summary of an evaluation. Delete it; evaluating again writes it anew.", e);
        }
    }

    private static JsonObject Describe(EvaluationSettings how, IReadOnlyList<Problem> problems) => new()
    {
        ["problems"] = problems.Count,
        ["problems_sha256"] = Hash(JsonSerializer.Serialize(problems, RunJson.Line)),
        ["prompt"] = how.Prompt.Text,
        ["prompt_sha256"] = Hash(how.Prompt.Definition),
        ["in_context"] = how.Prompt.Demonstration?.Problem.Id,
        ["stop_strings"] = new JsonArray([.. how.Prompt.StopStrings.Select(s => JsonValue.Create(s))]),
        ["samples"] = how.Samples,
        ["temperature"] = how.Temperature,
        ["top_p"] = how.TopP,
        ["top_k"] = how.TopK,
        ["min_p"] = how.MinP,
        ["max_new_tokens"] = how.MaxNewTokens,
        ["seed"] = how.Seed,
        ["judge"] = how.Judge?.GetType().Name ?? how.Profile.ToString().ToLowerInvariant(),
        ["reflection_words"] = new JsonArray([.. how.ReflectionWords.Select(w => JsonValue.Create(w))]),
    };

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32];

    private static string Text(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : node?.ToJsonString(RunJson.Line) ?? "none";

    private static string Short(JsonNode? node) => Text(node) is var text && text.Length > 80 ? $"'{text[..80]}…'" : node is JsonValue v && v.GetValueKind() == JsonValueKind.String ? $"'{text}'" : text;

    /// <summary>A name that is safe in every file system, and that no other suite of the folder has.</summary>
    private string NewFile(string suite)
    {
        string name = string.Concat(suite.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '-')).Trim('.', '-');
        if (name.Length is 0 or > 100) name = $"suite-{Hash(suite)[..8]}";
        HashSet<string> taken = [.. Entries.Select(e => (string)e.Value![FileKey]!), "settings.jsonl", "summary.jsonl"];
        string file = $"{name}.jsonl";
        for (int i = 2; taken.Contains(file); i++) file = $"{name}-{i}.jsonl";
        return file;
    }

    private void MakeFolder()
    {
        try
        {
            Directory.CreateDirectory(Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RlvrException($"'{Path}' cannot be made: {IoReason.Of(e)}. Choose another folder.", e);
        }
    }

    private static JsonObject ReadSettings(string path)
    {
        JsonObject read = ReadObject(path);
        bool whole = read["suites"] is JsonObject suites && read["fingerprint"] is JsonValue && suites.All(s => s.Value is JsonObject entry && entry[FileKey] is JsonValue file
            && file.GetValueKind() == JsonValueKind.String && System.IO.Path.GetFileName((string)file!) == (string)file!);
        return whole ? read : throw new RlvrException($"{path}: error: these are no settings of an evaluation. Choose another folder.");
    }

    private static JsonObject ReadObject(string path)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(path)) as JsonObject ?? throw new JsonException("expected an object");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new RlvrException($"{path}: error: cannot be read: {e.Message}", e);
        }
    }
}
