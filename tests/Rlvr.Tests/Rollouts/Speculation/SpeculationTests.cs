using Rlvr.Data;
using Rlvr.Models;
using Rlvr.Rollouts;
using Rlvr.Rollouts.Speculation;
using Rlvr.Tests.Models;
using Rlvr.Tests.Shared;
using Rlvr.Text;
using static TorchSharp.torch;
using Generator = Rlvr.Rollouts.Generator;

namespace Rlvr.Tests.Rollouts.Speculation;

/// <summary>Whatever is guessed, the same tokens are drawn.</summary>
public class SpeculationTests
{
    public SpeculationTests() => Processor.NeedsKernels();

    private static readonly SamplingOptions Options = new() { Temperature = 0.8, MaxNewTokens = 14, StopIds = [7, 3, 19], Seed = 9, Step = 3 };

    public static TheoryData<string> Models => TinyModels.Names;

    private static GenerationRequest[] Requests(int prompts)
    {
        int[][] texts = [TinyModels.Tokens(4, 1), TinyModels.Tokens(9, 2), TinyModels.Tokens(1, 3)];
        return [.. Enumerable.Range(0, 12).Select(i => new GenerationRequest(texts[i % prompts], (ulong)i))];
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Right_and_wrong_guesses_change_nothing(string name)
    {
        using Transformer model = TinyModels.Create(name);
        foreach (int prompts in new[] { 1, 3 })
        {
            GenerationRequest[] requests = Requests(prompts);
            IReadOnlyList<Rollout> plain = new Generator(model).Generate(requests, Options with { Speculate = false });
            Assert.Contains(plain, r => r.Finish == FinishReason.Stop);
            Assert.Contains(plain, r => r.Finish == FinishReason.Length);
            foreach ((int rows, double right) in new[] { (0, 0.7), (5, 0.9), (1, 0.7), (0, 0.0) })
            {
                KnownDrafter drafter = new(plain, (ulong)rows, right, Options.MaxNewTokens);
                Same(plain, new Generator(model, null, (_, _, _) => drafter).Generate(requests, Options with { MaxRows = rows }));
                Assert.True(drafter.Wrong > 5 && (right == 0 ? drafter.Right == 0 : drafter.Right > 10));
            }
        }
    }

    [Theory]
    [InlineData(0, 0, 1, 0)]
    [InlineData(1.3, 5, 1, 0)]
    [InlineData(0.7, 0, 0.8, 0)]
    [InlineData(0.7, 20, 0.95, 0.1)]
    public void Nor_do_they_with_filters(double temperature, int topK, double topP, double minP)
    {
        using Transformer model = TinyModels.Create();
        SamplingOptions options = Options with { Temperature = temperature, TopK = topK, TopP = topP, MinP = minP };
        GenerationRequest[] requests = Requests(3);
        IReadOnlyList<Rollout> plain = new Generator(model).Generate(requests, options with { Speculate = false });
        KnownDrafter drafter = new(plain, 4, 0.8, options.MaxNewTokens);
        Same(plain, new Generator(model, null, (_, _, _) => drafter).Generate(requests, options));
        Assert.True(drafter.Right > 10);
    }

    [Fact]
    public void Stop_strings_end_a_row_inside_its_draft()
    {
        Tokenizer tokenizer = Tokenizer.Parse(BpeTrainer.Train(["abcdef abcdef xyxy xyxy abcxyz"], 275, ["<|end|>"]));
        using Transformer model = TinyModels.Create(TinyModels.Config("qwen2 GQA") with { VocabularySize = tokenizer.VocabularySize });
        using (no_grad()) model.Parameters["model.norm.weight"].zero_(); // all tokens alike
        GenerationRequest[] requests = [.. Enumerable.Range(0, 24).Select(i => new GenerationRequest([65], (ulong)i))];
        SamplingOptions options = new() { Temperature = 1, MaxNewTokens = 60, Seed = 2, StopStrings = ["x", "cd"] };
        IReadOnlyList<Rollout> plain = new Generator(model, tokenizer).Generate(requests, options with { Speculate = false });
        Assert.Contains(plain, r => r.Finish == FinishReason.StopString);
        // It guesses the whole text that would follow without them.
        KnownDrafter drafter = new(new Generator(model, tokenizer).Generate(requests, options with { StopStrings = [] }), 1, 1, options.MaxNewTokens);
        Same(plain, new Generator(model, tokenizer, (_, _, _) => drafter).Generate(requests, options));
    }

    [Fact]
    public void Tokens_stream_one_by_one_and_responses_when_they_are_whole()
    {
        using Transformer model = TinyModels.Create();
        GenerationRequest[] requests = Requests(1);
        IReadOnlyList<Rollout> plain = new Generator(model).Generate(requests, Options with { Speculate = false });
        List<int>[] streamed = [.. requests.Select(_ => new List<int>())];
        Rollout?[] whole = new Rollout?[requests.Length];
        Generator generator = new(model, null, (_, _, _) => new KnownDrafter(plain, 1, 0.9, Options.MaxNewTokens));
        generator.Generate(requests, Options, (request, token) =>
        {
            Assert.Null(whole[request]);
            streamed[request].Add(token);
        }, (request, rollout) =>
        {
            Assert.Equal(streamed[request], rollout.Tokens);
            whole[request] = rollout;
        });
        Assert.All(plain.Zip(whole), pair => Assert.Equal(pair.First.Tokens, pair.Second!.Tokens));
    }

    /// <summary>With the guesses that are made outside tests, which are mostly right here.</summary>
    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.6, 1)]
    [InlineData(0.6, 3)]
    [InlineData(1, 1)]
    public void A_trained_model_draws_the_same_in_fewer_passes(double temperature, int problems)
    {
        using LanguageModel model = LanguageModel.Load(Path.Combine(TestFiles.Root, "models", "micro-math"));
        PromptTemplate template = PromptTemplate.Get("micro");
        int[][] prompts = [.. ProblemSets.Load("rl-pool").Take(problems).Select(p => model.Tokenizer.Encode(template.Render(p)))];
        GenerationRequest[] requests = [.. Enumerable.Range(0, 12).Select(i => new GenerationRequest(prompts[i % problems], (ulong)i))];
        SamplingOptions options = new() { Temperature = temperature, MaxNewTokens = 40, StopIds = model.StopIds, MaxRows = 4 };
        CountingDrafter? counts = null;
        IReadOnlyList<Rollout> plain = new Generator(model.Network, model.Tokenizer).Generate(requests, options with { Speculate = false });
        IReadOnlyList<Rollout> guessed = new Generator(model.Network, model.Tokenizer, (p, of, o) =>
            counts = new CountingDrafter(new GroupDrafter(p, of, o, new DraftPolicy(PassCost.Of(model.Network.Config))))).Generate(requests, options);
        Same(plain, guessed);
        int tokens = plain.Sum(r => r.Tokens.Length);
        Assert.True(counts!.Right > tokens / 10, $"{counts.Right} of {counts.Proposed} guesses right for {tokens} tokens");
        Same(plain, new Generator(model.Network, model.Tokenizer).Generate(requests, options)); // as it is by default
    }

    [Fact]
    public void Nothing_is_guessed_for_too_many_rows()
    {
        using Transformer model = TinyModels.Create();
        SamplingOptions options = Options with { Temperature = 0, StopIds = [] };
        GenerationRequest[] requests = [.. Enumerable.Range(0, 12).Select(i => new GenerationRequest(TinyModels.Tokens(4, 1 + (ulong)(i % 4)), (ulong)i))];
        CountingDrafter Count(int maxRows)
        {
            CountingDrafter? counts = null;
            new Generator(model, null, (p, of, o) => counts = new CountingDrafter(new GroupDrafter(p, of, o, new DraftPolicy(PassCost.Of(model.Config)) { MaxRows = maxRows }))).Generate(requests, options with { MaxRows = 4 });
            return counts!;
        }
        Assert.Equal(0, Count(3).Proposed);
        Assert.True(Count(4).Right > 10); // greedily all rows of a prompt are the same
    }

    private static void Same(IReadOnlyList<Rollout> expected, IReadOnlyList<Rollout> actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        foreach ((Rollout a, Rollout b) in expected.Zip(actual))
        {
            Assert.Equal((a.Request.Id, a.Finish, a.Text), (b.Request.Id, b.Finish, b.Text));
            Assert.Equal(a.Tokens, b.Tokens);
            Assert.All(a.LogProbs.Zip(b.LogProbs), pair => Assert.Equal(pair.First, pair.Second, TinyModels.RoundingAt(0.7)));
        }
    }

    private sealed class CountingDrafter(IDrafter drafter) : IDrafter
    {
        public int Proposed { get; private set; }

        public int Right { get; private set; }

        public void Enter(DecodingLine line) => drafter.Enter(line);

        public IReadOnlyList<int[]> Propose(IReadOnlyList<DecodingLine> lines)
        {
            IReadOnlyList<int[]> drafts = drafter.Propose(lines);
            Proposed += drafts.Sum(d => d.Length);
            return drafts;
        }

        public void Drawn(DecodingLine line, ReadOnlySpan<int> tokens)
        {
            drafter.Drawn(line, tokens);
            Right += tokens.Length - 1;
        }
    }
}
