using System.Runtime.CompilerServices;

// TorchSharp frees the temporary number of a tensor operation (x.add(0.5), and the factor 1 inside x.add(y)) when the garbage collection of another thread comes
// just before the native call. Code that works with tensors while other threads allocate keeps its numbers alive (Rlvr.Tensors.Numbers); tests would rather
// write x.add(0.5). So there is one test at a time, and one case of a property at a time.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace Rlvr.Tests;

internal static class OneThread
{
    [ModuleInitializer]
    internal static void Use() => CsCheck.Check.Threads = 1;
}
