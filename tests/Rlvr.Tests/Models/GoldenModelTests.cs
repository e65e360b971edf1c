using System.Text.Json;
using Rlvr.Models;
using Rlvr.Tensors;
using Rlvr.Tests.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Models;

/// <summary>Logits, log-probabilities, entropies and gradients of tiny models against Hugging Face transformers.</summary>
public class GoldenModelTests
{
    public static TheoryData<string> Folders() =>
        ["qwen2-untied", "qwen2-tied", "qwen2-sharded", "qwen2-bf16", "qwen2-fp16-mqa", "llama3-scaled-tied", "llama-plain-untied-mha", "qwen3-tied", "qwen3-untied"];

    public static TheoryData<string> FoldersWithGradients() => ["qwen2-untied", "llama3-scaled-tied", "qwen3-tied"];

    [Theory]
    [MemberData(nameof(Folders))]
    public void LogitsLogProbsAndEntropiesAreThoseOfTransformers(string name)
    {
        string folder = TestFiles.Golden("models", name);
        using Transformer model = Transformer.Load(folder);
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "expected.json")));
        int compared = 0;
        foreach (JsonProperty entry in expected.RootElement.GetProperty("sequences").EnumerateObject())
        {
            using DisposeScope scope = NewDisposeScope();
            using IDisposable noGrad = no_grad();
            JsonElement sequence = entry.Value;
            string label = $"{name}/{entry.Name}";
            int[] ids = [.. sequence.GetProperty("input_ids").EnumerateArray().Select(e => e.GetInt32())];
            long[] positions = [.. sequence.GetProperty("position_ids").EnumerateArray().Select(e => e.GetInt64())];
            double tolerance = sequence.GetProperty("tolerance").GetProperty("logits_atol").GetDouble();
            SharedPrefixBatch batch = new([ids], [], CPU);
            Tensor hidden = model.Hidden(batch.Tokens, tensor(positions), positions.Max(), new SharedPrefixAttention(batch, model.Config));
            Tensor logits = model.Logits(hidden);
            foreach ((int row, JsonElement values) in sequence.GetProperty("logits_rows").EnumerateArray().Select(e => e.GetInt32()).Zip(sequence.GetProperty("logits").EnumerateArray()))
            {
                Close(Numbers(values), logits[row], tolerance, $"{label} logits of row {row}");
                compared++;
            }
            Tensor logProbs = logits.log_softmax(-1);
            Close(Numbers(sequence.GetProperty("entropies")), logProbs.exp().mul(logProbs).sum(-1).neg(), 1e-4, label + " entropies");
            if (ids.Length == 1) continue;
            Tensor tokens = logProbs.narrow(0, 0, ids.Length - 1).gather(1, tensor(ids.Skip(1).Select(i => (long)i).ToArray()).unsqueeze(1)).squeeze(1);
            Close(Numbers(sequence.GetProperty("token_logprobs")), tokens, tolerance, label + " token log-probs");
        }
        Assert.True(compared > 0);
    }

    [Theory]
    [MemberData(nameof(FoldersWithGradients))]
    public void GradientsAreThoseOfTransformers(string name)
    {
        string folder = TestFiles.Golden("models", name);
        using DisposeScope scope = NewDisposeScope();
        using Transformer model = Transformer.Load(folder);
        model.RequireGradients(true);
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "expected.json")));
        JsonElement main = expected.RootElement.GetProperty("sequences").GetProperty("main");
        int[] ids = [.. main.GetProperty("input_ids").EnumerateArray().Select(e => e.GetInt32())];
        // The mean negative log-likelihood of all tokens after the first, through the path that training takes.
        SharedPrefixBatch batch = new([[ids[0]]], [(0, ids[1..])], CPU);
        Tensor hidden = model.Hidden(batch);
        TokenLogProbs tokens = new(model, hidden, batch, 1, keepForBackward: true);
        tokens.Backward(full_like(tokens.LogProbs, -1.0 / (ids.Length - 1)));
        using SafeTensorsFile file = new(Path.Combine(folder, "gradients.safetensors"));
        foreach ((string parameter, Tensor value) in model.Parameters)
        {
            Tensor golden = file.Load(parameter);
            Assert.NotNull(value.grad);
            double difference = value.grad.sub(golden).abs().max().item<float>(), size = golden.abs().max().item<float>();
            Assert.True(difference < 1e-5 || difference < 1e-3 * size, $"{name} gradient of {parameter}: off by {difference:g3}, largest is {size:g3}");
        }
    }

    private static float[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(e => (float)e.GetDouble())];

    private static void Close(float[] expected, Tensor actual, double tolerance, string what)
    {
        float[] values = actual.data<float>().ToArray();
        Assert.Equal(expected.Length, values.Length);
        for (int i = 0; i < values.Length; i++)
            Assert.True(float.Abs(expected[i] - values[i]) <= tolerance, $"{what}[{i}]: expected {expected[i]}, found {values[i]}");
    }
}
