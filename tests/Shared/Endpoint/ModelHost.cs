using System.Text.Json.Nodes;
using Rlvr.Rollouts;
using Rlvr.Text;

namespace Rlvr.Tests.Shared.Endpoint;

/// <summary>
/// A real model behind OpenAI's interface: what vLLM does, for one request at a time. Greedily it answers as a model in this process does; with a
/// temperature it draws by the request's seed.
/// </summary>
internal static class ModelHost
{
    public static EndpointHost Start(LanguageModel model, string name)
    {
        SemaphoreSlim one = new(1);
        return new EndpointHost(async request =>
        {
            await one.WaitAsync();
            try
            {
                return Answer(model, request);
            }
            finally
            {
                one.Release();
            }
        }, () => new Reply(200, new JsonObject { ["data"] = new JsonArray(new JsonObject { ["id"] = name }) }.ToJsonString()));
    }

    private static Reply Answer(LanguageModel model, ReceivedRequest request)
    {
        bool chat = request.Route.EndsWith("/chat/completions", StringComparison.Ordinal);
        string prompt = chat
            ? ChatTemplate.Load(model.Folder!).Render([.. request.Body["messages"]!.AsArray().Select(m => new ChatMessage((string)m!["role"]!, (string)m["content"]!))])
            : (string)request.Body["prompt"]!;
        int[] tokens = model.Tokenizer.Encode(prompt);
        int room = model.Network.Config.MaxPositions - tokens.Length;
        Rollout rollout = new Generator(model.Network, model.Tokenizer).Generate([new GenerationRequest(tokens, 0)], new SamplingOptions
        {
            Temperature = (double)request.Body["temperature"]!,
            TopP = (double)request.Body["top_p"]!,
            MaxNewTokens = int.Min((int)request.Body["max_tokens"]!, room),
            StopIds = model.StopIds,
            StopStrings = [.. request.Body["stop"]?.AsArray().Select(s => (string)s!) ?? []],
            Seed = (ulong)(long)request.Body["seed"]!,
        })[0];
        string reason = rollout.Finish == FinishReason.Length ? "length" : "stop";
        return chat
            ? Reply.Chat(new JsonObject { ["role"] = "assistant", ["content"] = rollout.Text }, reason, rollout.Tokens.Length)
            : Reply.Completion(rollout.Text, reason, rollout.Tokens.Length);
    }
}
