using Rlvr.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Models;

/// <summary>Decoding token by token with the cache gives the logits of the whole sequence.</summary>
public class KvCacheTests
{
    public static TheoryData<string> Names => TinyModels.Names;

    /// <summary>Three prompts of different lengths; rows leave and enter in the middle.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Rows_with_their_own_prompts_decode_as_the_whole_sequences(string name)
    {
        using Transformer model = TinyModels.Create(name);
        using Decoding decoding = new(model, capacity: 4, maxLength: 20, sharedPrompt: null);
        decoding.Add(TinyModels.Tokens(3, 1), TinyModels.Tokens(9, 11));
        decoding.Add(TinyModels.Tokens(7, 2), TinyModels.Tokens(9, 12));
        decoding.Add(TinyModels.Tokens(1, 3), TinyModels.Tokens(9, 13));
        decoding.StepAndCompare();
        decoding.StepAndCompare();
        decoding.Remove(0); // the last row, a shorter one, moves into its place
        decoding.StepAndCompare();
        decoding.Add(TinyModels.Tokens(11, 4), TinyModels.Tokens(9, 14));
        decoding.Add(TinyModels.Tokens(2, 5), TinyModels.Tokens(9, 15));
        decoding.StepAndCompare();
        decoding.Remove(3); // the last itself
        decoding.Remove(1);
        decoding.StepAndCompare();
        decoding.StepAndCompare();
        Assert.Equal(2, decoding.Rows);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Rows_of_one_shared_prompt_decode_as_the_whole_sequences(string name)
    {
        using Transformer model = TinyModels.Create(name);
        using Decoding decoding = new(model, capacity: 3, maxLength: 8, sharedPrompt: TinyModels.Tokens(6, 1));
        for (ulong row = 0; row < 3; row++) decoding.Add(null, TinyModels.Tokens(8, 20 + row));
        decoding.StepAndCompare(); // all rows have one length: no mask
        decoding.StepAndCompare();
        decoding.Remove(1);
        decoding.StepAndCompare();
        decoding.Add(null, TinyModels.Tokens(8, 30)); // shorter than the others
        decoding.StepAndCompare();
        decoding.Remove(0);
        decoding.StepAndCompare();
        decoding.Remove(1);
        decoding.StepAndCompare(); // one row alone
        Assert.Equal(1, decoding.Rows);
    }

    [Fact]
    public void Rows_of_equal_length_need_no_mask()
    {
        using Transformer model = TinyModels.Create();
        using Decoding decoding = new(model, capacity: 2, maxLength: 9, sharedPrompt: null);
        decoding.Add(TinyModels.Tokens(4, 1), TinyModels.Tokens(5, 2));
        decoding.Add(TinyModels.Tokens(4, 3), TinyModels.Tokens(5, 4));
        for (int i = 0; i < 5; i++) decoding.StepAndCompare();
    }

    /// <summary>Places grow by a block when the longest row needs it, and are then as many as there are rows.</summary>
    [Fact]
    public void Memory_follows_the_rows_in_use()
    {
        using Transformer model = TinyModels.Create();
        using Decoding decoding = new(model, capacity: 5, maxLength: 100, sharedPrompt: null);
        Assert.Equal((0, 0), (decoding.Cache.Places, decoding.Cache.PlaceLength));
        decoding.Cache.Reserve(4, 61);
        decoding.Add(TinyModels.Tokens(61, 1), TinyModels.Tokens(9, 11));
        for (ulong row = 0; row < 3; row++) decoding.Add(TinyModels.Tokens(2, row), TinyModels.Tokens(9, row));
        for (int i = 0; i < 3; i++) decoding.StepAndCompare();
        Assert.Equal((4, KvCache.BlockLength), (decoding.Cache.Places, decoding.Cache.PlaceLength));
        decoding.Remove(2);
        decoding.Remove(1);
        decoding.StepAndCompare();
        Assert.Equal((2, 100), (decoding.Cache.Places, decoding.Cache.PlaceLength)); // no more than a row may have
        decoding.Add(TinyModels.Tokens(5, 4), TinyModels.Tokens(9, 12));
        decoding.StepAndCompare();
        Assert.Equal((3, 100), (decoding.Cache.Places, decoding.Cache.PlaceLength));
        Assert.Throws<InvalidOperationException>(() => decoding.Cache.Reserve(6, 1));
    }

    [Fact]
    public void A_full_row_and_a_late_prefix_are_refused()
    {
        using Transformer model = TinyModels.Create();
        using Decoding decoding = new(model, capacity: 1, maxLength: 4, sharedPrompt: null);
        decoding.Add(TinyModels.Tokens(3, 1), TinyModels.Tokens(5, 2));
        decoding.StepAndCompare();
        Assert.Throws<InvalidOperationException>(decoding.StepAndCompare);
        Assert.Throws<InvalidOperationException>(() => decoding.Cache.SetSharedPrefix(decoding.Prefill(TinyModels.Tokens(2, 3))));
    }

    /// <summary>A cache with the sequences that should be in it.</summary>
    private sealed class Decoding : IDisposable
    {
        private readonly DisposeScope scope = NewDisposeScope();
        private readonly IDisposable noGrad = no_grad();
        private readonly Transformer model;
        private readonly int[]? sharedPrompt;
        private readonly List<Row> rows = [];

        public Decoding(Transformer model, int capacity, int maxLength, int[]? sharedPrompt)
        {
            this.model = model;
            this.sharedPrompt = sharedPrompt;
            // Memory that was NaN before: what the cache leaves uninitialised must not show.
            for (int i = 0; i < 4; i++) full((long)capacity * model.Config.KeyValueHeads * maxLength, model.Config.HeadDim, float.NaN).Dispose();
            Cache = new KvCache(model.Config, capacity, maxLength, CPU);
            if (sharedPrompt is not null) Cache.SetSharedPrefix(Prefill(sharedPrompt));
        }

        public KvCache Cache { get; }

        public int Rows => Cache.Rows;

        public void Add(int[]? prompt, int[] continuation)
        {
            Cache.Add(prompt is null ? null : Prefill(prompt));
            rows.Add(new Row(prompt ?? sharedPrompt!, continuation));
        }

        public void Remove(int row)
        {
            int moved = Cache.Remove(row);
            Assert.Equal(row == rows.Count - 1 ? -1 : rows.Count - 1, moved);
            rows[row] = rows[^1];
            rows.RemoveAt(rows.Count - 1);
        }

        /// <summary>Gives every row its next token; the logits must be those of its whole sequence so far.</summary>
        public void StepAndCompare()
        {
            long[] tokens = [.. rows.Select(r => (long)r.Continuation[r.Done])], positions = [.. Enumerable.Range(0, rows.Count).Select(i => (long)Cache.NextPosition(i))];
            Assert.Equal(rows.Select(r => (long)r.Prompt.Length + r.Done), positions);
            Tensor logits = model.Logits(model.Hidden(tensor(tokens), tensor(positions), positions.Max(), Cache.NextStep(CPU)));
            for (int i = 0; i < rows.Count; i++)
            {
                rows[i].Done++;
                int[] sequence = [.. rows[i].Prompt, .. rows[i].Continuation[..rows[i].Done]];
                double difference = TinyModels.Largest(logits[i].sub(TinyModels.PlainLogits(model, sequence)[-1]));
                Assert.True(difference <= TinyModels.Rounding, $"row {i} after {rows[i].Done} tokens: off by {difference:g3}");
            }
        }

        public List<(Tensor Key, Tensor Value)> Prefill(int[] prompt)
        {
            SharedPrefixBatch batch = new([prompt], [], CPU);
            CapturingAttention attention = new(model.Attention(batch));
            model.Hidden(batch.Tokens, batch.Positions, batch.MaxPosition, attention);
            return attention.Captured;
        }

        public void Dispose()
        {
            Cache.Dispose();
            noGrad.Dispose();
            scope.Dispose();
        }

        private sealed class Row(int[] prompt, int[] continuation)
        {
            public int[] Prompt => prompt;

            public int[] Continuation => continuation;

            public int Done { get; set; }
        }
    }
}
