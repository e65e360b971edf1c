using TorchSharp;

namespace Rlvr.Models;

/// <summary>
/// What a model computes, as the config.json (and generation_config.json) of a Hugging Face folder says it. A field that this library
/// does not support is refused by name when it is read, never ignored.
/// </summary>
public sealed record ModelConfig
{
    /// <summary>The model family.</summary>
    public required ModelArchitecture Architecture { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width of the feed-forward layer (SwiGLU: of the gate and of the up projection each).</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Number of transformer layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Number of query heads in a layer.</summary>
    public required int Heads { get; init; }

    /// <summary>Number of key and value heads in a layer; divides <see cref="Heads"/> (equal: MHA, one: MQA, between: GQA).</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>Width of one head; even. Not always <see cref="HiddenSize"/> / <see cref="Heads"/>.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Rows of the embedding; at least the number of tokens the tokenizer knows.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>The constant under the root in every RMS norm.</summary>
    public double RmsNormEps { get; init; } = 1e-6;

    /// <summary>Base of the rotary frequencies: frequency i is RopeTheta^(-2i / HeadDim).</summary>
    public double RopeTheta { get; init; } = 10000;

    /// <summary>Scaling of the rotary frequencies; none where null.</summary>
    public Llama3RopeScaling? RopeScaling { get; init; }

    /// <summary>Whether the output projection is the embedding matrix itself.</summary>
    public bool TieWordEmbeddings { get; init; }

    /// <summary>The longest sequence, prompt and response together, in tokens.</summary>
    public int MaxPositions { get; init; } = 32768;

    /// <summary>The token that begins a text, where the model has one.</summary>
    public int? BosTokenId { get; init; }

    /// <summary>The tokens that end a response: those of generation_config.json where it has any, else those of config.json.</summary>
    public IReadOnlyList<int> EosTokenIds { get; init; } = [];

    /// <summary>The token used for padding, where the model has one.</summary>
    public int? PadTokenId { get; init; }

    /// <summary>The element type the weights were saved in, where the configuration says it.</summary>
    public torch.ScalarType? TorchDtype { get; init; }

    /// <summary>Whether the query, key and value projections have a bias (the output projection never has).</summary>
    public bool AttentionBias => Architecture == ModelArchitecture.Qwen2;

    /// <summary>Whether queries and keys are RMS-normalised per head before the rotation.</summary>
    public bool QkNorm => Architecture == ModelArchitecture.Qwen3;

    /// <summary>The Hugging Face name of the family: "model_type" in config.json.</summary>
    public string ModelType => Architecture switch
    {
        ModelArchitecture.Qwen2 => "qwen2",
        ModelArchitecture.Llama => "llama",
        _ => "qwen3",
    };

    /// <summary>Number of parameters; tied embeddings count once.</summary>
    public long ParameterCount => ParameterShapes().Values.Sum(shape => shape.Aggregate(1L, (product, size) => product * size));

    /// <summary>Reads config.json, and generation_config.json where there is one, from a model folder; of an adapter, those of its base model.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="RlvrException">A file is missing, is not JSON, or holds something this library does not support.</exception>
    public static ModelConfig Read(string folder) => ModelConfigReader.ReadFolder(folder);

    /// <summary>Reads the text of a config.json.</summary>
    /// <param name="json">The text.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <exception cref="RlvrException">It is not JSON, or holds something this library does not support.</exception>
    public static ModelConfig FromJson(string json, string source = "config.json") => ModelConfigReader.Read(json, source);

    /// <summary>The text of a config.json that Hugging Face transformers loads.</summary>
    public string ToJson() => ModelConfigWriter.Write(this);

    /// <summary>
    /// The Hugging Face names and shapes of all parameters, in the order of the computation. Weights of projections are
    /// [outputs, inputs]. With tied embeddings there is no lm_head.weight.
    /// </summary>
    public IReadOnlyDictionary<string, long[]> ParameterShapes()
    {
        OrderedDictionary<string, long[]> shapes = new(StringComparer.Ordinal);
        long queries = (long)Heads * HeadDim, keys = (long)KeyValueHeads * HeadDim;
        shapes["model.embed_tokens.weight"] = [VocabularySize, HiddenSize];
        for (int layer = 0; layer < Layers; layer++)
        {
            string prefix = $"model.layers.{layer}.";
            shapes[prefix + "input_layernorm.weight"] = [HiddenSize];
            foreach ((string projection, long size) in new[] { ("q", queries), ("k", keys), ("v", keys) })
            {
                shapes[$"{prefix}self_attn.{projection}_proj.weight"] = [size, HiddenSize];
                if (AttentionBias) shapes[$"{prefix}self_attn.{projection}_proj.bias"] = [size];
            }
            if (QkNorm)
            {
                shapes[prefix + "self_attn.q_norm.weight"] = [HeadDim];
                shapes[prefix + "self_attn.k_norm.weight"] = [HeadDim];
            }
            shapes[prefix + "self_attn.o_proj.weight"] = [HiddenSize, queries];
            shapes[prefix + "post_attention_layernorm.weight"] = [HiddenSize];
            shapes[prefix + "mlp.gate_proj.weight"] = [IntermediateSize, HiddenSize];
            shapes[prefix + "mlp.up_proj.weight"] = [IntermediateSize, HiddenSize];
            shapes[prefix + "mlp.down_proj.weight"] = [HiddenSize, IntermediateSize];
        }
        shapes["model.norm.weight"] = [HiddenSize];
        if (!TieWordEmbeddings) shapes["lm_head.weight"] = [VocabularySize, HiddenSize];
        return shapes;
    }
}
