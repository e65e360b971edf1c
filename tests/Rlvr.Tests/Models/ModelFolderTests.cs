using System.Text.Json.Nodes;
using Rlvr.Models;
using Rlvr.Tensors;
using Rlvr.Tests.Shared;
using static TorchSharp.torch;

namespace Rlvr.Tests.Models;

public sealed class ModelFolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rlvr-models-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Place(string name) => Path.Combine(_folder, name);

    private static string Bf16 => TestFiles.Fixture("models", "qwen2-bf16");

    private static IEnumerable<(string Name, Tensor Tensor)> Pairs(ModelWeights weights) => weights.Tensors.Select(pair => (pair.Key, pair.Value));

    public static TheoryData<string> AllFolders =>
    [
        "qwen2-untied", "qwen2-tied", "qwen2-sharded", "qwen2-bf16", "qwen2-fp16-mqa",
        "llama3-scaled-tied", "llama-plain-untied-mha", "qwen3-tied", "qwen3-untied",
    ];

    [Theory]
    [MemberData(nameof(AllFolders))]
    public void Every_good_folder_survives_load_save_load_bit_by_bit(string name) => RoundTrip(TestFiles.Golden("models", name));

    [Theory]
    [InlineData("qwen2-bf16", ScalarType.BFloat16)]
    [InlineData("qwen2-fp16-mqa", ScalarType.Float16)]
    public void Half_precision_folders_keep_their_type_and_bytes(string name, ScalarType type)
    {
        string path = TestFiles.Fixture("models", name);
        RoundTrip(path);
        using ModelFolder folder = ModelFolder.Open(path);
        using ModelWeights weights = folder.ReadAll();
        Assert.All(weights.Tensors.Values, tensor => Assert.Equal(type, tensor.dtype));
        // In float32 the numbers are the same, since every half-precision number is one.
        using ModelWeights wide = folder.ReadAll(ScalarType.Float32);
        foreach ((string tensor, Tensor value) in wide.Tensors)
        {
            Assert.Equal(ScalarType.Float32, value.dtype);
            using Tensor back = value.to(type);
            AssertEqual(weights[tensor], back, tensor);
        }
    }

    private void RoundTrip(string path)
    {
        string copy = Place("copy");
        using ModelFolder folder = ModelFolder.Open(path);
        using ModelWeights weights = folder.ReadAll();
        Assert.Equal(folder.Config.ParameterShapes().Keys, weights.Tensors.Keys);
        foreach ((string name, long[] shape) in folder.Config.ParameterShapes()) Assert.Equal(shape, weights[name].shape);

        ModelFolder.Save(copy, folder.Config, Pairs(weights), copyTokenizerFilesFrom: path);
        Assert.Equal([copy], Directory.GetFileSystemEntries(_folder));
        using ModelFolder again = ModelFolder.Open(copy);
        Assert.Equal(folder.Config with { TorchDtype = null }, again.Config with { TorchDtype = null, EosTokenIds = folder.Config.EosTokenIds });
        Assert.Equal(folder.Config.EosTokenIds, again.Config.EosTokenIds);
        using ModelWeights read = again.ReadAll();
        foreach ((string name, Tensor tensor) in weights.Tensors) AssertEqual(tensor, read[name], name);
        Directory.Delete(copy, recursive: true);
    }

    [Fact]
    public void Large_models_are_saved_in_shards_with_an_index()
    {
        using ModelFolder folder = ModelFolder.Open(Bf16);
        using ModelWeights weights = folder.ReadAll();
        ModelFolder.Save(Place("sharded"), folder.Config, Pairs(weights), shardBytes: 60_000);
        using ModelFolder again = ModelFolder.Open(Place("sharded"));
        Assert.True(again.Files.Count > 2);
        Assert.All(again.Files, file => Assert.True(file.Entries.Values.Sum(entry => entry.ByteCount) <= 60_000));
        JsonNode index = JsonNode.Parse(File.ReadAllText(Path.Combine(Place("sharded"), "model.safetensors.index.json")))!;
        Assert.Equal(folder.Config.ParameterCount * 2, (long)index["metadata"]!["total_size"]!);
        Assert.Equal(weights.Tensors.Count, index["weight_map"]!.AsObject().Count);
        using ModelWeights read = again.ReadAll();
        foreach ((string name, Tensor tensor) in weights.Tensors) AssertEqual(tensor, read[name], name);
    }

    [Fact]
    public void Tokenizer_files_and_generation_settings_travel_along()
    {
        string source = Copy(Bf16, "source");
        File.WriteAllText(Path.Combine(source, "tokenizer.json"), "{}");
        File.WriteAllText(Path.Combine(source, "generation_config.json"), """{"temperature": 0.7, "eos_token_id": [2, 5]}""");
        using ModelFolder folder = ModelFolder.Open(source);
        Assert.Equal([2, 5], folder.Config.EosTokenIds);
        using ModelWeights weights = folder.ReadAll();
        ModelFolder.Save(Place("saved"), folder.Config with { EosTokenIds = [3] }, Pairs(weights), copyTokenizerFilesFrom: source);
        Assert.Equal("{}", File.ReadAllText(Path.Combine(Place("saved"), "tokenizer.json")));
        JsonNode generation = JsonNode.Parse(File.ReadAllText(Path.Combine(Place("saved"), "generation_config.json")))!;
        Assert.Equal(0.7, (double)generation["temperature"]!);
        Assert.Equal(3, (int)generation["eos_token_id"]!);
        Assert.Equal([3], ModelConfig.Read(Place("saved")).EosTokenIds);
    }

    [Fact]
    public void An_existing_folder_is_replaced_only_on_request_and_as_a_whole()
    {
        using ModelFolder folder = ModelFolder.Open(Bf16);
        using ModelWeights weights = folder.ReadAll();
        Directory.CreateDirectory(Place("busy"));
        File.WriteAllText(Path.Combine(Place("busy"), "notes.txt"), "mine");
        Assert.Contains("exists and is not empty", Assert.Throws<RlvrException>(() => ModelFolder.Save(Place("busy"), folder.Config, Pairs(weights))).Message);
        Assert.Equal(["notes.txt"], Directory.GetFiles(Place("busy")).Select(Path.GetFileName));
        ModelFolder.Save(Place("busy"), folder.Config, Pairs(weights), overwrite: true);
        Assert.False(File.Exists(Path.Combine(Place("busy"), "notes.txt")));
        Assert.Equal([Place("busy")], Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void A_save_that_fails_leaves_nothing_behind()
    {
        using ModelFolder folder = ModelFolder.Open(Bf16);
        using ModelWeights weights = folder.ReadAll();
        IEnumerable<(string, Tensor)> incomplete = Pairs(weights).Where(pair => pair.Name != "model.norm.weight");
        Assert.Contains("parameter 'model.norm.weight' was not given", Assert.Throws<RlvrException>(() => ModelFolder.Save(Place("x"), folder.Config, incomplete)).Message);
        using Tensor wrong = zeros(3);
        IEnumerable<(string, Tensor)> misshapen = Pairs(weights).Select(pair => pair.Name == "model.norm.weight" ? (pair.Name, wrong) : pair);
        Assert.Contains("has shape [3], [64] expected", Assert.Throws<RlvrException>(() => ModelFolder.Save(Place("x"), folder.Config, misshapen)).Message);
        Assert.Throws<RlvrException>(() => ModelFolder.Save(Place("x"), folder.Config, Pairs(weights), ScalarType.ComplexFloat64));
        File.WriteAllText(Place("file"), "");
        Assert.Contains("is a file", Assert.Throws<RlvrException>(() => ModelFolder.Save(Place("file"), folder.Config, Pairs(weights))).Message);
        Assert.Contains("cannot be saved", Assert.Throws<RlvrException>(() => ModelFolder.Save(Path.Combine(Place("file"), "below"), folder.Config, Pairs(weights))).Message);
        Assert.Equal([Place("file")], Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void A_copy_of_the_tied_embeddings_is_accepted_only_if_it_is_one()
    {
        using ModelFolder folder = ModelFolder.Open(Bf16);
        using ModelWeights weights = folder.ReadAll();
        string path = Copy(Bf16, "tied");
        Tensor embedding = weights["model.embed_tokens.weight"];
        SafeTensorsWriter.Write(Path.Combine(path, "model.safetensors"), Pairs(weights).Append(("lm_head.weight", embedding)));
        using (ModelFolder equal = ModelFolder.Open(path))
        using (ModelWeights read = equal.ReadAll()) Assert.DoesNotContain("lm_head.weight", read.Tensors.Keys);

        using Tensor other = embedding * 2;
        SafeTensorsWriter.Write(Path.Combine(path, "model.safetensors"), Pairs(weights).Append(("lm_head.weight", other)));
        using ModelFolder different = ModelFolder.Open(path);
        Assert.Contains("'lm_head.weight' differs from 'model.embed_tokens.weight'", Assert.Throws<RlvrException>(() => different.ReadAll()).Message);
    }

    [Fact]
    public void Missing_surplus_and_misshapen_tensors_are_named()
    {
        using ModelFolder folder = ModelFolder.Open(Bf16);
        using ModelWeights weights = folder.ReadAll();
        string path = Copy(Bf16, "changed");
        string file = Path.Combine(path, "model.safetensors");

        SafeTensorsWriter.Write(file, Pairs(weights).Where(pair => !pair.Name.EndsWith("layers.1.self_attn.q_proj.bias", StringComparison.Ordinal)));
        Assert.Contains("1 of the 26 tensors that config.json asks for are missing, the first is 'model.layers.1.self_attn.q_proj.bias'", Open(path));

        using Tensor surplus = zeros(1);
        SafeTensorsWriter.Write(file, Pairs(weights).Append(("model.layers.0.self_attn.o_proj.bias", surplus)));
        Assert.Contains("unexpected tensor 'model.layers.0.self_attn.o_proj.bias'", Open(path));

        SafeTensorsWriter.Write(file, Pairs(weights).Append(("model.layers.0.self_attn.rotary_emb.inv_freq", surplus)));
        ModelFolder.Open(path).Dispose(); // old folders hold this, it can be computed

        SafeTensorsWriter.Write(file, Pairs(weights).Select(pair => pair.Name == "model.norm.weight" ? (pair.Name, surplus) : pair));
        Assert.Contains("tensor 'model.norm.weight' has shape [1], [64] expected from config.json", Open(path));

        using Tensor integers = zeros(64, dtype: ScalarType.Int32);
        SafeTensorsWriter.Write(file, Pairs(weights).Select(pair => pair.Name == "model.norm.weight" ? (pair.Name, integers) : pair));
        Assert.Contains("has element type I32", Open(path));

        string config = File.ReadAllText(Path.Combine(path, "config.json")).Replace("\"tie_word_embeddings\": true", "\"tie_word_embeddings\": false", StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(path, "config.json"), config);
        SafeTensorsWriter.Write(file, Pairs(weights));
        Assert.Contains("the first is 'lm_head.weight'. Is 'tie_word_embeddings' in config.json right?", Open(path));
    }

    [Fact]
    public void What_is_no_model_folder_is_said_to_be_none()
    {
        Assert.Contains("no such folder", Open(Place("nowhere")));
        File.WriteAllText(Place("file"), "");
        Assert.Contains("is a file", Open(Place("file")));
        Directory.CreateDirectory(Place("empty"));
        Assert.Contains("not a model folder", Open(Place("empty")));

        string noConfig = Copy(Bf16, "no-config");
        File.Delete(Path.Combine(noConfig, "config.json"));
        Assert.Contains("no config.json", Open(noConfig));

        string unsupported = Place("unsupported");
        Directory.CreateDirectory(unsupported);
        File.WriteAllText(Path.Combine(unsupported, "config.json"), """{"model_type": "rwkv"}""");
        Assert.Contains("\"rwkv\" is not a supported architecture", Open(unsupported)); // although it has no weights either

        string noWeights = Copy(Bf16, "no-weights");
        File.Delete(Path.Combine(noWeights, "model.safetensors"));
        Assert.Contains("no weights; model.safetensors or model.safetensors.index.json", Open(noWeights));
        File.WriteAllText(Path.Combine(noWeights, "pytorch_model.bin"), "");
        Assert.Contains("only pytorch_model.bin", Open(noWeights));
    }

    [Fact]
    public void Weights_belong_to_their_owner_not_to_the_scope_in_force()
    {
        using ModelFolder folder = ModelFolder.Open(Bf16);
        ModelWeights weights;
        using (NewDisposeScope()) weights = folder.ReadAll();
        Tensor norm = weights.Take("model.norm.weight"), embedding = weights["model.embed_tokens.weight"];
        Assert.False(embedding.IsInvalid);
        weights.Dispose();
        Assert.True(embedding.IsInvalid);
        Assert.False(norm.IsInvalid);
        norm.Dispose();
    }

    private static string Open(string path) => Assert.Throws<RlvrException>(() => ModelFolder.Open(path)).Message;

    private static void AssertEqual(Tensor expected, Tensor found, string name)
    {
        Assert.Equal(expected.dtype, found.dtype);
        Assert.True(expected.bytes.SequenceEqual(found.bytes), name);
    }

    private string Copy(string folder, string name)
    {
        Directory.CreateDirectory(Place(name));
        foreach (string file in Directory.GetFiles(folder)) File.Copy(file, Path.Combine(Place(name), Path.GetFileName(file)));
        return Place(name);
    }
}
