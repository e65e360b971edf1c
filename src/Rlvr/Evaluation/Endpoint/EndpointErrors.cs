using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Rlvr.Evaluation.Endpoint;

/// <summary>Turns what a server or the network says into a failure with a message that names the fix.</summary>
internal static class EndpointErrors
{
    /// <summary>An answer whose status is not 2xx.</summary>
    public static EndpointFailure OfStatus(HttpResponseMessage response, ReadOnlyMemory<byte> body, EndpointOptions options)
    {
        int status = (int)response.StatusCode;
        string said = Said(body, options);
        string name = $"{status} {EndpointText.OneLine(response.ReasonPhrase ?? "")}".TrimEnd();
        string what = said.Length > 0 ? $"{name}: {said}" : name;
        return status switch
        {
            401 or 403 => new(FailureKind.Denied, $"the server refuses access ({what}). "
                + (options.ApiKey is null ? "Put its key into the environment variable OPENAI_API_KEY, or name another one with --api-key-env." : "Is the key in the environment variable the right one?")),
            404 when said.Contains("model", StringComparison.OrdinalIgnoreCase) => new(FailureKind.Denied, $"the server has no such model ({what}). Name one that it serves with --model."),
            404 or 405 or 501 => new(FailureKind.NotThere, $"the server has nothing at this address ({what}). Is it the right one (it usually ends with /v1), and does the server have this interface "
                + $"({(options.Api == EndpointApi.Chat ? "--endpoint-api completions takes the other one" : "--endpoint-api chat takes the other one")})?"),
            >= 300 and < 400 => new(FailureKind.Denied, $"the server points to another address ({name}: {EndpointText.OneLine(response.Headers.Location?.ToString() ?? "not said where")}). Name that one."),
            429 => new(FailureKind.Busy, $"too many requests ({what}). Lower --concurrency, or raise --retries", RetryAfter(response.Headers)),
            408 or >= 500 => new(FailureKind.Busy, $"the server failed ({what})", RetryAfter(response.Headers)),
            _ when IsContextLength(said) => new(FailureKind.Rejected, $"prompt and response do not fit the model's context ({what}). Lower --max-new-tokens, or give the server a longer context."),
            _ => new(FailureKind.Rejected, $"the server refuses the request ({what})."),
        };
    }

    /// <summary>An error in the body of an answer whose status says that all is well, as some gateways send it.</summary>
    public static EndpointFailure OfBody(JsonElement error, EndpointOptions options) =>
        new(FailureKind.Malformed, $"the server answers with an error: {Redacted(Message(error) ?? "without a word about it", options)}");

    /// <summary>A request that never became an answer.</summary>
    public static EndpointFailure OfConnection(HttpRequestException error, Uri url) => error.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => new(FailureKind.Unreachable, $"there is no host '{url.Host}'. Is the address right?", inner: error),
        HttpRequestError.ConnectionError => new(FailureKind.Unreachable, $"nothing answers ({EndpointText.OneLine(error.InnerException?.Message ?? error.Message)}). Is the server running, and is the address right?", inner: error),
        HttpRequestError.SecureConnectionError => new(FailureKind.Denied, $"no secure connection ({EndpointText.OneLine(error.InnerException?.Message ?? error.Message)}). Does the server speak https, with a certificate that this machine trusts?", inner: error),
        HttpRequestError.ProxyTunnelError => new(FailureKind.Denied, $"the proxy refuses the connection ({EndpointText.OneLine(error.Message)}). Name the host in NO_PROXY to go around it.", inner: error),
        HttpRequestError.ConfigurationLimitExceeded => new(FailureKind.Rejected, "the answer is far too long for one response.", inner: error),
        _ => new(FailureKind.Broken, $"the connection broke in the middle ({EndpointText.OneLine(error.InnerException?.Message ?? error.Message)})", inner: error),
    };

    /// <summary>A body that is not the JSON it should be.</summary>
    public static EndpointFailure OfNoJson(ReadOnlySpan<byte> body, Exception error)
    {
        ReadOnlySpan<byte> start = body.TrimStart(" \t\r\n"u8);
        return new(FailureKind.Malformed, start.Length == 0 ? "the answer is empty" : start[0] == (byte)'<'
            ? "the answer is a web page, not JSON. Is this the address of the interface (it usually ends with /v1)?"
            : $"the answer is not valid JSON ({EndpointText.OneLine(error.Message)})", inner: error);
    }

    /// <summary>What the server says in an error's body, fit for a message; empty where it says nothing readable.</summary>
    private static string Said(ReadOnlyMemory<byte> body, EndpointOptions options)
    {
        if (body.Span.Trim(" \t\r\n"u8) is not { Length: > 0 } text) return "";
        if (text[0] == (byte)'<') return "a web page";
        try
        {
            using JsonDocument json = JsonDocument.Parse(body);
            return Message(json.RootElement) is { } message ? Redacted(message, options) : "";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Redacted(System.Text.Encoding.UTF8.GetString(text), options);
        }
    }

    /// <summary>The message in the shapes that servers give errors: error.message, error, message, detail, detail[].msg.</summary>
    private static string? Message(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.String) return json.GetString();
        if (json.ValueKind == JsonValueKind.Array)
            return json.GetArrayLength() == 0 ? null : string.Join("; ", json.EnumerateArray().Take(3).Select(Message).OfType<string>());
        if (json.ValueKind != JsonValueKind.Object) return null;
        string? message = new[] { "error", "message", "detail", "msg" }
            .Select(key => json.TryGetProperty(key, out JsonElement value) ? Message(value) : null).FirstOrDefault(text => text is { Length: > 0 });
        if (message is null) return null;
        // What is wrong stands in the message, where it is wrong sometimes only here.
        string? where = json.TryGetProperty("loc", out JsonElement loc) && loc.ValueKind == JsonValueKind.Array ? string.Join('.', loc.EnumerateArray()) : null;
        string? kind = new[] { "type", "code" }.Select(key => json.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null)
            .FirstOrDefault(text => text?.Contains("context", StringComparison.Ordinal) == true);
        return where is not null ? $"{where}: {message}" : kind is not null ? $"{message} [{kind}]" : message;
    }

    // Some servers repeat the key that they refuse.
    private static string Redacted(string message, EndpointOptions options) =>
        EndpointText.OneLine(options.ApiKey is { Length: > 0 } key ? message.Replace(key, "***", StringComparison.Ordinal) : message);

    private static bool IsContextLength(string said) => said.Contains("context", StringComparison.OrdinalIgnoreCase)
        && new[] { "length", "exceed", "size", "maximum", "too long", "window" }.Any(word => said.Contains(word, StringComparison.OrdinalIgnoreCase));

    /// <summary>Seconds, or a date.</summary>
    private static TimeSpan? RetryAfter(HttpResponseHeaders headers) => headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - DateTimeOffset.UtcNow is { } wait && wait > TimeSpan.Zero ? wait : TimeSpan.Zero,
        // Fractions of a second are not in the standard, and some servers send them.
        _ when headers.TryGetValues("Retry-After", out IEnumerable<string>? values)
            && double.TryParse(values.First(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) && seconds < 1e6 => TimeSpan.FromSeconds(seconds),
        _ => null,
    };
}
