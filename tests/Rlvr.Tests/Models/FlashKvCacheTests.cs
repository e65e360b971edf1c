using Rlvr.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Models;

/// <summary>The decoding step of GPUs, with attention by definition on the CPU: the logits of the whole sequence.</summary>
public class FlashKvCacheTests
{
    private const double Tolerance = 1e-5;

    public static TheoryData<string> Names => TinyModels.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void Rows_that_enter_and_leave_decode_as_the_whole_sequences(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using Transformer model = TinyModels.Create(name), untouched = TinyModels.Create(name);
        using FlashKvCache cache = new(model.Config, 4, 30, CPU, ScalarType.Float32) { Plainly = true };
        List<List<int>> rows = [];
        Add(3, 1, 2);
        Step();
        Step();
        Remove(0); // the last takes its number, not its place
        Add(7, 2, 1);
        Step();
        Add(1, 3, 2);
        Step();
        Remove(3);
        Remove(1);
        Step();
        cache.Reserve(4, 30); // grows: the rows in use stay what they are
        Add(9, 4, 1);
        Step();
        Step();
        Assert.Equal(3, rows.Count);
        Assert.Throws<InvalidOperationException>(() => cache.Reserve(5, 1));

        void Add(int length, ulong seed, int count)
        {
            int[] prompt = TinyModels.Tokens(length, seed);
            SharedPrefixBatch batch = new([prompt], [], CPU);
            CapturingAttention attention = new(model.Attention(batch));
            model.Hidden(batch.Tokens, batch.Positions, batch.MaxPosition, attention);
            cache.Add(attention.Captured, count);
            for (int i = 0; i < count; i++) rows.Add([.. prompt]);
        }

        void Remove(int row)
        {
            Assert.Equal(row == rows.Count - 1 ? -1 : rows.Count - 1, cache.Remove(row));
            rows[row] = rows[^1];
            rows.RemoveAt(rows.Count - 1);
        }

        void Step()
        {
            int[] tokens = [.. rows.Select((r, i) => ((r.Count * 7) + (i * 3)) % TinyModels.Vocabulary)];
            Tensor logits = model.Logits(cache.Decode(model, [.. tokens.Select(t => (long)t)]));
            for (int i = 0; i < rows.Count; i++)
            {
                rows[i].Add(tokens[i]);
                double difference = TinyModels.Largest(logits[i].sub(TinyModels.PlainLogits(untouched, [.. rows[i]])[-1]));
                Assert.True(difference <= Tolerance, $"row {i} of {rows[i].Count} tokens: off by {difference:g3}");
            }
        }
    }

    /// <summary>The layers' matrices lie together afterwards; whoever else uses them sees the same numbers, and a model in training its updates.</summary>
    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void Joined_matrices_are_the_models_own(ScalarType type)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using Transformer model = TinyModels.Create(TinyModels.Config("qwen2 GQA"), 1, type), untouched = TinyModels.Create(TinyModels.Config("qwen2 GQA"), 1, type);
        int[] prompt = TinyModels.Tokens(5, 1);
        Compare();
        foreach (Transformer each in new[] { model, untouched })
        {
            foreach (Tensor parameter in each.Parameters.Values) parameter.add_(0.25);
            each.ParametersChanged();
        }
        Compare();
        Assert.Equal(0, TinyModels.Largest(Logits(model).sub(Logits(untouched))));

        Tensor Logits(Transformer each) => each.Logits(each.Hidden(new SharedPrefixBatch([prompt], [], CPU)));

        void Compare()
        {
            using FlashKvCache flash = new(model.Config, 1, 30, CPU, type) { Plainly = true };
            using KvCache plain = new(model.Config, 1, 30, CPU, type);
            SharedPrefixBatch batch = new([prompt], [], CPU);
            CapturingAttention attention = new(model.Attention(batch));
            model.Hidden(batch.Tokens, batch.Positions, batch.MaxPosition, attention);
            flash.Add(attention.Captured, 1);
            plain.Add(attention.Captured, 1);
            double difference = TinyModels.Largest(model.Logits(flash.Decode(model, [3])).sub(untouched.Logits(plain.Decode(untouched, [3]))));
            Assert.True(difference <= (type == ScalarType.Float32 ? Tolerance : 0.1), $"off by {difference:g3}"); // a rounding of bfloat16 at logits of 8 to 16 is 0.06
        }
    }
}
