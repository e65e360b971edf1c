using Rlvr.Models;
using Rlvr.Rollouts;
using Rlvr.Tests.Models;
using TorchSharp;
using static TorchSharp.torch;
using Generator = Rlvr.Rollouts.Generator;

namespace Rlvr.Tests.Rollouts;

public sealed class GeneratorTests : IDisposable
{
    private const int EndId = 7;

    private static readonly SamplingOptions Options = new() { Temperature = 0.8, MaxNewTokens = 12, StopIds = [EndId, 3, 19, 28], Seed = 9, Step = 3 };

    private readonly Transformer model = TinyModels.Create();

    public void Dispose() => model.Dispose();

    public static TheoryData<string> Models => TinyModels.Names;

    /// <summary>Three prompts of different lengths, four rollouts each.</summary>
    private static GenerationRequest[] Requests()
    {
        int[][] prompts = [TinyModels.Tokens(4, 1), TinyModels.Tokens(9, 2), TinyModels.Tokens(1, 3)];
        return [.. Enumerable.Range(0, 12).Select(i => new GenerationRequest(prompts[i / 4], (ulong)i))];
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void A_rollout_does_not_depend_on_its_batch(string name)
    {
        using Transformer other = TinyModels.Create(name);
        Generator generator = new(other);
        GenerationRequest[] requests = Requests();
        IReadOnlyList<Rollout> all = generator.Generate(requests, Options);
        Assert.Contains(all, r => r.Finish == FinishReason.Stop);
        Assert.Contains(all, r => r.Finish == FinishReason.Length);
        foreach (int rows in new[] { 1, 3, 5 }) Same(all, generator.Generate(requests, Options with { MaxRows = rows }));
        for (int i = 0; i < requests.Length; i++) Same([all[i]], generator.Generate([requests[i]], Options));
        int[] order = CounterRandom.Permutation(requests.Length, 1, 1);
        Same([.. order.Select(i => all[i])], generator.Generate([.. order.Select(i => requests[i])], Options with { MaxRows = 4 }));
        // Those of one prompt by themselves share it.
        Same([.. all.Skip(4).Take(4)], generator.Generate([.. requests.Skip(4).Take(4)], Options));
        Same([.. all.Skip(4).Take(4)], generator.Generate([.. requests.Skip(4).Take(4)], Options with { MaxRows = 2 }));
        // Equal prompts need not be the same array.
        Same(all, generator.Generate([.. requests.Select(r => r with { Prompt = [.. r.Prompt] })], Options));
    }

    /// <summary>A model as sure as a trained one: most rollouts are equal for a while, part, and some stay equal to the end.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(0.05)]
    [InlineData(0.15)]
    public void Rollouts_that_are_equal_so_far_are_drawn_as_by_themselves(double temperature)
    {
        SamplingOptions options = Options with { Temperature = temperature, StopIds = [EndId] };
        GenerationRequest[] requests = [.. Requests().SelectMany(r => Enumerable.Range(0, 4).Select(i => r with { Id = (r.Id * 4) + (ulong)i }))];
        List<(int Request, int Token)> streamed = [];
        IReadOnlyList<Rollout> together = new Generator(model).Generate(requests, options, (request, token) => streamed.Add((request, token)));
        Same([.. requests.Select(r => new Generator(model).Generate([r], options)[0])], together, temperature);
        Same(together, new Generator(model).Generate(requests, options with { MaxRows = 7 }), temperature);
        Assert.All(together.Index(), r => Assert.Equal(r.Item.Tokens, streamed.Where(s => s.Request == r.Index).Select(s => s.Token)));
        int different = together.Select(r => string.Join(' ', r.Request.Prompt) + ":" + string.Join(' ', r.Tokens)).Distinct().Count();
        Assert.InRange(different, 3, temperature == 0 ? 3 : 47);
    }

    [Fact]
    public void Seed_step_and_id_each_change_the_draws()
    {
        Generator generator = new(model);
        GenerationRequest[] requests = [.. Requests().Take(4)];
        string Draw(SamplingOptions options, ulong shift = 0) =>
            string.Join(';', generator.Generate([.. requests.Select(r => r with { Id = r.Id + shift })], options).Select(r => string.Join(',', r.Tokens)));
        string[] draws = [Draw(Options), Draw(Options with { Seed = 6 }), Draw(Options with { Step = 4 }), Draw(Options, shift: 100)];
        Assert.Equal(4, draws.Distinct().Count());
        Assert.Equal(draws[0], Draw(Options));
        Assert.Equal(4, draws[0].Split(';').Distinct().Count());
    }

    [Theory]
    [InlineData("qwen2 GQA", 1)]
    [InlineData("llama3 GQA scaled", 0.6)]
    [InlineData("qwen3 MQA untied", 1.3)]
    public void The_samplers_log_probs_are_the_trainers(string name, double temperature)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using Transformer other = TinyModels.Create(name);
        GenerationRequest[] requests = Requests();
        IReadOnlyList<Rollout> rollouts = new Generator(other).Generate(requests, Options with { Temperature = temperature, MaxRows = 5 });
        int[][] prompts = [.. requests.Select(r => r.Prompt).Distinct()];
        SharedPrefixBatch batch = new(prompts, [.. rollouts.Select(r => (Array.IndexOf(prompts, r.Request.Prompt), r.Tokens))], CPU);
        Tensor hidden = other.Hidden(batch);
        float[] trainer = new TokenLogProbs(other, hidden, batch, temperature).LogProbs.data<float>().ToArray();
        float[] sampler = [.. rollouts.SelectMany(r => r.LogProbs)];
        Assert.Equal(trainer.Length, sampler.Length);
        Assert.All(trainer.Zip(sampler), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
    }

    [Fact]
    public void A_response_ends_with_its_first_stop_token_or_at_the_limit()
    {
        IReadOnlyList<Rollout> rollouts = new Generator(model).Generate(Requests(), Options with { MaxNewTokens = 30, StopIds = [EndId, 11] });
        Assert.All(rollouts, r =>
        {
            int end = Array.FindIndex(r.Tokens, t => t is EndId or 11);
            Assert.Equal(r.Tokens.Length, r.LogProbs.Length);
            if (r.Finish == FinishReason.Stop) Assert.Equal(r.Tokens.Length - 1, end);
            else Assert.Equal((FinishReason.Length, -1, 30), (r.Finish, end, r.Tokens.Length));
            Assert.Equal("", r.Text); // no tokenizer
        });
        Assert.Contains(rollouts, r => r.Finish == FinishReason.Stop && r.Tokens[^1] == 11);
        Assert.All(new Generator(model).Generate(Requests(), Options with { MaxNewTokens = 1 }), r => Assert.Single(r.Tokens));
    }

    [Fact]
    public void Tokens_stream_in_their_order()
    {
        GenerationRequest[] requests = Requests();
        List<int>[] streamed = [.. requests.Select(_ => new List<int>())];
        IReadOnlyList<Rollout> rollouts = new Generator(model).Generate(requests, Options with { MaxRows = 5 }, (request, token) => streamed[request].Add(token));
        Assert.All(rollouts.Zip(streamed), pair => Assert.Equal(pair.First.Tokens, pair.Second));
    }

    [Fact]
    public void Cancellation_stops_between_tokens()
    {
        using CancellationTokenSource source = new();
        int seen = 0;
        Assert.Throws<OperationCanceledException>(() => new Generator(model).Generate(Requests(), Options, (_, _) =>
        {
            if (++seen == 12) source.Cancel();
        }, cancellation: source.Token));
        Assert.Equal(12, seen);
    }

    [Fact]
    public void What_cannot_be_generated_has_its_own_error()
    {
        Generator generator = new(model);
        string Error(int[] prompt, SamplingOptions options) => Assert.Throws<RlvrException>(() => generator.Generate([new GenerationRequest(prompt, 0)], options)).Message;
        Assert.Contains("no tokens", Error([], Options), StringComparison.Ordinal);
        Assert.Contains("do not fit the model's 128 positions", Error(TinyModels.Tokens(120, 1), Options), StringComparison.Ordinal);
        Assert.Contains("token id 41", Error([1, 41], Options), StringComparison.Ordinal);
        Assert.Contains("token id -1", Error([-1], Options), StringComparison.Ordinal);
        Assert.Contains("need a tokenizer", Error([1], Options with { StopStrings = ["x"] }), StringComparison.Ordinal);
        Assert.Contains("is 0; it must be at least 1", Error([1], Options with { MaxNewTokens = 0 }), StringComparison.Ordinal);
        Assert.Empty(generator.Generate([], Options));
        Assert.Single(generator.Generate([new GenerationRequest(TinyModels.Tokens(116, 1), 0)], Options)); // exactly full
    }

    private static void Same(IReadOnlyList<Rollout> expected, IReadOnlyList<Rollout> actual, double temperature = 0.8)
    {
        Assert.Equal(expected.Count, actual.Count);
        foreach ((Rollout a, Rollout b) in expected.Zip(actual))
        {
            Assert.Equal(a.Request.Id, b.Request.Id);
            Assert.Equal(a.Tokens, b.Tokens);
            Assert.Equal(a.Finish, b.Finish);
            Assert.All(a.LogProbs.Zip(b.LogProbs), pair => Assert.Equal(pair.First, pair.Second, TinyModels.RoundingAt(temperature)));
        }
    }
}
