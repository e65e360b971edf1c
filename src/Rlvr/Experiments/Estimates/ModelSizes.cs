using Rlvr.Models;

namespace Rlvr.Experiments;

/// <summary>The sizes of models, to reckon with before they are fetched.</summary>
public static class ModelSizes
{
    // From the config.json that each is published with.
    private static readonly Dictionary<string, ModelConfig> Published = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Qwen/Qwen2.5-0.5B"] = Shape(ModelArchitecture.Qwen2, 896, 4864, 24, 14, 2, 151936, tied: true),
        ["Qwen/Qwen2.5-Math-1.5B"] = Qwen(1536, 8960, 12, 2, 151936, tied: true),
        ["Qwen/Qwen2.5-Math-1.5B-Instruct"] = Qwen(1536, 8960, 12, 2, 151936, tied: true),
        ["Qwen/Qwen2.5-1.5B"] = Qwen(1536, 8960, 12, 2, 151936, tied: true),
        ["Qwen/Qwen2.5-Math-7B"] = Qwen(3584, 18944, 28, 4, 152064, tied: false),
        ["deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B"] = Qwen(1536, 8960, 12, 2, 151936, tied: false),
        ["meta-llama/Llama-3.2-3B-Instruct"] = Shape(ModelArchitecture.Llama, 3072, 8192, 28, 24, 8, 128256, tied: true),
    };

    /// <summary>The sizes of a model: from its folder or the hub's cache, else those that the paper's models are published with; null where they are not known.</summary>
    /// <param name="name">As recipes have it.</param>
    /// <exception cref="RlvrException">Its config.json cannot be read.</exception>
    public static ModelConfig? Find(string name) => LocalModel.Config(name) ?? Published.GetValueOrDefault(name.Split('@')[0]);

    /// <summary>The sizes of a model that a recipe would make.</summary>
    internal static ModelConfig Of(Training.PretrainModelOptions m) => Shape(ModelArchitecture.Qwen2, m.HiddenSize, m.IntermediateSize, m.Layers, m.Heads, m.KvHeads, m.MaxVocabulary, tied: true);

    private static ModelConfig Qwen(int hidden, int intermediate, int heads, int keyValueHeads, int vocabulary, bool tied) =>
        Shape(ModelArchitecture.Qwen2, hidden, intermediate, 28, heads, keyValueHeads, vocabulary, tied);

    private static ModelConfig Shape(ModelArchitecture architecture, int hidden, int intermediate, int layers, int heads, int keyValueHeads, int vocabulary, bool tied) => new()
    {
        Architecture = architecture,
        HiddenSize = hidden,
        IntermediateSize = intermediate,
        Layers = layers,
        Heads = heads,
        KeyValueHeads = keyValueHeads,
        HeadDim = hidden / heads,
        VocabularySize = vocabulary,
        TieWordEmbeddings = tied,
    };
}
