using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rlvr.Rollouts;
using Rlvr.Tests.Shared;
using Rlvr.Tests.Shared.Endpoint;

namespace Rlvr.Cli.Tests;

/// <summary><c>rlvr eval --endpoint</c>.</summary>
public sealed class EvalEndpointTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_served_model_answers_greedily_as_it_does_in_this_process()
    {
        string path = FileLocator.Find("models/micro-math");
        using LanguageModel model = LanguageModel.Load(path);
        using EndpointHost host = ModelHost.Start(model, "micro-math");
        string[] how = ["--suite", "micro500", "--limit", "24", "--max-new-tokens", "60", "--json"];
        JsonElement here = CommandRun.Of(["eval", path, "--prompt", "micro", "--threads", "1", "--out", folder["here"], .. how]).Succeeded().Json;
        // Whole prompts, and messages that the server puts into the model's own template, which says the same.
        foreach ((string api, string prompt) in new[] { ("completions", "micro"), ("chat", "plain") })
        {
            JsonElement there = CommandRun.Of(["eval", "--endpoint", host.Url, "--endpoint-api", api, "--prompt", prompt, "--concurrency", "3", "--out", folder[api], .. how]).Succeeded().Json;
            Assert.Equal(("micro-math", host.Url + "/v1"), (there.GetProperty("model").GetString(), there.GetProperty("endpoint").GetString()));
            Assert.Equal(Responses("here"), Responses(api));
            Assert.Equal(here.GetProperty("suites")[0].GetProperty("accuracy").GetDouble(), there.GetProperty("suites")[0].GetProperty("accuracy").GetDouble());
        }
        Assert.InRange(here.GetProperty("suites")[0].GetProperty("accuracy").GetDouble(), 0.05, 0.95); // some right, some wrong
        Assert.Equal(48, host.Requests.Count);

        // What is there is not asked for again.
        CommandRun.Of(["eval", "--endpoint", host.Url, "--endpoint-api", "completions", "--prompt", "micro", "--out", folder["completions"], .. how]).Succeeded();
        Assert.Equal(48, host.Requests.Count);
        CommandRun.Of(["eval", path, "--prompt", "micro", "--out", folder["completions"], .. how]).FailedWith(1, "holds an evaluation of another model");
    }

    [Fact]
    public void A_stopped_evaluation_of_a_server_goes_on_where_it_stopped()
    {
        int asked = 0;
        bool broken = true;
        using EndpointHost host = new(_ => Interlocked.Increment(ref asked) > 5 && broken ? new Reply(401, "{}") : Reply.Chat("\\boxed{2}"));
        string[] command = ["eval", "--endpoint", host.Url, "--suite", "micro500", "--limit", "12", "--concurrency", "1", "--out", folder["out"], "--json"];
        CommandRun.Of(command).FailedWith(1, "the server refuses access (401 Unauthorized).");
        broken = false;
        Assert.Equal(12, CommandRun.Of(command).Succeeded().Json.GetProperty("suites")[0].GetProperty("problems").GetInt32());
        Assert.Equal(6 + 7, asked);
    }

    [Theory]
    [InlineData("chat", null, "1 + 1 = Let's think step by step and output the final answer within \\boxed{}.")]
    [InlineData("chat", "plain", "1 + 1 =")]
    [InlineData("chat", "chat:Solve {problem}", "Solve 1 + 1 =")]
    [InlineData("chat", "Solve {problem}", "Solve 1 + 1 =")]
    [InlineData("completions", null, "1 + 1 =")]
    [InlineData("completions", "micro", "Problem: 1 + 1 =\nSolution:\n")]
    public void The_prompt_is_the_one_asked_for(string api, string? prompt, string expected)
    {
        using EndpointHost host = new(_ => api == "chat" ? Reply.Chat("2") : Reply.Completion("2"));
        string[] more = prompt is null ? [] : ["--prompt", prompt];
        CommandRun.Of(["eval", "--endpoint", host.Url, "--endpoint-api", api, "--suite", TinyModel.Problems(folder), "--concurrency", "1", .. more]).Succeeded();
        Assert.Contains(expected, host.Requests.Select(r => (string?)(r.Body["prompt"] ?? r.Body["messages"]![0]!["content"])));
    }

    [Fact]
    public void A_message_of_the_system_goes_first()
    {
        using EndpointHost host = new(_ => Reply.Chat("2"));
        CommandRun.Of("eval", "--endpoint", host.Url, "--suite", TinyModel.Problems(folder), "--prompt", "chat:Be brief.{user}{problem}", "--concurrency", "1").Succeeded();
        Assert.Equal(["Be brief.", "1 + 1 ="], host.Requests.First().Body["messages"]!.AsArray().Select(m => (string?)m!["content"]));
    }

    [Fact]
    public void The_options_reach_the_server()
    {
        using EndpointHost host = new(_ => Reply.Chat("2"));
        Environment.SetEnvironmentVariable("RLVR_TEST_KEY", "sk-1");
        CommandRun.Of("eval", "--endpoint", host.Url + "/v1/", "--model", "tiny", "--suite", TinyModel.Problems(folder), "-k", "2", "-t", "0.6", "--top-p", "0.9", "--top-k", "5", "--min-p", "0.1",
            "--max-new-tokens", "33", "--api-key-env", "RLVR_TEST_KEY", "--endpoint-extra", "{\"reasoning_effort\": \"low\"}", "--concurrency", "2", "--retries", "1", "--request-timeout", "9").Succeeded();
        Assert.Equal(4, host.Requests.Count);
        ReceivedRequest request = host.Requests.First();
        Assert.Equal("Bearer sk-1", request.Authorization);
        Assert.Equal((0.6, 0.9, 5, 0.1, 33, "low"), ((double)request.Body["temperature"]!, (double)request.Body["top_p"]!, (int)request.Body["top_k"]!, (double)request.Body["min_p"]!,
            (int)request.Body["max_tokens"]!, (string)request.Body["reasoning_effort"]!));
        Assert.InRange(host.MostAtOnce, 1, 2);
    }

    [Theory]
    [InlineData("--concurrency is about a server: say which with --endpoint URL", "eval", "x", "-s", "pi-1", "--concurrency", "3")]
    [InlineData("--model is about a server: say which with --endpoint URL", "eval", "x", "-s", "pi-1", "--model", "y")]
    [InlineData("MODEL is for a model folder; with --endpoint leave it out (--model names one of the server's)", "eval", "x", "-s", "pi-1", "--endpoint", "http://localhost:9")]
    [InlineData("--all-checkpoints is for a model folder; with --endpoint leave it out", "eval", "-s", "pi-1", "--all-checkpoints", "--endpoint", "http://localhost:9")]
    [InlineData("no model: name a folder or a run, or a server with --endpoint URL", "eval", "-s", "pi-1")]
    [InlineData("no suite: say which with --suite", "eval", "--endpoint", "http://localhost:9")]
    [InlineData("'tokens' not recognized. Must be one of: 'chat' 'completions'", "eval", "--endpoint", "http://localhost:9", "-s", "pi-1", "--endpoint-api", "tokens")]
    [InlineData("there is no environment variable 'RLVR_NO_SUCH_KEY'", "eval", "--endpoint", "http://localhost:9", "-s", "pi-1", "--api-key-env", "RLVR_NO_SUCH_KEY")]
    [InlineData("--endpoint-extra is not valid JSON", "eval", "--endpoint", "http://localhost:9", "-s", "pi-1", "--endpoint-extra", "{")]
    [InlineData("--endpoint-extra is no JSON object", "eval", "--endpoint", "http://localhost:9", "-s", "pi-1", "--endpoint-extra", "[]")]
    public void Wrong_usage_is_told_in_one_line(string expected, params string[] args) => CommandRun.Of(args).FailedWith(2, expected);

    [Theory]
    [InlineData("is not the address of a server", "--endpoint", "localhost:9")]
    [InlineData("the prompt template 'micro' is a whole prompt", "--endpoint", "http://localhost:9", "--prompt", "micro")]
    [InlineData("unknown prompt template 'plian'", "--endpoint", "http://localhost:9", "--prompt", "plian")]
    [InlineData("the prompt template 'chat' is the model's own, and there is no model folder here", "--endpoint", "http://localhost:9", "--endpoint-api", "completions", "--prompt", "chat")]
    public void What_makes_no_sense_for_a_server_is_refused(string expected, params string[] args) => CommandRun.Of(["eval", "-s", "pi-1", .. args]).FailedWith(1, expected);

    /// <summary>What an evaluation kept of each response, in an order that does not depend on when it came; of chats the prompt is what the user says only.</summary>
    private string[] Responses(string name) => [.. File.ReadLines(Path.Combine(folder[name], "micro500.jsonl")).Select(line =>
    {
        JsonObject response = JsonNode.Parse(line)!.AsObject();
        Assert.True(response.Remove("prompt"));
        return response.ToJsonString();
    }).Order(StringComparer.Ordinal)];

    [Fact]
    public async Task No_libtorch_is_needed()
    {
        using EndpointHost host = new(_ => Reply.Chat("\\boxed{2}"));
        string program = Path.Combine(AppContext.BaseDirectory, "Rlvr.Cli.dll");
        // With a folder that has no libtorch in it every use of one fails.
        async Task<(int Code, string Error)> RunAsync(params string[] args)
        {
            ProcessStartInfo start = new(Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet", ["exec", program, "eval", "--suite", TinyModel.Problems(folder), .. args])
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
                Environment = { ["RLVR_LIBTORCH"] = folder.Path },
            };
            using Process process = Process.Start(start)!;
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            string error = await process.StandardError.ReadToEndAsync();
            await output;
            await process.WaitForExitAsync();
            return (process.ExitCode, error);
        }
        Assert.Equal((0, ""), await RunAsync("--endpoint", host.Url));
        Assert.Equal(1, (await RunAsync(TinyModel.Write(folder))).Code); // the check is one
    }
}
