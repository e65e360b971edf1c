using Rlvr.Data;
using Rlvr.Models;
using Rlvr.Rewards;
using Rlvr.Rollouts;
using Rlvr.Tests.Models;
using Rlvr.Tests.Shared;
using Rlvr.Training;
using static TorchSharp.torch;
using Generator = Rlvr.Rollouts.Generator;

namespace Rlvr.Tests.Training;

/// <summary>Memory stays flat: as many tensors live after a step as before it.</summary>
[Collection(AloneInTheProcess.Name)]
public class LiveTensorsTests
{
    private static readonly RolloutOptions Rollout = new() { BatchSize = 4, GroupSize = 4, Temperature = 1, MaxNewTokens = 5, MaxRows = 7 };

    public static TheoryData<string, Recipe> Recipes => new()
    {
        { "released code", new Recipe { Rollout = Rollout } },
        { "two updates", new Recipe { Rollout = Rollout, Loss = new LossOptions { UpdatesPerStep = 2 } } },
        { "small micro-batches, no KL", new Recipe { Rollout = Rollout, Loss = new LossOptions { Kl = 0 }, Compute = new ComputeOptions { MicroBatchTokens = 20 } } },
        { "PPO", new Recipe { Rollout = Rollout, Loss = new LossOptions { Advantage = "gae", KlInReward = 0.01, KlTarget = 0.1, UpdatesPerStep = 4, Epochs = 2 }, Critic = new CriticOptions { Enabled = true, WarmupSteps = 3 } } },
        { "DAPO", new Recipe { Rollout = Rollout with { GroupSize = 2, DynamicSampling = 3 }, Loss = new LossOptions { HighEntropyShare = 0.5, OffPolicyThreshold = 0.1, SamplerCorrection = "token", UpdatesPerStep = 2 } } },
        { "ReMax", new Recipe { Rollout = Rollout, Loss = new LossOptions { Advantage = "remax", PolicyLoss = "clip_cov" } } },
        { "little memory", new Recipe { Rollout = Rollout, Optimizer = new OptimizerOptions { State = "bf16" }, Compute = new ComputeOptions { Recompute = "true" } } },
        { "little memory, PPO", new Recipe { Rollout = Rollout, Loss = new LossOptions { Advantage = "gae" }, Critic = new CriticOptions { Enabled = true }, Optimizer = new OptimizerOptions { State = "8bit" }, Compute = new ComputeOptions { Recompute = "true" } } },
        { "optimal token baseline", new Recipe { Rollout = Rollout, Loss = new LossOptions { Advantage = "optimal_token_baseline", PolicyLoss = "kl_cov" } } },
    };

    [Theory]
    [MemberData(nameof(Recipes))]
    public void Training_steps_leave_no_tensor_behind(string name, Recipe recipe)
    {
        using LanguageModel model = TinyLanguage.Create();
        Problem[] problems = [new("a", "one", "1"), new("b", "twenty", "1"), new("c", "x", "1")];
        using RlTrainer trainer = new(model, problems, new FunctionReward((_, response) => response.Length % 2), recipe);
        trainer.Step(1); // gradients, and what is made once
        if (recipe.Critic.Enabled) for (int step = 2; step <= recipe.Critic.WarmupSteps + 1; step++) trainer.Step(step); // those of the policy
        long before = Live();
        for (int step = 5; step <= 9; step++) trainer.Step(step);
        Assert.True(before == Tensor.TotalCount, $"{name}: {Tensor.TotalCount - before} tensors more");
    }

    [Theory]
    [InlineData("fp32", ScalarType.BFloat16)]
    [InlineData("bf16", ScalarType.BFloat16)]
    [InlineData("bf16", ScalarType.Float32)]
    public void A_mapped_reference_leaves_no_copy_behind(string precision, ScalarType file)
    {
        using TemporaryFolder folder = new();
        TinyLanguage.Save(folder["made"]);
        using (LanguageModel made = LanguageModel.Load(folder["made"])) made.Network.Save(folder["model"], folder["made"], file);
        long start = 0;
        for (int run = 0; run < 2; run++)
        {
            if (run == 1) start = Live();
            using LanguageModel model = LanguageModel.Load(folder["model"], precision: precision);
            using RlTrainer trainer = new(model, [new("a", "one", "1"), new("b", "twenty", "1")], new FunctionReward((_, response) => response.Length % 2), new Recipe { Rollout = Rollout, Compute = new ComputeOptions { Reference = "mapped" } });
            trainer.Step(1);
            long before = Live();
            for (int step = 2; step <= 4; step++) trainer.Step(step);
            Assert.Equal(before, Tensor.TotalCount);
        }
        Assert.Equal(start, Tensor.TotalCount);
    }

    /// <summary>What other tests have left to the garbage collector is not counted; what these tests leave to it is.</summary>
    private static long Live()
    {
        for (long before = -1, now = Tensor.TotalCount; ; before = now, now = Tensor.TotalCount)
        {
            if (now == before) return now;
            GC.Collect(); // what a finalizer lets go is found the next time
            GC.WaitForPendingFinalizers();
        }
    }

    [Fact]
    public void A_generator_a_trainer_and_a_model_give_everything_back()
    {
        Once();
        long before = Live();
        for (int i = 0; i < 3; i++) Once();
        Assert.Equal(before, Tensor.TotalCount);

        static void Once()
        {
            using LanguageModel model = TinyLanguage.Create();
            SamplingOptions options = new() { MaxNewTokens = 4, MaxRows = 2, StopIds = [3], TopP = 0.9 };
            GenerationRequest[] requests = [.. Enumerable.Range(0, 6).Select(i => new GenerationRequest(TinyModels.Tokens(2 + (i % 3), (ulong)(i % 3)), (ulong)i))];
            new Generator(model.Network).Generate(requests, options);
            new Generator(model.Network).Generate([requests[0], requests[3]], options);
            using CancellationTokenSource source = new();
            Assert.Throws<OperationCanceledException>(() => new Generator(model.Network).Generate(requests, options, (_, _) => source.Cancel(), cancellation: source.Token));
        }
    }

    [Fact]
    public void Decoding_and_log_probs_leave_only_their_results()
    {
        using Transformer model = TinyModels.Create();
        using IDisposable noGrad = no_grad();
        Once(); // brings the layers' matrices together, which stays so
        long before = Live();
        Once();
        // The rotation's two tables have grown, in place of the empty ones.
        Assert.Equal(before, Tensor.TotalCount);

        void Once()
        {
            using TorchSharp.DisposeScope scope = NewDisposeScope();
            SharedPrefixBatch batch = new([[1, 2, 3]], [(0, [4, 5]), (0, [6])], CPU);
            TokenLogProbs tokens = new(model, model.Hidden(batch), batch, 1);
            Assert.Equal(3, tokens.LogProbs.numel());
        }
    }
}
