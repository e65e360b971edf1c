using System.Text.Json;
using TorchSharp;

namespace Rlvr.Models;

/// <summary>Reads <see cref="ModelConfig"/> from the JSON of a Hugging Face folder, in the styles of transformers 4 and 5.</summary>
internal static class ModelConfigReader
{
    public static ModelConfig ReadFolder(string folder)
    {
        string path = Path.Combine(folder, "config.json");
        if (AdapterFolder.Exists(folder)) return ReadFolder(AdapterFolder.FindBase(folder));
        if (!File.Exists(path)) throw new RlvrException($"{folder}: no config.json; a Hugging Face model folder (config.json, model.safetensors, tokenizer.json) expected");
        ModelConfig config = Read(ConfigJson.ReadFile(path));
        string generation = Path.Combine(folder, "generation_config.json");
        return File.Exists(generation) ? AddGeneration(config, ConfigJson.ReadFile(generation)) : config;
    }

    public static ModelConfig Read(string text, string source) => Read(ConfigJson.Parse(text, source));

    private static ModelConfig Read(ConfigJson json)
    {
        ModelArchitecture architecture = ReadArchitecture(json);
        ConfigRefusals.CheckBeforeReading(json, architecture);
        int heads = json.Int("num_attention_heads");
        int hidden = json.Int("hidden_size");
        (double theta, Llama3RopeScaling? scaling) = ReadRope(json);
        ModelConfig config = new()
        {
            Architecture = architecture,
            HiddenSize = hidden,
            IntermediateSize = json.Int("intermediate_size"),
            Layers = json.Int("num_hidden_layers"),
            Heads = heads,
            KeyValueHeads = json.FindInt("num_key_value_heads") ?? heads,
            HeadDim = ReadHeadDim(json, architecture, hidden, heads),
            VocabularySize = json.Int("vocab_size"),
            // Where a key is absent, the default of the family's configuration class in transformers holds.
            RmsNormEps = json.FindPositive("rms_norm_eps") ?? 1e-6,
            RopeTheta = theta,
            RopeScaling = scaling,
            TieWordEmbeddings = json.FindBool("tie_word_embeddings") ?? false,
            MaxPositions = json.FindInt("max_position_embeddings") ?? (architecture == ModelArchitecture.Llama ? 2048 : 32768),
            BosTokenId = json.FindTokenId("bos_token_id"),
            EosTokenIds = json.FindTokenIds("eos_token_id") ?? [],
            PadTokenId = json.FindTokenId("pad_token_id"),
            TorchDtype = ReadDtype(json),
        };
        ConfigRefusals.CheckUnused(json);
        Check(config, json.Source);
        return config;
    }

    /// <summary>Checks that the numbers of a configuration fit together.</summary>
    public static void Check(ModelConfig config, string source)
    {
        if (config.Heads % config.KeyValueHeads != 0)
            throw new RlvrException($"{source}: 'num_attention_heads' = {config.Heads} is not a multiple of 'num_key_value_heads' = {config.KeyValueHeads}");
        if (config.HeadDim % 2 != 0)
            throw new RlvrException($"{source}: 'head_dim' = {config.HeadDim} is odd, an even number expected (rotary embeddings turn pairs)");
    }

    private static ModelArchitecture ReadArchitecture(ConfigJson json)
    {
        string type = json.FindString("model_type") ?? throw json.Missing("model_type", "qwen2, llama or qwen3");
        ModelArchitecture? architecture = type switch
        {
            "qwen2" => ModelArchitecture.Qwen2,
            "llama" => ModelArchitecture.Llama,
            "qwen3" => ModelArchitecture.Qwen3,
            _ => null,
        };
        if (architecture is null)
            throw new RlvrException($"{json.Source}: 'model_type' = \"{type}\" is not a supported architecture; qwen2 (also Qwen2.5), llama or qwen3 expected");
        string expected = ModelConfigWriter.ClassName(architecture.Value);
        if (json.FindStrings("architectures") is { Count: > 0 } classes && (classes.Count > 1 || classes[0] != expected))
            throw new RlvrException($"{json.Source}: 'architectures' = [{string.Join(", ", classes)}] is not supported; [{expected}] expected with model_type {type}");
        return architecture.Value;
    }

    private static int ReadHeadDim(ConfigJson json, ModelArchitecture architecture, int hidden, int heads)
    {
        if (json.FindInt("head_dim") is int given) return given;
        if (architecture == ModelArchitecture.Qwen3) return 128;
        return hidden % heads == 0 ? hidden / heads
            : throw new RlvrException($"{json.Source}: 'hidden_size' = {hidden} is not a multiple of 'num_attention_heads' = {heads}, and no 'head_dim' is given");
    }

    /// <summary>rope_theta and rope_scaling beside each other (transformers 4), or both inside rope_parameters (transformers 5).</summary>
    private static (double Theta, Llama3RopeScaling? Scaling) ReadRope(ConfigJson json)
    {
        double? theta = json.FindPositive("rope_theta");
        ConfigJson? parameters = json.FindObject("rope_parameters");
        ConfigJson? legacy = json.FindObject("rope_scaling");
        double? inner = parameters?.FindPositive("rope_theta");
        if (theta is not null && inner is not null && theta != inner)
            throw new RlvrException($"{json.Source}: 'rope_theta' = {theta} and 'rope_parameters.rope_theta' = {inner} contradict each other");
        Llama3RopeScaling? scaling = parameters is null ? null : ReadScaling(parameters);
        Llama3RopeScaling? old = legacy is null ? null : ReadScaling(legacy);
        if (parameters is not null && legacy is not null && scaling != old)
            throw new RlvrException($"{json.Source}: 'rope_scaling' and 'rope_parameters' contradict each other");
        return (inner ?? theta ?? 10000, scaling ?? old);
    }

    private static Llama3RopeScaling? ReadScaling(ConfigJson json)
    {
        string type = json.FindString("rope_type") ?? "default";
        string legacy = json.FindString("type") ?? type; // the older name of the same key
        if (type == "default") type = legacy;
        if (type is not ("default" or "llama3"))
            throw new RlvrException($"{json.Source}: rope scaling of type '{type}' is not supported; 'llama3' or none (\"rope_scaling\": null) expected");
        json.Find("rope_theta");
        Llama3RopeScaling? scaling = type == "default" ? null : new Llama3RopeScaling(
            json.Positive("factor"), json.Positive("low_freq_factor"), json.Positive("high_freq_factor"), json.Int("original_max_position_embeddings"));
        if (scaling is not null && scaling.HighFrequencyFactor <= scaling.LowFrequencyFactor)
            throw new RlvrException($"{json.Source}: rope scaling 'high_freq_factor' = {scaling.HighFrequencyFactor} must be larger than 'low_freq_factor' = {scaling.LowFrequencyFactor}");
        if (json.Find("partial_rotary_factor") is { } partial && !(partial.ValueKind == JsonValueKind.Number && partial.GetDouble() == 1))
            throw json.Unsupported("partial_rotary_factor", partial, "heads are rotated in full here (1 expected)");
        foreach ((string key, JsonElement value) in json.Unused)
            if (value.ValueKind != JsonValueKind.Null) throw json.Unsupported(key, value, "this library knows no such field of the rotary embedding");
        return scaling;
    }

    private static torch.ScalarType? ReadDtype(ConfigJson json)
    {
        string? old = json.FindString("torch_dtype");
        string? name = json.FindString("dtype") ?? old;
        return name switch
        {
            null or "auto" => null,
            "float32" => torch.ScalarType.Float32,
            "bfloat16" => torch.ScalarType.BFloat16,
            "float16" => torch.ScalarType.Float16,
            _ => throw new RlvrException($"{json.Source}: 'torch_dtype' = \"{name}\" is not supported; float32, bfloat16 or float16 expected"),
        };
    }

    /// <summary>Sampling follows generation_config.json: its end tokens win, its other special tokens fill gaps.</summary>
    private static ModelConfig AddGeneration(ModelConfig config, ConfigJson json) => config with
    {
        BosTokenId = config.BosTokenId ?? json.FindTokenId("bos_token_id"),
        EosTokenIds = json.FindTokenIds("eos_token_id") is { Count: > 0 } ids ? ids : config.EosTokenIds,
        PadTokenId = config.PadTokenId ?? json.FindTokenId("pad_token_id"),
    };
}
