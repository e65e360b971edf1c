using Rlvr.Models;
using Rlvr.Rollouts;
using Rlvr.Tests.Models;
using Rlvr.Text;
using static TorchSharp.torch;
using Generator = Rlvr.Rollouts.Generator;

namespace Rlvr.Tests.Rollouts;

/// <summary>Stop strings, with a model that draws every token alike, over single bytes and longer tokens.</summary>
public sealed class StopStringTests : IDisposable
{
    private static readonly SamplingOptions Options = new() { Temperature = 1, MaxNewTokens = 60, Seed = 2 };

    private static readonly GenerationRequest[] Requests = [.. Enumerable.Range(0, 24).Select(i => new GenerationRequest([65], (ulong)i))];

    private readonly Tokenizer tokenizer = Tokenizer.Parse(BpeTrainer.Train(["abcdef abcdef xyxy xyxy abcxyz"], 275, ["<|end|>"]));
    private readonly Transformer model;

    public StopStringTests()
    {
        model = TinyModels.Create(TinyModels.Config("qwen2 GQA") with { VocabularySize = tokenizer.VocabularySize });
        using IDisposable noGrad = no_grad();
        model.Parameters["model.norm.weight"].zero_(); // all logits 0
    }

    public void Dispose() => model.Dispose();

    [Theory]
    [InlineData("x")]
    [InlineData("cd")]
    [InlineData("e", "ab")] // both in one token: the text ends at the one that comes first
    [InlineData("q", "\n", "xy", "5")]
    [InlineData("never to be found")]
    public void The_text_is_cut_before_the_first_of_them(params string[] stops)
    {
        IReadOnlyList<Rollout> without = new Generator(model, tokenizer).Generate(Requests, Options);
        IReadOnlyList<Rollout> with = new Generator(model, tokenizer).Generate(Requests, Options with { StopStrings = stops, MaxRows = 10 });
        foreach ((Rollout free, Rollout stopped) in without.Zip(with))
        {
            (int count, int cut) = FirstStop(free.Tokens, stops);
            Assert.Equal(free.Tokens[..count], stopped.Tokens);
            Assert.Equal(cut < 0 ? FinishReason.Length : FinishReason.StopString, stopped.Finish);
            string text = tokenizer.Decode(free.Tokens.AsSpan(0, count));
            Assert.Equal(cut < 0 ? text : text[..cut], stopped.Text);
        }
        if (stops[0].Length < 5) Assert.Contains(with, r => r.Finish == FinishReason.StopString);
        else Assert.DoesNotContain(with, r => r.Finish == FinishReason.StopString);
    }

    [Fact]
    public void A_stop_token_is_no_text()
    {
        int end = tokenizer.IdOf("<|end|>")!.Value;
        IReadOnlyList<Rollout> rollouts = new Generator(model, tokenizer).Generate(Requests, Options with { MaxNewTokens = 120, StopIds = [end], StopStrings = ["never"] });
        Assert.Contains(rollouts, r => r.Finish == FinishReason.Stop);
        Assert.All(rollouts.Where(r => r.Finish == FinishReason.Stop), r =>
        {
            Assert.Equal(end, r.Tokens[^1]);
            Assert.Equal(tokenizer.Decode(r.Tokens.AsSpan(0, r.Tokens.Length - 1)), r.Text);
        });
    }

    /// <summary>After how many tokens the text first holds a stop string, and where in it.</summary>
    private (int Count, int Cut) FirstStop(int[] tokens, string[] stops)
    {
        for (int count = 1; count <= tokens.Length; count++)
        {
            string text = tokenizer.Decode(tokens.AsSpan(0, count));
            int[] found = [.. stops.Select(s => text.IndexOf(s, StringComparison.Ordinal)).Where(i => i >= 0)];
            if (found.Length > 0) return (count, found.Min());
        }
        return (tokens.Length, -1);
    }
}
