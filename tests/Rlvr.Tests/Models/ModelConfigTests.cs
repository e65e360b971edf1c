using System.Text.Json.Nodes;
using CsCheck;
using Rlvr.Models;
using Rlvr.Tests.Shared;
using TorchSharp;

namespace Rlvr.Tests.Models;

public sealed class ModelConfigTests
{
    /// <summary>The configuration of Qwen2.5-Math-1.5B.</summary>
    private const string QwenMath = """
        {
          "architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 151643, "eos_token_id": 151643,
          "hidden_act": "silu", "hidden_size": 1536, "initializer_range": 0.02, "intermediate_size": 8960,
          "max_position_embeddings": 4096, "max_window_layers": 21, "model_type": "qwen2", "num_attention_heads": 12,
          "num_hidden_layers": 28, "num_key_value_heads": 2, "rms_norm_eps": 1e-06, "rope_theta": 10000,
          "sliding_window": 4096, "tie_word_embeddings": true, "torch_dtype": "bfloat16", "transformers_version": "4.44.0",
          "use_cache": true, "use_mrope": false, "use_sliding_window": false, "vocab_size": 151936
        }
        """;

    /// <summary>The configuration of Llama-3.2-1B-Instruct.</summary>
    private const string Llama = """
        {
          "architectures": ["LlamaForCausalLM"], "attention_bias": false, "attention_dropout": 0.0, "bos_token_id": 128000,
          "eos_token_id": [128001, 128008, 128009], "head_dim": 64, "hidden_act": "silu", "hidden_size": 2048, "initializer_range": 0.02,
          "intermediate_size": 8192, "max_position_embeddings": 131072, "mlp_bias": false, "model_type": "llama",
          "num_attention_heads": 32, "num_hidden_layers": 16, "num_key_value_heads": 8, "pretraining_tp": 1, "rms_norm_eps": 1e-05,
          "rope_scaling": {"factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "original_max_position_embeddings": 8192, "rope_type": "llama3"},
          "rope_theta": 500000.0, "tie_word_embeddings": true, "torch_dtype": "bfloat16", "transformers_version": "4.45.0.dev0",
          "use_cache": true, "vocab_size": 128256
        }
        """;

    /// <summary>The configuration of Qwen3-1.7B as transformers 5 writes it.</summary>
    private const string Qwen3 = """
        {
          "architectures": ["Qwen3ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0, "bos_token_id": 151643,
          "dtype": "bfloat16", "eos_token_id": 151645, "head_dim": 128, "hidden_act": "silu", "hidden_size": 2048,
          "initializer_range": 0.02, "intermediate_size": 6144, "layer_types": ["full_attention", "full_attention"],
          "max_position_embeddings": 40960, "max_window_layers": 28, "model_type": "qwen3", "num_attention_heads": 16,
          "num_hidden_layers": 28, "num_key_value_heads": 8, "pad_token_id": null, "rms_norm_eps": 1e-06,
          "rope_parameters": {"rope_theta": 1000000, "rope_type": "default"}, "sliding_window": null, "tie_word_embeddings": true,
          "transformers_version": "5.0.0", "use_cache": true, "use_sliding_window": false, "vocab_size": 151936
        }
        """;

    [Fact]
    public void Qwen_math_is_read_with_the_published_number_of_parameters()
    {
        ModelConfig config = ModelConfig.FromJson(QwenMath);
        Assert.Equal((ModelArchitecture.Qwen2, 1536, 128, 12, 2), (config.Architecture, config.HiddenSize, config.HeadDim, config.Heads, config.KeyValueHeads));
        Assert.Equal((10000.0, 1e-6, 4096), (config.RopeTheta, config.RmsNormEps, config.MaxPositions));
        Assert.True(config.AttentionBias && config.TieWordEmbeddings && !config.QkNorm);
        Assert.Equal(torch.ScalarType.BFloat16, config.TorchDtype);
        Assert.Equal([151643], config.EosTokenIds);
        Assert.Equal(1_543_714_304, config.ParameterCount);
    }

    [Fact]
    public void Llama_is_read_with_its_rope_scaling_and_number_of_parameters()
    {
        ModelConfig config = ModelConfig.FromJson(Llama);
        Assert.Equal(new Llama3RopeScaling(32, 1, 4, 8192), config.RopeScaling);
        Assert.Equal([128001, 128008, 128009], config.EosTokenIds);
        Assert.False(config.AttentionBias || config.QkNorm);
        Assert.Equal(1_235_814_400, config.ParameterCount);
    }

    [Fact]
    public void The_newer_style_of_configuration_means_the_same()
    {
        ModelConfig config = ModelConfig.FromJson(Qwen3);
        Assert.Equal(1_000_000, config.RopeTheta);
        Assert.Null(config.RopeScaling);
        Assert.Equal(128, config.HeadDim);
        Assert.True(config.QkNorm);
        Assert.Equal(torch.ScalarType.BFloat16, config.TorchDtype);
        Assert.Equal(1_720_574_976, config.ParameterCount);

        JsonObject newer = JsonNode.Parse(Llama)!.AsObject();
        JsonObject rope = newer["rope_scaling"]!.DeepClone().AsObject();
        rope["rope_theta"] = 500000.0;
        newer["rope_parameters"] = rope;
        newer.Remove("rope_scaling");
        newer.Remove("rope_theta");
        Assert.Equal(ModelConfig.FromJson(Llama).ToJson(), ModelConfig.FromJson(newer.ToJsonString()).ToJson());
    }

    [Theory]
    [InlineData("model_type", "\"mixtral\"", "'model_type' = \"mixtral\" is not a supported architecture")]
    [InlineData("model_type", "null", "'model_type' is missing")]
    [InlineData("architectures", "[\"Qwen2ForSequenceClassification\"]", "[Qwen2ForCausalLM] expected")]
    [InlineData("use_sliding_window", "true", "'use_sliding_window' = true is not supported")]
    [InlineData("layer_types", "[\"full_attention\", \"sliding_attention\"]", "'layer_types' has 'sliding_attention'")]
    [InlineData("quantization_config", "{\"bits\": 4}", "'quantization_config' = {\"bits\": 4} is not supported")]
    [InlineData("num_experts", "64", "'num_experts' = 64 is not supported")]
    [InlineData("hidden_act", "\"gelu\"", "'hidden_act' = \"gelu\" is not supported; \"silu\" expected")]
    [InlineData("mlp_bias", "true", "'mlp_bias' = true is not supported")]
    [InlineData("use_mrope", "true", "'use_mrope' = true is not supported")]
    [InlineData("attention_bias", "false", "'attention_bias' = false is not supported with this model_type (true expected)")]
    [InlineData("attention_dropout", "0.1", "'attention_dropout' = 0.1 is not supported")]
    [InlineData("auto_map", "{\"AutoModel\": \"x.Y\"}", "its own Python code")]
    [InlineData("rope_scaling", "{\"type\": \"yarn\", \"factor\": 4.0}", "rope scaling of type 'yarn' is not supported")]
    [InlineData("rope_scaling", "{\"rope_type\": \"linear\", \"factor\": 4.0}", "rope scaling of type 'linear' is not supported")]
    [InlineData("rope_scaling", "{\"rope_type\": \"llama3\", \"factor\": 4.0}", "'rope_scaling.low_freq_factor' is missing")]
    [InlineData("rope_scaling", "{\"rope_type\": \"default\", \"mrope_section\": [1, 2]}", "'rope_scaling.mrope_section' = [1, 2] is not supported")]
    [InlineData("rope_parameters", "{\"full_attention\": {\"rope_type\": \"default\"}}", "'rope_parameters.full_attention'")]
    [InlineData("rope_parameters", "{\"rope_type\": \"default\", \"rope_theta\": 5.0}", "contradict each other")]
    [InlineData("partial_rotary_factor", "0.5", "'partial_rotary_factor' = 0.5 is not supported")]
    [InlineData("embedding_multiplier", "12.0", "'embedding_multiplier' = 12.0 is not supported")]
    [InlineData("torch_dtype", "\"float8\"", "float32, bfloat16 or float16 expected")]
    [InlineData("hidden_size", "null", "'hidden_size' is missing, a whole number expected")]
    [InlineData("hidden_size", "\"1536\"", "'hidden_size' is the string \"1536\", a whole number expected")]
    [InlineData("hidden_size", "1537", "'hidden_size' = 1537 is not a multiple of 'num_attention_heads' = 12")]
    [InlineData("head_dim", "127", "'head_dim' = 127 is odd")]
    [InlineData("num_hidden_layers", "0", "'num_hidden_layers' is 0, a whole number from 1 expected")]
    [InlineData("num_key_value_heads", "5", "is not a multiple of 'num_key_value_heads' = 5")]
    [InlineData("vocab_size", "99999999999", "'vocab_size' is 99999999999, a whole number expected")]
    [InlineData("rms_norm_eps", "0", "'rms_norm_eps' is 0, a positive number expected")]
    [InlineData("tie_word_embeddings", "1", "'tie_word_embeddings' is 1, true or false expected")]
    [InlineData("eos_token_id", "[1, -2]", "a token id or a list of token ids expected")]
    public void What_would_change_the_output_is_refused_by_name(string key, string value, string expected)
    {
        string message = Assert.Throws<RlvrException>(() => ModelConfig.FromJson(With(QwenMath, key, value), "m/config.json")).Message;
        Assert.StartsWith("m/config.json: ", message);
        Assert.Contains(expected, message);
        Assert.DoesNotContain('\n', message);
    }

    [Theory]
    [InlineData("attention_bias", "true")]
    [InlineData("mlp_bias", "true")]
    [InlineData("sliding_window", "4096")]
    [InlineData("num_local_experts", "8")]
    public void Llama_variants_that_compute_something_else_are_refused(string key, string value) =>
        Assert.Contains($"'{key}' = {value} is not supported", Assert.Throws<RlvrException>(() => ModelConfig.FromJson(With(Llama, key, value))).Message);

    [Theory]
    [InlineData("_name_or_path", "\"/home/somebody/model\"")]
    [InlineData("unsloth_version", "\"2024.9\"")]
    [InlineData("quantization_config", "null")]
    [InlineData("some_new_switch", "false")]
    [InlineData("id2label", "{\"0\": \"A\"}")]
    [InlineData("pad_token_id", "-1")]
    [InlineData("layer_types", "[\"full_attention\"]")]
    [InlineData("partial_rotary_factor", "1.0")]
    public void What_changes_nothing_passes(string key, string value) =>
        Assert.Equal(ModelConfig.FromJson(QwenMath).ToJson(), ModelConfig.FromJson(With(QwenMath, key, value)).ToJson());

    [Fact]
    public void Text_that_is_no_object_or_names_a_key_twice_is_refused()
    {
        Assert.Contains("not valid JSON", Assert.Throws<RlvrException>(() => ModelConfig.FromJson("{\"a\": 1, \"a\": 2}")).Message);
        Assert.Contains("a JSON object expected", Assert.Throws<RlvrException>(() => ModelConfig.FromJson("[1]")).Message);
        Assert.Contains("not valid JSON", Assert.Throws<RlvrException>(() => ModelConfig.FromJson("")).Message);
    }

    [Fact]
    public void The_reference_folders_have_the_features_their_names_promise()
    {
        ModelConfig Read(string name) => ModelConfig.Read(TestFiles.Golden("models", name));
        Assert.Equal(new Llama3RopeScaling(32, 1, 4, 8192), Read("llama3-scaled-tied").RopeScaling);
        Assert.Equal(4, Read("llama-plain-untied-mha").KeyValueHeads);
        Assert.Equal(1, Read("qwen2-fp16-mqa").KeyValueHeads);
        Assert.Equal(32, Read("qwen3-untied").HeadDim);
        Assert.False(Read("qwen3-untied").TieWordEmbeddings);
        Assert.Equal(torch.ScalarType.Float16, Read("qwen2-fp16-mqa").TorchDtype);
    }

    [Fact]
    public void Every_configuration_survives_writing_and_reading() => Gen.Select(
        Gen.Enum<ModelArchitecture>(), Gen.Int[1, 8], Gen.Int[1, 4], Gen.Int[1, 64], Gen.Double[1, 1e7], Gen.Bool, Gen.Int[0, 9].Array[0, 3], Gen.Bool)
        .Sample((architecture, keyValueHeads, groups, halfHead, theta, tied, eos, scaled) =>
        {
            ModelConfig config = new()
            {
                Architecture = architecture,
                HiddenSize = 96,
                IntermediateSize = 100,
                Layers = 2,
                Heads = keyValueHeads * groups,
                KeyValueHeads = keyValueHeads,
                HeadDim = 2 * halfHead,
                VocabularySize = 10,
                RopeTheta = theta,
                RopeScaling = scaled ? new Llama3RopeScaling(theta, 1, 4.5, 17) : null,
                TieWordEmbeddings = tied,
                EosTokenIds = eos,
                BosTokenId = tied ? 3 : null,
                TorchDtype = scaled ? torch.ScalarType.Float16 : null,
            };
            ModelConfig read = ModelConfig.FromJson(config.ToJson());
            Assert.Equal(config.EosTokenIds, read.EosTokenIds);
            Assert.Equal(config, read with { EosTokenIds = config.EosTokenIds });
        }, iter: 200);

    private static string With(string json, string key, string value)
    {
        JsonObject changed = JsonNode.Parse(json)!.AsObject();
        changed.Remove(key);
        string text = changed.ToJsonString();
        return text[..^1] + $", \"{key}\": {value}}}"; // as text, so that numbers keep their form
    }
}
