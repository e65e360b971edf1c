using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Rlvr.Data;
using Rlvr.Evaluation;
using Rlvr.Evaluation.Endpoint;
using Rlvr.Rollouts;
using Rlvr.Tests.Shared.Endpoint;

namespace Rlvr.Tests.Evaluation.Endpoint;

/// <summary>What goes to the server, how many requests at once, and what becomes of the answers.</summary>
public sealed class EndpointResponderTests
{
    private const string Vllm = """{"data": [{"id": "qwen", "owned_by": "vllm", "max_model_len": 4096}]}""";

    private static readonly EvaluationSettings Greedy = new() { Prompt = PromptTemplate.ForServer("chat"), MaxNewTokens = 50 };

    [Fact]
    public void A_chat_request_has_the_fields_of_the_interface_and_no_others()
    {
        using EndpointHost host = new(_ => Reply.Chat("It is \\boxed{2}."));
        Assert.Equal("It is \\boxed{2}.", Ask(host, Greedy)[0]!.Text);
        ReceivedRequest request = Assert.Single(host.Requests);
        Assert.Equal("POST /v1/chat/completions", request.Route);
        Assert.Null(request.Authorization);
        JsonObject expected = JsonNode.Parse($$"""
            {
              "model": "tiny",
              "messages": [{"role": "user", "content": "1 + 1 = Let's think step by step and output the final answer within \\boxed{}."}],
              "max_tokens": 50, "temperature": 0, "top_p": 1, "seed": {{EndpointRequest.Seed(1, 0, 0)}}, "stream": false
            }
            """)!.AsObject();
        Assert.True(JsonNode.DeepEquals(expected, request.Body), request.Body.ToJsonString());
    }

    [Fact]
    public void A_completions_request_has_the_whole_prompt_the_stop_strings_and_the_filters_that_are_set()
    {
        using EndpointHost host = new(_ => Reply.Completion(" 2"));
        EvaluationSettings settings = new() { Prompt = PromptTemplate.Get("cot"), Temperature = 0.6, TopP = 0.95, TopK = 20, MinP = 0.1, Seed = 9 };
        Assert.Equal(new ModelResponse(" 2", 7, FinishReason.Stop), Ask(host, settings, o => o with { Api = EndpointApi.Completions })[0]);
        JsonObject expected = JsonNode.Parse($$"""
            {
              "model": "tiny", "prompt": "Question: 1 + 1 =\nAnswer:", "max_tokens": 3072, "temperature": 0.6, "top_p": 0.95,
              "seed": {{EndpointRequest.Seed(9, 0, 0)}}, "stream": false, "stop": ["</s>", "<|im_end|>", "<|endoftext|>", "\n\nQuestion:"], "top_k": 20, "min_p": 0.1
            }
            """)!.AsObject();
        ReceivedRequest request = Assert.Single(host.Requests);
        Assert.Equal("POST /v1/completions", request.Route);
        Assert.True(JsonNode.DeepEquals(expected, request.Body), request.Body.ToJsonString());
    }

    [Theory]
    [InlineData("vllm", """{"top_k": -1, "min_p": 0, "repetition_penalty": 1, "add_special_tokens": false, "max_tokens": 3072}""")]
    [InlineData("sglang", """{"top_k": -1, "min_p": 0, "repetition_penalty": 1, "add_special_tokens": null, "max_tokens": 3072}""")]
    [InlineData("llamacpp", """{"top_k": -1, "min_p": 0, "repetition_penalty": null, "add_special_tokens": null, "max_tokens": 3072}""")]
    [InlineData("library", """{"top_k": null, "min_p": null, "repetition_penalty": null, "add_special_tokens": null, "max_tokens": 3072}""")]
    public void Servers_with_defaults_of_their_own_are_told_to_leave_them(string server, string fields)
    {
        using EndpointHost host = new(_ => Reply.Completion("2"), () => new Reply(200, Vllm.Replace("vllm", server, StringComparison.Ordinal)));
        Ask(host, Greedy with { Temperature = 1, MaxNewTokens = 0, Prompt = PromptTemplate.Get("plain") }, o => o with { Api = EndpointApi.Completions });
        foreach ((string key, JsonNode? value) in JsonNode.Parse(fields)!.AsObject())
            Assert.True(JsonNode.DeepEquals(value, Assert.Single(host.Requests).Body[key]), key);
    }

    [Theory]
    [InlineData(4096, 3072)] // Qwen2.5-Math: the paper's limit
    [InlineData(32768, 3072)]
    [InlineData(2048, 1024)]
    [InlineData(600, 300)]
    public void The_default_limit_leaves_room_for_the_prompt(int length, int expected) =>
        Assert.Equal(expected, EndpointRequest.MaxNewTokens(Greedy with { MaxNewTokens = 0 }, new ServedModel("m", MaxLength: length)));

    [Fact]
    public void Extra_fields_are_added_and_win_and_null_takes_one_away()
    {
        using EndpointHost host = new(_ => Reply.Chat("2"));
        Ask(host, Greedy, o => o with { Extra = new JsonObject { ["top_p"] = 0.5, ["max_tokens"] = null, ["max_completion_tokens"] = 50, ["chat_template_kwargs"] = new JsonObject { ["enable_thinking"] = false } } });
        JsonObject body = Assert.Single(host.Requests).Body;
        Assert.Equal((0.5, 50, false), ((double)body["top_p"]!, (int)body["max_completion_tokens"]!, body.ContainsKey("max_tokens")));
        Assert.False((bool)body["chat_template_kwargs"]!["enable_thinking"]!);
    }

    [Fact]
    public void Seeds_depend_on_seed_problem_and_sample_only_and_every_server_takes_them()
    {
        using EndpointHost host = new(_ => Reply.Chat("2"));
        EvaluationSettings settings = Greedy with { Samples = 3, Temperature = 1, Seed = 4 };
        ResponseRequest[] all = [.. Enumerable.Range(0, 20).SelectMany(p => Enumerable.Range(0, 3).Select(s => new ResponseRequest(Problem(p), p, s)))];
        long[] Seeds(IReadOnlyList<ResponseRequest> requests)
        {
            host.Requests.Clear();
            Ask(host, settings, requests: requests, with: o => o with { Concurrency = 1 });
            return [.. host.Requests.Select(r => (long)r.Body["seed"]!)];
        }
        long[] seeds = Seeds(all);
        Assert.Equal(60, seeds.Distinct().Count());
        Assert.All(seeds, s => Assert.InRange(s, 0, int.MaxValue));
        Assert.Equal(seeds[30..40], Seeds(all[30..40]));
        Assert.NotEqual(EndpointRequest.Seed(4, 0, 0), EndpointRequest.Seed(5, 0, 0));
        Assert.Equal(100_000, Enumerable.Range(0, 100_000).Select(i => CounterRandom.Bits(1, 0xE7A1_0000_0000_0001, (ulong)i, 0)).Distinct().Count());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public async Task So_many_requests_as_allowed_are_under_way_and_never_more(int concurrency)
    {
        ConcurrentQueue<TaskCompletionSource> waiting = new();
        using SemaphoreSlim arrived = new(0);
        using EndpointHost host = new(async _ =>
        {
            TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.Enqueue(gate);
            arrived.Release();
            await gate.Task;
            return Reply.Chat("2");
        });
        ResponseRequest[] requests = [.. Enumerable.Range(0, 17).Select(p => new ResponseRequest(Problem(p), p, 0))];
        Task<ModelResponse?[]> asking = Task.Run(() => Ask(host, Greedy, o => o with { Concurrency = concurrency }, requests));
        // Nothing is answered before so many wait: they are under way together.
        for (int i = 0; i < concurrency; i++) Assert.True(await arrived.WaitAsync(TimeSpan.FromSeconds(30)));
        while (!asking.IsCompleted)
        {
            while (waiting.TryDequeue(out TaskCompletionSource? gate)) gate.SetResult();
            await Task.WhenAny(asking, arrived.WaitAsync(TimeSpan.FromMilliseconds(50)));
        }
        Assert.All(await asking, Assert.NotNull);
        Assert.Equal(17, host.Requests.Count);
        Assert.Equal(concurrency, host.MostAtOnce);
    }

    [Fact]
    public void Responses_are_handed_over_on_the_callers_thread_each_once()
    {
        using EndpointHost host = new(r => Reply.Chat((string)r.Body["messages"]![0]!["content"]!));
        ResponseRequest[] requests = [.. Enumerable.Range(0, 40).Select(p => new ResponseRequest(Problem(p), p, 0))];
        using EndpointResponder responder = Connect(host);
        Dictionary<int, string> texts = [];
        int thread = Environment.CurrentManagedThreadId;
        responder.Respond(requests, Greedy with { Prompt = PromptTemplate.ForServer("<{problem}>") }, (index, response) =>
        {
            Assert.Equal(thread, Environment.CurrentManagedThreadId);
            texts.Add(index, response.Text);
        }, CancellationToken.None);
        Assert.Equal(requests.Select(r => $"<{r.Problem.Text}>"), texts.OrderBy(t => t.Key).Select(t => t.Value));
        Assert.Equal($"tiny at {host.Url}/v1", responder.Name);
        responder.Respond([], Greedy, (_, _) => Assert.Fail("nothing was asked"), CancellationToken.None);
    }

    public static TheoryData<string, string?, int?, string, int, FinishReason> Messages => new()
    {
        // message, finish_reason, completion_tokens -> text, tokens, finish
        { """{"content": "a"}""", "stop", 3, "a", 3, FinishReason.Stop },
        { """{"content": "a"}""", "length", 50, "a", 50, FinishReason.Length },
        { """{"content": "a"}""", null, 50, "a", 50, FinishReason.Length },
        { """{"content": "a"}""", null, 49, "a", 49, FinishReason.Stop },
        { """{"content": "twelve bytes"}""", "stop", null, "twelve bytes", 3, FinishReason.Stop },
        { """{"content": ""}""", "stop", null, "", 1, FinishReason.Stop },
        { """{"content": null}""", "stop", 1, "", 1, FinishReason.Stop },
        { """{"content": [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}]}""", "stop", 3, "ab", 3, FinishReason.Stop },
        { """{"reasoning_content": "\nHm.\n", "content": "\n\n2"}""", "stop", 9, "<think>\nHm.\n</think>\n\n2", 9, FinishReason.Stop },
        { """{"reasoning": "Hm.", "content": "2"}""", "stop", 9, "<think>\nHm.\n</think>\n\n2", 9, FinishReason.Stop },
        { """{"reasoning_content": null, "content": "<think>Hm.</think>2"}""", "stop", 9, "<think>Hm.</think>2", 9, FinishReason.Stop },
        { """{"reasoning_content": "Hm, 2 or", "content": null}""", "length", 50, "<think>\nHm, 2 or", 50, FinishReason.Length },
    };

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_message_becomes_a_response(string message, string? reason, int? counted, string text, int tokens, FinishReason finish)
    {
        using EndpointHost host = new(_ => Reply.Chat(JsonNode.Parse(message)!.AsObject(), reason, counted));
        Assert.Equal(new ModelResponse(text, tokens, finish), Ask(host, Greedy)[0]);
    }

    [Theory]
    [InlineData("""{"choices": [{"text": "a", "finish_reason": "stop", "stop_reason": "</s>"}], "usage": {"completion_tokens": 2}}""", FinishReason.StopString)]
    [InlineData("""{"choices": [{"text": "a", "finish_reason": "stop", "stop_reason": null}], "usage": {"completion_tokens": 2}}""", FinishReason.Stop)]
    [InlineData("""{"choices": [{"text": "a", "finish_reason": "stop", "stop_reason": 151645}], "usage": {"completion_tokens": 2}}""", FinishReason.Stop)]
    [InlineData("""{"choices": [{"text": "a", "finish_reason": "stop", "matched_stop": "</s>"}], "usage": {"completion_tokens": 2}, "error": null}""", FinishReason.StopString)]
    public void A_stop_string_is_told_from_a_stop_token_where_the_server_says_so(string answer, FinishReason finish)
    {
        using EndpointHost host = new(_ => new Reply(200, answer));
        Assert.Equal(new ModelResponse("a", 2, finish), Ask(host, Greedy, o => o with { Api = EndpointApi.Completions })[0]);
    }

    [Theory]
    [InlineData("http://localhost:8000", "http://localhost:8000/v1/")]
    [InlineData("http://localhost:8000/", "http://localhost:8000/v1/")]
    [InlineData("http://localhost:8000/v1", "http://localhost:8000/v1/")]
    [InlineData(" https://Example.org/api/v1/ ", "https://example.org/api/v1/")]
    [InlineData("http://[::1]:8000/v1/chat/completions", "http://[::1]:8000/v1/")]
    public void An_address_is_understood(string text, string expected) => Assert.Equal(expected, EndpointOptions.ParseUrl(text).AbsoluteUri);

    [Theory]
    [InlineData("localhost:8000", "'localhost:8000' is not the address of a server. Expected one such as http://localhost:8000/v1.")]
    [InlineData("ftp://x/v1", "is not the address of a server")]
    [InlineData("", "is not the address of a server")]
    [InlineData("http://me:secret@host/v1", "the address of the server host has a user name or password in it")]
    [InlineData("http://host/v1?key=secret", "the address of the server host has a '?' or '#' in it")]
    public void Another_is_refused_and_its_secrets_are_not_repeated(string text, string expected)
    {
        string message = Assert.Throws<RlvrException>(() => EndpointOptions.ParseUrl(text)).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
    }

    private static Problem Problem(int index) => new($"p{index}", index == 0 ? "1 + 1 =" : $"{index} + 1 =", $"{index + 1}");

    private static EndpointResponder Connect(EndpointHost host, Func<EndpointOptions, EndpointOptions>? with = null) =>
        EndpointResponder.Connect((with ?? (o => o))(new EndpointOptions { Url = EndpointOptions.ParseUrl(host.Url) }), TestContext.Current.CancellationToken);

    private static ModelResponse?[] Ask(EndpointHost host, EvaluationSettings settings, Func<EndpointOptions, EndpointOptions>? with = null, IReadOnlyList<ResponseRequest>? requests = null)
    {
        requests ??= [new ResponseRequest(Problem(0), 0, 0)];
        ModelResponse?[] responses = new ModelResponse?[requests.Count];
        using EndpointResponder responder = Connect(host, with);
        responder.Respond(requests, settings, (index, response) => responses[index] = response, CancellationToken.None);
        return responses;
    }
}
