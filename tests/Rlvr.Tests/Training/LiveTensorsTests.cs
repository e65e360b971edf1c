using Rlvr.Data;
using Rlvr.Models;
using Rlvr.Rewards;
using Rlvr.Rollouts;
using Rlvr.Tests.Models;
using Rlvr.Training;
using static TorchSharp.torch;
using Generator = Rlvr.Rollouts.Generator;

namespace Rlvr.Tests.Training;

/// <summary>Memory stays flat: as many tensors live after a step as before it.</summary>
[Collection(AloneInTheProcess.Name)]
public class LiveTensorsTests
{
    [Theory]
    [InlineData(1, 0.001, 24_000)]
    [InlineData(2, 0.001, 24_000)]
    [InlineData(1, 0, 20)]
    public void Training_steps_leave_no_tensor_behind(int updates, double kl, int microBatchTokens)
    {
        using LanguageModel model = TinyLanguage.Create();
        Recipe recipe = new()
        {
            Rollout = new RolloutOptions { BatchSize = 4, GroupSize = 4, Temperature = 1, MaxNewTokens = 5, MaxRows = 7 },
            Loss = new LossOptions { UpdatesPerStep = updates, Kl = kl },
            Compute = new ComputeOptions { MicroBatchTokens = microBatchTokens },
        };
        Problem[] problems = [new("a", "one", "1"), new("b", "twenty", "1"), new("c", "x", "1")];
        using RlTrainer trainer = new(model, problems, new FunctionReward((_, response) => response.Length % 2), recipe);
        trainer.Step(1); // gradients, and what is made once
        long before = Live();
        for (int step = 2; step <= 6; step++) trainer.Step(step);
        Assert.Equal(before, Tensor.TotalCount);
    }

    /// <summary>What other tests have left to the garbage collector is not counted; what these tests leave to it is.</summary>
    private static long Live()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Tensor.TotalCount;
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
            Assert.Throws<OperationCanceledException>(() => new Generator(model.Network).Generate(requests, options, (_, _) => source.Cancel(), source.Token));
        }
    }

    [Fact]
    public void Decoding_and_log_probs_leave_only_their_results()
    {
        using Transformer model = TinyModels.Create();
        using IDisposable noGrad = no_grad();
        long before = Live();
        using (TorchSharp.DisposeScope scope = NewDisposeScope())
        {
            SharedPrefixBatch batch = new([[1, 2, 3]], [(0, [4, 5]), (0, [6])], CPU);
            TokenLogProbs tokens = new(model, model.Hidden(batch.Tokens, batch.Positions, batch.MaxPosition, new SharedPrefixAttention(batch, model.Config)), batch, 1);
            Assert.Equal(3, tokens.LogProbs.numel());
        }
        // The rotation's two tables have grown, in place of the empty ones.
        Assert.Equal(before, Tensor.TotalCount);
    }
}
