using System.Text.Json.Nodes;
using Rlvr.Evaluation;
using Rlvr.Models;
using Rlvr.Rollouts;
using Rlvr.Tensors;
using Rlvr.Tests.Shared;
using Rlvr.Tests.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Models;

/// <summary>PEFT's folders: adapter_config.json and adapter_model.safetensors.</summary>
public sealed class AdapterFolderTests : IDisposable
{
    private static readonly LoraSettings Settings = new(3, 6, LoraSettings.LinearLayers);

    private readonly TemporaryFolder folder = new();

    public AdapterFolderTests()
    {
        TinyLanguage.Save(folder["base"]);
        using LanguageModel model = LanguageModel.Load(folder["base"], frozen: true);
        model.Network.Attach(LoraAdapter.Create(model.Network.Config, Settings, 1, folder["base"]));
        LoraAdapterTests.Randomize(model.Network.Adapter!, 1);
        model.Save(folder["adapter"]);
    }

    public void Dispose() => folder.Dispose();

    private string ConfigPath => folder["adapter/adapter_config.json"];

    [Fact]
    public void The_folder_is_PEFTs()
    {
        Assert.Equal(["adapter_config.json", "adapter_model.safetensors", "tokenizer.json"], Files("adapter"));
        JsonObject config = JsonNode.Parse(File.ReadAllText(ConfigPath))!.AsObject();
        Assert.Equal(("LORA", "CAUSAL_LM", 3, 6.0, "none"), ((string)config["peft_type"]!, (string)config["task_type"]!, (int)config["r"]!, (double)config["lora_alpha"]!, (string)config["bias"]!));
        Assert.Equal((true, false, false, folder["base"]), ((bool)config["inference_mode"]!, (bool)config["use_rslora"]!, (bool)config["use_dora"]!, (string)config["base_model_name_or_path"]!));
        Assert.Equal(LoraSettings.LinearLayers, config["target_modules"]!.AsArray().Select(t => (string)t!));
        Assert.Contains("\"lora_alpha\": 6,", File.ReadAllText(ConfigPath), StringComparison.Ordinal); // a whole number where it is one
        using SafeTensorsFile file = new(folder["adapter/adapter_model.safetensors"]);
        Assert.Equal([3, 24], file.Entries["base_model.model.model.layers.1.mlp.gate_proj.lora_A.weight"].Shape);
        Assert.Equal([12, 3], file.Entries["base_model.model.model.layers.0.self_attn.k_proj.lora_B.weight"].Shape);
        Assert.Equal(2 * 7 * 2, file.Entries.Count);
        Assert.Equal("pt", file.Metadata["format"]);
    }

    [Fact]
    public void What_was_saved_is_loaded_bit_for_bit_beside_frozen_weights_and_merged_into_others()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using Transformer @base = Transformer.Load(folder["base"], frozen: true), frozen = Transformer.Load(folder["adapter"], frozen: true), whole = Transformer.Load(folder["adapter"]);
        using LoraAdapter written = LoraAdapter.Create(@base.Config, Settings, 1, folder["base"]);
        LoraAdapterTests.Randomize(written, 1);
        Assert.True(frozen.Adapter!.Settings.IsLike(Settings));
        Assert.Equal(written.Parameters.Select(p => p.Name), frozen.Adapter.Parameters.Select(p => p.Name)); // the optimiser's order
        Assert.All(written.Parameters.Zip(frozen.Adapter.Parameters), p => Assert.True(TinyModels.Same(p.First.Value, p.Second.Value), p.First.Name));
        Assert.Null(whole.Adapter);
        using Transformer merged = frozen.Merged();
        Assert.All(merged.Parameters, p => Assert.True(TinyModels.Same(p.Value, whole.Parameters[p.Key]), p.Key));
        Assert.False(TinyModels.Same(whole.Parameters["model.layers.0.mlp.up_proj.weight"], @base.Parameters["model.layers.0.mlp.up_proj.weight"]));
        Assert.True(TinyModels.Same(whole.Parameters["model.norm.weight"], @base.Parameters["model.norm.weight"]));

        // As the body of a critic, a configuration, a fingerprint and an export.
        using (ValueModel critic = ValueModel.Load(folder["adapter"]))
            Assert.All(critic.Parameters.Where(p => whole.Parameters.ContainsKey(p.Name)), p => Assert.True(TinyModels.Same(p.Value, whole.Parameters[p.Name]), p.Name));
        Assert.Equal(ModelConfig.Read(folder["base"]).ToJson(), ModelConfig.Read(folder["adapter"]).ToJson());
        Assert.NotEqual(ModelFingerprint.Of(folder["base"]), ModelFingerprint.Of(folder["adapter"]));
        Directory.CreateDirectory(folder["export"]);
        ModelExport.Write(folder["adapter"], folder["export"], ScalarType.Float32);
        Assert.Equal(["config.json", "generation_config.json", "model.safetensors", "tokenizer.json"], Files("export"));
        using Transformer exported = Transformer.Load(folder["export"]);
        Assert.All(exported.Parameters, p => Assert.True(TinyModels.Same(p.Value, whole.Parameters[p.Key]), p.Key));
        Directory.CreateDirectory(folder["half"]);
        ModelExport.WriteAdapter(folder["adapter"], folder["half"], ScalarType.BFloat16);
        Assert.Equal(Files("adapter"), Files("half"));
        using SafeTensorsFile half = new(folder["half/adapter_model.safetensors"]);
        Assert.All(half.Entries.Values, e => Assert.Equal("BF16", e.Dtype));
        Assert.Contains("holds no adapter", Assert.Throws<RlvrException>(() => ModelExport.WriteAdapter(folder["base"], folder["x"], ScalarType.Float32)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_fingerprint_sees_the_scale_and_the_numbers()
    {
        string before = ModelFingerprint.Of(folder["adapter"]);
        Assert.Equal(before, ModelFingerprint.Of(folder["adapter"]));
        Change(c => c["lora_alpha"] = 7);
        Assert.NotEqual(before, ModelFingerprint.Of(folder["adapter"]));
    }

    [Fact]
    public void The_tokenizer_may_be_the_base_models()
    {
        File.Delete(folder["adapter/tokenizer.json"]);
        using LanguageModel model = LanguageModel.Load(folder["adapter"], frozen: true);
        Assert.Equal((folder["adapter"], folder["base"]), (model.Folder, model.TokenizerFolder));
        model.Save(folder["again"]);
        Assert.True(File.Exists(folder["again/tokenizer.json"]));
    }

    [Fact]
    public void A_relative_base_is_found_in_a_folder_above_the_adapter()
    {
        string unique = Path.GetFileName(folder.Path) + "-model";
        Directory.Move(folder["base"], folder[unique]);
        Change(c => c["base_model_name_or_path"] = unique);
        using Transformer model = Transformer.Load(folder["adapter"], frozen: true);
        Assert.Equal(folder[unique], model.Adapter!.BaseModel); // so that it is found from elsewhere, too
    }

    [Theory]
    [InlineData("peft_type", "\"IA3\"", "'peft_type' = \"IA3\" is not supported; \"LORA\" expected")]
    [InlineData("peft_type", "null", "the key 'peft_type' is missing")]
    [InlineData("task_type", "\"SEQ_CLS\"", "'task_type' = \"SEQ_CLS\" is not supported")]
    [InlineData("bias", "\"all\"", "'bias' = \"all\" is not supported")]
    [InlineData("use_dora", "true", "'use_dora' = true is not supported: the magnitudes of DoRA")]
    [InlineData("use_qalora", "true", "'use_qalora' = true is not supported")]
    [InlineData("lora_bias", "true", "'lora_bias' = true is not supported")]
    [InlineData("fan_in_fan_out", "true", "'fan_in_fan_out' = true is not supported")]
    [InlineData("modules_to_save", "[\"lm_head\"]", "'modules_to_save' = [\"lm_head\"] is not supported")]
    [InlineData("layers_to_transform", "[0]", "'layers_to_transform' = [0] is not supported")]
    [InlineData("layers_pattern", "\"layers\"", "'layers_pattern' = \"layers\" is not supported")]
    [InlineData("layer_replication", "[[0, 1]]", "'layer_replication'")]
    [InlineData("exclude_modules", "\"q_proj\"", "'exclude_modules'")]
    [InlineData("rank_pattern", "{\"q_proj\":4}", "'rank_pattern' = {\"q_proj\":4} is not supported")]
    [InlineData("alpha_pattern", "{\"q_proj\": 4}", "'alpha_pattern'")]
    [InlineData("target_parameters", "[\"x\"]", "'target_parameters'")]
    [InlineData("trainable_token_indices", "[1]", "'trainable_token_indices'")]
    [InlineData("alora_invocation_tokens", "[1]", "'alora_invocation_tokens'")]
    [InlineData("megatron_config", "{\"a\": 1}", "'megatron_config'")]
    [InlineData("init_lora_weights", "\"pissa\"", "'init_lora_weights' = \"pissa\" is not supported")]
    [InlineData("target_modules", "[\"q_proj\", \"lm_head\"]", "'target_modules': 'lm_head' is no linear layer of a block")]
    [InlineData("target_modules", "\".*_proj\"", "patterns are not read")]
    [InlineData("target_modules", "null", "the key 'target_modules' is missing")]
    [InlineData("r", "0", "'r' is 0, a whole number from 1 expected")]
    [InlineData("lora_alpha", "-1", "'lora_alpha' is -1, a positive number expected")]
    [InlineData("use_new_idea", "true", "'use_new_idea' = true is not supported")]
    public void What_is_not_implemented_is_refused_by_name(string key, string value, string message)
    {
        Change(c => c[key] = JsonNode.Parse(value));
        RlvrException error = Assert.Throws<RlvrException>(() => ModelFolder.Open(folder["adapter"]));
        Assert.StartsWith(ConfigPath + ": ", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lora_dropout", "0.1")]
    [InlineData("init_lora_weights", "\"gaussian\"")]
    [InlineData("target_modules", "\"all-linear\"")]
    [InlineData("task_type", "null")]
    [InlineData("use_new_idea", "false")]
    [InlineData("peft_version", "\"0.18.0\"")]
    [InlineData("auto_mapping", "{\"base_model_class\": \"Qwen2ForCausalLM\"}")]
    public void What_does_not_matter_is_taken(string key, string value)
    {
        Change(c => c[key] = JsonNode.Parse(value));
        ModelFolder.Open(folder["adapter"]).Dispose();
    }

    [Fact]
    public void A_missing_base_says_whose_it_is()
    {
        Change(c => c["base_model_name_or_path"] = "/nowhere/model");
        Assert.Contains("there is no base model '/nowhere/model' ('base_model_name_or_path')", Fails(), StringComparison.Ordinal);
        Change(c => c["base_model_name_or_path"] = null);
        Assert.Contains("'base_model_name_or_path' names no model", Fails(), StringComparison.Ordinal);
        // Adapters on adapters, or on themselves, would never end.
        Change(c => c["base_model_name_or_path"] = folder["adapter"]);
        Assert.Contains($"is an adapter itself ({folder["adapter"]}). Merge that first: rlvr export", Fails(), StringComparison.Ordinal);
    }

    [Fact]
    public void Tensors_of_another_model_are_refused()
    {
        Change(c => c["r"] = 4);
        Assert.Contains("] expected from 'r' of adapter_config.json and the base model", Fails(), StringComparison.Ordinal);
        Change(c => { c["r"] = 3; c["target_modules"] = new JsonArray("q_proj"); });
        Assert.Contains("unexpected tensor 'base_model.model.model.layers.", Fails(), StringComparison.Ordinal);

        using (Transformer deeper = TinyModels.Create(TinyModels.Config("qwen2 GQA") with { Layers = 3, VocabularySize = 258 })) deeper.Save(folder["deeper"]);
        Change(c => { c["target_modules"] = "all-linear"; c["base_model_name_or_path"] = folder["deeper"]; });
        Assert.Contains($"'base_model.model.model.layers.2.self_attn.q_proj.lora_A.weight' is missing, which adapter_config.json asks for on the base model {folder["deeper"]}", Fails(), StringComparison.Ordinal);
    }

    [Fact]
    public void Files_that_are_missing_or_too_many_are_named()
    {
        File.Copy(folder["base/model.safetensors"], folder["adapter/model.safetensors"]);
        Assert.Contains("holds a whole model and an adapter", Fails(), StringComparison.Ordinal);
        File.Delete(folder["adapter/model.safetensors"]);
        File.Move(folder["adapter/adapter_model.safetensors"], folder["adapter/adapter_model.bin"]);
        Assert.Contains("only adapter_model.bin, a format that is not read here", Fails(), StringComparison.Ordinal);
        File.Delete(folder["adapter/adapter_model.bin"]);
        Assert.Contains("no adapter_model.safetensors", Fails(), StringComparison.Ordinal);
        File.WriteAllText(ConfigPath, "{");
        Assert.Contains("not valid JSON", Fails(), StringComparison.Ordinal);
    }

    private string Fails() => Assert.Throws<RlvrException>(() => ModelFolder.Open(folder["adapter"])).Message;

    private void Change(Action<JsonObject> change)
    {
        JsonObject config = JsonNode.Parse(File.ReadAllText(ConfigPath))!.AsObject();
        change(config);
        File.WriteAllText(ConfigPath, config.ToJsonString());
    }

    private string[] Files(string name) => [.. Directory.GetFiles(folder[name]).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];
}
