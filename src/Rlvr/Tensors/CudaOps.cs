using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>
/// Operators of CUDA GPUs, reached through TorchScript like those of <see cref="AtenOps"/>. A decoding step is one script, because there a launch takes a GPU less
/// time than a call from C# takes the processor.
/// </summary>
internal static class CudaOps
{
    /// <summary>Flash attention over sequences of different lengths, one after another, and with keys that lie in places of a cache.</summary>
    private const string FlashAttention = """
        def attend(q: Tensor, k: Tensor, v: Tensor, starts_q: Tensor, starts_k: Tensor, longest_q: int, longest_k: int, scale: float) -> Tensor:
            return torch._flash_attention_forward(q, k, v, starts_q, starts_k, longest_q, longest_k, 0.0, True, False, scale=scale)[0]

        def attend_one(q: Tensor, k: Tensor, v: Tensor, starts_q: Tensor, starts_k: Tensor, used: Tensor, longest: int, scale: float) -> Tensor:
            return torch._flash_attention_forward(q, k, v, starts_q, starts_k, 1, longest, 0.0, False, False, scale=scale, seqused_k=used)[0]

        """;

    /// <summary>The same by definition, on any device: what the tests compare with.</summary>
    private const string PlainAttention = """
        def slice_of(x: Tensor, starts: Tensor, i: int) -> Tensor:
            return x[int(starts[i]):int(starts[i + 1])].transpose(0, 1)

        def attend(q: Tensor, k: Tensor, v: Tensor, starts_q: Tensor, starts_k: Tensor, longest_q: int, longest_k: int, scale: float) -> Tensor:
            parts: List[Tensor] = []
            for i in range(starts_q.size(0) - 1):
                own = q[int(starts_q[i]):int(starts_q[i + 1])].transpose(0, 1)
                seen = slice_of(k, starts_k, i)
                values = slice_of(v, starts_k, i)
                n = own.size(1)
                m = seen.size(1)
                visible = torch.arange(m).unsqueeze(0).le(torch.arange(n).unsqueeze(1) + (m - n))
                parts.append(torch.scaled_dot_product_attention(own, seen, values, visible, 0.0, False, scale=scale, enable_gqa=True).transpose(0, 1))
            return torch.cat(parts)

        def attend_one(q: Tensor, k: Tensor, v: Tensor, starts_q: Tensor, starts_k: Tensor, used: Tensor, longest: int, scale: float) -> Tensor:
            parts: List[Tensor] = []
            for i in range(q.size(0)):
                start = int(starts_k[i])
                end = start + int(used[i])
                repeats = q.size(1) // k.size(1)
                seen = k[start:end].transpose(0, 1).repeat_interleave(repeats, 0)
                values = v[start:end].transpose(0, 1).repeat_interleave(repeats, 0)
                scores = torch.matmul(seen, q[i].unsqueeze(2)) * scale
                parts.append((scores.softmax(1) * values).sum(1))
            return torch.stack(parts)

        """;

    /// <summary>
    /// The layers of one decoding step, the same operations as <c>Transformer.Layer</c>: norms in float32, the rest in the weights' type. Matrices with the same
    /// input are one.
    /// </summary>
    private const string Step = """
        def norm(x: Tensor, weight: Tensor, eps: float, like: Tensor) -> Tensor:
            return torch.rms_norm(x, [x.size(-1)], weight, eps).to(like.dtype)

        def rms_norm(x: Tensor, weight: Tensor, eps: float) -> Tensor:
            return torch.rms_norm(x, [x.size(-1)], weight, eps)

        def share(x: Tensor, other: Tensor) -> Tensor:
            return x.set_(other)

        def layers(x: Tensor, cosine: Tensor, sine: Tensor, places: Tensor, starts_q: Tensor, starts_k: Tensor, used: Tensor, longest: int,
                   keys: List[Tensor], values: List[Tensor], norms: List[Tensor], head_norms: List[Tensor], qkv: List[Tensor], biases: List[Tensor],
                   o: List[Tensor], gate_up: List[Tensor], down: List[Tensor], eps: float, scale: float) -> Tensor:
            size = cosine.size(-1)
            key_heads = keys[0].size(1)
            heads = o[0].size(1) // size
            for i in range(len(qkv)):
                h = norm(x, norms[2 * i], eps, qkv[i])
                bias: Optional[Tensor] = None
                if len(biases) > 0:
                    bias = biases[i]
                all = torch.linear(h, qkv[i], bias).view(-1, heads + 2 * key_heads, size)
                rotated = all.narrow(1, 0, heads + key_heads)
                if len(head_norms) > 0:
                    q = norm(all.narrow(1, 0, heads).float(), head_norms[2 * i], eps, all)
                    k = norm(all.narrow(1, heads, key_heads).float(), head_norms[2 * i + 1], eps, all)
                    rotated = torch.cat([q, k], 1)
                rotated = torch.addcmul(rotated * cosine, rotated.roll(size // 2, -1), sine)
                keys[i].index_copy_(0, places, rotated.narrow(1, heads, key_heads))
                values[i].index_copy_(0, places, all.narrow(1, heads + key_heads, key_heads))
                attended = attend_one(rotated.narrow(1, 0, heads), keys[i], values[i], starts_q, starts_k, used, longest, scale)
                x = x.add_(torch.linear(attended.reshape(-1, heads * size), o[i]))
                h = norm(x, norms[2 * i + 1], eps, qkv[i])
                gate, up = torch.linear(h, gate_up[i]).chunk(2, -1)
                x = x.add_(torch.linear(torch.silu_(gate).mul_(up), down[i]))
            return x

        """;

    private static readonly Lazy<jit.CompilationUnit> Flash = new(() => Compile(FlashAttention)), Plain = new(() => Compile(PlainAttention));

    /// <summary>Whether there is flash attention for it: a GPU, bfloat16, heads of a size that it knows.</summary>
    public static bool HasFlashAttention(Device device, ScalarType type, int headSize) => device.type == DeviceType.CUDA && type == ScalarType.BFloat16 && FlashKnows(headSize);

    /// <summary>Whether flash attention knows heads of a size.</summary>
    public static bool FlashKnows(int headSize) => headSize % 8 == 0 && headSize <= 256;

    /// <summary>
    /// Causal attention of sequences that lie one after another, whose queries are the last of their tokens: query i of n sees keys 0 .. m - n + i of m
    /// (FlashAttention-2, arXiv 2307.08691).
    /// </summary>
    /// <param name="query">[N, Hq, D].</param>
    /// <param name="key">[M, Hkv, D].</param>
    /// <param name="value">[M, Hkv, D].</param>
    /// <param name="queryStarts">[B + 1] int32: where each sequence's queries begin, and N.</param>
    /// <param name="keyStarts">[B + 1] int32: where each sequence's keys begin, and M.</param>
    /// <param name="longestQuery">Most queries of a sequence.</param>
    /// <param name="longestKey">Most keys of a sequence.</param>
    /// <param name="scale">Factor of the scores.</param>
    /// <param name="plainly">By definition instead of the GPU's kernel, for a test.</param>
    /// <returns>[N, Hq, D].</returns>
    public static Tensor Attention(Tensor query, Tensor key, Tensor value, Tensor queryStarts, Tensor keyStarts, long longestQuery, long longestKey, double scale, bool plainly = false)
    {
        using Scalar most = longestQuery.ToScalar(), mostKeys = longestKey.ToScalar(), factor = scale.ToScalar();
        return (Tensor)Unit(plainly).invoke("attend", query, key, value, queryStarts, keyStarts, most, mostKeys, factor);
    }

    /// <summary>Root-mean-square norm in one kernel each way.</summary>
    /// <param name="x">[..., H].</param>
    /// <param name="weight">[H].</param>
    /// <param name="epsilon">Under the root.</param>
    public static Tensor RmsNorm(Tensor x, Tensor weight, double epsilon)
    {
        using Scalar eps = epsilon.ToScalar();
        return (Tensor)Unit(plainly: false).invoke("rms_norm", x, weight, eps);
    }

    /// <summary>Makes a tensor another's view: the same object, its former memory given back.</summary>
    public static void Share(Tensor tensor, Tensor other)
    {
        using IDisposable noGrad = no_grad();
        using Tensor same = (Tensor)Unit(plainly: false).invoke("share", tensor, other);
    }

    /// <summary>All layers of a decoding step, one token a row.</summary>
    /// <param name="x">[R, hidden] float32, overwritten.</param>
    /// <param name="rotation">[R, 1, D] each.</param>
    /// <param name="step">Where the rows lie in the cache.</param>
    /// <param name="weights">The layers' weights.</param>
    /// <param name="scale">Factor of the scores.</param>
    /// <param name="plainly">Attention by definition instead of the GPU's kernel, for a test.</param>
    /// <returns>[R, hidden] float32, before the final norm.</returns>
    public static Tensor Layers(Tensor x, (Tensor Cosine, Tensor Sine) rotation, CachePlaces step, LayerWeights weights, double scale, bool plainly = false)
    {
        using Scalar longest = ((long)step.Longest).ToScalar(), eps = weights.Epsilon.ToScalar(), factor = scale.ToScalar();
        return (Tensor)Unit(plainly).invoke("layers", x, rotation.Cosine, rotation.Sine, step.New, step.QueryStarts, step.Starts, step.Used, longest, step.Keys, step.Values,
            weights.Norms, weights.HeadNorms, weights.QueryKeyValue, weights.Biases, weights.Output, weights.GateUp, weights.Down, eps, factor);
    }

    private static jit.CompilationUnit Unit(bool plainly) => (plainly ? Plain : Flash).Value;

    private static jit.CompilationUnit Compile(string attention)
    {
        NativeRuntime.Initialize();
        // TorchScript would compile kernels of its own at run time, anew for every number of rows.
        NativeEnvironment.SetDefault("PYTORCH_TENSOREXPR", "0");
        return jit.compile(attention + Step);
    }
}

/// <summary>The layers' weights as <see cref="CudaOps.Layers"/> takes them, one of each a layer.</summary>
/// <param name="Norms">[hidden] float32: before attention and before the feed-forward layer, in turn.</param>
/// <param name="HeadNorms">[D] float32: of queries and of keys, in turn; none where the model has none.</param>
/// <param name="QueryKeyValue">[(Hq + 2 Hkv) D, hidden].</param>
/// <param name="Biases">[(Hq + 2 Hkv) D]; none where the model has none.</param>
/// <param name="Output">[hidden, Hq D].</param>
/// <param name="GateUp">[2 mlp, hidden].</param>
/// <param name="Down">[hidden, mlp].</param>
/// <param name="Epsilon">Of the norms.</param>
internal sealed record LayerWeights(Tensor[] Norms, Tensor[] HeadNorms, Tensor[] QueryKeyValue, Tensor[] Biases, Tensor[] Output, Tensor[] GateUp, Tensor[] Down, double Epsilon);

/// <summary>Where the rows of a decoding step lie in a cache whose tokens are [places * length, Hkv, D].</summary>
/// <param name="Keys">By layer.</param>
/// <param name="Values">By layer.</param>
/// <param name="New">[R] int64: the new tokens' indices.</param>
/// <param name="QueryStarts">[R + 1] int32: 0 .. R.</param>
/// <param name="Starts">[R + 1] int32: the index of each row's first token; the last is not used.</param>
/// <param name="Used">[R] int32: each row's tokens, the new one included.</param>
/// <param name="Longest">The most of them.</param>
internal sealed record CachePlaces(Tensor[] Keys, Tensor[] Values, Tensor New, Tensor QueryStarts, Tensor Starts, Tensor Used, int Longest);
