using Rlvr.Experiments;
using Rlvr.Models;
using static TorchSharp.torch;

namespace Rlvr.Bench;

/// <summary>The sizes of published models, for random weights: what is measured does not depend on what the weights are.</summary>
internal static class ModelShapes
{
    /// <summary>The shape of a name: 0.5b and 1.5b are Qwen2.5's, tiny is for a quick look.</summary>
    public static ModelConfig Of(string name)
    {
        ModelConfig published = ModelSizes.Find(name == "1.5b" ? "Qwen/Qwen2.5-1.5B" : "Qwen/Qwen2.5-0.5B")! with { RopeTheta = 1_000_000, MaxPositions = 32_768, TorchDtype = ScalarType.BFloat16 };
        return name switch
        {
            "0.5b" or "1.5b" => published,
            "tiny" => published with { HiddenSize = 128, IntermediateSize = 384, Layers = 2, Heads = 4, HeadDim = 32, VocabularySize = 1000 },
            _ => throw new ArgumentException($"There is no shape '{name}'. Expected tiny, 0.5b or 1.5b."),
        };
    }

    /// <summary>A folder with random weights of a shape in bfloat16, as it would be pulled; made where it is missing.</summary>
    public static string Folder(string name)
    {
        string folder = $"runs/bench/{name}";
        if (Directory.Exists(folder)) return folder;
        using Transformer random = Transformer.CreateRandom(Of(name), 1);
        random.Save(folder, dtype: ScalarType.BFloat16);
        return folder;
    }
}
