using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>
/// ATen operators that TorchSharp does not bind, reached through TorchScript: one function per operator, nothing else. A call costs
/// about a microsecond more than a bound operator. Every tensor returned belongs to the current dispose scope.
/// </summary>
/// <remarks>
/// Numbers are passed as <see cref="Scalar"/>s that live until the call is over. TorchSharp turns a plain double into a temporary one of
/// which it keeps only the native handle, so a garbage collection before the call frees it: the operator then reads freed memory.
/// </remarks>
public static class AtenOps
{
    private const string Script = """
        def sdpa(q: Tensor, k: Tensor, v: Tensor, mask: Optional[Tensor], causal: bool, scale: float) -> Tensor:
            return torch.scaled_dot_product_attention(q, k, v, mask, 0.0, causal, scale=scale, enable_gqa=True)

        def fused_adamw_(params: List[Tensor], grads: List[Tensor], m: List[Tensor], v: List[Tensor], steps: List[Tensor],
                         lr: float, beta1: float, beta2: float, weight_decay: float, eps: float) -> Tensor:
            torch._fused_adamw_(params, grads, m, v, [], steps, lr=lr, beta1=beta1, beta2=beta2, weight_decay=weight_decay,
                                eps=eps, amsgrad=False, maximize=False)
            return params[0]

        """;

    private static readonly Lazy<jit.CompilationUnit> Unit = new(() =>
    {
        NativeRuntime.Initialize();
        return jit.compile(Script);
    });

    /// <summary>
    /// Scaled dot-product attention (<c>torch.nn.functional.scaled_dot_product_attention</c>) with grouped-query heads.
    /// </summary>
    /// <param name="query">[B, Hq, T, D].</param>
    /// <param name="key">[B, Hkv, S, D]; Hq is a multiple of Hkv, and query head h reads key head h / (Hq / Hkv).</param>
    /// <param name="value">[B, Hkv, S, D].</param>
    /// <param name="mask">Added to the scores, broadcast to [B, Hq, T, S]; null for none.</param>
    /// <param name="causal">Query i sees keys 0..i; not together with a mask.</param>
    /// <param name="scale">Factor of the scores, usually 1/sqrt(D).</param>
    /// <returns>[B, Hq, T, D].</returns>
    public static Tensor ScaledDotProductAttention(Tensor query, Tensor key, Tensor value, Tensor? mask, bool causal, double scale)
    {
        using Scalar factor = scale.ToScalar();
        return (Tensor)Unit.Value.invoke("sdpa", query, key, value, mask!, causal, factor);
    }

    /// <summary>
    /// One AdamW step over all parameters at once (<c>aten::_fused_adamw_</c>), in place. Gradients are not changed.
    /// </summary>
    /// <param name="parameters">Updated in place.</param>
    /// <param name="gradients">One for each parameter, same shapes.</param>
    /// <param name="firstMoments">exp_avg, updated in place.</param>
    /// <param name="secondMoments">exp_avg_sq, updated in place.</param>
    /// <param name="steps">Number of this step from 1, one float32 scalar each; not changed.</param>
    /// <param name="learningRate">Learning rate of this step.</param>
    /// <param name="beta1">Decay of the first moment.</param>
    /// <param name="beta2">Decay of the second moment.</param>
    /// <param name="weightDecay">Decoupled weight decay.</param>
    /// <param name="epsilon">Added to the root of the second moment.</param>
    public static void FusedAdamW(
        Tensor[] parameters, Tensor[] gradients, Tensor[] firstMoments, Tensor[] secondMoments, Tensor[] steps,
        double learningRate, double beta1, double beta2, double weightDecay, double epsilon)
    {
        using IDisposable noGrad = no_grad();
        using Scalar rate = learningRate.ToScalar(), first = beta1.ToScalar(), second = beta2.ToScalar(), decay = weightDecay.ToScalar(), eps = epsilon.ToScalar();
        // The operator works in place and the function returns a second handle of the first parameter, only to return something.
        using var handle = (Tensor)Unit.Value.invoke(
            "fused_adamw_", parameters, gradients, firstMoments, secondMoments, steps, rate, first, second, decay, eps);
    }
}
