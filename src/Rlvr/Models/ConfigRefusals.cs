using System.Text.Json;

namespace Rlvr.Models;

/// <summary>
/// What a config.json may say without changing the computation, and what is refused because it would. A key that is in neither list
/// is refused too, unless its value says "off": silence about an unknown field would mean wrong logits.
/// </summary>
internal static class ConfigRefusals
{
    /// <summary>Keys that change nothing in the forward pass of the supported families.</summary>
    private static readonly string[] Harmless =
    [
        // where the folder comes from, and how Python code should use it
        "transformers_version", "tokenizer_class", "use_cache", "return_dict", "output_hidden_states", "output_attentions",
        "attn_implementation", "task_specific_params", "problem_type", "id2label", "label2id", "finetuning_task", "prefix", "torchscript",
        "is_decoder", "is_encoder_decoder", "chunk_size_feed_forward", "use_bfloat16", "tf_legacy_loss", "name_or_path", "license", "base_model",
        // only the start of pretraining
        "initializer_range",
        // only how a product is split among devices: the result is the same
        "pretraining_tp",
        // only with sliding windows, which are refused below
        "max_window_layers",
        // settings of generation, which recipes and commands give
        "max_length", "min_length", "max_new_tokens", "do_sample", "early_stopping", "num_beams", "num_beam_groups", "diversity_penalty",
        "temperature", "top_k", "top_p", "typical_p", "repetition_penalty", "length_penalty", "no_repeat_ngram_size",
        "encoder_no_repeat_ngram_size", "num_return_sequences", "remove_invalid_values", "decoder_start_token_id",
        "forced_bos_token_id", "forced_eos_token_id", "sep_token_id", "bad_words_ids", "suppress_tokens", "begin_suppress_tokens",
        "exponential_decay_length_penalty", "output_scores", "return_dict_in_generate",
    ];

    /// <summary>Refuses, with a reason each, fields that change the computation.</summary>
    public static void CheckBeforeReading(ConfigJson json, ModelArchitecture architecture)
    {
        json.MarkUsed(Harmless);
        if (json.FindString("hidden_act") is string activation and not ("silu" or "swish"))
            throw new RlvrException($"{json.Source}: 'hidden_act' = \"{activation}\" is not supported; \"silu\" expected");
        RefuseIfPresent(json, "quantization_config", "load the unquantised weights (F32, BF16 or F16) instead");
        RefuseIfPresent(json, "auto_map", "the folder asks for its own Python code, which cannot run here");
        foreach (string key in (string[])["num_experts", "num_local_experts", "n_routed_experts", "num_experts_per_tok"])
            RefuseIfPresent(json, key, "mixtures of experts are not implemented");
        foreach (string key in (string[])["attn_logit_softcapping", "final_logit_softcapping"])
            RefuseIfPresent(json, key, "logits are not capped here");

        RefuseIfTrue(json, "use_sliding_window", "attention over a sliding window is not implemented; every layer attends to the whole text (false expected)");
        RefuseIfTrue(json, "use_mrope", "rotary embeddings of several dimensions are not implemented (false expected)");
        RefuseIfTrue(json, "mlp_bias", "biases in the feed-forward layers are not implemented (false expected)");
        RefuseIfTrue(json, "add_cross_attention", "cross-attention is not implemented (false expected)");
        bool? attentionBias = json.FindBool("attention_bias");
        if (attentionBias is bool bias && bias != (architecture == ModelArchitecture.Qwen2))
            throw new RlvrException($"{json.Source}: 'attention_bias' = {(bias ? "true" : "false")} is not supported with this model_type ({(bias ? "false" : "true")} expected)");
        // Qwen folders give a window even where it is switched off; in other families the number alone switches it on.
        if (json.Find("sliding_window") is { } window && architecture == ModelArchitecture.Llama)
            throw json.Unsupported("sliding_window", window, "attention over a sliding window is not implemented (null expected)");
        if (json.FindStrings("layer_types")?.FirstOrDefault(type => type != "full_attention") is string layerType)
            throw new RlvrException($"{json.Source}: 'layer_types' has '{layerType}', which is not supported; only 'full_attention' expected");
        foreach (string key in (string[])["attention_dropout", "hidden_dropout", "resid_dropout", "embd_dropout", "resid_pdrop", "embd_pdrop", "attn_pdrop"])
        {
            if (json.Find(key) is { } dropout && !(dropout.ValueKind == JsonValueKind.Number && dropout.GetDouble() == 0))
                throw json.Unsupported(key, dropout, "dropout is not implemented (0 expected)");
        }
        if (json.Find("partial_rotary_factor") is { } partial && !(partial.ValueKind == JsonValueKind.Number && partial.GetDouble() == 1))
            throw json.Unsupported("partial_rotary_factor", partial, "heads are rotated in full here (1 expected)");
    }

    /// <summary>Refuses every key that nobody has asked for, unless it is switched off or plainly a note about the folder.</summary>
    public static void CheckUnused(ConfigJson json)
    {
        foreach ((string key, JsonElement value) in json.Unused)
        {
            if (!IsOff(value) && !IsNote(key, value))
                throw json.Unsupported(key, value, "this library does not know whether it changes the model's output. Remove the key if it does not");
        }
    }

    /// <summary>Whether a value says that a feature is not used.</summary>
    public static bool IsOff(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        _ => false,
    };

    private static bool IsNote(string key, JsonElement value) => key.StartsWith('_')
        || (value.ValueKind == JsonValueKind.String && (key.EndsWith("version", StringComparison.Ordinal) || key.EndsWith("name", StringComparison.Ordinal)
            || key.EndsWith("path", StringComparison.Ordinal) || key is "author" or "date" or "description" or "comment" or "note"))
        || (key.StartsWith("unsloth", StringComparison.Ordinal) && value.ValueKind is JsonValueKind.True or JsonValueKind.String);

    private static void RefuseIfPresent(ConfigJson json, string key, string why)
    {
        if (json.Find(key) is { } value && !IsOff(value)) throw json.Unsupported(key, value, why);
    }

    private static void RefuseIfTrue(ConfigJson json, string key, string why)
    {
        if (json.FindBool(key) is true) throw new RlvrException($"{json.Source}: '{key}' = true is not supported: {why}");
    }
}
