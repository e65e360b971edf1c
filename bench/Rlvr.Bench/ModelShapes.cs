using Rlvr.Models;
using static TorchSharp.torch;

namespace Rlvr.Bench;

/// <summary>The sizes of published models, for random weights: what is measured does not depend on what the weights are.</summary>
internal static class ModelShapes
{
    /// <summary>The shape of a name: 0.5b and 1.5b are Qwen2.5's, tiny is for a quick look.</summary>
    public static ModelConfig Of(string name) => name switch
    {
        "tiny" => Qwen25(128, 384, 2, 4, 2, 1000),
        "0.5b" => Qwen25(896, 4864, 24, 14, 2, 151_936),
        "1.5b" => Qwen25(1536, 8960, 28, 12, 2, 151_936),
        _ => throw new ArgumentException($"There is no shape '{name}'. Expected tiny, 0.5b or 1.5b."),
    };

    private static ModelConfig Qwen25(int hidden, int intermediate, int layers, int heads, int keyValueHeads, int vocabulary) => new()
    {
        Architecture = ModelArchitecture.Qwen2,
        HiddenSize = hidden,
        IntermediateSize = intermediate,
        Layers = layers,
        Heads = heads,
        KeyValueHeads = keyValueHeads,
        HeadDim = hidden / heads,
        VocabularySize = vocabulary,
        RopeTheta = 1_000_000,
        TieWordEmbeddings = true,
        MaxPositions = 32_768,
        TorchDtype = ScalarType.BFloat16,
    };
}
