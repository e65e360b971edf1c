using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Rlvr.Data;
using Rlvr.Evaluation;
using Rlvr.Evaluation.Endpoint;
using Rlvr.Tests.Shared.Endpoint;

namespace Rlvr.Tests.Evaluation.Endpoint;

/// <summary>What goes wrong between here and a server: tried again where that helps, else told in one clear sentence.</summary>
public sealed class EndpointFailureTests
{
    private static readonly EvaluationSettings Settings = new() { Prompt = PromptTemplate.ForServer("plain"), MaxNewTokens = 50 };

    private readonly List<TimeSpan> pauses = [];

    public static TheoryData<string> Passing => ["500", "502", "503", "504", "408", "429", "cut", "html", "broken", "empty", "none", "two", "gateway", "abort", "unicode"];

    [Theory]
    [MemberData(nameof(Passing))]
    public void What_may_pass_is_tried_again(string trouble)
    {
        int asked = 0;
        using EndpointHost host = new(_ => ++asked < 3 ? Trouble(trouble) : Reply.Chat("2"));
        Assert.Equal("2", Ask(host).Text);
        Assert.Equal(3, asked);
        Assert.Equal(2, pauses.Count);
        Assert.InRange(pauses[0].TotalSeconds, 0.25, 0.5);
        Assert.InRange(pauses[1].TotalSeconds, 0.5, 1);
    }

    [Theory]
    [InlineData("500", "problem 'sum': after 3 attempts: the server failed (500 Internal Server Error: out of luck).")]
    [InlineData("429", "problem 'sum': after 3 attempts: too many requests (429 Too Many Requests). Lower --concurrency, or raise --retries.")]
    [InlineData("cut", "problem 'sum': after 3 attempts: the connection broke in the middle")]
    [InlineData("html", "problem 'sum': after 3 attempts: the answer is a web page, not JSON. Is this the address of the interface (it usually ends with /v1)?")]
    [InlineData("broken", "problem 'sum': after 3 attempts: the answer is not valid JSON (")]
    [InlineData("empty", "problem 'sum': after 3 attempts: the answer is empty.")]
    [InlineData("none", "problem 'sum': after 3 attempts: the list of choices in the answer is empty, one was asked for.")]
    [InlineData("two", "problem 'sum': after 3 attempts: the answer has 2 choices, one was asked for.")]
    [InlineData("gateway", "problem 'sum': after 3 attempts: the server answers with an error: no worker left.")]
    [InlineData("abort", "problem 'sum': after 3 attempts: the server gave up on the response (finish_reason abort).")]
    [InlineData("unicode", "problem 'sum': after 3 attempts: a text of the answer is not valid Unicode")]
    public void What_does_not_pass_is_told_after_the_last_attempt(string trouble, string expected)
    {
        using EndpointHost host = new(_ => Trouble(trouble));
        string message = Fails(host, o => o with { Retries = 2 });
        Assert.StartsWith($"{host.Url}/v1/chat/completions: {expected}", message, StringComparison.Ordinal);
        Assert.Equal(3, host.Requests.Count);
    }

    [Theory]
    [InlineData(400, """{"error": {"message": "temperature must be in [0, 2]", "type": "BadRequestError", "code": 400}}""", "problem 'sum': the server refuses the request (400 Bad Request: temperature must be in [0, 2]).")]
    [InlineData(400, """{"object": "error", "message": "no stop words"}""", "the server refuses the request (400 Bad Request: no stop words).")]
    [InlineData(422, """{"detail": [{"loc": ["body", "seed"], "msg": "an integer, please"}]}""", "(422 Unprocessable Entity: body.seed: an integer, please)")]
    [InlineData(413, "too large", "(413 Payload Too Large: too large)")]
    [InlineData(400, """{"error": {"code": 400, "message": "request (9412 tokens) exceeds the available context size (8192 tokens), try increasing it", "type": "exceed_context_size_error"}}""",
        "problem 'sum': prompt and response do not fit the model's context (400 Bad Request: request (9412 tokens) exceeds the available context size (8192 tokens), try increasing it [exceed_context_size_error]). Lower --max-new-tokens")]
    [InlineData(400, """{"object": "error", "message": "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens."}""", "prompt and response do not fit the model's context")]
    [InlineData(401, """{"error": {"message": "Invalid API Key"}}""", "/chat/completions: the server refuses access (401 Unauthorized: Invalid API Key). Put its key into the environment variable OPENAI_API_KEY")]
    [InlineData(403, "", "the server refuses access (403 Forbidden).")]
    [InlineData(404, """{"error": {"message": "The model `tiny` does not exist."}}""", "the server has no such model (404 Not Found: The model `tiny` does not exist.). Name one that it serves with --model.")]
    [InlineData(404, "<html>nothing</html>", "the server has nothing at this address (404 Not Found: a web page).")]
    [InlineData(501, """{"error": "no chat here"}""", "--endpoint-api completions takes the other one")]
    public void What_cannot_pass_is_told_at_once(int status, string body, string expected)
    {
        using EndpointHost host = new(_ => new Reply(status, body));
        Assert.Contains(expected, Fails(host), StringComparison.Ordinal);
        Assert.Single(host.Requests);
    }

    [Fact]
    public void A_redirect_is_not_followed()
    {
        using EndpointHost other = new(_ => Reply.Chat("2"));
        using EndpointHost host = new(_ => new Reply(307, "") { Headers = new Dictionary<string, string> { ["Location"] = other.Url } });
        Assert.Contains($"the server points to another address (307 Temporary Redirect: {other.Url}/). Name that one.", Fails(host, o => o with { ApiKey = "sk-secret" }), StringComparison.Ordinal);
        Assert.Empty(other.Requests);
    }

    [Theory]
    [InlineData("3", 3, 3.4)]
    [InlineData("0", 0, 0.1)]
    [InlineData("1.5", 1.5, 1.8)]
    [InlineData("soon", 0.25, 0.5)]
    [InlineData("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0.1)]
    public void A_server_that_says_when_to_come_back_is_obeyed(string retryAfter, double from, double to)
    {
        int asked = 0;
        using EndpointHost host = new(_ => ++asked == 1 ? new Reply(429, "{}") { Headers = new Dictionary<string, string> { ["Retry-After"] = retryAfter } } : Reply.Chat("2"));
        Ask(host);
        Assert.InRange(Assert.Single(pauses).TotalSeconds, from, to);
    }

    [Fact]
    public void A_server_that_says_to_come_back_in_an_hour_is_not_waited_for()
    {
        using EndpointHost host = new(_ => new Reply(429, """{"error": "quota"}""") { Headers = new Dictionary<string, string> { ["Retry-After"] = "3600" } });
        Assert.Contains("too many requests (429 Too Many Requests: quota). Lower --concurrency, or raise --retries. It asks to wait 3600 s, more than the 300 s that are waited for.", Fails(host), StringComparison.Ordinal);
        Assert.Empty(pauses);
    }

    [Fact]
    public void Pauses_grow_to_half_a_minute_and_differ_between_requests()
    {
        for (int attempt = 0; attempt < 100; attempt++)
        {
            double whole = double.Min(30, 0.5 * double.Pow(2, attempt));
            double[] waits = [.. Enumerable.Range(0, 50).Select(draw => EndpointClient.Wait(attempt, (ulong)draw, null).TotalSeconds)];
            Assert.All(waits, w => Assert.InRange(w, whole / 2, whole));
            Assert.True(waits.Distinct().Count() > 45);
        }
    }

    [Fact]
    public void A_response_that_takes_too_long_is_given_up()
    {
        using EndpointHost host = new(async _ =>
        {
            await Task.Delay(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
            return Reply.Chat("2");
        });
        string message = Fails(host, o => o with { Timeout = TimeSpan.FromSeconds(0.2), Retries = 1 });
        Assert.Contains("problem 'sum': after 2 attempts: no answer within 0.2 s. Raise --request-timeout, or lower --max-new-tokens or --concurrency.", message, StringComparison.Ordinal);
        Assert.Equal(2, host.Requests.Count);
    }

    [Fact]
    public void Responses_that_were_there_before_a_failure_stay_and_those_under_way_are_waited_for()
    {
        // Request 2 fails for good while 0, 1 and 3 are under way; those come in, and nothing is sent after.
        TaskCompletionSource failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using EndpointHost host = new(async request =>
        {
            string text = (string)request.Body["messages"]![0]!["content"]!;
            if (text == "2") return new Reply(400, """{"error": "not this one"}""");
            await failed.Task;
            return Reply.Chat(text);
        });
        ResponseRequest[] requests = [.. Enumerable.Range(0, 50).Select(i => new ResponseRequest(new Problem($"p{i}", $"{i}", "0"), i, 0))];
        Dictionary<int, string> texts = [];
        using EndpointResponder responder = Connect(host, o => o with { Concurrency = 4 });
        // The failure arrives while the others wait; give the responder time to see it.
        Task release = Task.Run(async () =>
        {
            while (host.Requests.Count < 4) await Task.Delay(5);
            await Task.Delay(300);
            failed.SetResult();
        }, TestContext.Current.CancellationToken);
        string message = Assert.Throws<RlvrException>(() => responder.Respond(requests, Settings, (i, r) => texts.Add(i, r.Text), CancellationToken.None)).Message;
        Assert.True(release.IsCompleted);
        Assert.Contains("problem 'p2': the server refuses the request (400 Bad Request: not this one).", message, StringComparison.Ordinal);
        Assert.Equal(new() { [0] = "0", [1] = "1", [3] = "3" }, texts);
        Assert.Equal(4, host.Requests.Count);
    }

    [Fact]
    public void A_failure_ends_the_waiting_of_others_for_their_next_attempt()
    {
        using EndpointHost host = new(request => (string)request.Body["messages"]![0]!["content"]! == "1" && pauses.Count > 0 ? new Reply(400, "{}") : new Reply(500, "{}"));
        using EndpointResponder responder = EndpointResponder.Connect(Options(host) with { Concurrency = 2 }, (wait, cancellation) =>
        {
            lock (pauses) pauses.Add(wait);
            // The first waits for ever, unless it is told to give up.
            return pauses.Count == 1 ? Task.Delay(TimeSpan.FromMinutes(10), cancellation) : Task.CompletedTask;
        }, CancellationToken.None);
        ResponseRequest[] requests = [new(new Problem("a", "0", "0"), 0, 0), new(new Problem("b", "1", "0"), 1, 0)];
        Assert.Throws<RlvrException>(() => responder.Respond(requests, Settings, (_, _) => { }, CancellationToken.None));
    }

    [Fact]
    public void An_error_of_the_one_who_takes_the_responses_ends_it_all()
    {
        using EndpointHost host = new(_ => Reply.Chat("2"));
        ResponseRequest[] requests = [.. Enumerable.Range(0, 30).Select(i => new ResponseRequest(new Problem($"p{i}", $"{i}", "0"), i, 0))];
        using EndpointResponder responder = Connect(host);
        Assert.Equal("disk full", Assert.Throws<IOException>(() => responder.Respond(requests, Settings, (_, _) => throw new IOException("disk full"), CancellationToken.None)).Message);
    }

    [Fact]
    public void A_stop_ends_requests_under_way()
    {
        using CancellationTokenSource stop = new();
        using EndpointHost host = new(async _ =>
        {
            stop.Cancel();
            await Task.Delay(TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken);
            return Reply.Chat("2");
        });
        using EndpointResponder responder = Connect(host);
        Assert.ThrowsAny<OperationCanceledException>(() => responder.Respond([new(new Problem("a", "0", "0"), 0, 0)], Settings, (_, _) => { }, stop.Token));
    }

    [Fact]
    public void A_key_is_sent_and_never_told()
    {
        using EndpointHost host = new(_ => new Reply(401, """{"error": {"message": "Incorrect API key provided: sk-secret-1."}}"""));
        string message = Fails(host, o => o with { ApiKey = "sk-secret-1" });
        Assert.Contains("(401 Unauthorized: Incorrect API key provided: ***.). Is the key in the environment variable the right one?", message, StringComparison.Ordinal);
        Assert.Equal("Bearer sk-secret-1", Assert.Single(host.Requests).Authorization);
        foreach (string key in new[] { "", "two words", "schlüssel", "line\nbreak" })
        {
            string refused = Assert.Throws<RlvrException>(() => Connect(host, o => o with { ApiKey = key })).Message;
            Assert.True(key.Length == 0 || !refused.Contains(key, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void What_a_server_says_is_cut_and_cannot_act_on_a_terminal()
    {
        using EndpointHost host = new(_ => new Reply(400, new JsonObject { ["error"] = "\u001b[2J\u202Eline\r\nbreak " + new string('x', 5000) }.ToJsonString()));
        string message = Fails(host);
        Assert.Contains("[2J line break xxx", message, StringComparison.Ordinal);
        Assert.DoesNotContain(message, c => char.IsControl(c) || c == '\u202E');
        Assert.InRange(message.Length, 300, 500);
    }

    [Fact]
    public void A_server_that_is_not_there_is_told_at_once()
    {
        int port;
        using (Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        }
        EndpointOptions options = new() { Url = EndpointOptions.ParseUrl($"http://127.0.0.1:{port}") };
        string message = Assert.Throws<RlvrException>(() => EndpointResponder.Connect(options, Pause, CancellationToken.None)).Message;
        Assert.StartsWith($"http://127.0.0.1:{port}/v1/models: nothing answers (Connection refused", message, StringComparison.Ordinal);
        Assert.Empty(pauses);
    }

    [Theory]
    [InlineData(null, """{"data": [{"id": "a"}, {"id": "b"}]}""", "/v1/ serves 2 models. Say which with --model: a, b.")]
    [InlineData(null, """{"data": []}""", "/v1/ serves no model.")]
    [InlineData("qwen2", """{"data": [{"id": "qwen3"}, {"id": "llama"}]}""", "/v1/ serves no model 'qwen2'. Did you mean 'qwen3'? It serves qwen3, llama.")]
    [InlineData("x", """{"data": []}""", "/v1/ serves no model 'x'. It serves none at all.")]
    [InlineData(null, """["a"]""", "/v1/models: the answer is no list of models")]
    [InlineData("a", """<!doctype html><title>Welcome</title>""", "/v1/models: the answer is a web page, not JSON.")]
    public void The_model_must_be_one_that_is_served(string? name, string models, string expected)
    {
        using EndpointHost host = new(_ => Reply.Chat("2"), () => new Reply(200, models));
        Assert.StartsWith(host.Url + expected, Assert.Throws<RlvrException>(() => Connect(host, o => o with { Model = name })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gateway_without_a_list_is_believed_when_the_model_is_named()
    {
        using EndpointHost host = new(_ => Reply.Chat("2"), () => new Reply(404, "{}"));
        Assert.Contains("/v1/models: the server has nothing at this address", Assert.Throws<RlvrException>(() => Connect(host)).Message, StringComparison.Ordinal);
        using EndpointResponder responder = Connect(host, o => o with { Model = "hidden" });
        Assert.Equal("hidden", responder.Model);
    }

    [Fact]
    public void A_server_that_still_loads_its_model_is_waited_for()
    {
        int asked = 0;
        using EndpointHost host = new(_ => Reply.Chat("2"), () => ++asked < 4 ? new Reply(503, """{"error": {"message": "Loading model"}}""") : new Reply(200, EndpointHost.OneModel));
        using EndpointResponder responder = Connect(host);
        Assert.Equal("tiny", responder.Model);
        Assert.Equal(3, pauses.Count);
    }

    private static Reply Trouble(string name) => name switch
    {
        "500" => new(500, """{"error": {"message": "out of luck"}}"""),
        "cut" => Reply.Chat("a response that is long enough to be cut in the middle") with { Cut = true },
        "html" => new(200, "<html><body>sign in</body></html>") { ContentType = "text/html" },
        "broken" => new(200, """{"choices": [{"message": {"content": "2"""),
        "empty" => new(200, ""),
        "none" => new(200, """{"choices": []}"""),
        "two" => new(200, """{"choices": [{"message": {"content": "2"}}, {"message": {"content": "3"}}]}"""),
        "gateway" => new(200, """{"error": {"message": "no worker left", "code": 502}}"""),
        "abort" => Reply.Chat(new JsonObject { ["content"] = "so f" }, "abort"),
        "unicode" => new(200, """{"choices": [{"message": {"content": "\ud800"}, "finish_reason": "stop"}]}"""),
        _ => new(int.Parse(name), ""),
    };

    private static EndpointOptions Options(EndpointHost host) => new() { Url = EndpointOptions.ParseUrl(host.Url) };

    private Task Pause(TimeSpan wait, CancellationToken cancellation)
    {
        lock (pauses) pauses.Add(wait);
        return Task.CompletedTask;
    }

    private EndpointResponder Connect(EndpointHost host, Func<EndpointOptions, EndpointOptions>? with = null) =>
        EndpointResponder.Connect((with ?? (o => o))(Options(host)), Pause, CancellationToken.None);

    private ModelResponse Ask(EndpointHost host, Func<EndpointOptions, EndpointOptions>? with = null)
    {
        ModelResponse? found = null;
        using EndpointResponder responder = Connect(host, with);
        responder.Respond([new ResponseRequest(new Problem("sum", "1 + 1 =", "2"), 0, 0)], Settings, (_, response) => found = response, CancellationToken.None);
        return found!;
    }

    private string Fails(EndpointHost host, Func<EndpointOptions, EndpointOptions>? with = null) => Assert.Throws<RlvrException>(() => Ask(host, with)).Message;
}
