using Rlvr.Hub;
using Rlvr.Models;
using Rlvr.Rollouts;
using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Training;

/// <summary>
/// The reference policy of the KL terms: whose weights it has (<c>loss.reference</c>) and where they are (<c>compute.reference</c>). Where they are changes none of its numbers.
/// </summary>
internal static class ReferenceModel
{
    /// <summary>Values of <c>compute.reference</c>.</summary>
    public const string Auto = "auto", InMemory = "memory", Mapped = "mapped";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> Places => [Auto, InMemory, Mapped];

    /// <summary>Most elements that are compared at a time.</summary>
    private const long PartElements = 4L << 20;

    /// <summary>How many bytes an element has in the files that the reference can be mapped from, by their largest tensor; null where there is nothing to map.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="origin">The folder with the model that the run started from; null where nobody vouches for one.</param>
    public static int? MappableElement(Recipe recipe, LanguageModel policy, string? origin)
    {
        if (recipe.Compute.Reference == InMemory || !MemoryPlanner.CopiesReference(recipe) || policy.Network.Device.type != DeviceType.CPU) return null;
        string? folder = recipe.Loss.Reference.Length > 0 ? HubLocator.FindModel(recipe.Loss.Reference) : origin ?? (recipe.Compute.Reference == Mapped ? policy.Folder : null);
        if (folder is null) return null;
        using ModelFolder files = ModelFolder.Open(folder);
        return SafeTensorsDtype.Bits(files.Files.SelectMany(file => file.Entries.Values).MaxBy(entry => entry.ByteCount)!.Dtype) / 8;
    }

    /// <summary>Makes the reference.</summary>
    /// <param name="recipe">The recipe, with <c>auto</c> decided.</param>
    /// <param name="policy">The policy, with its adapter where one is trained.</param>
    /// <param name="start">The adapter that the policy starts with; null for none, or none yet. The reference may take it over.</param>
    /// <param name="origin">The folder with the model that the run started from: the reference is that. Null for the policy as it is now.</param>
    /// <exception cref="RlvrException">It cannot be mapped, or is not the policy's kind of model; the message says why.</exception>
    public static Transformer Load(Recipe recipe, LanguageModel policy, LoraAdapter? start, string? origin)
    {
        Transformer network = policy.Network;
        bool fresh = origin is null || origin == policy.Folder, mapped = recipe.Compute.Reference == Mapped && MemoryPlanner.CopiesReference(recipe);
        if (mapped && network.Device.type != DeviceType.CPU)
            throw new RlvrException($"compute.reference is mapped, but the model is on {network.Device}, which cannot compute with the memory of a file. Set compute.reference: auto, or compute.device: cpu.");
        if (recipe.Loss.Reference.Length > 0)
        {
            string folder = HubLocator.FindModel(recipe.Loss.Reference);
            Transformer loaded = mapped ? Transformer.Map(folder, network.ComputeType) : Transformer.Load(folder, network.Device, network.ComputeType, frozen: true);
            if (loaded.Config.VocabularySize == network.Config.VocabularySize) return loaded;
            using (loaded) throw OtherVocabulary("loss.reference", recipe.Loss.Reference, loaded.Config, network.Config);
        }
        if (recipe.Lora.Rank > 0) return fresh ? network.Sharing(start) : LoraTraining.Reference(network, origin!);
        if (mapped) return origin is null ? MapPolicy(policy) : Transformer.Map(origin, network.ComputeType, merge: true);
        return fresh ? network.Clone(frozen: true) : Transformer.Load(origin!, network.Device, network.ComputeType, frozen: true, merge: true);
    }

    /// <summary>A model that does not go with the policy.</summary>
    /// <param name="key">The recipe's key that names it.</param>
    /// <param name="folder">Its value.</param>
    /// <param name="found">Its sizes.</param>
    /// <param name="policy">The policy's sizes.</param>
    public static RlvrException OtherVocabulary(string key, string folder, ModelConfig found, ModelConfig policy) => new(
        $"{key}: {folder} has a vocabulary of {found.VocabularySize} tokens, the policy one of {policy.VocabularySize}; a model with the policy's tokenizer is needed.");

    /// <summary>The policy's own folder, mapped, after a look whether the policy is still what it holds.</summary>
    private static Transformer MapPolicy(LanguageModel policy)
    {
        const string Fix = "Save the policy and load it from there, or set compute.reference: memory.";
        string folder = policy.Folder ?? throw new RlvrException($"compute.reference is mapped, but the policy was made in memory: there are no files to map. {Fix}");
        Transformer mapped = Transformer.Map(folder, policy.Network.ComputeType, merge: true);
        if (Difference(policy.Network, mapped) is not { } name) return mapped;
        using (mapped) throw new RlvrException($"compute.reference is mapped, but the policy is not what {folder} holds ('{name}' differs): one of them has changed since the policy was loaded. {Fix}");
    }

    /// <summary>The first parameter of which a frozen copy of the policy would have other values than a model; null where there is none.</summary>
    private static string? Difference(Transformer policy, Transformer model)
    {
        using IDisposable noGrad = no_grad();
        foreach ((string name, Tensor expected) in policy.Parameters)
        {
            if (!model.Parameters.TryGetValue(name, out Tensor? found) || !found.shape.AsSpan().SequenceEqual(expected.shape)) return name;
            ScalarType type = Transformer.FrozenType(name, policy.ComputeType);
            long rows = found.size(0), part = long.Max(1, PartElements * rows / long.Max(1, found.numel()));
            for (long row = 0; row < rows; row += part)
            {
                using DisposeScope scope = NewDisposeScope();
                long count = long.Min(part, rows - row);
                if (!found.narrow(0, row, count).to(type).eq(expected.narrow(0, row, count).to(type)).all().item<bool>()) return name;
            }
        }
        return null;
    }
}
