using Rlvr.Algorithms.Advantages;
using Rlvr.Models;
using Rlvr.Rollouts;
using Rlvr.Rollouts.Speculation;
using Rlvr.Tensors;
using Rlvr.Tests.Models;
using Rlvr.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Training;

/// <summary>An update that goes back through what decoding has computed is the one with a forward pass of its own.</summary>
public class RecordedRolloutsTests
{
    private static readonly Recipe Recipe = new()
    {
        Rollout = new RolloutOptions { Temperature = 0.8 },
        Loss = new LossOptions { Aggregation = "token", Entropy = 0.01, Kl = 0.05 },
        Optimizer = new OptimizerOptions { ClipNorm = 0 },
    };

    private static readonly SamplingOptions Options = new() { Temperature = 0.8, MaxNewTokens = 14, StopIds = [11, 12, 13, 14, 15, 16], Seed = 4 };

    public static TheoryData<string, string> Cases => new(
        from name in TinyModels.Names.Select(row => row.Data)
        from kind in new[] { "one prompt", "several prompts", "few rows at once", "chunks" }
        select (name, kind));

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_gradient_is_the_same(string name, string kind)
    {
        SamplingOptions options = kind == "few rows at once" ? Options with { MaxRows = 3, Temperature = 0.3 } : Options;
        GenerationRequest[] requests = Requests(kind == "one prompt" ? 1 : 3);
        Compare(TinyModels.Config(name), requests, options, kind == "chunks" ? Recipe with { Compute = new ComputeOptions { MicroBatchTokens = 30 } } : Recipe);
    }

    [Fact]
    public void So_it_is_in_bfloat16() =>
        Compare(TinyModels.Config("qwen2 GQA"), Requests(3), Options, Recipe, ScalarType.BFloat16, 0.05, deviation: TinyModels.Moderate); // 0.025 at most with 40 other weights

    /// <summary>Equal rollouts that do not enter together are decoded apart, and recorded twice.</summary>
    [Fact]
    public void What_was_recorded_twice_counts_twice()
    {
        GenerationRequest[] requests = [.. Enumerable.Range(0, 6).Select(i => new GenerationRequest([5, 6, 7], (ulong)(i % 2)))];
        Compare(TinyModels.Config("qwen2 GQA"), requests, Options with { MaxRows = 2 }, Recipe);
    }

    /// <summary>The same prompt in different arrays, as two problems with the same text have it.</summary>
    [Fact]
    public void Equal_prompts_are_one()
    {
        GenerationRequest[] requests = [.. Enumerable.Range(0, 6).Select(i => new GenerationRequest([5, 6, 7], (ulong)i))];
        Compare(TinyModels.Config("qwen3 GQA wide heads"), requests, Options, Recipe);
    }

    /// <summary>Guesses are recorded, too; those that were wrong have no gradient.</summary>
    [Fact]
    public void Wrong_guesses_do_not_count()
    {
        Processor.NeedsKernels();
        using Transformer model = TinyModels.Create();
        GenerationRequest[] requests = Requests(2);
        IReadOnlyList<Rollout> known = new Rlvr.Rollouts.Generator(model).Generate(requests, Options);
        OftenWrong drafter = new(known);
        Compare(model.Config, requests, Options, Recipe, drafter: drafter);
        Assert.True(drafter.Right > 5 && drafter.Wrong > 5);
    }

    [Fact]
    public void A_second_round_is_recorded_behind_the_first()
    {
        GenerationRequest[] requests = Requests(3), more = [.. Requests(2).Select(r => r with { Id = r.Id + 100 })];
        Compare(TinyModels.Config("qwen2 GQA"), requests, Options, Recipe, more: more);
    }

    [Fact]
    public void Rollouts_that_are_not_learnt_from_are_left_out()
    {
        Compare(TinyModels.Config("llama MHA untied"), Requests(3), Options, Recipe, learnt: samples => [.. samples.Select((s, i) => i % 3 == 1 ? s.WithoutTokens() : s)]);
    }

    [Fact]
    public void What_is_no_longer_there_is_computed()
    {
        Processor.NeedsKernels();
        using Transformer policy = TinyModels.Create();
        using ActivationTape tape = new(policy.Config, policy.ComputeType, 1000);
        UpdateSample[] samples = Samples(policy, Requests(3), Options, tape);
        Assert.Equal(Rows(tape, samples), tape.Count);
        tape.Clear();
        Assert.Null(RecordedRollouts.Of(policy, samples, [0, 1]));
        UpdateSample[] again = Samples(policy, Requests(3), Options, tape);
        Assert.Null(RecordedRollouts.Of(policy, [again[0], samples[1]], [0, 1]));
        Assert.Null(RecordedRollouts.Of(policy, [again[0], again[1] with { Trace = null }], [0, 1]));
        policy.RequireGradients(true);
        Assert.NotNull(RecordedRollouts.Of(policy, again, [0, 1]));
    }

    /// <summary>More tokens than there are rows: nothing is lost but the saving.</summary>
    [Fact]
    public void A_tape_that_is_too_short_is_not_used()
    {
        Processor.NeedsKernels();
        using Transformer policy = TinyModels.Create();
        using ActivationTape tape = new(policy.Config, policy.ComputeType, 40);
        UpdateSample[] samples = Samples(policy, Requests(3), Options, tape), plain = Samples(policy, Requests(3), Options, null);
        Assert.True(tape.Overflowed);
        Assert.Null(RecordedRollouts.Of(policy, samples, [0, 1]));
        Assert.Equal(plain.Select(s => string.Join(' ', s.Tokens)), samples.Select(s => string.Join(' ', s.Tokens)));
    }

    [Fact]
    public void Several_updates_have_forward_passes_of_their_own()
    {
        using Transformer policy = TinyModels.Create(), reference = TinyModels.Create(seed: 2);
        using ActivationTape tape = new(policy.Config, policy.ComputeType, 1000);
        UpdateSample[] samples = Samples(policy, Requests(3), Options, tape);
        policy.RequireGradients(true);
        using FusedAdamW optimizer = new(policy.Parameters.Select(p => (p.Key, p.Value)));
        int before = tape.Count;
        new PolicyUpdate(policy, reference, optimizer, Recipe with { Loss = Recipe.Loss with { UpdatesPerStep = 2 } }).Run(samples, 1e-3);
        Assert.Equal(before, tape.Count);
        new PolicyUpdate(policy, reference, optimizer, Recipe).Run(Samples(policy, Requests(3), Options, tape), 1e-3);
        Assert.Equal(0, tape.Count); // the parameters are others now
    }

    public static TheoryData<string, Recipe> Runs => new()
    {
        { "GRPO", TinyTask.Recipe },
        { "sampled again", TinyTask.Recipe with { Rollout = TinyTask.Recipe.Rollout with { DynamicSampling = 2, GroupSize = 2 } } },
        { "an adapter", TinyTask.Recipe with { Lora = new LoraOptions { Rank = 2 } } },
        { "ReMax", TinyTask.Recipe with { Loss = new LossOptions { Advantage = "remax" }, Rollout = TinyTask.Recipe.Rollout with { MaxNewTokens = 6 } } },
        { "few rows", TinyTask.Recipe with { Rollout = TinyTask.Recipe.Rollout with { MaxRows = 3 } } },
        { "a critic", TinyTask.Recipe with { Loss = new LossOptions { Advantage = "gae" }, Critic = new CriticOptions { Enabled = true, WarmupSteps = 1 } } },
    };

    /// <summary>Training learns the same, which starts from different parameters in each step.</summary>
    [Theory]
    [MemberData(nameof(Runs))]
    public void A_run_is_the_same(string name, Recipe recipe)
    {
        Assert.Equal(Train("false"), Train("auto"), (a, b) => double.Abs(a - b) <= 1e-4 * double.Max(1, double.Abs(a)));

        double[] Train(string reuses)
        {
            using LanguageModel model = TinyLanguage.Create();
            Recipe now = recipe with
            {
                // With the usual one Adam makes a step of full length of a gradient that is nothing but rounding, and the runs part.
                Optimizer = recipe.Optimizer with { Epsilon = 1e-3 },
                Compute = new ComputeOptions { ReuseForward = reuses },
            };
            using RlTrainer trainer = new(model, TinyTask.Problems(6), TinyTask.Ascii, now);
            bool records = reuses == "auto" && CpuKernels.Suit(model.Network);
            Assert.Equal(records ? "true" : "false", trainer.Recipe.Compute.ReuseForward);
            List<double> metrics = [];
            for (int step = 1; step <= 5; step++)
            {
                StepResult result = trainer.Step(step);
                bool learns = step > recipe.Critic.WarmupSteps || !recipe.Critic.Enabled;
                Assert.All(result.Rollouts, r => Assert.Equal((records && learns, false), (r.Rollout.Trace is not null, r.Rollout.Trace?.IsValid ?? false)));
                if (learns) Assert.InRange(result.Metrics["sampler_trainer_difference_max"], 0, TinyModels.Rounding);
                metrics.AddRange(result.Metrics.Values.Where(v => v.Name is "loss" or "loss_policy" or "kl" or "entropy" or "gradient_norm" or "reward_mean" or "response_tokens_mean").Select(v => v.Value));
            }
            Assert.True(metrics.Count >= 25, name);
            return [.. metrics.Select(m => double.IsNaN(m) ? -1 : m)];
        }
    }

    private static GenerationRequest[] Requests(int prompts) =>
        [.. Enumerable.Range(0, 12).Select(i => new GenerationRequest(Prompts[i % prompts], (ulong)i))];

    private static readonly int[][] Prompts = [.. Enumerable.Range(0, 3).Select(i => TinyModels.Tokens(3 + (4 * i), 70 + (ulong)i))];

    private static int Rows(ActivationTape tape, UpdateSample[] samples) =>
        samples.SelectMany(s => s.Trace!.Rows.Concat(Enumerable.Range(s.Trace.Prompt, s.Prompt.Length))).Distinct().Count();

    private static UpdateSample[] Samples(Transformer policy, GenerationRequest[] requests, SamplingOptions options, ActivationTape? tape, IDrafter? drafter = null)
    {
        IReadOnlyList<Rollout> rollouts = new Rlvr.Rollouts.Generator(policy, null, drafter is null ? null : (_, _, _) => drafter) { Tape = tape }.Generate(requests, options);
        double[] advantages = Grpo.Compute([.. rollouts.Select((r, i) => (double)((r.Tokens.Length + i) % 5))], new int[rollouts.Count]);
        return [.. rollouts.Select((r, i) => new UpdateSample(r.Request.Prompt, r.Tokens, r.LogProbs, advantages[i]) { Trace = r.Trace })];
    }

    /// <summary>Samples and updates twice from the same parameters, with the forward pass of decoding and with one of its own.</summary>
    private static void Compare(
        ModelConfig config, GenerationRequest[] requests, SamplingOptions options, Recipe recipe, ScalarType type = ScalarType.Float32, double tolerance = 2e-4, IDrafter? drafter = null,
        GenerationRequest[]? more = null, Func<UpdateSample[], UpdateSample[]>? learnt = null, double deviation = 0.25)
    {
        using DisposeScope scope = NewDisposeScope();
        using Transformer policy = TinyModels.Create(config, 1, type, deviation), other = TinyModels.Create(config, 1, type, deviation), reference = TinyModels.Create(config, 2, type, deviation);
        using ActivationTape tape = new(config, type, 1000);
        UpdateSample[] samples = [.. Samples(policy, requests, options, tape, drafter), .. more is null ? [] : Samples(policy, more, options, tape)];
        if (learnt is not null) samples = learnt(samples);
        Assert.Equal(CpuKernels.Suit(config), samples.All(s => s.Trace is { IsValid: true }));
        Assert.True(samples.Select(s => s.Tokens.Length).Distinct().Count() > 3 || samples.Length < 8);
        (UpdateMetrics expected, Dictionary<string, Tensor> gradients) = Update(other, [.. samples.Select(s => s with { Trace = null })]);
        (UpdateMetrics found, Dictionary<string, Tensor> actual) = Update(policy, samples);
        Assert.Equal(0, tape.Count);
        Assert.Equal(expected.Actor.Loss, found.Actor.Loss, tolerance);
        Assert.Equal(expected.Actor.Kl, found.Actor.Kl, tolerance * 5);
        Assert.Equal(expected.GradientNorm, found.GradientNorm, tolerance * expected.GradientNorm);
        foreach ((string name, Tensor gradient) in gradients)
        {
            double size = TinyModels.Largest(gradient), difference = TinyModels.Largest(actual[name].sub(gradient));
            Assert.True(size > 1e-4 && difference <= tolerance * size, $"gradient of {name}: off by {difference:g3}, largest is {size:g3}");
        }

        (UpdateMetrics, Dictionary<string, Tensor>) Update(Transformer model, UpdateSample[] of)
        {
            model.RequireGradients(true);
            using FusedAdamW optimizer = new(model.Parameters.Select(p => (p.Key, p.Value)));
            UpdateMetrics metrics = new PolicyUpdate(model, reference, optimizer, recipe).Run(of, 1e-3);
            return (metrics, model.Parameters.ToDictionary(p => p.Key, p => p.Value.grad!.clone()));
        }
    }

    /// <summary>Guesses what is known to come, and now and then something else.</summary>
    private sealed class OftenWrong(IReadOnlyList<Rollout> known) : IDrafter
    {
        private int calls;

        public int Right { get; private set; }

        public int Wrong { get; private set; }

        public void Enter(DecodingLine line) { }

        public IReadOnlyList<int[]> Propose(IReadOnlyList<DecodingLine> lines) => [.. lines.Select(line =>
        {
            int[] rest = [.. known[line.First.Index].Tokens.Skip(line.First.Tokens.Count).Take(3)];
            if (++calls % 2 == 0 && rest.Length > 0) rest[^1] = (rest[^1] + 1) % TinyModels.Vocabulary;
            return rest;
        })];

        public void Drawn(DecodingLine line, ReadOnlySpan<int> tokens)
        {
            if (tokens.Length > 1) Right += tokens.Length - 1;
            else Wrong++;
        }
    }
}
