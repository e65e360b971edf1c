using Rlvr.Experiments;
using Rlvr.Models;
using Rlvr.Tensors;
using Rlvr.Tests.Models;
using Rlvr.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Training.Memory;

public class MemoryPlannerTests
{
    private static readonly MemoryWorkload Gpu = new() { OnGpu = true, Prompts = 128 };

    private static ModelConfig SevenBillion => ModelSizes.Find("Qwen/Qwen2.5-Math-7B")!;

    [Theory]
    [InlineData("fp32", 4)]
    [InlineData("bf16", 2)]
    [InlineData("auto", 2)] // on a GPU
    public void Weights_and_cache_follow_what_the_recipe_needs(string precision, int computed)
    {
        ModelConfig model = SevenBillion;
        Assert.InRange(model.ParameterCount, 7.5e9, 7.7e9);
        Assert.InRange(ModelSizes.Find("meta-llama/Llama-3.2-3B-Instruct")!.ParameterCount, 3.1e9, 3.3e9);
        Recipe recipe = new() { Compute = new ComputeOptions { Precision = precision } };
        MemoryPlan plan = MemoryPlanner.Of(recipe, model, Gpu);
        Assert.Equal(4 * model.ParameterCount, plan["weights"]);
        Assert.Equal(4 * model.ParameterCount, plan["gradients"]);
        Assert.Equal(8 * model.ParameterCount, plan["optimiser state"]);
        // All but the embedding, of which rows are looked up, and the norms.
        Assert.InRange(plan["compute copy"], computed == 4 ? 0 : 1.85 * model.ParameterCount, computed == 4 ? 0 : 1.95 * model.ParameterCount);
        Assert.InRange(plan["reference"], computed * model.ParameterCount, 1.001 * computed * model.ParameterCount);
        Assert.Equal(0, MemoryPlanner.Of(recipe with { Loss = new LossOptions { Kl = 0 } }, model, Gpu)["reference"]);
        // Keys and values of 1,024 rows of 256 + 3,072 tokens: 28 layers, 4 heads of 128. A prompt that all share is there once, but for flash attention.
        Assert.Equal(1024L * 3328 * 2 * 28 * 4 * 128 * computed, plan["key/value cache"]);
        Assert.Equal(1024L * (computed == 4 ? 3072 : 3328) * 2 * 28 * 4 * 128 * computed, MemoryPlanner.Of(recipe, model, Gpu with { Prompts = 1 })["key/value cache"]);
        Assert.Equal(plan["key/value cache"] / 16, MemoryPlanner.Of(recipe with { Rollout = new RolloutOptions { MaxRows = 64 } }, model, Gpu)["key/value cache"]);
    }

    [Theory]
    [InlineData(Moments.BFloat16, 4)]
    [InlineData(Moments.EightBit, 2.031)]
    public void Smaller_moments_are_reckoned_with(string state, double bytes)
    {
        Recipe recipe = new() { Optimizer = new OptimizerOptions { State = state } };
        MemoryPlan plan = MemoryPlanner.Of(recipe, SevenBillion, Gpu);
        Assert.Equal(bytes, (double)plan["optimiser state"] / SevenBillion.ParameterCount, 0.002);
        Recipe critic = recipe with { Critic = new CriticOptions { Enabled = true } };
        Assert.InRange(MemoryPlanner.Of(critic, SevenBillion, Gpu)["critic"], (8 + bytes) * 0.9 * SevenBillion.ParameterCount, (10 + bytes) * SevenBillion.ParameterCount);
    }

    [Fact]
    public void Moments_of_a_plan_are_those_that_an_optimiser_has()
    {
        using DisposeScope scope = NewDisposeScope();
        using Transformer model = TinyModels.Create(TinyModels.Config("qwen3 GQA wide heads") with { VocabularySize = 300 });
        foreach (string state in Moments.Names)
        {
            using FusedAdamW optimizer = new(model.Parameters.Select(p => (p.Key, p.Value)), state: state);
            Assert.Equal(optimizer.State().Sum(s => s.Value.numel() * s.Value.element_size()), MemoryPlanner.Of(new Recipe { Optimizer = new OptimizerOptions { State = state } }, model.Config, new())["optimiser state"]);
        }
    }

    [Fact]
    public void Logits_of_a_large_vocabulary_stay_at_a_chunk()
    {
        Recipe recipe = new() { Compute = new ComputeOptions { MicroBatchTokens = 24_000, Precision = "fp32" } };
        long Logits(int vocabulary) => MemoryPlanner.Of(recipe, SevenBillion with { VocabularySize = vocabulary }, Gpu).Phases.Single(p => p.Name == "update").Items.Single(i => i.Name == "logits").Bytes;
        Assert.Equal(Logits(152_064), Logits(32_000));
        Assert.InRange(Logits(152_064), 700e6, 900e6); // all of them would be 14.6 GB
    }

    [Fact]
    public void Layers_are_computed_again_only_where_they_do_not_fit()
    {
        Recipe recipe = new() { Rollout = new RolloutOptions { MaxRows = 16 } };
        MemoryPlan kept = MemoryPlanner.Of(recipe, SevenBillion, Gpu);
        MemoryPlan again = MemoryPlanner.Of(recipe with { Compute = new ComputeOptions { Recompute = "true" } }, SevenBillion, Gpu);
        Assert.True(again.Total < kept.Total - 20e9);
        Assert.Equal("false", MemoryChoices.Decide(recipe, SevenBillion, Gpu, (long)(kept.Total / 0.8)).Compute.Recompute);
        Assert.Equal("true", MemoryChoices.Decide(recipe, SevenBillion, Gpu, (long)(kept.Total / 0.9)).Compute.Recompute);
        // Who said what they want gets it.
        Assert.Equal("false", MemoryChoices.Decide(recipe with { Compute = new ComputeOptions { Recompute = "false" } }, SevenBillion, Gpu, 1).Compute.Recompute);
        Assert.Equal("false", MemoryChoices.Decide(recipe, SevenBillion, Gpu, null).Compute.Recompute);
    }

    [Theory]
    [InlineData("fp32")]
    [InlineData("bf16")]
    public void A_mapped_reference_is_page_cache(string precision)
    {
        MemoryWorkload files = new() { MappableElement = 2 };
        Recipe copied = new() { Rollout = new RolloutOptions { MaxRows = 4, MaxNewTokens = 64 }, Compute = new ComputeOptions { Precision = precision, Reference = "memory" } };
        Recipe mapped = copied with { Compute = copied.Compute with { Reference = "mapped" } }, open = copied with { Compute = copied.Compute with { Reference = "auto" } };
        MemoryPlan before = MemoryPlanner.Of(copied, SevenBillion, files), after = MemoryPlanner.Of(mapped, SevenBillion, files);
        Assert.Empty(before.PageCache);
        Assert.InRange(after["reference"], 1, 4_000_000); // norms and biases
        Assert.InRange(after.PageCache.Single().Bytes, 1.99 * SevenBillion.ParameterCount, 2 * SevenBillion.ParameterCount);
        Assert.InRange(before.KeptBytes - after.KeptBytes, (precision == "fp32" ? 3.99 : 1.99) * SevenBillion.ParameterCount, (precision == "fp32" ? 4 : 2) * SevenBillion.ParameterCount);
        Assert.Contains(after.Lines(null), line => line.Name == "reference, page cache" && line.Size.StartsWith("15.2", StringComparison.Ordinal));
        Assert.Contains("reference mapped from its files, 15.2", after.Summary(null), StringComparison.Ordinal);

        // auto: only where it does not fit otherwise, and before layers are computed again.
        ComputeOptions Decided(Recipe recipe, MemoryWorkload workload, double memory) => MemoryChoices.Decide(recipe, SevenBillion, workload, (long)memory).Compute;
        long needed = before.KeptBytes + before.Phases[1].Bytes;
        Assert.Equal("memory", Decided(open, files, needed / 0.849).Reference);
        Assert.Equal(("mapped", "false"), (Decided(open, files, needed / 0.86).Reference, Decided(open, files, needed / 0.86).Recompute));
        Assert.Equal("true", Decided(open, files, 1).Recompute);
        Assert.Equal("memory", Decided(copied, files, 1).Reference);
        Assert.Equal("memory", Decided(open, files with { MappableElement = null }, 1).Reference);
        Assert.Equal("memory", Decided(open, files with { OnGpu = true }, 1).Reference);
        Assert.Equal("memory", Decided(open with { Loss = new LossOptions { Kl = 0 } }, files, 1).Reference);
        Assert.Equal("memory", MemoryChoices.Decide(open, SevenBillion, files, null).Compute.Reference);
    }

    /// <summary>A small model's activations are kept from decoding; they stand in the plan while they do, in place of those of a chunk.</summary>
    [Fact]
    public void What_decoding_computes_is_kept_where_it_fits()
    {
        Processor.NeedsKernels();
        ModelConfig model = TinyModels.Config("qwen3 GQA wide heads") with { HiddenSize = 512, Layers = 20, IntermediateSize = 2048, MaxPositions = 4096 };
        MemoryWorkload workload = new() { Prompt = 100 };
        Recipe open = new() { Rollout = new RolloutOptions { BatchSize = 4, GroupSize = 8, MaxNewTokens = 500 }, Compute = new ComputeOptions { Precision = "fp32", Recompute = "false" } };
        Recipe reuses = open with { Compute = open.Compute with { ReuseForward = "true" } };
        MemoryPlan plan = MemoryPlanner.Of(reuses, model, workload), without = MemoryPlanner.Of(open, model, workload);
        using ActivationTape tape = new(model, TorchSharp.torch.ScalarType.Float32, (32 * 500) + 100);
        long recorded = plan.Phases[0].Items.Single(i => i.Name == "activations").Bytes;
        Assert.Equal(tape.Bytes, recorded);
        Assert.InRange(plan.Phases[1].Bytes, recorded, 1.2 * recorded);
        Assert.Equal(plan.Phases[0].Bytes - recorded, without.Phases[0].Bytes);

        string Decided(Recipe recipe, double memory) => MemoryChoices.Decide(recipe, model, workload, (long)memory).Compute.ReuseForward;
        Assert.Equal(("true", "false"), (Decided(open, plan.Total / 0.849), Decided(open, plan.Total / 0.851)));
        Assert.Equal("false", Decided(open with { Loss = new LossOptions { UpdatesPerStep = 2 } }, 1e15));
        Assert.Equal("false", Decided(open with { Compute = open.Compute with { Recompute = "true" } }, 1e15));
        Assert.Equal("false", Decided(open with { Compute = open.Compute with { ReuseForward = "false" } }, 1e15));
        Assert.Equal("true", Decided(reuses, 1)); // who said what they want gets it
        Assert.Equal("false", MemoryChoices.Decide(reuses, model, workload with { OnGpu = true }, null).Compute.ReuseForward);
        // Groups that are sampled again are recorded behind the others.
        Recipe again = reuses with { Rollout = reuses.Rollout with { DynamicSampling = 2 } };
        Assert.Equal(3 * recorded, MemoryPlanner.Of(again, model, workload).Phases[0].Items.Single(i => i.Name == "activations").Bytes);
    }

    [Fact]
    public void As_many_rows_are_decoded_at_once_as_fit()
    {
        Recipe recipe = new() { Compute = new ComputeOptions { Recompute = "true" } };
        foreach (int prompts in new[] { 1, 128 })
        {
            MemoryWorkload workload = Gpu with { Prompts = prompts };
            MemoryPlan all = MemoryPlanner.Of(recipe, SevenBillion, workload);
            Assert.Equal(1024, all.Rows);
            Assert.Equal(0, MemoryChoices.Decide(recipe, SevenBillion, workload, (long)(all.Total / 0.85) + 1).Rollout.MaxRows); // all
            long little = (long)((all.KeptBytes + (all.Phases[0].Bytes / 4)) / 0.85);
            Recipe decided = MemoryChoices.Decide(recipe, SevenBillion, workload, little);
            Assert.InRange(decided.Rollout.MaxRows, 200, 260);
            MemoryPlan some = MemoryPlanner.Of(decided, SevenBillion, workload);
            Assert.True(some.KeptBytes + some.Phases[0].Bytes <= 0.85 * little);
            Assert.Equal(1, MemoryChoices.Decide(recipe, SevenBillion, workload, 1).Rollout.MaxRows);
            Assert.Equal(32, MemoryChoices.Decide(recipe with { Rollout = new RolloutOptions { MaxRows = 32 } }, SevenBillion, workload, 1).Rollout.MaxRows);
        }
    }

    [Fact]
    public void The_machine_has_memory() => Assert.True(MachineMemory.Total(CPU) > 100 << 20);

    [Fact]
    public void A_plan_says_what_it_is_made_of()
    {
        MemoryPlan plan = new([new("weights", 4_000_000_000), new("critic", 0)], [new("rollouts", [new("cache", 10_000_000)]), new("update", [new("logits", 500_000_000)])], 7, Recomputes: true);
        Assert.Equal(4_500_000_000, plan.Total);
        Assert.Equal("4.50 GB at the peak, in the update, of 8.00 GB: weights 4.00 GB, logits 500 MB; 7 rows decoded at once, layers computed again in the backward pass", plan.Summary(8_000_000_000));
        Assert.Contains(("rollouts: cache", "10 MB"), plan.Lines(null));
    }
}
