using Rlvr.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Models;

/// <summary>Small random networks of every family, with weights large enough that their predictions differ.</summary>
internal static class TinyModels
{
    public const int Vocabulary = 41;

    /// <summary>The architectures that decoding and training are tested with.</summary>
    public static TheoryData<string> Names => ["qwen2 GQA", "qwen2 MQA", "llama MHA untied", "llama3 GQA scaled", "qwen3 GQA wide heads", "qwen3 MQA untied"];

    public static ModelConfig Config(string name) => name switch
    {
        "qwen2 GQA" => Base with { Architecture = ModelArchitecture.Qwen2 },
        "qwen2 MQA" => Base with { Architecture = ModelArchitecture.Qwen2, KeyValueHeads = 1 },
        "llama MHA untied" => Base with { Architecture = ModelArchitecture.Llama, KeyValueHeads = 4, TieWordEmbeddings = false },
        "llama3 GQA scaled" => Base with { Architecture = ModelArchitecture.Llama, RopeScaling = new Llama3RopeScaling(8, 1, 4, 16) },
        "qwen3 GQA wide heads" => Base with { Architecture = ModelArchitecture.Qwen3, HeadDim = 12 },
        "qwen3 MQA untied" => Base with { Architecture = ModelArchitecture.Qwen3, KeyValueHeads = 1, TieWordEmbeddings = false },
        _ => throw new ArgumentException(name),
    };

    private static ModelConfig Base => new()
    {
        Architecture = ModelArchitecture.Qwen2,
        HiddenSize = 24,
        IntermediateSize = 40,
        Layers = 2,
        Heads = 4,
        KeyValueHeads = 2,
        HeadDim = 6,
        VocabularySize = Vocabulary,
        TieWordEmbeddings = true,
        MaxPositions = 128,
    };

    /// <summary>
    /// Standard deviation of weights such as a real model has. The larger ones of <see cref="Create(string, ulong, double)"/> let the roundings of bfloat16 grow from layer to layer, until how
    /// far a number is off depends on the order of the sums: on the processor.
    /// </summary>
    public const double Moderate = 0.1;

    public static Transformer Create(string name = "qwen2 GQA", ulong seed = 1, double deviation = 0.25) => Create(Config(name), seed, deviation: deviation);

    public static Transformer Create(ModelConfig config, ulong seed = 1, ScalarType computeType = ScalarType.Float32, double deviation = 0.25)
    {
        Transformer model = Transformer.CreateRandom(config, seed, computeType: computeType);
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using torch.Generator generator = new(seed + 1000, CPU);
        foreach (Tensor parameter in model.Parameters.Values)
        {
            // Norms around 1, everything else (biases too) around 0.
            bool norm = parameter.shape.Length == 1 && parameter.mean().item<float>() == 1;
            parameter.copy_(empty(parameter.shape).normal_(norm ? 1 : 0, norm ? 0.2 : deviation, generator));
        }
        return model;
    }

    /// <summary>Tokens that are a function of a seed.</summary>
    public static int[] Tokens(int count, ulong seed, int vocabulary = Vocabulary) =>
        [.. Enumerable.Range(0, count).Select(i => (int)(CounterRandom.Uniform(seed, 7, 7, (ulong)i) * vocabulary))];

    /// <summary>[T, V] logits of one whole sequence, with the plainest attention there is.</summary>
    public static Tensor PlainLogits(Transformer model, int[] sequence)
    {
        Tensor tokens = tensor(sequence.Select(t => (long)t).ToArray());
        return model.Logits(model.Hidden(tokens, arange(sequence.Length), sequence.Length - 1, new PlainAttention()));
    }

    /// <summary>
    /// Within what logits and log-probabilities of these models, computed in two ways in float32, are equal: the parameters are large, so that the logits are, up to 16, and
    /// are off by 1e-5 (ten units in the last place) once in some hundred cases, by processor and library. A mistake is off by far more.
    /// </summary>
    public const double Rounding = 5e-5;

    /// <summary>The same of log-probabilities at a temperature, by which logits are divided, their roundings with them.</summary>
    public static double RoundingAt(double temperature) => temperature is > 0 and < 1 ? Rounding / temperature : Rounding;

    public static double Largest(Tensor x) => x.numel() == 0 ? 0 : x.abs().max().item<float>();

    /// <summary>Whether all values are equal, bit for bit.</summary>
    public static bool Same(Tensor a, Tensor b) => a.detach().contiguous().data<float>().ToArray().AsSpan().SequenceEqual(b.detach().contiguous().data<float>().ToArray());

    /// <summary>One causal sequence: every step spelled out, keys and values repeated for their query heads.</summary>
    private sealed class PlainAttention : IAttention
    {
        public Tensor Attend(int layer, Tensor query, Tensor key, Tensor value)
        {
            long length = query.size(0), group = query.size(1) / key.size(1);
            Tensor keys = key.repeat_interleave(group, 1), values = value.repeat_interleave(group, 1); // [T, Hq, D]
            Tensor scores = einsum("thd,shd->hts", query, keys).div(double.Sqrt(query.size(2)));
            Tensor future = ones(length, length, dtype: ScalarType.Bool).triu(1);
            Tensor weights = scores.masked_fill(future, float.NegativeInfinity).softmax(-1);
            return einsum("hts,shd->thd", weights, values).reshape(length, -1);
        }
    }
}
