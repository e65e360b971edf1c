using Rlvr.Models;
using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Training;

/// <summary>
/// The rollouts of a step as they were decoded: the policy's hidden states without a forward pass. The loss is computed chunk by chunk as ever; the way back goes through
/// all that was recorded at once.
/// </summary>
internal sealed class RecordedRollouts
{
    private readonly ActivationTape tape;
    private readonly IHiddenPass pass;
    private readonly Tensor gradient;
    private readonly Dictionary<int, long[]> predictors = []; // by rollout: for each of its tokens the row that predicts it

    private RecordedRollouts(Transformer policy, ActivationTape tape, IReadOnlyList<UpdateSample> samples, int[] rows)
    {
        this.tape = tape;
        List<int[]> prompts = [];
        List<int> promptRows = [];
        Dictionary<int, int> promptOf = []; // by its first row
        foreach (UpdateSample sample in rows.Select(row => samples[row]))
        {
            if (!promptOf.TryAdd(sample.Trace!.Prompt, prompts.Count)) continue;
            prompts.Add(sample.Prompt);
            promptRows.Add(sample.Trace.Prompt);
        }
        // What was recorded twice, because equal rollouts were decoded apart, is one in the tree: the row of any of them will do.
        TokenTree tree = TokenTree.Of(prompts, [.. rows.Select(row => (promptOf[samples[row].Trace!.Prompt], samples[row].Tokens))], CPU);
        long[] predictorOf = tree.Predictors.data<long>().ToArray();
        int[] places = new int[tree.Tokens.size(0)];
        int at = 0;
        foreach ((int[] prompt, int first) in prompts.Zip(promptRows))
            for (int i = 0; i < prompt.Length; i++) places[at++] = first + i;
        at = 0;
        foreach (UpdateSample sample in rows.Select(row => samples[row]))
        {
            for (int i = 1; i < sample.Tokens.Length; i++) places[predictorOf[tree.Places[at + i]]] = sample.Trace!.Rows[i - 1];
            at += sample.Tokens.Length;
        }
        at = 0;
        foreach (int row in rows)
        {
            int length = samples[row].Tokens.Length, start = at;
            predictors[row] = [.. Enumerable.Range(start, length).Select(i => (long)places[predictorOf[tree.Places[i]]])];
            at += length;
        }
        pass = policy.HiddenOfTape(tape, tree.Segments(), places);
        gradient = zeros_like(pass.Values);
    }

    /// <summary>Finds what was recorded of some rollouts. What it makes belongs to the current dispose scope.</summary>
    /// <param name="policy">The model that sampled them, unchanged since.</param>
    /// <param name="samples">The rollouts of the step.</param>
    /// <param name="rows">Those that are learnt from, in the order of the chunks.</param>
    /// <returns>Null if some were not recorded.</returns>
    public static RecordedRollouts? Of(Transformer policy, IReadOnlyList<UpdateSample> samples, int[] rows)
    {
        if (!policy.TrainsByKernels) return null;
        int[] some = [.. rows.Where(row => samples[row].Tokens.Length > 0)];
        if (some.Length == 0 || samples[some[0]].Trace is not { } first) return null;
        return some.All(row => samples[row].Trace is { IsValid: true } trace && ReferenceEquals(trace.Tape, first.Tape)) ? new RecordedRollouts(policy, first.Tape, samples, some) : null;
    }

    /// <summary>The hidden states of a chunk. Of its inputs that predict nothing there are none: no loss depends on them.</summary>
    /// <param name="rows">The rollouts in the chunk.</param>
    /// <param name="chunk">The chunk.</param>
    public IHiddenPass Hidden(int[] rows, RowBatch chunk)
    {
        long[] predictorOf = chunk.Batch.Predictors.data<long>().ToArray(), from = new long[chunk.Batch.Tokens.size(0)];
        int at = 0;
        foreach (long row in rows.SelectMany(row => predictors.GetValueOrDefault(row, []))) from[predictorOf[chunk.PlaceOf(at++)]] = row;
        return new Chunk(this, tensor(from));
    }

    /// <summary>After the loss of all chunks, once: adds to the gradients of all parameters. Nothing is recorded any more then.</summary>
    public void Backward()
    {
        pass.Values.backward([gradient]);
        pass.Backward();
        tape.Clear();
    }

    private sealed class Chunk : IHiddenPass
    {
        private readonly RecordedRollouts all;
        private readonly Tensor from; // [N] int64

        public Chunk(RecordedRollouts all, Tensor from)
        {
            (this.all, this.from) = (all, from);
            Values = all.pass.Values.detach().index_select(0, from).requires_grad_();
        }

        public Tensor Values { get; }

        public void Backward()
        {
            using IDisposable noGrad = no_grad();
            all.gradient.index_add_(0, from, Values.grad!, Numbers.One);
        }
    }
}
