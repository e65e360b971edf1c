using Rlvr.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Models;

/// <summary>What is recorded of a pass is what the pass computed; gradients are those of <see cref="Training.RecordedRolloutsTests"/>.</summary>
public class ActivationTapeTests
{
    [Fact]
    public void Rows_are_taken_in_order_until_there_are_too_few()
    {
        using ActivationTape tape = new(TinyModels.Config("qwen2 GQA"), ScalarType.Float32, 5);
        Assert.Equal(0, tape.Take([7, 8], [0, 1]));
        Assert.Equal(2, tape.Take([9, 6], [2, 2]));
        Assert.Equal([7, 8, 9, 6], tape.Tokens);
        Assert.Equal([0, 1, 2, 2], tape.Positions);
        Assert.Equal((4, false), (tape.Count, tape.Overflowed));
        Assert.Null(tape.Take([1, 2], [3, 3]));
        Assert.True(tape.Overflowed);
        Assert.Null(tape.Take([1], [3])); // what was left out would be missed
        int version = tape.Version;
        tape.Clear();
        Assert.Equal((version + 1, 0, false), (tape.Version, tape.Count, tape.Overflowed));
        Assert.Equal(0, tape.Take([1, 2, 3, 4, 5], [0, 1, 2, 3, 4]));
    }

    /// <summary>Prompts are recorded with one pass, tokens behind them with one pass each: the hidden states are those of the whole sequence.</summary>
    [Theory]
    [InlineData("qwen2 GQA", ScalarType.Float32)]
    [InlineData("qwen3 GQA wide heads", ScalarType.Float32)]
    [InlineData("llama MHA untied", ScalarType.BFloat16)]
    public void Hidden_states_are_those_of_the_whole_sequence(string name, ScalarType type)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using Transformer model = TinyModels.Create(TinyModels.Config(name), computeType: type, deviation: type == ScalarType.Float32 ? 0.25 : TinyModels.Moderate);
        using ActivationTape tape = new(model.Config, type, 20);
        int[] sequence = TinyModels.Tokens(9, 4);
        SharedPrefixBatch prompt = new([sequence[..5]], [], CPU);
        Assert.Equal(0, tape.Take([.. sequence[..5].Select(t => (long)t)], [0, 1, 2, 3, 4]));
        (Tensor hidden, IReadOnlyList<(Tensor Key, Tensor Value)> layers) = model.RecordPrompts(prompt, tape);
        using CpuKvCache cache = new(model.Config, 1, 20, type) { Tape = tape };
        cache.Add(layers);
        foreach (int token in sequence[5..]) cache.Decode(model, [token], [1]);

        Tensor expected = model.Hidden(new SharedPrefixBatch([sequence], [], CPU));
        IHiddenPass found = model.HiddenOfTape(tape, [new(0, 9, [], false)], [.. Enumerable.Range(0, 9)]);
        double rounding = type == ScalarType.Float32 ? TinyModels.Rounding : 0.1;
        Assert.InRange(TinyModels.Largest(found.Values.detach().sub(expected)), 0, rounding);
        Assert.InRange(TinyModels.Largest(hidden.sub(expected.narrow(0, 0, 5))), 0, rounding);
    }
}
