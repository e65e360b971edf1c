using System.Diagnostics;
using Rlvr.Data;
using Rlvr.MicroMath;
using Rlvr.Models;
using Rlvr.Tensors;
using Rlvr.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Training;

/// <summary>One line of a pretraining's progress.</summary>
/// <param name="Step">Updates made.</param>
/// <param name="Loss">Mean negative log-likelihood of a token, in nats, since the last line.</param>
/// <param name="Tokens">Tokens read so far.</param>
/// <param name="Seconds">Since the start.</param>
public sealed record PretrainProgress(int Step, double Loss, long Tokens, double Seconds);

/// <summary>
/// Trains a small language model from nothing on documents of a procedural world: prompt, response, end token. Next-token loss over the
/// whole document; every token weighs the same.
/// </summary>
public sealed class Pretrainer
{
    /// <summary>The token between documents; the model ends its responses with it.</summary>
    public const string EndToken = "<|endoftext|>";

    private readonly PretrainRecipe recipe;
    private readonly PretrainingCorpus corpus;
    private readonly PromptTemplate template;
    private readonly int endId;

    /// <summary>Prepares corpus and tokenizer.</summary>
    /// <exception cref="RlvrException">The recipe names a corpus or template that does not exist.</exception>
    public Pretrainer(PretrainRecipe recipe)
    {
        if (recipe.Data.Corpus != "micro") throw new RlvrException($"data.corpus: unknown corpus '{recipe.Data.Corpus}'; the only one is 'micro'.");
        this.recipe = recipe;
        corpus = new PretrainingCorpus(recipe.Seed, HabitMix.Parse(recipe.Data.Habits, recipe.Data.Checks));
        template = PromptTemplate.Get(recipe.Data.Prompt);
        IEnumerable<string> sample = Enumerable.Range(0, 20_000).Select(i => Text(corpus[i]));
        Tokenizer = Tokenizer.Parse(BpeTrainer.Train(sample, recipe.Model.MaxVocabulary, [EndToken]));
        endId = Tokenizer.IdOf(EndToken)!.Value;
    }

    /// <summary>The tokenizer, trained on the first documents of the corpus.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>The architecture that the recipe and the tokenizer give.</summary>
    public ModelConfig Config => new()
    {
        Architecture = PretrainRules.Architectures[recipe.Model.Architecture],
        HiddenSize = recipe.Model.HiddenSize,
        IntermediateSize = recipe.Model.IntermediateSize,
        Layers = recipe.Model.Layers,
        Heads = recipe.Model.Heads,
        KeyValueHeads = recipe.Model.KvHeads,
        HeadDim = recipe.Model.HiddenSize / recipe.Model.Heads,
        VocabularySize = Tokenizer.VocabularySize,
        RopeTheta = recipe.Model.RopeTheta,
        TieWordEmbeddings = true,
        MaxPositions = recipe.Model.MaxPositions,
        BosTokenId = null,
        EosTokenIds = [endId],
        PadTokenId = endId,
        TorchDtype = ScalarType.Float32,
    };

    /// <summary>Trains.</summary>
    /// <param name="progress">Called every 50 steps and after the last.</param>
    /// <param name="cancellation">Stops between steps; nothing is written then.</param>
    /// <returns>The model; the caller disposes of it.</returns>
    /// <exception cref="RlvrException">The loss is not finite.</exception>
    public Transformer Train(Action<PretrainProgress>? progress = null, CancellationToken cancellation = default)
    {
        Transformer model = Transformer.CreateRandom(Config, recipe.Seed, computeType: ComputePrecision.Choose(recipe.Compute.Precision, CPU, Config.HiddenSize));
        ThreadChoice.Apply(recipe.Compute.Threads, Config.HiddenSize);
        model.RequireGradients(true);
        OptimizerOptions settings = recipe.Optimizer;
        using FusedAdamW optimizer = new(model.Parameters.Select(p => (p.Key, p.Value)), settings.Beta1, settings.Beta2, settings.Epsilon, settings.WeightDecay);
        long start = Stopwatch.GetTimestamp(), tokens = 0;
        double sum = 0;
        int counted = 0;
        for (int step = 0; step < recipe.Steps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            int[][] documents = Batch(step);
            double loss = Update(model, optimizer, documents, step);
            tokens += documents.Sum(d => d.Length);
            sum += loss;
            counted++;
            if ((step + 1) % 50 != 0 && step + 1 != recipe.Steps) continue;
            progress?.Invoke(new PretrainProgress(step + 1, sum / counted, tokens, Stopwatch.GetElapsedTime(start).TotalSeconds));
            (sum, counted) = (0, 0);
        }
        model.RequireGradients(false);
        return model;
    }

    private double Update(Transformer model, FusedAdamW optimizer, int[][] documents, int step)
    {
        using DisposeScope scope = NewDisposeScope();
        // Documents that begin alike share their first token, which is all that the loss does not cover.
        int[] first = [.. documents.Select(d => d[0]).Distinct()];
        SharedPrefixBatch batch = new([.. first.Select(t => new[] { t })], [.. documents.Select(d => (Array.IndexOf(first, d[0]), d[1..]))], model.Device);
        IHiddenPass hidden = model.HiddenForLoss(batch);
        TokenLogProbs logProbs = new(model, hidden.Values, batch, 1, keepForBackward: true);
        double loss = -logProbs.LogProbs.mean().item<float>();
        if (!double.IsFinite(loss)) throw new RlvrException($"The pretraining loss is {loss} at step {step + 1}. Lower optimizer.learning_rate.");
        optimizer.ZeroGradients();
        // Divided by the bucket's mean, not the batch's own number: short documents share batches, and would otherwise count for more.
        using Scalar share = (-1.0 / meanTokens).ToScalar();
        logProbs.Backward(full_like(logProbs.LogProbs, share));
        hidden.Backward();
        double norm = GradientNorm.Clip(optimizer.Parameters, recipe.Optimizer.ClipNorm > 0 ? recipe.Optimizer.ClipNorm : double.PositiveInfinity);
        if (!double.IsFinite(norm)) throw new RlvrException($"The pretraining gradient's norm is {norm} at step {step + 1}. Lower optimizer.learning_rate.");
        optimizer.Step(LearningRate.At(recipe.Optimizer, step, recipe.Steps));
        model.ParametersChanged();
        return loss;
    }

    /// <summary>The documents of a step: a bucket of several batches is sorted by length and cut, and its batches come in random order.</summary>
    private int[][] Batch(int step)
    {
        int perBucket = recipe.Data.BucketBatches, size = recipe.Data.BatchSize, bucket = step / perBucket;
        if (bucket != currentBucket)
        {
            long offset = (long)bucket * perBucket * size;
            sorted = [.. Enumerable.Range(0, perBucket * size).Select(i => Encode(corpus[offset + i])).OrderBy(d => d.Length)];
            order = CounterRandom.Permutation(perBucket, recipe.Seed, (ulong)bucket);
            meanTokens = (double)sorted.Sum(d => d.Length - 1) / perBucket;
            currentBucket = bucket;
        }
        return sorted[(order[step % perBucket] * size)..((order[step % perBucket] + 1) * size)];
    }

    private int currentBucket = -1;
    private int[][] sorted = [];
    private int[] order = [];
    private double meanTokens = 1;

    private int[] Encode(MicroDocument document) => [.. Tokenizer.Encode(Text(document)), endId];

    private string Text(MicroDocument document) => Prompt(document).Render(document.Problem.Text) + document.Response;

    private PromptTemplate Prompt(MicroDocument document) => document.Earlier is { } earlier
        ? template.With(new Demonstration(ProblemSets.FromMicro(earlier.Problem), earlier.Response))
        : template;
}
