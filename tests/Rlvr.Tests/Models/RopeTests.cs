using System.Text.Json;
using Rlvr.Models;
using Rlvr.Tensors;
using Rlvr.Tests.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Models;

public class RopeTests
{
    public RopeTests() => NativeRuntime.Initialize();

    [Theory]
    [InlineData("qwen2-untied")]
    [InlineData("llama3-scaled-tied")]
    [InlineData("qwen3-tied")]
    public void Frequencies_are_those_of_transformers(string name)
    {
        string folder = TestFiles.Golden("models", name);
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "expected.json")));
        float[] golden = [.. expected.RootElement.GetProperty("inv_freq").EnumerateArray().Select(e => e.GetSingle())];
        float[] actual = Rope.InverseFrequencies(ModelConfig.Read(folder));
        Assert.Equal(golden.Length, actual.Length);
        Assert.All(golden.Zip(actual), pair => Assert.InRange(float.Abs(pair.First - pair.Second), 0, 1e-6f * pair.First));
    }

    [Fact]
    public void Scores_depend_on_the_distance_only_and_lengths_are_kept()
    {
        using DisposeScope scope = NewDisposeScope();
        ModelConfig config = TinyModels.Config("llama MHA untied");
        using Rope rope = new(config, CPU);
        Tensor q = randn(1, 1, config.HeadDim), k = randn(1, 1, config.HeadDim);
        Tensor At(Tensor x, long position) => rope.Apply(x, rope.At(tensor(new[] { position }), position));
        double Score(long from, long to) => At(q, from).mul(At(k, to)).sum().item<float>();
        Assert.Equal(Score(9, 4), Score(105, 100), 1e-4);
        Assert.Equal(Score(3, 3), Score(0, 0), 1e-4);
        Assert.NotEqual(Score(9, 4), Score(9, 5), 1e-4);
        Assert.Equal(q.norm().item<float>(), At(q, 57).norm().item<float>(), 1e-4);
        Assert.Equal(0, TinyModels.Largest(At(q, 0).sub(q)), 1e-6);
    }

    [Fact]
    public void The_table_grows_without_changing()
    {
        using DisposeScope scope = NewDisposeScope();
        ModelConfig config = TinyModels.Config("llama3 GQA scaled");
        using Rope grown = new(config, CPU), once = new(config, CPU);
        foreach (long position in new long[] { 0, 1, 5, 40 }) grown.At(tensor(new[] { position }), position);
        Tensor positions = tensor(new long[] { 0, 3, 39, 40 });
        (Tensor cosine, Tensor sine) = grown.At(positions, 40);
        (Tensor expectedCosine, Tensor expectedSine) = once.At(positions, 40);
        Assert.True(TinyModels.Same(cosine, expectedCosine));
        Assert.True(TinyModels.Same(sine, expectedSine));
        Assert.Equal([4, 1, config.HeadDim], cosine.shape);
    }
}
