using Rlvr.Models;
using Rlvr.Rewards;
using Rlvr.Tensors;

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

    /// <summary>The critic of PPO.</summary>
    public CriticOptions Critic { get; init; } = new();

    /// <summary>A low-rank adapter, trained in place of the weights.</summary>
    public LoraOptions Lora { get; init; } = new();

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

    /// <summary>
    /// Train on these problems of the set only, in this order: ids, or numbers of rows from 1. An entry that is an id is that problem; <c>row:3</c> is
    /// always the third row. Empty uses all.
    /// </summary>
    public IReadOnlyList<string> Examples { get; init; } = [];

    /// <summary>Use only the first so many problems; 0 uses all.</summary>
    public int Limit { get; init; }

    /// <summary>Asks this in place of the text of the one problem that is trained on; empty changes nothing.</summary>
    public string Problem { get; init; } = "";

    /// <summary>The label of the one problem that is trained on, in place of its own: a wrong one, for instance; empty changes nothing.</summary>
    public string Label { get; init; } = "";

    /// <summary>Share of the problems whose label is made a wrong one; see <see cref="Rewards.LabelNoise"/>.</summary>
    public double LabelNoise { get; init; }

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

    /// <summary>Most rows decoded at once; 0 takes as many as fit into memory by the plan.</summary>
    public int MaxRows { get; init; }

    /// <summary>
    /// Rounds in which groups whose rewards are all equal may be sampled again (DAPO, arXiv 2503.14476), with problems that are not in the step yet
    /// or, where all are, the same ones; 0 is off.
    /// </summary>
    public int DynamicSampling { get; init; }
}

/// <summary>Section <c>loss</c>. loss = policy * L_policy - entropy * H + kl * KL.</summary>
public sealed record LossOptions
{
    /// <summary>The value of <see cref="Reference"/> that says that there is none.</summary>
    internal const string NoReference = "none";

    /// <summary>Advantage estimator: <c>grpo</c>, or another name of docs/algorithms.</summary>
    public string Advantage { get; init; } = "grpo";

    /// <summary>Parameters of the estimator that are not the default, such as <c>[gamma=0.99, lambda=0.95]</c> of <c>gae</c>.</summary>
    public IReadOnlyList<string> AdvantageParameters { get; init; } = [];

    /// <summary>Coefficient of the policy term (0 in ablations).</summary>
    public double Policy { get; init; } = 1;

    /// <summary>The loss of a token: <c>clipped</c> (PPO), or another name of docs/algorithms.</summary>
    public string PolicyLoss { get; init; } = "clipped";

    /// <summary>Parameters of the policy loss that are not the default, such as <c>[bound=4]</c> of <c>dual_clip</c>.</summary>
    public IReadOnlyList<string> PolicyParameters { get; init; } = [];

    /// <summary>Clip range of the ratio below 1, for the losses that have PPO's: <c>clipped</c>, <c>dual_clip</c>, <c>clip_cov</c>.</summary>
    public double ClipLow { get; init; } = 0.2;

    /// <summary>Clip range of the ratio above 1, for the same losses.</summary>
    public double ClipHigh { get; init; } = 0.2;

    /// <summary>Share of the tokens of a micro-batch, those of highest entropy, that the policy term learns from (arXiv 2506.01939); 1 is all.</summary>
    public double HighEntropyShare { get; init; } = 1;

    /// <summary>
    /// Rows with a negative advantage whose tokens have become less likely by more than this (mean of sampler's less policy's log-probability) leave
    /// the policy term (arXiv 2512.02556); 0 is off.
    /// </summary>
    public double OffPolicyThreshold { get; init; }

    /// <summary>Leave responses that were cut off at the token limit out of the loss; they still count in their group.</summary>
    public bool MaskTruncated { get; init; }

    /// <summary>
    /// Weighs the policy term by the importance ratio of trainer to sampler, of each <c>token</c> or of the whole <c>sequence</c>; <c>none</c> is
    /// right where both are the same code, as here.
    /// </summary>
    public string SamplerCorrection { get; init; } = "none";

    /// <summary>What happens to ratios outside the bounds: <c>truncate</c> (they become the bound) or <c>mask</c> (they become 0).</summary>
    public string SamplerCorrectionMode { get; init; } = "truncate";

    /// <summary>Lower bound of the ratio.</summary>
    public double SamplerCorrectionLow { get; init; }

    /// <summary>Upper bound of the ratio.</summary>
    public double SamplerCorrectionHigh { get; init; } = 2;

    /// <summary>Coefficient of the entropy bonus.</summary>
    public double Entropy { get; init; } = 0.001;

    /// <summary>Coefficient of the KL term to the reference policy.</summary>
    public double Kl { get; init; } = 0.001;

    /// <summary>KL estimator: <c>k1</c>, <c>abs</c>, <c>k2</c> or <c>k3</c> (clamped to +-10, as in the released code).</summary>
    public string KlEstimator { get; init; } = "k3";

    /// <summary>Coefficient of a KL penalty in the reward of every token, independent of <see cref="Kl"/>. Both 0: no KL and no reference model at all.</summary>
    public double KlInReward { get; init; }

    /// <summary>The estimator of the penalty in the reward.</summary>
    public string KlInRewardEstimator { get; init; } = "k1";

    /// <summary>Adapts the coefficient of the penalty in the reward so that the KL of a response's token stays near this; 0 keeps it fixed.</summary>
    public double KlTarget { get; init; }

    /// <summary>Rollouts over which the adapted coefficient changes by at most 20%.</summary>
    public double KlHorizon { get; init; } = 10_000;

    /// <summary>The reference policy of the KL terms: empty for the model that the run starts from, a model folder, or <c>none</c>.</summary>
    public string Reference { get; init; } = "";

    /// <summary>
    /// <c>micro_batch</c>: token mean inside each micro-batch, weighted by its share of the mini-batch's sequences (released code);
    /// <c>token</c>: one token mean over the whole mini-batch; <c>sequence_sum</c>, <c>sequence_mean</c>, <c>sequence_constant</c>: see docs/algorithms.
    /// </summary>
    public string Aggregation { get; init; } = "micro_batch";

    /// <summary>Optimiser updates per rollout step, those of all passes together: 1 in the released code (the ratio is exactly 1), 8 in the paper's text.</summary>
    public int UpdatesPerStep { get; init; } = 1;

    /// <summary>Passes over a step's rollouts; each makes updates_per_step / epochs updates, on consecutive mini-batches.</summary>
    public int Epochs { get; init; } = 1;

    /// <summary>Every so many steps also measure the gradient norm of the policy term alone, by one more forward and backward pass; 0 is off.</summary>
    public int PolicyNormEvery { get; init; }

    /// <summary>Whether a KL term compares with a reference.</summary>
    internal bool NeedsReference => Kl != 0 || KlInReward != 0;
}

/// <summary>
/// Section <c>critic</c>: the value model of PPO, which <c>loss.advantage: gae</c> needs. It has the policy's optimiser and schedule, but for what
/// is here.
/// </summary>
public sealed record CriticOptions
{
    /// <summary>Train a critic.</summary>
    public bool Enabled { get; init; }

    /// <summary>The model folder that its body starts from; empty takes the policy's weights.</summary>
    public string Model { get; init; } = "";

    /// <summary>Peak learning rate.</summary>
    public double LearningRate { get; init; } = 1e-5;

    /// <summary>Its gradient's global norm is clipped to this; 0 is off.</summary>
    public double ClipNorm { get; init; } = 1;

    /// <summary>How far a value may move from the one before the step before its error no longer counts.</summary>
    public double ValueClip { get; init; } = 0.5;

    /// <summary>First steps in which only the critic learns.</summary>
    public int WarmupSteps { get; init; }
}

/// <summary>
/// Section <c>lora</c>: a low-rank adapter (arXiv 2106.09685) is trained in place of the weights, which stay as they are. There is no dropout: the
/// policy that samples must be the one that learns.
/// </summary>
public sealed record LoraOptions
{
    /// <summary>Rank of the adapter; 0 trains all weights.</summary>
    public int Rank { get; init; }

    /// <summary>Numerator of the scale alpha / rank.</summary>
    public double Alpha { get; init; } = LoraSettings.DefaultAlpha;

    /// <summary>Which linear layers of every block have one: names of <see cref="LoraSettings.LinearLayers"/>, or <c>all-linear</c>.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [LoraSettings.AllLinear];

    /// <summary>The scale is alpha / sqrt(rank) in place of alpha / rank (arXiv 2312.03732).</summary>
    public bool Rslora { get; init; }
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

    /// <summary>What the two moments of a parameter are kept in: <c>fp32</c>, <c>bf16</c> or <c>8bit</c>. See docs/memory.md.</summary>
    public string State { get; init; } = Moments.Float32;
}

/// <summary>Section <c>evaluation</c>.</summary>
public sealed record EvaluationOptions
{
    /// <summary>Suites to evaluate, by name (<c>math500</c>, <c>micro500</c>) or file of problems; <c>six</c> are the six benchmarks of the paper.</summary>
    public IReadOnlyList<string> Suites { get; init; } = [];

    /// <summary>Evaluate every so many steps (and after the last); 0 only before and after.</summary>
    public int Every { get; init; } = 20;

    /// <summary>Evaluate the base model before the first step.</summary>
    public bool Before { get; init; } = true;

    /// <summary>Prompt template of the suites; empty takes the training template.</summary>
    public string Prompt { get; init; } = "";

    /// <summary>Shows the first problem of this set, solved, before every question (in-context learning); empty shows nothing. See docs/evaluation.md.</summary>
    public string InContext { get; init; } = "";

    /// <summary>Most tokens of a response; 0 takes the rollouts' limit.</summary>
    public int MaxNewTokens { get; init; }

    /// <summary>Before and after training also evaluate at this temperature, one sample a problem; 0 evaluates greedily only.</summary>
    public double SampledTemperature { get; init; }

    /// <summary>Evaluate at <see cref="SampledTemperature"/> during training too, whenever it is evaluated greedily.</summary>
    public bool SampledDuring { get; init; }

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

    /// <summary><c>bf16</c>: products and attention in bfloat16, with float32 master weights; <c>fp32</c>; or <c>auto</c>.</summary>
    public string Precision { get; init; } = "auto";

    /// <summary>Threads of the tensor library; 0 chooses by a quick measurement at start.</summary>
    public int Threads { get; init; }

    /// <summary>Micro-batches of the update are packed up to this many tokens.</summary>
    public int MicroBatchTokens { get; init; } = 24_000;

    /// <summary>
    /// <c>true</c>: the update keeps each layer's input only and computes the layer again in the backward pass, with the same gradients; <c>false</c>;
    /// or <c>auto</c>: where the plan says that the run would not fit into memory otherwise.
    /// </summary>
    public string Recompute { get; init; } = "auto";

    /// <summary>
    /// <c>true</c>: on the CPU, where a step has one update, the forward pass of the policy is the one that decoding has done: what the layers compute for each token is kept until the
    /// update, which goes back through it; <c>false</c>; or <c>auto</c>: where the plan says that it fits into memory. The gradients are the same to rounding.
    /// </summary>
    public string ReuseForward { get; init; } = "auto";

    /// <summary>
    /// Where the weights of the KL reference are that is a whole model: in <c>memory</c>; <c>mapped</c>, on the CPU, from the model's files, which costs page cache that the
    /// system can drop; or <c>auto</c>: mapped where the plan says that the run would not fit into memory otherwise. Its numbers are the same.
    /// </summary>
    public string Reference { get; init; } = ReferenceModel.Auto;

    /// <summary>Whether the reference is mapped. (<c>auto</c> was decided before.)</summary>
    internal bool MapsReference => Reference == ReferenceModel.Mapped;

    /// <summary>Whether the update goes back through what decoding has computed. (<c>auto</c> was decided before.)</summary>
    internal bool ReusesForward => ReuseForward == "true";

    /// <summary>Whether layers are computed again. (<c>auto</c> was decided before anything is computed.)</summary>
    internal bool Recomputes => Recompute == "true";
}
