using System.IO.Compression;
using System.Text.Json.Nodes;
using Rlvr.Models;
using Rlvr.Tests.Shared;
using static TorchSharp.torch;

namespace Rlvr.Tests.Models;

public sealed class ModelExportTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string> Folders => ["qwen2-untied", "qwen2-tied", "qwen2-sharded", "qwen2-bf16", "qwen2-fp16-mqa", "llama3-scaled-tied", "llama-plain-untied-mha", "qwen3-tied", "qwen3-untied"];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Everything_in_the_configuration_stays_but_the_element_type(string name)
    {
        string source = TestFiles.Golden("models", name), target = Target();
        ModelExport.Write(source, target, ScalarType.BFloat16);
        JsonObject before = Json(source, "config.json"), after = Json(target, "config.json");
        Assert.Equal("bfloat16", (string)(after["dtype"] ?? after["torch_dtype"])!);
        Assert.Equal(before.Select(p => p.Key), after.Select(p => p.Key).Where(before.ContainsKey));
        foreach (string key in new[] { "dtype", "torch_dtype" })
        {
            if (after.ContainsKey(key)) Assert.Equal("bfloat16", (string)after[key]!);
            before.Remove(key);
            after.Remove(key);
        }
        Assert.True(JsonNode.DeepEquals(before, after), after.ToJsonString());
        using ModelFolder from = ModelFolder.Open(source), to = ModelFolder.Open(target);
        using ModelWeights expected = from.ReadAll(ScalarType.BFloat16), found = to.ReadAll();
        Assert.Equal(expected.Tensors.Keys, found.Tensors.Keys);
        Assert.All(expected.Tensors, t => Assert.True(t.Value.bytes.SequenceEqual(found[t.Key].bytes), t.Key));
        Assert.DoesNotContain(to.Files.SelectMany(f => f.Entries.Keys), key => key == "lm_head.weight" && from.Config.TieWordEmbeddings);
    }

    [Fact]
    public void Large_weights_are_sharded()
    {
        string target = Target();
        ModelExport.Write(TestFiles.Fixture("models", "qwen2-bf16"), target, ScalarType.Float32, shardBytes: 100_000);
        Assert.True(File.Exists(Path.Combine(target, "model.safetensors.index.json")));
        using ModelFolder written = ModelFolder.Open(target);
        Assert.True(written.Files.Count > 1);
    }

    [Fact]
    public void Tokenizer_templates_terms_and_settings_come_along_and_nothing_else_does()
    {
        string source = Source(), target = Target();
        File.WriteAllText(Path.Combine(source, "chat_template.jinja"), "{{ messages }}");
        Directory.CreateDirectory(Path.Combine(source, "additional_chat_templates"));
        File.WriteAllText(Path.Combine(source, "additional_chat_templates", "tool_use.jinja"), "{{ tools }}");
        File.WriteAllText(Path.Combine(source, "LICENSE"), "terms");
        File.WriteAllText(Path.Combine(source, "optimizer.safetensors"), "state");
        File.WriteAllText(Path.Combine(source, "generation_config.json"), """{"temperature": 0.7, "repetition_penalty": 1.05, "eos_token_id": 3}""");
        using (FileStream file = File.Create(Path.Combine(source, "tokenizer.json.gz")))
        using (GZipStream packed = new(file, CompressionLevel.Fastest)) packed.Write("{\"version\": \"1.0\"}"u8);
        ModelExport.Write(source, target, ScalarType.Float32);
        Assert.Equal(["LICENSE", "additional_chat_templates/tool_use.jinja", "chat_template.jinja", "config.json", "generation_config.json", "model.safetensors", "tokenizer.json"],
            Directory.GetFiles(target, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(target, f).Replace('\\', '/')).Order(StringComparer.Ordinal));
        Assert.Equal("{\"version\": \"1.0\"}", File.ReadAllText(Path.Combine(target, "tokenizer.json")));
        Assert.Equal(1.05, (double)Json(target, "generation_config.json")["repetition_penalty"]!);
    }

    [Fact]
    public void The_newer_name_of_the_element_type_is_kept_alone()
    {
        string source = Source(), target = Target();
        JsonObject config = Json(source, "config.json");
        config.Remove("torch_dtype");
        config["dtype"] = "bfloat16";
        config["max_window_layers"] = 21;
        File.WriteAllText(Path.Combine(source, "config.json"), config.ToJsonString());
        ModelExport.Write(source, target, ScalarType.Float16);
        JsonObject written = Json(target, "config.json");
        Assert.Equal(("float16", 21, false), ((string)written["dtype"]!, (int)written["max_window_layers"]!, written.ContainsKey("torch_dtype")));
    }

    [Fact]
    public void A_number_too_large_for_fp16_is_refused()
    {
        string source = Place("large");
        using (Transformer network = TinyModels.Create())
        {
            using IDisposable noGrad = no_grad();
            network.Parameters["model.norm.weight"][3] = tensor(70_000f);
            network.Save(source);
        }
        Assert.Contains("tensor 'model.norm.weight' has values beyond 65504", Assert.Throws<RlvrException>(() => ModelExport.Write(source, Target(), ScalarType.Float16)).Message, StringComparison.Ordinal);
        ModelExport.Write(source, Target("other"), ScalarType.BFloat16);
    }

    [Fact]
    public void A_model_that_changed_does_not_keep_the_old_configuration()
    {
        string source = Source(), target = Place("changed");
        using ModelFolder opened = ModelFolder.Open(source);
        using ModelWeights weights = opened.ReadAll();
        ModelFolder.Save(target, opened.Config with { RopeTheta = 5 }, weights.Tensors.Select(t => (t.Key, t.Value)), copyTokenizerFilesFrom: source);
        Assert.Equal(5, ModelConfig.Read(target).RopeTheta);
    }

    private string Place(string name) => folder[name];

    private string Target(string name = "target") => Directory.CreateDirectory(folder[name]).FullName;

    private string Source()
    {
        string source = Target("source");
        foreach (string file in Directory.GetFiles(TestFiles.Fixture("models", "qwen2-bf16"))) File.Copy(file, Path.Combine(source, Path.GetFileName(file)));
        return source;
    }

    private static JsonObject Json(string folder, string file) => JsonNode.Parse(File.ReadAllText(Path.Combine(folder, file)))!.AsObject();
}
