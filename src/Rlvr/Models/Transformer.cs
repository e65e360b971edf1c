using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>
/// A decoder-only transformer: Qwen2 and Qwen2.5, Llama 3, Qwen3. Parameters have their Hugging Face names. Everything is computed on a
/// flat list of tokens; an <see cref="IAttention"/> says which of them see which.
/// </summary>
public sealed class Transformer : IDisposable
{
    private readonly Dictionary<string, Tensor> parameters;
    private readonly Layer[] layers;
    private readonly Tensor embedding, finalNorm, outputWeight;
    private readonly Rope rope;

    /// <summary>Creates a model that owns the given weights.</summary>
    /// <param name="config">The architecture.</param>
    /// <param name="weights">A tensor for every name of <see cref="ModelConfig.ParameterShapes"/>, all on one device; moved out of the current dispose scope.</param>
    public Transformer(ModelConfig config, IReadOnlyDictionary<string, Tensor> weights)
    {
        Config = config;
        parameters = config.ParameterShapes().Keys.ToDictionary(name => name, name => weights[name].DetachFromDisposeScope(), StringComparer.Ordinal);
        embedding = parameters["model.embed_tokens.weight"];
        finalNorm = parameters["model.norm.weight"];
        outputWeight = config.TieWordEmbeddings ? embedding : parameters["lm_head.weight"];
        layers = [.. Enumerable.Range(0, config.Layers).Select(i => new Layer(i, config, parameters))];
        rope = new Rope(config, embedding.device);
    }

    /// <summary>The architecture.</summary>
    public ModelConfig Config { get; }

    /// <summary>All parameters by their Hugging Face names, in the order of the computation.</summary>
    public IReadOnlyDictionary<string, Tensor> Parameters => parameters;

    /// <summary>Where the parameters are.</summary>
    public Device Device => embedding.device;

    /// <summary>[V, hidden], the matrix that <see cref="Logits"/> multiplies with: the embedding itself where they are tied.</summary>
    public Tensor OutputWeight => outputWeight;

    /// <summary>Loads a Hugging Face model folder in float32.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="device">Where to put it; the CPU if null.</param>
    /// <exception cref="RlvrException">The folder is not a model this library supports; the message says why.</exception>
    public static Transformer Load(string folder, Device? device = null)
    {
        NativeRuntime.Initialize();
        using ModelFolder files = ModelFolder.Open(folder);
        return new Transformer(files.Config, files.ReadAll(ScalarType.Float32, device ?? CPU).Tensors);
    }

    /// <summary>
    /// A randomly initialised model: normal weights with standard deviation 0.02, those that write into the residual stream scaled by
    /// 1/sqrt(2 * layers) (GPT-2), norms 1, biases 0. A pure function of the seed.
    /// </summary>
    public static Transformer CreateRandom(ModelConfig config, ulong seed, Device? device = null)
    {
        NativeRuntime.Initialize();
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using Generator generator = new(unchecked((ulong)(long)CounterRandom.Bits(seed, 0, 0, 0)), CPU);
        Dictionary<string, Tensor> weights = new(StringComparer.Ordinal);
        foreach ((string name, long[] shape) in config.ParameterShapes())
        {
            Tensor weight = empty(shape);
            if (name.EndsWith(".bias", StringComparison.Ordinal)) weight.zero_();
            else if (shape.Length == 1) weight.fill_(1);
            else
            {
                bool writesResidual = name.EndsWith("o_proj.weight", StringComparison.Ordinal) || name.EndsWith("down_proj.weight", StringComparison.Ordinal);
                weight.normal_(0, writesResidual ? 0.02 / double.Sqrt(2.0 * config.Layers) : 0.02, generator);
            }
            weights[name] = weight.to(device ?? CPU);
        }
        return new Transformer(config, weights);
    }

    /// <summary>A copy with weights of its own.</summary>
    public Transformer Clone()
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        return new Transformer(Config, parameters.ToDictionary(p => p.Key, p => p.Value.detach().clone(), StringComparer.Ordinal));
    }

    /// <summary>Switches gradients of all parameters on or off.</summary>
    public void RequireGradients(bool required)
    {
        foreach (Tensor parameter in parameters.Values) parameter.requires_grad = required;
    }

    /// <summary>The hidden states before the output layer.</summary>
    /// <param name="tokens">[N] int64 token ids.</param>
    /// <param name="positions">[N] int64 positions in their sequences.</param>
    /// <param name="maxPosition">The largest position.</param>
    /// <param name="attention">Which tokens see which.</param>
    /// <returns>[N, hidden], after the final norm.</returns>
    public Tensor Hidden(Tensor tokens, Tensor positions, long maxPosition, IAttention attention)
    {
        Tensor x = embedding.index_select(0, tokens);
        (Tensor Cosine, Tensor Sine) rotation = rope.At(positions, maxPosition);
        foreach (Layer layer in layers) x = layer.Forward(x, rope, rotation, attention);
        return RmsNorm.Apply(x, finalNorm, Config.RmsNormEps);
    }

    /// <summary>The logits of hidden states.</summary>
    /// <param name="hidden">[..., hidden].</param>
    /// <returns>[..., V].</returns>
    public Tensor Logits(Tensor hidden) => nn.functional.linear(hidden, outputWeight);

    /// <summary>Saves a Hugging Face folder: config, weights, and the tokenizer files of another folder.</summary>
    /// <param name="folder">The folder to write; written whole or not at all.</param>
    /// <param name="tokenizerFolder">Where the tokenizer's files are taken from; null for none.</param>
    /// <param name="dtype">The element type of the weights in the file.</param>
    /// <param name="overwrite">Replace a folder that is not empty.</param>
    public void Save(string folder, string? tokenizerFolder = null, ScalarType dtype = ScalarType.Float32, bool overwrite = false) =>
        ModelFolder.Save(folder, Config, parameters.Select(p => (p.Key, p.Value)), dtype, tokenizerFolder, overwrite);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor parameter in parameters.Values) parameter.Dispose();
        rope.Dispose();
    }

    /// <summary>One transformer block: attention, then the gated feed-forward layer, each normalised before and added after.</summary>
    private sealed class Layer
    {
        private readonly int index;
        private readonly ModelConfig config;
        private readonly Tensor inputNorm, postNorm, q, k, v, o, gate, up, down;
        private readonly Tensor? qBias, kBias, vBias, qNorm, kNorm;

        public Layer(int index, ModelConfig config, Dictionary<string, Tensor> parameters)
        {
            this.index = index;
            this.config = config;
            Tensor Get(string name) => parameters[$"model.layers.{index}.{name}"];
            Tensor? Find(string name) => parameters.GetValueOrDefault($"model.layers.{index}.{name}");
            inputNorm = Get("input_layernorm.weight");
            postNorm = Get("post_attention_layernorm.weight");
            (q, k, v, o) = (Get("self_attn.q_proj.weight"), Get("self_attn.k_proj.weight"), Get("self_attn.v_proj.weight"), Get("self_attn.o_proj.weight"));
            (qBias, kBias, vBias) = (Find("self_attn.q_proj.bias"), Find("self_attn.k_proj.bias"), Find("self_attn.v_proj.bias"));
            (qNorm, kNorm) = (Find("self_attn.q_norm.weight"), Find("self_attn.k_norm.weight"));
            (gate, up, down) = (Get("mlp.gate_proj.weight"), Get("mlp.up_proj.weight"), Get("mlp.down_proj.weight"));
        }

        /// <summary>The residual connection; in place where gradients are off, since the stream is this pass's own.</summary>
        private static Tensor Add(Tensor x, Tensor y) => is_grad_enabled() ? x.add(y) : x.add_(y);

        public Tensor Forward(Tensor x, Rope rope, (Tensor Cosine, Tensor Sine) rotation, IAttention attention)
        {
            Tensor h = RmsNorm.Apply(x, inputNorm, config.RmsNormEps); // [N, hidden]
            Tensor query = nn.functional.linear(h, q, qBias).view(-1, config.Heads, config.HeadDim);
            Tensor key = nn.functional.linear(h, k, kBias).view(-1, config.KeyValueHeads, config.HeadDim);
            Tensor value = nn.functional.linear(h, v, vBias).view(-1, config.KeyValueHeads, config.HeadDim);
            if (qNorm is not null && kNorm is not null) // Qwen3: each head on its own, before the rotation
            {
                query = RmsNorm.Apply(query, qNorm, config.RmsNormEps);
                key = RmsNorm.Apply(key, kNorm, config.RmsNormEps);
            }
            query = rope.Apply(query, rotation);
            key = rope.Apply(key, rotation);
            x = Add(x, nn.functional.linear(attention.Attend(index, query, key, value), o));
            h = RmsNorm.Apply(x, postNorm, config.RmsNormEps);
            return Add(x, nn.functional.linear(SwiGlu.Apply(nn.functional.linear(h, gate), nn.functional.linear(h, up)), down));
        }
    }
}
