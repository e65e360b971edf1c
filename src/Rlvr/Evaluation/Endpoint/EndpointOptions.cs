using System.Text.Json.Nodes;

namespace Rlvr.Evaluation.Endpoint;

/// <summary>Which of OpenAI's two interfaces a server is asked through.</summary>
public enum EndpointApi
{
    /// <summary><c>chat/completions</c>: a message of the user goes out, and the server puts the model's chat template around it.</summary>
    Chat,

    /// <summary><c>completions</c>: the whole prompt goes out, as a model in this process would get it.</summary>
    Completions,
}

/// <summary>A server that speaks OpenAI's interface (vLLM, SGLang, llama.cpp and others), and how to deal with it.</summary>
public sealed record EndpointOptions
{
    /// <summary>The address below which the interface lies; see <see cref="ParseUrl"/>.</summary>
    public required Uri Url { get; init; }

    /// <summary>The model's name as the server lists it; null takes the only one that it serves.</summary>
    public string? Model { get; init; }

    /// <summary>The interface.</summary>
    public EndpointApi Api { get; init; } = EndpointApi.Chat;

    /// <summary>Sent as bearer token; null sends none. Never part of a message.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Most requests under way at once.</summary>
    public int Concurrency { get; init; } = 16;

    /// <summary>How often a failed request is sent again where that may help.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>Longest time for one attempt, the whole response included.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>More fields for every request, over those that are sent anyway; null takes one away. For what only some servers know.</summary>
    public JsonObject? Extra { get; init; }

    /// <summary>
    /// Reads an address as people give it: <c>http://localhost:8000</c> stands for <c>http://localhost:8000/v1</c>, which is where every server has the
    /// interface; an address with a path is taken as it is.
    /// </summary>
    /// <exception cref="RlvrException">It is no such address, or has something in it that does not belong there.</exception>
    public static Uri ParseUrl(string text)
    {
        if (!Uri.TryCreate(text.Trim(), UriKind.Absolute, out Uri? url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0)
            throw new RlvrException($"'{EndpointText.OneLine(text)}' is not the address of a server. Expected one such as http://localhost:8000/v1.");
        if (url.UserInfo.Length > 0)
            throw new RlvrException($"the address of the server {url.Host} has a user name or password in it. Leave it out; a key goes into an environment variable (OPENAI_API_KEY).");
        if (url.Query.Length > 0 || url.Fragment.Length > 0)
            throw new RlvrException($"the address of the server {url.Host} has a '?' or '#' in it. Expected only the part up to /v1, such as http://localhost:8000/v1.");
        string path = url.AbsolutePath.TrimEnd('/');
        foreach (string route in new[] { "/chat/completions", "/completions", "/models" })
            if (path.EndsWith(route, StringComparison.Ordinal)) path = path[..^route.Length];
        return new UriBuilder(url.Scheme, url.Host, url.Port, (path.Length > 0 ? path : "/v1") + "/").Uri;
    }
}
