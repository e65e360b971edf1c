using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rlvr.Cli.Output;
using Rlvr.Data;
using Rlvr.Evaluation.Endpoint;

namespace Rlvr.Cli.Commands;

/// <summary>The options that have a server write the responses instead of a model in this process.</summary>
internal sealed class EndpointSettings
{
    private const string DefaultKeyVariable = "OPENAI_API_KEY";

    private readonly Option<string?> endpoint = new("--endpoint") { Description = "ask a server that speaks OpenAI's interface (vLLM, SGLang, llama.cpp, ...) instead of a model folder", HelpName = "URL" };
    private readonly Option<string?> model = new("--model") { Description = "the model's name at the server; not needed if it serves only one", HelpName = "NAME" };
    private readonly Option<string> api = new("--endpoint-api") { Description = "chat (the server applies the model's chat template) or completions (the whole prompt is sent)", DefaultValueFactory = _ => "chat", HelpName = "API" };
    private readonly Option<int> concurrency = new("--concurrency") { Description = "most requests to the server at once", DefaultValueFactory = _ => 16, HelpName = "N" };
    private readonly Option<int> retries = new("--retries") { Description = "how often a failed request is sent again", DefaultValueFactory = _ => 5, HelpName = "N" };
    private readonly Option<double> timeout = new("--request-timeout") { Description = "longest time for a response, seconds", DefaultValueFactory = _ => 600, HelpName = "S" };
    private readonly Option<string?> keyVariable = new("--api-key-env") { Description = $"environment variable with the server's key; by default {DefaultKeyVariable}, if it is set", HelpName = "NAME" };
    private readonly Option<string?> extra = new("--endpoint-extra") { Description = "more fields for each request, a JSON object such as {\"chat_template_kwargs\": {\"enable_thinking\": false}}", HelpName = "JSON" };

    public void AddTo(Command command)
    {
        command.Add(endpoint);
        command.Add(model);
        api.AcceptOnlyFromAmong("chat", "completions");
        command.Add(api);
        SamplingSettings.AddRange(command, concurrency, n => n is >= 1 and <= 4096, "1 to 4096");
        SamplingSettings.AddRange(command, retries, n => n is >= 0 and <= 100, "0 to 100");
        SamplingSettings.AddRange(command, timeout, s => s is > 0 and <= 86_400, "above 0 and at most 86400");
        command.Add(keyVariable);
        command.Add(extra);
    }

    /// <summary>Whether a server is asked.</summary>
    public bool IsGiven(ParseResult result) => result.GetValue(endpoint) is not null;

    /// <summary>Checks that the options go together: a server or a model folder, not both, and nothing about a server without one.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="local">What only makes sense for a model folder.</param>
    public void Check(ParseResult result, params Symbol[] local)
    {
        Symbol[] unwanted = IsGiven(result) ? local : [model, api, concurrency, retries, timeout, keyVariable, extra];
        Symbol? given = unwanted.FirstOrDefault(s => s is Argument a ? result.GetResult(a) is { Tokens.Count: > 0 } : result.GetResult((Option)s) is { Implicit: false });
        if (given is null) return;
        throw new UsageException(!IsGiven(result) ? $"{given.Name} is about a server: say which with --endpoint URL."
            : given is Argument ? $"{given.Name} is for a model folder; with --endpoint leave it out (--model names one of the server's)." : $"{given.Name} is for a model folder; with --endpoint leave it out.");
    }

    /// <summary>Asks the server which models it has. Needs no libtorch.</summary>
    /// <exception cref="RlvrException">The options make no sense, or the server or the model is not there.</exception>
    public EndpointResponder Connect(ParseResult result, CancellationToken cancellation) => EndpointResponder.Connect(new EndpointOptions
    {
        Url = EndpointOptions.ParseUrl(result.GetRequiredValue(endpoint)!),
        Model = result.GetValue(model),
        Api = IsChat(result) ? EndpointApi.Chat : EndpointApi.Completions,
        ApiKey = ReadKey(result.GetValue(keyVariable)),
        Concurrency = result.GetValue(concurrency),
        Retries = result.GetValue(retries),
        Timeout = TimeSpan.FromSeconds(result.GetValue(timeout)),
        Extra = ReadExtra(result.GetValue(extra)),
    }, cancellation);

    /// <summary>How a problem is put to the server. Chat: messages, by default as the model's own template would get them. Completions: a whole prompt, by default the bare problem.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="requested">The template asked for; null takes the default.</param>
    /// <param name="chat">The default for messages: chat, or chat:TEXT.</param>
    public PromptTemplate Template(ParseResult result, string? requested, string chat) =>
        IsChat(result) ? PromptTemplate.ForServer(requested ?? chat) : PromptTemplate.Get(requested ?? "plain");

    private bool IsChat(ParseResult result) => result.GetValue(api) == "chat";

    private static string? ReadKey(string? variable)
    {
        string? key = Environment.GetEnvironmentVariable(variable ?? DefaultKeyVariable)?.Trim();
        if (!string.IsNullOrEmpty(key)) return key;
        return variable is null ? null : throw new UsageException($"--api-key-env: there is no environment variable '{SafeText.OneLine(variable, 80)}', or it is empty.");
    }

    private static JsonObject? ReadExtra(string? text)
    {
        if (text is null) return null;
        try
        {
            return JsonNode.Parse(text) as JsonObject ?? throw new UsageException("--endpoint-extra is no JSON object, expected one such as {\"top_k\": 20}.");
        }
        catch (JsonException e)
        {
            throw new UsageException($"--endpoint-extra is not valid JSON: {e.Message} Expected an object such as {{\"top_k\": 20}}.");
        }
    }
}
