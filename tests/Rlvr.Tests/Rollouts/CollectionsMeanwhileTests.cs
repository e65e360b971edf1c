using Rlvr.Models;
using Rlvr.Rollouts;
using Rlvr.Tests.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Rollouts;

/// <summary>Rewards are scored while the rest decodes, and the garbage collections of that thread come at any moment: see <see cref="TemporaryNumbersTests"/>.</summary>
[Collection(AloneInTheProcess.Name)]
public class CollectionsMeanwhileTests
{
    /// <summary>By the processor's kernels, and by tensor operations as on other devices.</summary>
    [Theory]
    [InlineData(24, 0)]
    [InlineData(20, 0.9)]
    public void Rollouts_and_passes_are_the_same_while_another_thread_collects(int width, double topP)
    {
        using Transformer model = TinyModels.Create(TinyModels.Config("qwen2 GQA") with { HiddenSize = width });
        SamplingOptions options = new() { Temperature = 0.7, TopP = topP == 0 ? 1 : topP, MaxNewTokens = 8, Seed = 2 };
        GenerationRequest[] requests = [.. Enumerable.Range(0, 6).Select(i => new GenerationRequest(TinyModels.Tokens(3 + i, (ulong)i), (ulong)i))];
        float[] expected = Compute();
        using CancellationTokenSource over = new();
        Thread collecting = new(() =>
        {
            while (!over.IsCancellationRequested) GC.Collect(0);
        });
        collecting.Start();
        try
        {
            for (int i = 0; i < 60; i++) Assert.Equal(expected, Compute());
        }
        finally
        {
            over.Cancel();
            collecting.Join();
        }

        float[] Compute()
        {
            using DisposeScope scope = NewDisposeScope();
            IReadOnlyList<Rollout> rollouts = new Rlvr.Rollouts.Generator(model).Generate(requests, options);
            SharedPrefixBatch batch = new([.. requests.Select(r => r.Prompt)], [.. rollouts.Select((r, i) => (i, r.Tokens))], CPU);
            return [.. rollouts.SelectMany(r => r.LogProbs), .. model.Hidden(batch).data<float>().ToArray()];
        }
    }
}
