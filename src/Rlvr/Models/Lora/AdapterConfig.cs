using System.Text;
using System.Text.Json;

namespace Rlvr.Models;

/// <summary>
/// PEFT's adapter_config.json of a LoRA adapter. A setting that this library does not implement is refused by name, never ignored; one that it does not
/// know too, unless it is switched off.
/// </summary>
/// <param name="Settings">Rank, scale and layers.</param>
/// <param name="BaseModel">base_model_name_or_path; empty where there is none.</param>
/// <param name="Revision">The base model's revision on its hub.</param>
internal sealed record AdapterConfig(LoraSettings Settings, string BaseModel, string? Revision)
{
    public const string FileName = "adapter_config.json";

    /// <summary>Keys that say nothing about what the adapter computes: dropout acts in PEFT's training only; the others are notes, or settings of what is refused or switched off below.</summary>
    private static readonly string[] Harmless =
    [
        "auto_mapping", "inference_mode", "lora_dropout", "peft_version", "parent_library", "megatron_core", "qalora_group_size", "runtime_config",
        "loftq_config", "eva_config", "corda_config", "lora_ga_config",
    ];

    /// <summary>Starts that leave the base model as it is. Others (PiSSA, OLoRA, CorDA, LoftQ) belong to a changed one.</summary>
    private static readonly string[] PlainStarts = ["gaussian", "eva", "orthogonal"];

    private static readonly (string Key, string Why)[] Unsupported =
    [
        ("use_dora", "the magnitudes of DoRA are not implemented (false expected)"),
        ("use_qalora", "QA-LoRA's pooled inputs are not implemented (false expected)"),
        ("lora_bias", "a bias of B is not implemented (false expected)"),
        ("fan_in_fan_out", "weights are [outputs, inputs] here (false expected)"),
        ("modules_to_save", "an adapter here has matrices A and B and no whole layers (null expected)"),
        ("layers_to_transform", "the same layers of every block have an adapter (null expected)"),
        ("layers_pattern", "blocks are model.layers.N (null expected)"),
        ("layer_replication", "blocks are not repeated (null expected)"),
        ("exclude_modules", "name the layers in target_modules (null expected)"),
        ("rank_pattern", "all layers have one rank ({} expected)"),
        ("alpha_pattern", "all layers have one alpha ({} expected)"),
        ("target_parameters", "only linear layers can have an adapter (null expected)"),
        ("trainable_token_indices", "embeddings are not trained with an adapter (null expected)"),
        ("alora_invocation_tokens", "activated LoRA is not implemented (null expected)"),
        ("megatron_config", "Megatron's layers are not implemented (null expected)"),
    ];

    /// <summary>Reads the file of a folder.</summary>
    /// <exception cref="RlvrException">It is not JSON, no LoRA adapter of a causal language model, or asks for what is not implemented.</exception>
    public static AdapterConfig Read(string folder)
    {
        ConfigJson json = ConfigJson.ReadFile(Path.Combine(folder, FileName));
        if (json.FindString("peft_type") is not "LORA" and var type)
            throw type is null ? json.Missing("peft_type", "\"LORA\"") : new RlvrException($"{json.Source}: 'peft_type' = \"{type}\" is not supported; \"LORA\" expected");
        if (json.FindString("task_type") is not (null or "CAUSAL_LM") and var task)
            throw new RlvrException($"{json.Source}: 'task_type' = \"{task}\" is not supported; \"CAUSAL_LM\" expected");
        if (json.FindString("bias") is not (null or "none") and var bias)
            throw new RlvrException($"{json.Source}: 'bias' = \"{bias}\" is not supported: biases stay those of the base model (\"none\" expected)");
        if (json.Find("init_lora_weights") is { ValueKind: not (JsonValueKind.True or JsonValueKind.False) } start && !(start.ValueKind == JsonValueKind.String && PlainStarts.Contains(start.GetString())))
            throw json.Unsupported("init_lora_weights", start, "such an adapter belongs to changed weights of its base model. Convert it with PEFT (path_initial_model_for_weight_conversion)");
        foreach ((string key, string why) in Unsupported)
            if (json.Find(key) is { } value && !ConfigRefusals.IsOff(value)) throw json.Unsupported(key, value, why);
        json.MarkUsed(Harmless);
        AdapterConfig config = new(
            new LoraSettings(json.Int("r"), json.Positive("lora_alpha"), Targets(json), json.FindBool("use_rslora") ?? false), json.FindString("base_model_name_or_path") ?? "", json.FindString("revision"));
        ConfigRefusals.CheckUnused(json);
        return config;
    }

    /// <summary>The text of the file.</summary>
    public string ToJson()
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            Empty(json, "alpha_pattern");
            json.WriteNull("auto_mapping");
            if (BaseModel.Length > 0) json.WriteString("base_model_name_or_path", BaseModel);
            else json.WriteNull("base_model_name_or_path");
            json.WriteString("bias", "none");
            json.WriteBoolean("fan_in_fan_out", false);
            json.WriteBoolean("inference_mode", true);
            json.WriteBoolean("init_lora_weights", true);
            json.WriteNull("layers_pattern");
            json.WriteNull("layers_to_transform");
            json.WriteNumber("lora_alpha", Settings.Alpha);
            json.WriteNumber("lora_dropout", 0);
            json.WriteNull("modules_to_save");
            json.WriteString("peft_type", "LORA");
            json.WriteNumber("r", Settings.Rank);
            Empty(json, "rank_pattern");
            json.WriteString("revision", Revision);
            json.WriteStartArray("target_modules");
            foreach (string target in Settings.Targets) json.WriteStringValue(target);
            json.WriteEndArray();
            json.WriteString("task_type", "CAUSAL_LM");
            json.WriteBoolean("use_dora", false);
            json.WriteBoolean("use_rslora", Settings.RankStabilized);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static void Empty(Utf8JsonWriter json, string key)
    {
        json.WriteStartObject(key);
        json.WriteEndObject();
    }

    private static IReadOnlyList<string> Targets(ConfigJson json)
    {
        if (json.Find("target_modules") is { ValueKind: JsonValueKind.String } text)
        {
            return text.GetString() == LoraSettings.AllLinear ? LoraSettings.LinearLayers
                : throw json.Unsupported("target_modules", text, $"patterns are not read; a list of {string.Join(", ", LoraSettings.LinearLayers)} expected, or \"{LoraSettings.AllLinear}\"");
        }
        IReadOnlyList<string> names = json.FindStrings("target_modules") ?? throw json.Missing("target_modules", "a list of linear layers");
        return LoraSettings.ProblemOf(names) is { } problem ? throw new RlvrException($"{json.Source}: 'target_modules': {problem}") : LoraSettings.Expand(names);
    }
}
