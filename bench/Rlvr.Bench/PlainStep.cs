using System.Diagnostics;
using Rlvr.Models;
using Rlvr.Rollouts;
using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Bench;

/// <summary>
/// The same step as most trainers do it: the prompt is repeated for every rollout in the prefill, in the key/value cache and in the
/// update; logits of all positions; autograd through the log-softmax.
/// </summary>
internal sealed class PlainStep(StepSetup setup, FusedAdamW optimizer)
{
    public (double Rollout, double Update) Run()
    {
        long start = Stopwatch.GetTimestamp();
        int[][] responses = Generate();
        double rolloutSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        start = Stopwatch.GetTimestamp();
        Update(responses);
        return (rolloutSeconds, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private int[][] Generate()
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope outer = NewDisposeScope();
        Transformer model = setup.Policy;
        using KvCache cache = new(model.Config, StepSetup.Rollouts, StepSetup.PromptTokens + StepSetup.NewTokens, CPU, model.ComputeType);
        SharedPrefixBatch batch = new([.. Enumerable.Repeat(setup.Prompt, StepSetup.Rollouts)], [], CPU);
        CapturingAttention attention = new(model.Attention(batch));
        Tensor hidden = model.Hidden(batch.Tokens, batch.Positions, batch.MaxPosition, attention);
        Tensor logits = model.Logits(hidden.index_select(0, tensor(batch.PromptEnds.Select(e => (long)e).ToArray())));
        for (int row = 0; row < StepSetup.Rollouts; row++)
        {
            int from = row * StepSetup.PromptTokens;
            cache.Add([.. attention.Captured.Select(c => (c.Key.narrow(0, from, StepSetup.PromptTokens), c.Value.narrow(0, from, StepSetup.PromptTokens)))]);
        }
        int[][] responses = [.. Enumerable.Range(0, StepSetup.Rollouts).Select(_ => new int[StepSetup.NewTokens])];
        for (int position = 0; position < StepSetup.NewTokens; position++)
        {
            using DisposeScope scope = NewDisposeScope();
            if (position > 0)
            {
                Tensor tokens = tensor(responses.Select(r => (long)r[position - 1]).ToArray());
                long at = StepSetup.PromptTokens + position - 1;
                logits = model.Logits(model.Hidden(tokens, full(StepSetup.Rollouts, at, dtype: ScalarType.Int64), at, cache.NextStep(CPU)));
            }
            int now = position;
            double[] uniforms = [.. Enumerable.Range(0, StepSetup.Rollouts).Select(r => CounterRandom.Uniform(1, 0, (ulong)r, (ulong)now))];
            long[] drawn = Sampler.Draw(logits, uniforms, setup.Sampling).Tokens.data<long>().ToArray();
            for (int row = 0; row < drawn.Length; row++) responses[row][position] = (int)drawn[row];
        }
        return responses;
    }

    private void Update(int[][] responses)
    {
        using DisposeScope scope = NewDisposeScope();
        optimizer.ZeroGradients();
        SharedPrefixBatch batch = new([.. responses.Select(r => (int[])[.. setup.Prompt, .. r])], [], CPU);
        Tensor reference;
        using (no_grad()) reference = LogProbs(setup.Reference, batch).LogProbs;
        (Tensor logProbs, Tensor entropy) = LogProbs(setup.Policy, batch);
        Tensor advantages = tensor(Enumerable.Range(0, StepSetup.Rollouts).Select(r => (float)StepSetup.Advantage(r)).ToArray()).unsqueeze(1);
        Tensor ratio = logProbs.sub(logProbs.detach()).exp();
        Tensor policy = minimum(ratio.mul(advantages), ratio.clamp(0.8, 1.2).mul(advantages)).neg().mean();
        Tensor difference = reference.sub(logProbs);
        Tensor kl = difference.exp().sub(difference).sub(1).mean();
        policy.add(kl.mul(0.001)).sub(entropy.mean().mul(0.001)).backward();
        GradientNorm.Clip(optimizer.Parameters, 1);
        optimizer.Step(1e-5);
    }

    private static (Tensor LogProbs, Tensor Entropy) LogProbs(Transformer model, SharedPrefixBatch batch)
    {
        int length = StepSetup.PromptTokens + StepSetup.NewTokens;
        Tensor hidden = model.Hidden(batch.Tokens, batch.Positions, batch.MaxPosition, model.Attention(batch)); // as torch computes it, not by this library's kernels
        Tensor logits = model.Logits(hidden).view(StepSetup.Rollouts, length, -1).narrow(1, StepSetup.PromptTokens - 1, StepSetup.NewTokens);
        Tensor all = logits.log_softmax(-1);
        Tensor targets = batch.Tokens.view(StepSetup.Rollouts, length).narrow(1, StepSetup.PromptTokens, StepSetup.NewTokens).unsqueeze(2);
        return (all.gather(2, targets).squeeze(2), all.exp().mul(all).sum(-1).neg());
    }
}
