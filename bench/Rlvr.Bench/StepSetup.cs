using Rlvr.Models;
using Rlvr.Rollouts;
using Rlvr.Training;

namespace Rlvr.Bench;

/// <summary>
/// The step that is measured: 2.4M parameters (hidden 192, 6 layers, 6 heads, 2 key/value heads, mlp 512, character vocabulary, tied), one
/// prompt of 76 tokens, 128 rollouts of exactly 64 new tokens, groups of 8, KL to a reference.
/// </summary>
internal sealed class StepSetup(TorchSharp.torch.ScalarType type) : IDisposable
{
    public const int PromptTokens = 76, Rollouts = 128, NewTokens = 64;

    public static ModelConfig Config { get; } = new()
    {
        Architecture = ModelArchitecture.Qwen2,
        HiddenSize = 192,
        IntermediateSize = 512,
        Layers = 6,
        Heads = 6,
        KeyValueHeads = 2,
        HeadDim = 32,
        VocabularySize = 100,
        TieWordEmbeddings = true,
        MaxPositions = 1024,
    };

    public static Recipe Recipe { get; } = new()
    {
        Rollout = new RolloutOptions { BatchSize = Rollouts / 8, GroupSize = 8, Temperature = 1, MaxNewTokens = NewTokens },
        Loss = new LossOptions { Kl = 0.001, Entropy = 0.001 },
    };

    public Transformer Policy { get; } = Transformer.CreateRandom(Config, 1, computeType: type);

    public Transformer Reference { get; } = Transformer.CreateRandom(Config, 2, computeType: type).Clone(frozen: true);

    public int[] Prompt { get; } = [.. Enumerable.Range(0, PromptTokens).Select(i => (i * 37 % 97) + 1)];

    public SamplingOptions Sampling { get; } = new() { Temperature = 1, MaxNewTokens = NewTokens, Seed = 1 };

    /// <summary>What records the step's rollouts.</summary>
    public ActivationTape CreateTape() => new(Config, Policy.ComputeType, PromptTokens + (Rollouts * NewTokens));

    /// <summary>Half of each group is rewarded.</summary>
    public static double Advantage(int row) => row % 2 == 0 ? 1 : -1;

    public void Dispose()
    {
        Policy.Dispose();
        Reference.Dispose();
    }

    /// <summary>Multiplications and additions of the matrices for one token forward: 2 per weight of every layer.</summary>
    public static double LinearFlops { get; } = 2.0 * Config.Layers * (
        (2.0 * Config.HiddenSize * Config.Heads * Config.HeadDim) + (2.0 * Config.HiddenSize * Config.KeyValueHeads * Config.HeadDim) + (3.0 * Config.HiddenSize * Config.IntermediateSize));

    /// <summary>Of the output layer for one token.</summary>
    public static double OutputFlops { get; } = 2.0 * Config.HiddenSize * Config.VocabularySize;

    /// <summary>Of attention for one token that sees so many others.</summary>
    public static double AttentionFlops(double seen) => 4.0 * Config.Layers * Config.Heads * Config.HeadDim * seen;
}
