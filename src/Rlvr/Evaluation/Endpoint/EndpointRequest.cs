using System.Text.Json.Nodes;

namespace Rlvr.Evaluation.Endpoint;

/// <summary>Writes the request for one response.</summary>
internal static class EndpointRequest
{
    /// <summary>Left for the prompt where the longest response is not given (arXiv 2504.20571).</summary>
    private const int RoomForPrompt = 1024;

    /// <summary>Stands where training has its step, so that no two uses draw the same seeds.</summary>
    private const ulong DrawStep = 0xE7A1_0000_0000_0001;

    public static string Route(EndpointApi api) => api == EndpointApi.Chat ? "chat/completions" : "completions";

    /// <summary>The seed of one response, 0 to 2^31 - 1 (what every server takes): a pure function of the evaluation's seed, the problem's place in its suite and the sample.</summary>
    public static long Seed(ulong seed, int problem, int sample) =>
        (long)(CounterRandom.Bits(seed, DrawStep, ((ulong)problem * EvaluationSettings.MaxSamples) + (ulong)sample, 0) >> 33);

    /// <summary>Most tokens of a response.</summary>
    public static int MaxNewTokens(EvaluationSettings settings, ServedModel model)
    {
        if (settings.MaxNewTokens > 0) return settings.MaxNewTokens;
        int longest = EvaluationSettings.DefaultMaxNewTokens;
        return model.MaxLength is { } length ? int.Min(longest, length - int.Min(RoomForPrompt, length / 2)) : longest;
    }

    public static JsonObject Write(ResponseRequest request, EvaluationSettings settings, EndpointOptions options, ServedModel model)
    {
        JsonObject body = new() { ["model"] = model.Name };
        if (options.Api == EndpointApi.Chat) body["messages"] = new JsonArray([.. settings.Prompt.Messages(request.Problem).Select(m => new JsonObject { ["role"] = m.Role, ["content"] = m.Content })]);
        else body["prompt"] = settings.Prompt.Render(request.Problem);
        body["max_tokens"] = MaxNewTokens(settings, model);
        // Always, since a server without them takes others than 1: vLLM those that the model's author recommends.
        body["temperature"] = settings.Temperature;
        body["top_p"] = settings.TopP;
        body["seed"] = Seed(settings.Seed, request.Index, request.Sample);
        body["stream"] = false;
        if (settings.Prompt.StopStrings.Count > 0) body["stop"] = new JsonArray([.. settings.Prompt.StopStrings.Select(s => JsonValue.Create(s))]);
        // No part of OpenAI's interface, so only where they say something, or where the server is known to understand them.
        if (settings.TopK > 0 || model.HasDefaultsOfItsOwn) body["top_k"] = settings.TopK > 0 ? settings.TopK : -1;
        if (settings.MinP > 0 || model.HasDefaultsOfItsOwn) body["min_p"] = settings.MinP;
        if (model.Server is "vllm" or "sglang") body["repetition_penalty"] = 1.0;
        // A prompt that needs a begin-of-text token has it written in it.
        if (model.Server == "vllm" && options.Api == EndpointApi.Completions) body["add_special_tokens"] = false;
        foreach ((string key, JsonNode? value) in options.Extra ?? [])
        {
            if (value is null) body.Remove(key);
            else body[key] = value.DeepClone();
        }
        return body;
    }
}
