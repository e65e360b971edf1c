using System.Text;
using System.Text.Json;
using Rlvr.Rollouts;

namespace Rlvr.Evaluation.Endpoint;

/// <summary>Reads the answer to a request for one response.</summary>
internal static class EndpointAnswer
{
    /// <summary>Bytes of a token where the server does not count them: about what tokenizers of this kind make of English and mathematics.</summary>
    private const int BytesPerToken = 4;

    /// <summary>Reads it.</summary>
    /// <param name="json">The answer.</param>
    /// <param name="api">How it was asked for.</param>
    /// <param name="maxNewTokens">The limit that was sent.</param>
    /// <exception cref="EndpointFailure">It makes no sense.</exception>
    public static ModelResponse Read(JsonElement json, EndpointApi api, int maxNewTokens)
    {
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("choices", out JsonElement choices) || choices.ValueKind != JsonValueKind.Array)
            throw Malformed("there is no list of choices in the answer");
        if (choices.GetArrayLength() != 1)
            throw Malformed(choices.GetArrayLength() == 0 ? "the list of choices in the answer is empty, one was asked for" : $"the answer has {choices.GetArrayLength()} choices, one was asked for");
        JsonElement choice = choices[0];
        if (choice.ValueKind != JsonValueKind.Object) throw Malformed("the choice in the answer is no JSON object");
        string reason = Text(choice, "finish_reason") ?? "";
        if (reason is "abort" or "error") throw Malformed($"the server gave up on the response (finish_reason {reason})");
        int? counted = json.TryGetProperty("usage", out JsonElement usage) && usage.ValueKind == JsonValueKind.Object
            && usage.TryGetProperty("completion_tokens", out JsonElement number) && number.ValueKind == JsonValueKind.Number && number.TryGetInt32(out int value) && value >= 0 ? value : null;
        bool cutOff = reason == "length" || (reason.Length == 0 && counted >= maxNewTokens);
        string text = api == EndpointApi.Chat ? Message(choice, cutOff) : Text(choice, "text") ?? throw Malformed("the choice in the answer has no text");
        // vLLM and SGLang say which stop string it was; others do not, and a stop is a stop.
        bool stopString = Text(choice, "stop_reason") is { Length: > 0 } || Text(choice, "matched_stop") is { Length: > 0 };
        FinishReason finish = cutOff ? FinishReason.Length : stopString ? FinishReason.StopString : FinishReason.Stop;
        int tokens = counted ?? int.Max(1, (Encoding.UTF8.GetByteCount(text) + BytesPerToken - 1) / BytesPerToken);
        return new ModelResponse(text, tokens, finish);
    }

    private static string Message(JsonElement choice, bool cutOff)
    {
        if (!choice.TryGetProperty("message", out JsonElement message) || message.ValueKind != JsonValueKind.Object) throw Malformed("the choice in the answer has no message");
        string content = Content(message) ?? "";
        // A server that parses the thinking out of the text gives it beside the rest (vLLM, SGLang and llama.cpp: reasoning_content; later vLLM: reasoning).
        string? thinking = Text(message, "reasoning_content") ?? Text(message, "reasoning");
        if (string.IsNullOrEmpty(thinking)) return content;
        string open = $"<think>\n{thinking.Trim('\n')}";
        // Cut off while thinking: the end of it was never written.
        return content.Length == 0 && cutOff ? open : $"{open}\n</think>\n\n{content.TrimStart('\n')}";
    }

    /// <summary>A text, or parts of which the texts count.</summary>
    private static string? Content(JsonElement message)
    {
        if (!message.TryGetProperty("content", out JsonElement content)) return null;
        return content.ValueKind switch
        {
            JsonValueKind.String => content.GetString(),
            JsonValueKind.Array => string.Concat(content.EnumerateArray().Where(p => p.ValueKind == JsonValueKind.Object).Select(p => Text(p, "text"))),
            JsonValueKind.Null => null,
            _ => throw Malformed($"the message's content is {content.ValueKind}, a text was expected"),
        };
    }

    private static string? Text(JsonElement json, string key) => json.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static EndpointFailure Malformed(string what) => new(FailureKind.Malformed, what);
}
