using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>
/// Which tokens see which. The transformer computes everything else on a flat list of N tokens and is blind to how they are laid out:
/// a batch of whole sequences that share a prompt (<see cref="SharedPrefixAttention"/>) and one token for each row of a
/// key/value cache (<see cref="CachedAttention"/>) go through the same code, so sampler and trainer are one model.
/// </summary>
public interface IAttention
{
    /// <summary>Attention of one layer.</summary>
    /// <param name="layer">The layer's number, from 0.</param>
    /// <param name="query">[N, Hq, D], rotated.</param>
    /// <param name="key">[N, Hkv, D], rotated.</param>
    /// <param name="value">[N, Hkv, D].</param>
    /// <returns>[N, Hq * D].</returns>
    Tensor Attend(int layer, Tensor query, Tensor key, Tensor value);
}
