using System.Text;
using System.Text.Json;
using TorchSharp;

namespace Rlvr.Models;

/// <summary>Writes the JSON files that describe a model, in the style that every transformers version since 4.43 reads.</summary>
internal static class ModelConfigWriter
{
    private static readonly JsonWriterOptions Options = new() { Indented = true };

    /// <summary>The class in transformers that computes a family.</summary>
    public static string ClassName(ModelArchitecture architecture) => architecture switch
    {
        ModelArchitecture.Qwen2 => "Qwen2ForCausalLM",
        ModelArchitecture.Llama => "LlamaForCausalLM",
        _ => "Qwen3ForCausalLM",
    };

    public static string? DtypeName(torch.ScalarType? type) => type switch
    {
        torch.ScalarType.Float32 => "float32",
        torch.ScalarType.BFloat16 => "bfloat16",
        torch.ScalarType.Float16 => "float16",
        _ => null,
    };

    public static string Write(ModelConfig config) => Json(json =>
    {
        bool llama = config.Architecture == ModelArchitecture.Llama;
        json.WriteStartArray("architectures");
        json.WriteStringValue(ClassName(config.Architecture));
        json.WriteEndArray();
        if (!config.AttentionBias) json.WriteBoolean("attention_bias", false);
        WriteReal(json, "attention_dropout", 0.0);
        WriteTokens(json, config);
        json.WriteNumber("head_dim", config.HeadDim);
        json.WriteString("hidden_act", "silu");
        json.WriteNumber("hidden_size", config.HiddenSize);
        json.WriteNumber("intermediate_size", config.IntermediateSize);
        json.WriteNumber("max_position_embeddings", config.MaxPositions);
        if (llama) json.WriteBoolean("mlp_bias", false);
        json.WriteString("model_type", config.ModelType);
        json.WriteNumber("num_attention_heads", config.Heads);
        json.WriteNumber("num_hidden_layers", config.Layers);
        json.WriteNumber("num_key_value_heads", config.KeyValueHeads);
        WriteReal(json, "rms_norm_eps", config.RmsNormEps);
        WriteScaling(json, config.RopeScaling);
        WriteReal(json, "rope_theta", config.RopeTheta);
        json.WriteBoolean("tie_word_embeddings", config.TieWordEmbeddings);
        if (DtypeName(config.TorchDtype) is string dtype) json.WriteString("torch_dtype", dtype);
        json.WriteBoolean("use_cache", true);
        if (!llama) json.WriteBoolean("use_sliding_window", false);
        json.WriteNumber("vocab_size", config.VocabularySize);
    });

    /// <summary>The text of a generation_config.json: the special tokens, as generation reads them from there.</summary>
    public static string WriteGeneration(ModelConfig config) => Json(json => WriteTokens(json, config));

    private static void WriteTokens(Utf8JsonWriter json, ModelConfig config)
    {
        if (config.BosTokenId is int bos) json.WriteNumber("bos_token_id", bos);
        if (config.EosTokenIds.Count == 1)
        {
            json.WriteNumber("eos_token_id", config.EosTokenIds[0]);
        }
        else if (config.EosTokenIds.Count > 1)
        {
            json.WriteStartArray("eos_token_id");
            foreach (int id in config.EosTokenIds) json.WriteNumberValue(id);
            json.WriteEndArray();
        }
        if (config.PadTokenId is int pad) json.WriteNumber("pad_token_id", pad);
    }

    private static void WriteScaling(Utf8JsonWriter json, Llama3RopeScaling? scaling)
    {
        if (scaling is null)
        {
            json.WriteNull("rope_scaling");
            return;
        }
        json.WriteStartObject("rope_scaling");
        WriteReal(json, "factor", scaling.Factor);
        WriteReal(json, "high_freq_factor", scaling.HighFrequencyFactor);
        WriteReal(json, "low_freq_factor", scaling.LowFrequencyFactor);
        json.WriteNumber("original_max_position_embeddings", scaling.OriginalMaxPositions);
        json.WriteString("rope_type", "llama3");
        json.WriteEndObject();
    }

    /// <summary>Writes a number with a point, as Python writes it: some versions of transformers insist on floats here.</summary>
    private static void WriteReal(Utf8JsonWriter json, string key, double value)
    {
        string text = value.ToString("R").ToLowerInvariant();
        json.WritePropertyName(key);
        json.WriteRawValue(text.AsSpan().ContainsAny('.', 'e') ? text : text + ".0");
    }

    private static string Json(Action<Utf8JsonWriter> content)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, Options))
        {
            json.WriteStartObject();
            content(json);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }
}
