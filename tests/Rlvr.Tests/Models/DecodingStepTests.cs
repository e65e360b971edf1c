using Rlvr.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Models;

/// <summary>The decoding steps of the CPU and of GPUs (these with attention by definition, on the CPU) give the logits of the whole sequence.</summary>
public class DecodingStepTests
{
    public static TheoryData<string, string> Cases => [.. from string name in TinyModels.Names.Select(row => row.Data) from kind in new[] { "cpu", "cpu, shared prompt", "cpu, two threads", "gpu" } select new TheoryDataRow<string, string>(name, kind)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Rows_that_enter_and_leave_decode_as_the_whole_sequences(string name, string kind)
    {
        int threads = get_num_threads();
        set_num_threads(kind.Contains("two", StringComparison.Ordinal) ? 2 : 1);
        try
        {
            Compare(name, kind);
        }
        finally
        {
            set_num_threads(threads);
        }
    }

    private static IKvCache Cache(string kind, ModelConfig config, int capacity, int length, ScalarType type) =>
        kind == "gpu" ? new FlashKvCache(config, capacity, length, CPU, type) { Plainly = true } : new CpuKvCache(config, capacity, length, type);

    private static void Compare(string name, string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using Transformer model = TinyModels.Create(name), untouched = TinyModels.Create(name);
        using IKvCache cache = Cache(kind, model.Config, 5, 80, ScalarType.Float32);
        int[]? shared = kind.Contains("shared", StringComparison.Ordinal) ? TinyModels.Tokens(11, 9) : null;
        if (shared is not null) cache.SetSharedPrefix(Prompt(shared));
        List<List<int>> rows = [];
        Add(3, 1, 2);
        Step();
        Step();
        Remove(0); // the last takes its number, not its place
        Add(7, 2, 1);
        Step();
        Fork(1, 0); // as they are now
        Step();
        Remove(3);
        Add(1, 3, 1);
        Step();
        Remove(3);
        Remove(1);
        Step();
        cache.Reserve(4, 70); // grows: the rows in use stay what they are
        Add(9, 4, 1);
        Step();
        Step();
        Assert.Equal(3, rows.Count);
        Assert.Throws<InvalidOperationException>(() => cache.Reserve(6, 1));

        void Add(int length, ulong seed, int count)
        {
            int[] prompt = shared ?? TinyModels.Tokens(length, seed);
            cache.Add(shared is null ? Prompt(prompt) : null);
            if (count > 1) cache.Fork([.. Enumerable.Repeat(rows.Count, count - 1)]);
            for (int i = 0; i < count; i++) rows.Add([.. prompt]);
        }

        List<(Tensor, Tensor)> Prompt(int[] prompt)
        {
            SharedPrefixBatch batch = new([prompt], [], CPU);
            CapturingAttention attention = new(model.Attention(batch));
            model.Hidden(batch.Tokens, batch.Positions, batch.MaxPosition, attention);
            return attention.Captured;
        }

        void Fork(params int[] some)
        {
            cache.Fork(some);
            foreach (int row in some) rows.Add([.. rows[row]]);
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
            Tensor logits = model.Logits(cache.Decode(model, [.. tokens.Select(t => (long)t)], [.. tokens.Select(_ => 1)]));
            for (int i = 0; i < rows.Count; i++)
            {
                rows[i].Add(tokens[i]);
                double difference = TinyModels.Largest(logits[i].sub(TinyModels.PlainLogits(untouched, [.. rows[i]])[-1]));
                Assert.True(difference <= TinyModels.Rounding, $"row {i} of {rows[i].Count} tokens: off by {difference:g3}");
            }
        }
    }

    /// <summary>The layers' matrices lie together afterwards; whoever else uses them sees the same numbers, and a model in training its updates.</summary>
    [Theory]
    [InlineData("gpu", ScalarType.Float32)]
    [InlineData("gpu", ScalarType.BFloat16)]
    [InlineData("cpu", ScalarType.Float32)]
    [InlineData("cpu", ScalarType.BFloat16)]
    public void Joined_matrices_are_the_models_own(string kind, ScalarType type)
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
            using IKvCache flash = Cache(kind, model.Config, 1, 30, type);
            using KvCache plain = new(model.Config, 1, 30, CPU, type);
            SharedPrefixBatch batch = new([prompt], [], CPU);
            CapturingAttention attention = new(model.Attention(batch));
            model.Hidden(batch.Tokens, batch.Positions, batch.MaxPosition, attention);
            flash.Add(attention.Captured);
            plain.Add(attention.Captured);
            double difference = TinyModels.Largest(model.Logits(flash.Decode(model, [3], [1])).sub(untouched.Logits(plain.Decode(untouched, [3], [1]))));
            Assert.True(difference <= (type == ScalarType.Float32 ? TinyModels.Rounding : 0.1), $"off by {difference:g3}"); // a rounding of bfloat16 at logits of 8 to 16 is 0.06
        }
    }

    /// <summary>A model that shares another's weights leaves them where they are: both go on seeing what becomes of them.</summary>
    [Fact]
    public void A_model_with_anothers_weights_does_not_move_them()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using Transformer model = TinyModels.Create();
        using Transformer sharing = model.Sharing();
        int[] prompt = TinyModels.Tokens(5, 1);
        for (int i = 0; i < 2; i++)
        {
            Assert.InRange(TinyModels.Largest(Logits(model).sub(Logits(sharing))), 0, TinyModels.Rounding);
            foreach (Tensor parameter in model.Parameters.Values) parameter.add_(0.25);
        }
        Assert.InRange(TinyModels.Largest(Logits(sharing).sub(Logits(model))), 0, 100 * TinyModels.Rounding);

        Tensor Logits(Transformer each)
        {
            SharedPrefixBatch batch = new([prompt], [], CPU);
            CapturingAttention attention = new(each.Attention(batch));
            each.Hidden(batch.Tokens, batch.Positions, batch.MaxPosition, attention);
            using CpuKvCache cache = new(each.Config, 1, 10);
            cache.Add(attention.Captured);
            return each.Logits(cache.Decode(each, [3], [1]));
        }
    }

    /// <summary>Several tokens of a row in one step, some of which are taken back, give what single steps give.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Several_tokens_together_equal_one_after_another(bool shares)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using Transformer model = TinyModels.Create("qwen3 GQA wide heads");
        int[] prompt = TinyModels.Tokens(5, 1);
        SharedPrefixBatch batch = new([prompt], [], CPU);
        CapturingAttention attention = new(model.Attention(batch));
        model.Hidden(batch.Tokens, batch.Positions, batch.MaxPosition, attention);
        using CpuKvCache together = new(model.Config, 2, 40), single = new(model.Config, 2, 40);
        foreach (CpuKvCache cache in new[] { together, single })
        {
            if (shares) cache.SetSharedPrefix(attention.Captured);
            cache.Add(shares ? null : attention.Captured);
            cache.Fork([0]);
        }
        together.Decode(model, [1, 7, 7, 2, 9], [3, 2]);
        together.Drop(0, 2);
        together.Drop(1, 1);
        single.Decode(model, [1, 2], [1, 1]);
        Tensor several = together.Decode(model, [3, 4, 5, 6], [1, 3]);
        Tensor first = single.Decode(model, [3, 4], [1, 1]);
        Assert.True(TinyModels.Largest(several.narrow(0, 0, 2).sub(first)) < TinyModels.Rounding);
        Tensor second = single.Decode(model, [8, 5], [1, 1]), third = single.Decode(model, [8, 6], [1, 1]);
        Assert.True(TinyModels.Largest(several[2].sub(second[1])) < TinyModels.Rounding);
        Assert.True(TinyModels.Largest(several[3].sub(third[1])) < TinyModels.Rounding);
        Assert.Throws<ArgumentException>(() => single.Decode(model, [1], [1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => single.Drop(0, 100));
    }
}
