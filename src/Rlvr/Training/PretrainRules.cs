using Rlvr.MicroMath;
using Rlvr.Models;
using Rlvr.Tensors;
using static Rlvr.Training.RecipeRule;

namespace Rlvr.Training;

/// <summary>The ranges of a pretraining recipe's values: one line a key.</summary>
public static class PretrainRules
{
    /// <summary>The network families by the names that recipes use, those of config.json's model_type.</summary>
    internal static readonly IReadOnlyDictionary<string, ModelArchitecture> Architectures =
        Enum.GetValues<ModelArchitecture>().ToDictionary(a => a.ToString().ToLowerInvariant(), a => a);

    /// <summary>What the values of a <see cref="PretrainRecipe"/> must satisfy.</summary>
    public static IReadOnlyList<RecipeRule> All { get; } =
    [
        NotEmpty("name", "a short name"),
        NotEmpty("output", "the model folder to write"),
        AtLeast("steps", 1),

        OneOf("model.architecture", [.. Architectures.Keys]),
        AtLeast("model.hidden_size", 1),
        AtLeast("model.layers", 1),
        AtLeast("model.heads", 1),
        AtLeast("model.kv_heads", 1),
        AtLeast("model.intermediate_size", 1),
        Above("model.rope_theta", 0),
        AtLeast("model.max_positions", 1),
        AtLeast("model.max_vocabulary", 257), // 256 bytes and the end token

        OneOf("data.corpus", "micro"),
        Valid("data.habits", HabitMix.ProblemOf),
        AtLeast("data.checks", 0),
        NotEmpty("data.prompt", "the name of a prompt template, or a text with {problem} in it"),
        AtLeast("data.batch_size", 1),
        AtLeast("data.bucket_batches", 1),

        // Models that are made here are small, and compared with no other.
        OneOf("optimizer.state", Moments.Float32),
        OneOf("compute.recompute", "auto", "false"),
        OneOf("compute.reuse_forward", "auto", "false"),
        OneOf("compute.reference", ReferenceModel.Auto, ReferenceModel.InMemory),
        .. RecipeRules.Training.Where(rule => rule.Key is not ("optimizer.state" or "compute.recompute" or "compute.reuse_forward" or "compute.reference")
            && (rule.Key.StartsWith("optimizer.", StringComparison.Ordinal) || rule.Key.StartsWith("compute.", StringComparison.Ordinal))),
    ];
}
