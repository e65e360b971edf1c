using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Rlvr.Data;
using Rlvr.Evaluation;
using Rlvr.Runs;

namespace Rlvr.Training;

/// <summary>
/// Evaluations of models before training, kept for other runs: those that start with the same model and ask the same problems in the same way, with
/// the same seed, would find the same. A file for each; one that cannot be read counts as missing.
/// </summary>
/// <param name="folder">Where they are kept; made when the first is.</param>
internal sealed class SharedEvaluations(string folder)
{
    /// <summary>The evaluation of a model on a suite, from the folder, or now and then kept there.</summary>
    /// <param name="model">The fingerprint of the model's folder.</param>
    /// <param name="precision">What it computes in.</param>
    /// <param name="suite">The suite's name.</param>
    /// <param name="problems">Its problems.</param>
    /// <param name="settings">How they are asked and judged.</param>
    /// <param name="evaluate">Does it.</param>
    /// <returns>The evaluation, and whether it was there.</returns>
    /// <exception cref="RlvrException">It cannot be kept.</exception>
    public (EvaluationRecord Record, bool Known) Of(string model, string precision, string suite, IReadOnlyList<Problem> problems, EvaluationSettings settings, Func<EvaluationRecord> evaluate)
    {
        string path = Path.Combine(folder, Key(model, precision, suite, problems, settings) + ".json");
        if (Read(path) is { } known) return (known, true);
        EvaluationRecord record = evaluate();
        Directory.CreateDirectory(folder);
        AtomicFile.WriteAllText(path, JsonSerializer.Serialize(record, RunJson.Indented));
        return (record, false);
    }

    private static EvaluationRecord? Read(string path)
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<EvaluationRecord>(File.ReadAllText(path), RunJson.Line) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>A hash of all that an evaluation depends on. How many rows are decoded at once is not among it.</summary>
    private static string Key(string model, string precision, string suite, IReadOnlyList<Problem> problems, EvaluationSettings settings)
    {
        string text = JsonSerializer.Serialize(new
        {
            Model = model,
            Precision = precision,
            Suite = suite,
            Problems = problems,
            Prompt = settings.Prompt.Definition,
            Stops = settings.Prompt.StopStrings,
            settings.Samples,
            settings.Temperature,
            settings.MaxNewTokens,
            Profile = settings.Profile.ToString(),
            Judge = settings.Judge?.GetType().Name,
            settings.Seed,
            settings.Limit,
        }, RunJson.Line);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32];
    }
}
