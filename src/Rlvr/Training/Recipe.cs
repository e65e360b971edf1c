using Rlvr.Rewards;

namespace Rlvr.Training;

/// <summary>
/// Everything that determines a training run. The defaults are the released code of "Reinforcement Learning for Reasoning in Large
/// Language Models with One Training Example" (arXiv 2504.20571). In YAML the keys are the property names in snake_case.
/// </summary>
public sealed record Recipe
{
    /// <summary>A short name for reports.</summary>
    public string Name { get; init; } = "run";

    /// <summary>The policy to start from: a Hugging Face model folder, or OWNER/NAME[@REVISION] of a hub. Relative paths are looked for from the working folder upwards.</summary>
    public string Model { get; init; } = "";

    /// <summary>Seed of every random choice. Two runs with the same recipe and seed on the same machine draw the same rollouts.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Number of training steps (one batch of rollouts each).</summary>
    public int Steps { get; init; } = 2000;

    /// <summary>What is trained on.</summary>
    public DataOptions Data { get; init; } = new();

    /// <summary>How responses are sampled.</summary>
    public RolloutOptions Rollout { get; init; } = new();

    /// <summary>How responses are rewarded.</summary>
    public RewardOptions Reward { get; init; } = new();

    /// <summary>The policy update: advantage and loss terms.</summary>
    public LossOptions Loss { get; init; } = new();

    /// <summary>The optimiser and its schedule.</summary>
    public OptimizerOptions Optimizer { get; init; } = new();

    /// <summary>Evaluation before, during and after training.</summary>
    public EvaluationOptions Evaluation { get; init; } = new();

    /// <summary>Checkpoints.</summary>
    public CheckpointOptions Checkpoint { get; init; } = new();

    /// <summary>Device, threads, micro-batches.</summary>
    public ComputeOptions Compute { get; init; } = new();
}

/// <summary>Section <c>data</c>.</summary>
public sealed record DataOptions
{
    /// <summary>
    /// A file of problems (.jsonl, .json, .parquet), a benchmark (<c>math-train</c>), a hub's data set, or a list of the micro-maths world
    /// (<c>micro:pi-1</c>); see docs/data.md.
    /// </summary>
    public string Train { get; init; } = "";

    /// <summary>Use only the first so many problems; 0 uses all.</summary>
    public int Limit { get; init; }

    /// <summary>
    /// A named prompt template (<c>plain</c>, <c>micro</c>, <c>qwen25-math-train</c>, ...), the model's own (<c>chat</c>), or a text that contains
    /// <c>{problem}</c>; see docs/data.md.
    /// </summary>
    public string Prompt { get; init; } = "plain";

    /// <summary>Longest prompt in tokens; a longer one is an error at start, before anything is trained.</summary>
    public int MaxPromptTokens { get; init; } = 1024;

    /// <summary>Shuffle the problems of every epoch (only matters when there are more than one step's worth).</summary>
    public bool Shuffle { get; init; } = true;
}

/// <summary>Section <c>rollout</c>.</summary>
public sealed record RolloutOptions
{
    /// <summary>Rows of a step. Fewer problems than this are repeated to fill it; with more, the last incomplete batch of an epoch is dropped.</summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>Rollouts per row. They form one group: a 1-shot step is 128 groups of 8, not one group of 1,024.</summary>
    public int GroupSize { get; init; } = 8;

    /// <summary>Sampling temperature; 0 is greedy.</summary>
    public double Temperature { get; init; } = 0.6;

    /// <summary>Nucleus sampling: keep the smallest set of tokens with at least this probability; 1 is off.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Keep the k likeliest tokens; 0 is off.</summary>
    public int TopK { get; init; }

    /// <summary>Drop tokens with less than this share of the likeliest token's probability; 0 is off.</summary>
    public double MinP { get; init; }

    /// <summary>Most tokens of a response.</summary>
    public int MaxNewTokens { get; init; } = 3072;

    /// <summary>Most rows decoded at once; 0 decodes all rows of a step together.</summary>
    public int MaxRows { get; init; }
}

/// <summary>Section <c>loss</c>. loss = policy * L_policy - entropy * H + kl * KL.</summary>
public sealed record LossOptions
{
    /// <summary>Advantage estimator: <c>grpo</c>, or another name of docs/algorithms/advantages.md.</summary>
    public string Advantage { get; init; } = "grpo";

    /// <summary>Coefficient of the policy term (0 in ablations).</summary>
    public double Policy { get; init; } = 1;

    /// <summary>Clip range of the ratio below 1.</summary>
    public double ClipLow { get; init; } = 0.2;

    /// <summary>Clip range of the ratio above 1.</summary>
    public double ClipHigh { get; init; } = 0.2;

    /// <summary>Coefficient of the entropy bonus.</summary>
    public double Entropy { get; init; } = 0.001;

    /// <summary>Coefficient of the KL term to the reference policy; 0 skips the reference altogether.</summary>
    public double Kl { get; init; } = 0.001;

    /// <summary>KL estimator: <c>k1</c>, <c>abs</c>, <c>k2</c> or <c>k3</c> (clamped to +-10, as in the released code).</summary>
    public string KlEstimator { get; init; } = "k3";

    /// <summary>
    /// <c>micro_batch</c>: token mean inside each micro-batch, weighted by its share of the mini-batch's sequences (released code);
    /// <c>token</c>: one token mean over the whole mini-batch; <c>sequence_sum</c>, <c>sequence_mean</c>, <c>sequence_constant</c>: see docs/algorithms/losses.md.
    /// </summary>
    public string Aggregation { get; init; } = "micro_batch";

    /// <summary>Optimiser updates per rollout step: 1 in the released code (the ratio is exactly 1), 8 in the paper's text.</summary>
    public int UpdatesPerStep { get; init; } = 1;
}

/// <summary>Section <c>optimizer</c>: AdamW with decoupled weight decay.</summary>
public sealed record OptimizerOptions
{
    /// <summary>Peak learning rate.</summary>
    public double LearningRate { get; init; } = 1e-6;

    /// <summary><c>constant</c>, <c>linear</c> or <c>cosine</c> after the warm-up.</summary>
    public string Schedule { get; init; } = "constant";

    /// <summary>Steps of linear warm-up.</summary>
    public int WarmupSteps { get; init; }

    /// <summary>Share of the peak that linear and cosine schedules end at.</summary>
    public double MinimumRatio { get; init; }

    /// <summary>Decay of the first moment.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the second moment.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Added to the root of the second moment.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Decoupled weight decay.</summary>
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>The gradient's global norm is clipped to this; 0 is off.</summary>
    public double ClipNorm { get; init; } = 1;
}

/// <summary>Section <c>evaluation</c>.</summary>
public sealed record EvaluationOptions
{
    /// <summary>Suites to evaluate, by name (<c>math500</c>, <c>micro500</c>) or file of problems.</summary>
    public IReadOnlyList<string> Suites { get; init; } = [];

    /// <summary>Evaluate every so many steps (and after the last); 0 only before and after.</summary>
    public int Every { get; init; } = 20;

    /// <summary>Evaluate the base model before the first step.</summary>
    public bool Before { get; init; } = true;

    /// <summary>Prompt template of the suites; empty takes the training template.</summary>
    public string Prompt { get; init; } = "";

    /// <summary>Most tokens of a response; 0 takes the rollouts' limit.</summary>
    public int MaxNewTokens { get; init; }

    /// <summary>Before and after training also evaluate at this temperature, one sample a problem; 0 evaluates greedily only.</summary>
    public double SampledTemperature { get; init; }

    /// <summary>
    /// The verifier's profile: <c>strict</c>, <c>training</c> or <c>evaluation</c>. The last takes an answer that is in no box too, as the
    /// Qwen2.5-Math evaluation does.
    /// </summary>
    public string Profile { get; init; } = "evaluation";

    /// <summary>Most rows decoded at once.</summary>
    public int MaxRows { get; init; } = 128;

    /// <summary>Most problems of a suite that are used during training (first and last evaluations use all); 0 uses all.</summary>
    public int Limit { get; init; }
}

/// <summary>Section <c>checkpoint</c>.</summary>
public sealed record CheckpointOptions
{
    /// <summary>Save every so many steps (and after the last); 0 only after the last.</summary>
    public int Every { get; init; } = 20;

    /// <summary>Keep the newest so many; 0 keeps all.</summary>
    public int Keep { get; init; } = 2;
}

/// <summary>Section <c>compute</c>.</summary>
public sealed record ComputeOptions
{
    /// <summary><c>auto</c> (CUDA if there is one), <c>cpu</c> or <c>cuda</c>.</summary>
    public string Device { get; init; } = "auto";

    /// <summary>Threads of the tensor library; 0 chooses by a quick measurement at start.</summary>
    public int Threads { get; init; }

    /// <summary>Micro-batches of the update are packed up to this many tokens.</summary>
    public int MicroBatchTokens { get; init; } = 24_000;
}
