using System.Text.Json;

namespace Rlvr.Evaluation.Endpoint;

/// <summary>A model as a server lists it.</summary>
/// <param name="Name">What requests call it.</param>
/// <param name="Server">The program behind it, where the list says so (owned_by): vllm, sglang, llamacpp; else whatever is there.</param>
/// <param name="MaxLength">Most tokens of prompt and response together, where the list says so.</param>
internal sealed record ServedModel(string Name, string? Server = null, int? MaxLength = null)
{
    private const int MostNamed = 20;

    /// <summary>
    /// Whether the server is known to fill in settings of its own for filters and penalties that a request leaves out (llama.cpp: top_k 40 and min_p 0.05;
    /// vLLM and SGLang: those of the model's generation_config.json), and to understand the fields that switch them off.
    /// </summary>
    public bool HasDefaultsOfItsOwn => Server is "vllm" or "sglang" or "llamacpp";

    /// <summary>Finds the model to evaluate in the server's list, or the only one there is.</summary>
    /// <exception cref="RlvrException">It is not there, or there are several and none was named.</exception>
    public static ServedModel Choose(IReadOnlyList<ServedModel> served, string? name, Uri url)
    {
        string list = string.Join(", ", served.Take(MostNamed).Select(m => EndpointText.OneLine(m.Name))) + (served.Count > MostNamed ? $" and {served.Count - MostNamed} more" : "");
        if (name is null)
        {
            return served switch
            {
                [ServedModel only] => only,
                [] => throw new RlvrException($"{url} serves no model. Load one there, or name it with --model if the server loads it when asked."),
                _ => throw new RlvrException($"{url} serves {served.Count} models. Say which with --model: {list}."),
            };
        }
        if (served.FirstOrDefault(m => m.Name == name) is { } found) return found;
        throw new RlvrException($"{url} serves no model '{EndpointText.OneLine(name)}'.{Suggestion.DidYouMean(name, served.Select(m => EndpointText.OneLine(m.Name)))}"
            + (served.Count > 0 ? $" It serves {list}." : " It serves none at all."));
    }

    /// <summary>Reads the answer to <c>GET models</c>.</summary>
    public static IReadOnlyList<ServedModel> ReadList(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("data", out JsonElement data) || data.ValueKind != JsonValueKind.Array)
            throw new EndpointFailure(FailureKind.Malformed, "the answer is no list of models: there is no 'data' in it. Is this the address of an OpenAI-compatible server?");
        return [.. data.EnumerateArray().Where(m => m.ValueKind == JsonValueKind.Object).Select(Read).OfType<ServedModel>()];
    }

    private static ServedModel? Read(JsonElement model)
    {
        if (!model.TryGetProperty("id", out JsonElement id) || id.ValueKind != JsonValueKind.String) return null;
        string? server = model.TryGetProperty("owned_by", out JsonElement owner) && owner.ValueKind == JsonValueKind.String ? owner.GetString() : null;
        int? length = model.TryGetProperty("max_model_len", out JsonElement longest) && longest.ValueKind == JsonValueKind.Number && longest.TryGetInt32(out int tokens) && tokens > 0 ? tokens : null;
        return new ServedModel(id.GetString()!, server, length);
    }
}
