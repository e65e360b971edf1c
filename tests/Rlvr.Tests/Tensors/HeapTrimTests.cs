using System.Diagnostics;
using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Tests.Tensors;

public class HeapTrimTests
{
    [Fact]
    public void Freed_blocks_between_others_go_back_to_the_system()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere there is nothing to call");
        NativeRuntime.Initialize();
        ones(10 << 18).Dispose(); // having freed 10 MB once, the C library keeps blocks of that size
        HeapTrim.Run();
        long before = Resident();
        List<Tensor> blocks = [], between = [];
        for (int i = 0; i < 30; i++)
        {
            blocks.Add(ones(10 << 18));
            between.Add(ones(100)); // so that the blocks are holes, not the heap's end
        }
        Assert.True(Resident() - before > 250 << 20);
        foreach (Tensor block in blocks) block.Dispose();
        HeapTrim.Run();
        Assert.InRange(Resident() - before, long.MinValue, 100 << 20);
        foreach (Tensor small in between) small.Dispose();
    }

    private static long Resident()
    {
        using Process process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }
}
