using System.Runtime.Intrinsics;

namespace Rlvr.Tests;

internal static class Processor
{
    /// <summary>Skips a test of what is done by kernels of the CPU, where it has no vectors of 256 bits: there everything is done by tensor operations.</summary>
    public static void NeedsKernels() => Assert.SkipUnless(Vector256.IsHardwareAccelerated, "needs a processor with vectors of 256 bits (AVX2)");
}
