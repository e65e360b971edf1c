using System.Buffers.Binary;
using Rlvr.Models;
using Rlvr.Tests.Shared;
using Rlvr.Tests.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Models;

/// <summary>A model whose matrices are those of its files: the numbers are those of a loaded one, to the last bit.</summary>
public sealed class MappedModelTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string, ScalarType, ScalarType> All
    {
        get
        {
            TheoryData<string, ScalarType, ScalarType> all = [];
            foreach (string name in new[] { "qwen2 GQA", "llama MHA untied", "qwen3 GQA wide heads" })
                foreach (ScalarType file in new[] { ScalarType.BFloat16, ScalarType.Float16, ScalarType.Float32 })
                    foreach (ScalarType compute in new[] { ScalarType.Float32, ScalarType.BFloat16 }) all.Add(name, file, compute);
            return all;
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void It_computes_bit_for_bit_what_a_frozen_copy_of_the_policy_does(string name, ScalarType file, ScalarType compute)
    {
        Save(TinyModels.Config(name), file);
        Check(compute, file, 60);
    }

    [Theory]
    [InlineData(ScalarType.BFloat16, ScalarType.Float32, 0)]
    [InlineData(ScalarType.BFloat16, ScalarType.BFloat16, 2)]
    [InlineData(ScalarType.BFloat16, ScalarType.BFloat16, 30)]
    [InlineData(ScalarType.Float32, ScalarType.Float32, 4)]
    [InlineData(ScalarType.Float32, ScalarType.Float32, 28)]
    [InlineData(ScalarType.Float32, ScalarType.BFloat16, 4)]
    public void Where_a_tensor_begins_in_the_file_changes_nothing(ScalarType file, ScalarType compute, int shift)
    {
        // Large enough for the kernels that real models take, and for several chunks of logits.
        Save(TinyModels.Config("qwen2 GQA") with { HiddenSize = 128, IntermediateSize = 352, HeadDim = 32, VocabularySize = 5003 }, file);
        Shift(folder["model/model.safetensors"], shift);
        Check(compute, file, 300, chunk: 80 * 5003);
        Check(compute, file, 2);
    }

    [Fact]
    public void Shards_are_mapped_each()
    {
        using (Transformer random = TinyModels.Create("llama MHA untied"))
            ModelFolder.Save(folder["model"], random.Config, random.Parameters.Select(p => (p.Key, p.Value)), ScalarType.BFloat16, shardBytes: 5_000);
        Assert.True(Directory.GetFiles(folder["model"], "*.safetensors").Length > 3);
        Check(ScalarType.Float32, ScalarType.BFloat16, 20);
    }

    [Fact]
    public void A_file_that_does_not_begin_its_tensors_at_an_element_is_loaded()
    {
        Save(TinyModels.Config("qwen2 GQA"), ScalarType.BFloat16);
        Shift(folder["model/model.safetensors"], 1);
        using Transformer policy = Transformer.Load(folder["model"]), mapped = Transformer.Map(folder["model"]);
        Assert.Equal(0, mapped.MappedBytes);
        Same(policy, mapped, 20);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_an_adapter_is_merged_into_is_kept_in_memory(bool merge)
    {
        TinyLanguage.Save(folder["model"]);
        using (Transformer with = Transformer.Load(folder["model"], frozen: true))
        {
            with.Attach(LoraAdapter.Create(with.Config, new LoraSettings(2, 4, ["q_proj", "down_proj"]), 1, folder["model"]));
            LoraAdapterTests.Randomize(with.Adapter!, 1);
            with.Save(folder["adapter"]);
        }
        using Transformer expected = Transformer.Load(folder["adapter"], frozen: true, merge: merge), mapped = Transformer.Map(folder["adapter"], merge: merge), plain = Transformer.Map(folder["model"]);
        Assert.Equal(merge, mapped.Adapter is null);
        long changed = 2 * ((24 * 24) + (24 * 40)) * 4;
        Assert.Equal(plain.MappedBytes - (merge ? changed : 0), mapped.MappedBytes);
        Same(expected, mapped, 20, vocabulary: 257);
    }

    [Fact]
    public void Decoding_with_it_moves_nothing_and_leaves_nothing()
    {
        Save(TinyModels.Config("qwen2 GQA"), ScalarType.BFloat16);
        byte[] before = File.ReadAllBytes(folder["model/model.safetensors"]);
        using Transformer loaded = Transformer.Load(folder["model"], frozen: true), mapped = Transformer.Map(folder["model"]);
        Rlvr.Rollouts.GenerationRequest[] requests = [.. Enumerable.Range(0, 3).Select(i => new Rlvr.Rollouts.GenerationRequest(TinyModels.Tokens(4, (ulong)i), (ulong)i))];
        Rlvr.Rollouts.SamplingOptions options = new() { MaxNewTokens = 6 };
        Assert.Equal(Tokens(loaded), Tokens(mapped));
        Assert.All(mapped.Parameters.Where(p => p.Value.shape.Length == 2), p => Assert.Equal(ScalarType.BFloat16, p.Value.dtype));
        Assert.Equal(before, File.ReadAllBytes(folder["model/model.safetensors"]));

        string[] Tokens(Transformer model) => [.. new Rlvr.Rollouts.Generator(model).Generate(requests, options).Select(r => string.Join(' ', r.Tokens))];
    }

    private void Save(ModelConfig config, ScalarType type)
    {
        using Transformer random = TinyModels.Create(config);
        random.Save(folder["model"], dtype: type);
    }

    /// <summary>Compares with the frozen copy of a policy that was loaded from the same folder.</summary>
    private void Check(ScalarType compute, ScalarType file, int tokens, long chunk = 0)
    {
        using Transformer policy = Transformer.Load(folder["model"], computeType: compute), frozen = policy.Clone(frozen: true), mapped = Transformer.Map(folder["model"], compute);
        Assert.All(mapped.Parameters, p => Assert.Equal(p.Value.shape.Length == 2 ? file : p.Key.EndsWith("norm.weight", StringComparison.Ordinal) ? ScalarType.Float32 : compute, p.Value.dtype));
        Assert.Equal(mapped.Parameters.Values.Where(p => p.shape.Length == 2).Sum(p => p.numel() * p.element_size()), mapped.MappedBytes);
        Same(frozen, mapped, tokens, chunk, policy.Config.VocabularySize);
    }

    private static void Same(Transformer expected, Transformer mapped, int tokens, long chunk = 0, int vocabulary = TinyModels.Vocabulary)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        int[] all = TinyModels.Tokens(tokens, 3, vocabulary);
        SharedPrefixBatch batch = new([all[..1]], [(0, all[1..]), (0, all[(tokens / 2)..])], CPU);
        Tensor[] outputs = [.. new[] { expected, mapped }.SelectMany(model =>
        {
            Tensor hidden = model.Hidden(batch);
            TokenLogProbs predicted = new(model, hidden, batch, 0.7, withEntropy: true, chunkElements: chunk);
            return new[] { hidden, predicted.LogProbs, predicted.Entropies! };
        })];
        for (int i = 0; i < 3; i++) Assert.True(TinyModels.Same(outputs[i], outputs[i + 3]), $"output {i}: off by {TinyModels.Largest(outputs[i].sub(outputs[i + 3])):g3}");
    }

    /// <summary>Moves the data of a file by bytes: a header may end in spaces.</summary>
    private static void Shift(string path, int bytes)
    {
        byte[] file = File.ReadAllBytes(path);
        int end = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        byte[] shifted = [.. file[..end], .. Enumerable.Repeat((byte)' ', bytes), .. file[end..]];
        BinaryPrimitives.WriteInt64LittleEndian(shifted, end - 8 + bytes);
        File.WriteAllBytes(path, shifted);
    }
}
