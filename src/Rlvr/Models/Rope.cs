using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>
/// Rotary position embedding (RoFormer, arXiv 2104.09864) in the half-split layout of Hugging Face's Qwen2, Qwen3 and Llama, with
/// Llama 3's frequency scaling. Angles are computed in float32, as transformers does.
/// </summary>
public sealed class Rope : IDisposable
{
    private readonly int halfSize;
    private readonly Tensor inverseFrequencies; // [D/2]
    private Tensor cosines, sines; // [positions, D], the sine of the first half negated: see Apply

    /// <summary>Creates the table for a model.</summary>
    public Rope(ModelConfig config, Device device)
    {
        halfSize = config.HeadDim / 2;
        inverseFrequencies = tensor(InverseFrequencies(config), dtype: ScalarType.Float32, device: device).DetachFromDisposeScope();
        cosines = empty(0, config.HeadDim, device: device).DetachFromDisposeScope();
        sines = empty(0, config.HeadDim, device: device).DetachFromDisposeScope();
    }

    /// <summary>The D/2 inverse frequencies, theta^(-2i/D), with Llama 3's scaling where the config asks for it.</summary>
    public static float[] InverseFrequencies(ModelConfig config)
    {
        float[] result = new float[config.HeadDim / 2];
        for (int i = 0; i < result.Length; i++)
        {
            double frequency = 1 / double.Pow(config.RopeTheta, 2.0 * i / config.HeadDim);
            result[i] = (float)(config.RopeScaling is { } scaling ? Scale(frequency, scaling) : frequency);
        }
        return result;
    }

    /// <summary>
    /// Llama 3.1's scaling: long wavelengths are divided by the factor, short ones kept, those between interpolated
    /// (transformers, modeling_rope_utils.py, _compute_llama3_parameters).
    /// </summary>
    private static double Scale(double frequency, Llama3RopeScaling scaling)
    {
        double wavelength = 2 * double.Pi / frequency;
        if (wavelength < scaling.OriginalMaxPositions / scaling.HighFrequencyFactor) return frequency;
        if (wavelength > scaling.OriginalMaxPositions / scaling.LowFrequencyFactor) return frequency / scaling.Factor;
        double smooth = ((scaling.OriginalMaxPositions / wavelength) - scaling.LowFrequencyFactor) / (scaling.HighFrequencyFactor - scaling.LowFrequencyFactor);
        return ((1 - smooth) * frequency / scaling.Factor) + (smooth * frequency);
    }

    /// <summary>The rows of the cosine and sine tables for some tokens.</summary>
    /// <param name="positions">[N] int64.</param>
    /// <param name="maxPosition">The largest of them; the tables grow to hold it.</param>
    /// <param name="type">Element type of the result, that of the heads to be rotated (as in transformers).</param>
    /// <returns>Two tensors [N, 1, D].</returns>
    public (Tensor Cosine, Tensor Sine) At(Tensor positions, long maxPosition, ScalarType type = ScalarType.Float32)
    {
        if (cosines.shape[0] <= maxPosition) Grow(maxPosition + 1);
        (Tensor cosine, Tensor sine) = (cosines.index_select(0, positions).unsqueeze(1), sines.index_select(0, positions).unsqueeze(1));
        return type == ScalarType.Float32 ? (cosine, sine) : (cosine.to(type), sine.to(type));
    }

    /// <summary>
    /// Rotates heads: (x1, x2) becomes (x1 cos - x2 sin, x2 cos + x1 sin). With the first half of the sine table negated, that
    /// is x * cos + swap(x) * sin, where swap exchanges the halves.
    /// </summary>
    /// <param name="x">[N, heads, D].</param>
    /// <param name="at">From <see cref="At"/>.</param>
    /// <returns>[N, heads, D]; x itself, overwritten, where gradients are off.</returns>
    public Tensor Apply(Tensor x, (Tensor Cosine, Tensor Sine) at)
    {
        Tensor swapped = x.roll(halfSize, -1);
        return is_grad_enabled() ? x.mul(at.Cosine).addcmul(swapped, at.Sine, Numbers.One) : x.mul_(at.Cosine).addcmul_(swapped, at.Sine, Numbers.One);
    }

    private void Grow(long count)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        long rows = long.Max(count, 2 * cosines.shape[0]);
        Tensor angles = Numbers.Range(rows, ScalarType.Float32, inverseFrequencies.device).unsqueeze(1).mul(inverseFrequencies); // [rows, D/2]
        Tensor sine = angles.sin();
        cosines.Dispose();
        sines.Dispose();
        cosines = cat([angles, angles], 1).cos().DetachFromDisposeScope();
        sines = cat([sine.neg(), sine], 1).DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        inverseFrequencies.Dispose();
        cosines.Dispose();
        sines.Dispose();
    }
}
