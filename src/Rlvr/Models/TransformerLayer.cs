using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>One transformer block: attention, then the gated feed-forward layer, each normalised before and added after.</summary>
internal sealed class TransformerLayer : IDisposable
{
    private readonly int index;
    private readonly ModelConfig config;
    private readonly ScalarType type;
    private readonly Tensor inputNorm, postNorm;
    private readonly Tensor? qNorm, kNorm;
    private readonly Linear q, k, v, o, gate, up, down;

    public TransformerLayer(int index, ModelConfig config, Dictionary<string, Tensor> parameters, ScalarType type, bool keeps)
    {
        this.index = index;
        this.config = config;
        this.type = type;
        Tensor? Find(string name) => parameters.GetValueOrDefault($"model.layers.{index}.{name}.weight");
        Linear Product(string name) => new(Find(name)!, parameters.GetValueOrDefault($"model.layers.{index}.{name}.bias"), type, keeps);
        (inputNorm, postNorm) = (Find("input_layernorm")!, Find("post_attention_layernorm")!);
        (qNorm, kNorm) = (Find("self_attn.q_norm"), Find("self_attn.k_norm"));
        (q, k, v, o) = (Product("self_attn.q_proj"), Product("self_attn.k_proj"), Product("self_attn.v_proj"), Product("self_attn.o_proj"));
        (gate, up, down) = (Product("mlp.gate_proj"), Product("mlp.up_proj"), Product("mlp.down_proj"));
    }

    private IEnumerable<Linear> Products => [q, k, v, o, gate, up, down];

    /// <summary>What <see cref="JoinedLayers"/> joins.</summary>
    public LayerParts Parts => new(inputNorm, postNorm, qNorm, kNorm, q, k, v, o, gate, up, down);

    public void Attach(LoraAdapter adapter)
    {
        foreach ((string name, Linear product) in new[] { ("self_attn.q_proj", q), ("self_attn.k_proj", k), ("self_attn.v_proj", v), ("self_attn.o_proj", o), ("mlp.gate_proj", gate), ("mlp.up_proj", up), ("mlp.down_proj", down) })
            if (adapter.Find($"model.layers.{index}.{name}") is var (a, b)) product.Attach(new LowRank(a, b, adapter.Settings.Scale, type));
    }

    public Tensor Forward(Tensor x, Rope rope, (Tensor Cosine, Tensor Sine) rotation, IAttention attention)
    {
        Tensor h = Norm(x, inputNorm); // [N, hidden]
        Tensor query = q.Forward(h).view(-1, config.Heads, config.HeadDim);
        Tensor key = k.Forward(h).view(-1, config.KeyValueHeads, config.HeadDim);
        Tensor value = v.Forward(h).view(-1, config.KeyValueHeads, config.HeadDim);
        if (qNorm is not null && kNorm is not null) // Qwen3: each head on its own, before the rotation
        {
            query = Norm(Transformer.ToFloat(query), qNorm);
            key = Norm(Transformer.ToFloat(key), kNorm);
        }
        query = rope.Apply(query, rotation);
        key = rope.Apply(key, rotation);
        x = Add(x, o.Forward(attention.Attend(index, query, key, value)));
        h = Norm(x, postNorm);
        return Add(x, down.Forward(SwiGlu.Apply(gate.Forward(h), up.Forward(h))));
    }

    public void ParametersChanged()
    {
        foreach (Linear product in Products) product.ParametersChanged();
    }

    public void Dispose()
    {
        foreach (Linear product in Products) product.Dispose();
    }

    /// <summary>Normalised in float32, given in the compute type.</summary>
    private Tensor Norm(Tensor x, Tensor weight)
    {
        Tensor normalised = RmsNorm.Apply(x, weight, config.RmsNormEps);
        return type == ScalarType.Float32 ? normalised : normalised.to(type);
    }

    /// <summary>The residual connection, in float32; in place where gradients are off, since the stream is this pass's own.</summary>
    private static Tensor Add(Tensor x, Tensor y) => is_grad_enabled() ? x.add(y, Numbers.One) : x.add_(y, Numbers.One);
}
