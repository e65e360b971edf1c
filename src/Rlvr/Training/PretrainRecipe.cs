namespace Rlvr.Training;

/// <summary>Everything that determines the pretraining of a micro model: <c>rlvr pretrain</c>.</summary>
public sealed record PretrainRecipe
{
    /// <summary>A short name.</summary>
    public string Name { get; init; } = "pretrain";

    /// <summary>The model folder to write.</summary>
    public string Output { get; init; } = "";

    /// <summary>Seed of the initial weights, the corpus and the order.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Optimiser updates.</summary>
    public int Steps { get; init; } = 1000;

    /// <summary>The network.</summary>
    public PretrainModelOptions Model { get; init; } = new();

    /// <summary>What it reads.</summary>
    public PretrainDataOptions Data { get; init; } = new();

    /// <summary>The optimiser and its schedule.</summary>
    public OptimizerOptions Optimizer { get; init; } = new() { LearningRate = 3e-3, Schedule = "cosine", WarmupSteps = 100, MinimumRatio = 0.02, Beta2 = 0.95, WeightDecay = 0.05 };

    /// <summary>Device and threads.</summary>
    public ComputeOptions Compute { get; init; } = new();
}

/// <summary>Section <c>model</c> of a pretraining recipe: the network.</summary>
public sealed record PretrainModelOptions
{
    /// <summary>The family: <c>qwen2</c>, <c>llama</c> or <c>qwen3</c>.</summary>
    public string Architecture { get; init; } = "qwen2";

    /// <summary>Width of the residual stream.</summary>
    public int HiddenSize { get; init; } = 128;

    /// <summary>Layers.</summary>
    public int Layers { get; init; } = 3;

    /// <summary>Query heads.</summary>
    public int Heads { get; init; } = 4;

    /// <summary>Key and value heads.</summary>
    public int KvHeads { get; init; } = 2;

    /// <summary>Width of the feed-forward layer.</summary>
    public int IntermediateSize { get; init; } = 384;

    /// <summary>Base of the rotary frequencies.</summary>
    public double RopeTheta { get; init; } = 10_000;

    /// <summary>Longest sequence.</summary>
    public int MaxPositions { get; init; } = 1024;

    /// <summary>Most entries of the tokenizer's vocabulary, which is trained on the corpus.</summary>
    public int MaxVocabulary { get; init; } = 1024;
}

/// <summary>Section <c>data</c> of a pretraining recipe.</summary>
public sealed record PretrainDataOptions
{
    /// <summary>The corpus: <c>micro</c>, the micro-maths world.</summary>
    public string Corpus { get; init; } = "micro";

    /// <summary>Shares of the corpus' habits, as <c>careful=0.5</c>; one that is not named keeps its own, then all are scaled to a sum of 1.</summary>
    public IReadOnlyList<string> Habits { get; init; } = [];

    /// <summary>A factor on how often a response checks itself ("Wait, check.").</summary>
    public double Checks { get; init; } = 1;

    /// <summary>Prompt template around each problem.</summary>
    public string Prompt { get; init; } = "micro";

    /// <summary>Documents in a batch.</summary>
    public int BatchSize { get; init; } = 40;

    /// <summary>Batches whose documents are sorted by length together, so that a batch has documents of about one length.</summary>
    public int BucketBatches { get; init; } = 8;
}
