using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>Copies a model folder with weights of another element type, without whatever else lies there (an optimiser's state).</summary>
public static class ModelExport
{
    /// <summary>
    /// Writes the model of one folder into another, empty one: weights (in shards with an index above <paramref name="shardBytes"/>), configuration, settings of
    /// generation, tokenizer, chat template, terms of use.
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
        if (dtype == ScalarType.Float16) CheckFinite(source, weights);
        ModelFolderWriter.Fill(target, folder.Config, [.. weights.Tensors.Select(t => (t.Key, t.Value))], dtype, source, shardBytes);
    }

    private static void CheckFinite(string source, ModelWeights weights)
    {
        foreach ((string name, Tensor tensor) in weights.Tensors)
        {
            using Tensor finite = tensor.isfinite(), all = finite.all();
            if (!all.item<bool>()) throw new RlvrException($"{source}: tensor '{name}' has values beyond 65504, the largest number of fp16. Export in bf16 or fp32.");
        }
    }
}
