using Rlvr.Algorithms.Losses;
using Rlvr.Models;
using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Training;

/// <summary>Metrics of a step's critic updates.</summary>
/// <param name="Loss">The clipped squared error, mean over the updates.</param>
/// <param name="ClipFraction">Share of tokens whose clipped branch is the loss.</param>
/// <param name="GradientNorm">Before clipping.</param>
/// <param name="ValueMean">Mean value of a token before the updates.</param>
/// <param name="ReturnMean">Mean of what the values should have been.</param>
/// <param name="ExplainedVariance">1 - variance(return - value) / variance(return), before the updates; NaN where all returns are equal.</param>
public sealed record CriticMetrics(double Loss, double ClipFraction, double GradientNorm, double ValueMean, double ReturnMean, double ExplainedVariance);

/// <summary>
/// The critic of PPO with its optimiser: predicts the return before every token, and learns by the clipped squared error, over the same
/// mini-batches as the policy. As in the released code of arXiv 2504.20571 (its <c>dp_critic.update_critic</c>), with two departures: the mask is
/// the policy's (there it lies one position earlier), and the value head starts at 0 (there it is drawn at random).
/// </summary>
public sealed class Critic : IDisposable
{
    private readonly Recipe recipe;
    private readonly RowChunks chunks;
    private readonly AggregationMode aggregation;

    /// <summary>Prepares the critic.</summary>
    /// <param name="model">The value model, taken over.</param>
    /// <param name="recipe">Critic, optimiser and batch settings.</param>
    public Critic(ValueModel model, Recipe recipe)
    {
        Model = model;
        this.recipe = recipe;
        chunks = new RowChunks(model.Device, recipe, model.TrainsByKernels);
        // Means over rows suit a policy's loss; a squared error is a mean over what is predicted: tokens.
        aggregation = Aggregation.Parse(recipe.Loss.Aggregation) == AggregationMode.MicroBatch ? AggregationMode.MicroBatch : AggregationMode.Token;
        model.RequireGradients(true);
        OptimizerOptions options = recipe.Optimizer;
        Optimizer = new FusedAdamW(model.Parameters, options.Beta1, options.Beta2, options.Epsilon, options.WeightDecay, options.State);
    }

    /// <summary>The value model.</summary>
    public ValueModel Model { get; }

    /// <summary>Its optimiser; its state belongs into a checkpoint.</summary>
    public FusedAdamW Optimizer { get; }

    /// <summary>The value before every token, by row.</summary>
    public float[][] Values(IReadOnlyList<UpdateSample> samples) => chunks.Evaluate(samples, Model.Values);

    /// <summary>Runs a step's updates.</summary>
    /// <param name="samples">All rollouts of the step, in order; those without tokens are not learnt from.</param>
    /// <param name="oldValues">What <see cref="Values"/> gave before the step.</param>
    /// <param name="returns">What the values should have been.</param>
    /// <param name="learningRate">Of this step.</param>
    /// <exception cref="NonFiniteException">The loss or the gradient is NaN or infinite; the parameters were not touched by that update.</exception>
    public CriticMetrics Run(IReadOnlyList<UpdateSample> samples, IReadOnlyList<float[]> oldValues, IReadOnlyList<float[]> returns, double learningRate)
    {
        List<double> losses = [], clipped = [], norms = [];
        foreach (int[] miniBatch in MiniBatches.Of(samples.Count, recipe.Loss.UpdatesPerStep, recipe.Loss.Epochs))
        {
            if (miniBatch.All(row => samples[row].Tokens.Length == 0)) continue; // nothing to learn from
            Optimizer.ZeroGradients();
            double loss = 0, clip = 0;
            chunks.Accumulate(samples, miniBatch, aggregation, whole: false, (rows, weights) =>
            {
                (double Loss, double Clipped) chunk = Chunk(samples, rows, weights, oldValues, returns);
                (loss, clip) = (loss + chunk.Loss, clip + chunk.Clipped);
            });
            double norm = GradientNorm.Clip(Optimizer.Parameters, recipe.Critic.ClipNorm > 0 ? recipe.Critic.ClipNorm : double.PositiveInfinity);
            if (!double.IsFinite(norm)) throw new NonFiniteException("the norm of the critic's gradient", norm, miniBatch);
            Optimizer.Step(learningRate);
            Model.ParametersChanged();
            losses.Add(loss);
            clipped.Add(clip);
            norms.Add(norm);
        }
        if (losses.Count == 0) return new CriticMetrics(double.NaN, double.NaN, double.NaN, double.NaN, double.NaN, double.NaN);
        (double valueMean, double returnMean, double explained) = Fit(samples, oldValues, returns);
        return new CriticMetrics(losses.Average(), clipped.Average(), norms.Average(), valueMean, returnMean, explained);
    }

    /// <summary>Frees the value model and the optimiser's state.</summary>
    public void Dispose()
    {
        Optimizer.Dispose();
        Model.Dispose();
    }

    /// <summary>Forward and backward of some rows.</summary>
    private (double Loss, double Clipped) Chunk(
        IReadOnlyList<UpdateSample> samples, int[] rows, Tensor weights, IReadOnlyList<float[]> oldValues, IReadOnlyList<float[]> returns)
    {
        using DisposeScope scope = NewDisposeScope();
        RowBatch packed = chunks.Pack(samples, rows);
        Tensor values = packed.ToRows(Model.ValuesForLoss(packed.Batch, recipe.Compute.Recomputes, out IHiddenPass hidden));
        int[] lengths = [.. rows.Select(row => samples[row].Tokens.Length)];
        Tensor targets = chunks.Flat(rows, row => OfTokens(returns, row)), old = chunks.Flat(rows, row => OfTokens(oldValues, row));
        (Tensor losses, Tensor clipped) = ValueLoss.Compute(values, targets, old, recipe.Critic.ValueClip);
        Tensor loss = (losses * weights).sum();
        double value = loss.item<float>();
        if (!double.IsFinite(value)) throw NonFiniteException.Of("the critic's loss", value, rows, lengths, losses);
        loss.backward();
        hidden.Backward();
        return (value, (clipped.to(ScalarType.Float32) * weights).sum().item<float>());

        float[] OfTokens(IReadOnlyList<float[]> numbers, int row) => samples[row].Tokens.Length == 0 ? [] : numbers[row];
    }

    private static (double ValueMean, double ReturnMean, double ExplainedVariance) Fit(
        IReadOnlyList<UpdateSample> samples, IReadOnlyList<float[]> values, IReadOnlyList<float[]> returns)
    {
        double[] v = [.. Rows(values)], r = [.. Rows(returns)];
        if (v.Length == 0) return (double.NaN, double.NaN, double.NaN);
        double[] errors = [.. r.Zip(v, (target, value) => target - value)];
        double spread = Variance(r);
        return (v.Average(), r.Average(), spread == 0 ? double.NaN : 1 - (Variance(errors) / spread));

        IEnumerable<double> Rows(IReadOnlyList<float[]> numbers) =>
            Enumerable.Range(0, samples.Count).Where(row => samples[row].Tokens.Length > 0).SelectMany(row => numbers[row]).Select(x => (double)x);

        static double Variance(double[] numbers)
        {
            double mean = numbers.Average();
            return numbers.Average(x => (x - mean) * (x - mean));
        }
    }
}
