using CsCheck;
using Rlvr.Models;
using Rlvr.Training;

namespace Rlvr.Tests.Training.Cost;

public sealed class CostModelTests
{
    private static readonly MachineSpeed Speed = new(1e11, 1e10, 1e-6);

    private static readonly ModelConfig Config = new()
    {
        Architecture = ModelArchitecture.Qwen2,
        HiddenSize = 64,
        IntermediateSize = 128,
        Layers = 2,
        Heads = 4,
        KeyValueHeads = 2,
        HeadDim = 16,
        VocabularySize = 100,
        TieWordEmbeddings = true,
    };

    private static readonly CostModel Cost = new(Config, Speed);

    [Fact]
    public void The_operations_of_decoding_are_those_of_its_tokens()
    {
        // A prompt of 10 once, and 4 rows of 5 tokens, of which the first comes from the prompt: 10 + 4 * 4 tokens through the layers, 1 + 16 logits.
        CostTerms terms = Cost.Decoding([5, 5, 5, 5], 4, 10, 1);
        double output = 64 * 100, layers = Config.ParameterCount - output;
        Assert.Equal(2 * ((layers * 26) + (output * 17)), terms.Products, 1e-3);
        Assert.Equal(5 * 4 * Config.ParameterCount, terms.Reading, 1e-3); // the prompt's pass and four steps
        // Of the prompt 5 tokens seen on average; then 11, 12, 13 and 14.
        Assert.Equal(4 * 2 * 64 * ((10 * 5) + (4 * (11 + 12 + 13 + 14))), terms.Attention, 1e-3);
        Assert.Equal(terms, Cost.Decoding([5, 5, 5, 5], 1000, 10, 1));
    }

    [Fact]
    public void The_operations_of_an_update_are_forward_and_twice_that_backward()
    {
        UpdateWork work = new(30, 20, 7);
        double output = 64 * 100, layers = Config.ParameterCount - output, forward = 2 * ((layers * 30) + (output * 20));
        Assert.Equal(3 * forward, Cost.Updating(work).Products, 1e-3);
        Assert.Equal((3 + 1) * forward, Cost.Updating(work with { FurtherForwards = 1 }).Products, 1e-3);
        Assert.Equal((2 * 4 * forward) + forward, Cost.Updating(work with { Epochs = 2, Recomputes = true, FurtherForwards = 1 }).Products, 1e-3);
        Assert.Equal(2 * forward, Cost.Updating(work with { TrainsAdapter = true }).Products, 1e-3);
        Assert.Equal(2 * 32 * Config.ParameterCount, Cost.Updating(work with { Optimizations = 2 }).Reading, 1e-3);
        // Two chunks more, with 30 operations a layer in each of three passes.
        Assert.Equal(2 * 30 * 2 * 3, Cost.Updating(work with { Inputs = 3 * PolicyUpdate.CpuChunkTokens }).Operations - Cost.Updating(work).Operations, 1e-6);
    }

    [Fact]
    public void More_of_anything_takes_longer_and_rows_together_take_less_than_one_after_another() =>
        Gen.Select(Gen.Int[1, 40].Array[1, 30], Gen.Int[1, 30], Gen.Int[1, 200]).Sample((lengths, rows, prompt) =>
        {
            double seconds = Cost.Decode(lengths, rows, prompt, 1);
            Assert.True(double.IsFinite(seconds) && seconds > 0);
            Assert.True(Cost.Decode([.. lengths, 3], rows, prompt, 1) > seconds);
            Assert.True(Cost.Decode(lengths, rows, prompt + 1, 1) > seconds);
            Assert.True(Cost.Decode(lengths, rows, prompt, 2) > seconds);
            Assert.True(Cost.Decode(lengths, 1, prompt, 1) >= Cost.Decode(lengths, lengths.Length, prompt, 1) * (1 - 1e-9));
        });

    [Fact]
    public void Rows_that_end_leave_the_batch()
    {
        double even = Cost.Decode([.. Enumerable.Repeat(25, 64)], 64, 10, 1), tail = Cost.Decode([100, .. Enumerable.Repeat(1, 63)], 64, 10, 1), all = Cost.Decode([.. Enumerable.Repeat(100, 64)], 64, 10, 1);
        Assert.InRange(tail, even, all);
        Assert.Equal(64.0 * 99 / 99, Cost.Decoding([.. Enumerable.Repeat(100, 64)], 64, 0, 0).Products / Cost.Decoding([100, .. Enumerable.Repeat(1, 63)], 64, 0, 0).Products, 1e-9);
    }

    [Fact]
    public void A_machine_that_is_faster_in_all_takes_proportionally_less()
    {
        CostModel twice = new(Config, new MachineSpeed(2 * Speed.Flops, 2 * Speed.BytesPerSecond, Speed.SecondsPerOperation / 2));
        Assert.Equal(Cost.Decode([30, 40], 2, 10, 1) / 2, twice.Decode([30, 40], 2, 10, 1), 1e-9);
        Assert.Equal(Cost.Update(new UpdateWork(30, 20, 7)) / 2, twice.Update(new UpdateWork(30, 20, 7)), 1e-9);
    }

    [Fact]
    public void The_machines_speed_is_measured()
    {
        SpeedProbe probe = new(TorchSharp.torch.CPU);
        MachineSpeed speed = probe.Of(100);
        Assert.Same(speed, probe.Of(128)); // the next power of two
        Assert.InRange(speed.Flops, 1e7, 1e14);
        Assert.InRange(speed.BytesPerSecond, 1e7, 1e13);
        Assert.InRange(speed.SecondsPerOperation, 1e-8, 1e-2);
    }
}
