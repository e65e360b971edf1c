using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Rlvr.Tests.Shared.Endpoint;

/// <summary>A request as it arrived.</summary>
internal sealed record ReceivedRequest(string Route, string? Authorization, JsonObject Body);

/// <summary>What the server answers.</summary>
internal sealed record Reply(int Status, string Body)
{
    public string ContentType { get; init; } = "application/json";

    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Break the connection after half of the body.</summary>
    public bool Cut { get; init; }

    public static Reply Completion(string text, string? reason = "stop", int? tokens = 7) =>
        new(200, Answer(new JsonObject { ["index"] = 0, ["text"] = text, ["finish_reason"] = reason }, tokens).ToJsonString());

    public static Reply Chat(JsonObject message, string? reason = "stop", int? tokens = 7) =>
        new(200, Answer(new JsonObject { ["index"] = 0, ["message"] = message, ["finish_reason"] = reason }, tokens).ToJsonString());

    public static Reply Chat(string text) => Chat(new JsonObject { ["role"] = "assistant", ["content"] = text });

    private static JsonObject Answer(JsonObject choice, int? tokens)
    {
        JsonObject answer = new() { ["choices"] = new JsonArray(choice) };
        if (tokens is not null) answer["usage"] = new JsonObject { ["completion_tokens"] = tokens };
        return answer;
    }
}

/// <summary>
/// A server on a free port of this machine that imitates OpenAI's interface with scripted answers, remembers what it was asked, and
/// counts how many requests it had at once.
/// </summary>
internal sealed class EndpointHost : IDisposable
{
    /// <summary>The list of one model, tiny, of a server that does not say what it is.</summary>
    public const string OneModel = """{"object": "list", "data": [{"id": "tiny", "object": "model"}]}""";

    private readonly WebApplication application;
    private readonly CancellationTokenSource closing = new();
    private int now, most;

    /// <param name="answer">Answers requests for responses.</param>
    /// <param name="models">Answers GET /v1/models.</param>
    public EndpointHost(Func<ReceivedRequest, Task<Reply>> answer, Func<Reply>? models = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        application = builder.Build();
        application.Run(async context =>
        {
            string route = context.Request.Method + " " + context.Request.Path;
            if (route == "GET /v1/models")
            {
                await SendAsync(context, models?.Invoke() ?? new Reply(200, OneModel));
                return;
            }
            int count = Interlocked.Increment(ref now);
            InterlockedMax(ref most, count);
            try
            {
                JsonObject body = (await JsonNode.ParseAsync(context.Request.Body))!.AsObject();
                ReceivedRequest request = new(route, context.Request.Headers.Authorization, body);
                Requests.Enqueue(request);
                await SendAsync(context, await answer(request).WaitAsync(closing.Token));
            }
            finally
            {
                Interlocked.Decrement(ref now);
            }
        });
        application.StartAsync().GetAwaiter().GetResult();
    }

    public EndpointHost(Func<ReceivedRequest, Reply> answer, Func<Reply>? models = null) : this(request => Task.FromResult(answer(request)), models) { }

    /// <summary>Without a path: http://127.0.0.1:PORT.</summary>
    public string Url => application.Urls.Single();

    /// <summary>Requests for responses, in the order they arrived.</summary>
    public ConcurrentQueue<ReceivedRequest> Requests { get; } = new();

    /// <summary>Most requests for responses under way at once.</summary>
    public int MostAtOnce => most;

    public void Dispose()
    {
        closing.Cancel();
        ((IDisposable)application).Dispose();
        closing.Dispose();
    }

    private static async Task SendAsync(HttpContext context, Reply reply)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(reply.Body);
        context.Response.StatusCode = reply.Status;
        context.Response.ContentType = reply.ContentType;
        context.Response.ContentLength = bytes.Length;
        foreach ((string name, string value) in reply.Headers) context.Response.Headers[name] = value;
        await context.Response.Body.WriteAsync(bytes.AsMemory(0, reply.Cut ? bytes.Length / 2 : bytes.Length));
        await context.Response.Body.FlushAsync();
        if (reply.Cut) context.Abort();
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (int seen = Volatile.Read(ref target); seen < value; seen = Volatile.Read(ref target))
            Interlocked.CompareExchange(ref target, value, seen);
    }
}
