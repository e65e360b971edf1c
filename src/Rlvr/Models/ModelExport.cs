using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>Copies a model folder with weights of another element type, without whatever else lies there (an optimiser's state).</summary>
public static class ModelExport
{
    /// <summary>
    /// Writes the adapter of one folder into another, empty one, in PEFT's format: A and B, configuration, tokenizer, chat template, terms of use.
    /// </summary>
    /// <param name="source">The folder of an adapter.</param>
    /// <param name="target">A folder that is there and empty. Half-written when this fails: the caller gives a temporary one.</param>
    /// <param name="dtype">Element type of the weights.</param>
    /// <exception cref="RlvrException">The source is no adapter, or has a value that the element type cannot hold.</exception>
    public static void WriteAdapter(string source, string target, ScalarType dtype)
    {
        NativeRuntime.Initialize();
        using ModelFolder folder = ModelFolder.Open(source);
        using LoraAdapter adapter = (folder.Adapter ?? throw new RlvrException($"{source}: holds no adapter")).Load();
        if (dtype == ScalarType.Float16) CheckFinite(source, adapter.Parameters.Select(p => (p.Name, p.Value.to(dtype))));
        AdapterFolder.Fill(target, adapter, dtype, AdapterFolder.TokenizerFolder(source));
    }

    /// <summary>
    /// Writes the model of one folder into another, empty one: weights (in shards with an index above <paramref name="shardBytes"/>), configuration, settings of
    /// generation, tokenizer, chat template, terms of use. An adapter is added to its base model's weights.
    /// </summary>
    /// <param name="source">A model folder.</param>
    /// <param name="target">A folder that is there and empty. Half-written when this fails: the caller gives a temporary one.</param>
    /// <param name="dtype">Element type of the weights.</param>
    /// <param name="shardBytes">The largest weight file.</param>
    /// <exception cref="RlvrException">The source is no model folder, or has a value that the element type cannot hold.</exception>
    public static void Write(string source, string target, ScalarType dtype, long shardBytes = 5_000_000_000)
    {
        NativeRuntime.Initialize();
        using ModelFolder folder = ModelFolder.Open(source);
        using ModelWeights weights = folder.ReadAll(dtype);
        if (dtype == ScalarType.Float16) CheckFinite(source, weights.Tensors.Select(t => (t.Key, t.Value)));
        ModelFolderWriter.Fill(target, folder.Config, [.. weights.Tensors.Select(t => (t.Key, t.Value))], dtype, folder.BaseFolder, shardBytes);
        if (folder.Adapter is not null && AdapterFolder.TokenizerFolder(source) is var own && own != folder.BaseFolder) ModelFolderWriter.CopyFiles(own, target);
    }

    private static void CheckFinite(string source, IEnumerable<(string Name, Tensor Tensor)> weights)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach ((string name, Tensor tensor) in weights)
        {
            using Tensor finite = tensor.isfinite(), all = finite.all();
            if (!all.item<bool>()) throw new RlvrException($"{source}: tensor '{name}' has values beyond 65504, the largest number of fp16. Export in bf16 or fp32.");
        }
    }
}
