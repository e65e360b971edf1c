namespace Rlvr.Models;

/// <summary>The shape of a low-rank adapter: LoRA, arXiv 2106.09685, and its rank-stabilised scale, arXiv 2312.03732.</summary>
/// <param name="Rank">r: rows of A, columns of B.</param>
/// <param name="Alpha">Numerator of the scale.</param>
/// <param name="Targets">Which linear layers of every block have one: names of <see cref="LinearLayers"/>, each once, in that order (see <see cref="Expand"/>).</param>
/// <param name="RankStabilized">Whether the scale is alpha / sqrt(r) in place of alpha / r.</param>
public sealed record LoraSettings(int Rank, double Alpha, IReadOnlyList<string> Targets, bool RankStabilized = false)
{
    /// <summary>Stands for all of <see cref="LinearLayers"/>.</summary>
    public const string AllLinear = "all-linear";

    /// <summary>
    /// The alpha of whoever does not choose one. With the scale alpha / r and the same alpha for every rank, a good learning rate hardly depends on the
    /// rank; 32 is what reinforcement learning with LoRA was studied with ("LoRA Without Regret", Thinking Machines, 2025).
    /// </summary>
    public const double DefaultAlpha = 32;

    /// <summary>The linear layers of a transformer block.</summary>
    public static IReadOnlyList<string> LinearLayers { get; } = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"];

    /// <summary>s, what B A is multiplied with.</summary>
    public double Scale => Alpha / (RankStabilized ? double.Sqrt(Rank) : Rank);

    /// <summary>The layers that a list of targets means, each once, in the order of a block.</summary>
    public static IReadOnlyList<string> Expand(IReadOnlyList<string> targets) =>
        [.. LinearLayers.Where(layer => targets.Contains(layer, StringComparer.Ordinal) || targets.Contains(AllLinear, StringComparer.Ordinal))];

    /// <summary>What is wrong with a list of targets, as a sentence; null where nothing is.</summary>
    public static string? ProblemOf(IReadOnlyList<string> targets)
    {
        if (targets.Count == 0) return $"no linear layer is named, so nothing would be learnt; name some of {string.Join(", ", LinearLayers)}, or {AllLinear}.";
        return targets.FirstOrDefault(t => t != AllLinear && !LinearLayers.Contains(t, StringComparer.Ordinal)) is { } unknown
            ? $"'{unknown}' is no linear layer of a block; expected {string.Join(", ", LinearLayers)}, or {AllLinear}.{Suggestion.DidYouMean(unknown, [.. LinearLayers, AllLinear])}"
            : null;
    }

    /// <summary>The layers of a model that have an adapter, in the order of the computation: <c>model.layers.0.self_attn.q_proj</c> with its outputs and inputs.</summary>
    public IEnumerable<(string Module, long Outputs, long Inputs)> Modules(ModelConfig config)
    {
        foreach ((string name, long[] shape) in config.ParameterShapes())
        {
            if (shape is [long outputs, long inputs] && name.Split('.') is [.., string layer, "weight"] && Targets.Contains(layer, StringComparer.Ordinal))
                yield return (name[..^".weight".Length], outputs, inputs);
        }
    }

    /// <summary>Number of parameters of A and B in all layers: the sum of r (inputs + outputs).</summary>
    public long ParameterCount(ModelConfig config) => Modules(config).Sum(m => Rank * (m.Inputs + m.Outputs));

    /// <summary>Whether two adapters of these settings compute alike from the same numbers.</summary>
    public bool IsLike(LoraSettings other) => (Rank, Alpha, RankStabilized) == (other.Rank, other.Alpha, other.RankStabilized) && Targets.SequenceEqual(other.Targets);

    /// <summary>In words: rank 8, alpha 32, q_proj and v_proj.</summary>
    public override string ToString() => FormattableString.Invariant($"rank {Rank}, alpha {Alpha}{(RankStabilized ? " rank-stabilised" : "")}, ")
        + (Targets.Count == LinearLayers.Count ? AllLinear : string.Join(", ", Targets));
}
