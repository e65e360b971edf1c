using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Tests.Tensors;

public sealed class AtenOpsTests
{
    // TorchSharp keeps only the native handle of a number that it converts itself; a collection at the wrong moment then frees it.
    [Fact]
    public void Numbers_survive_garbage_collections_during_the_call()
    {
        using var scope = NewDisposeScope();
        // With a constant gradient of 1 every step of Adam is the learning rate.
        Tensor[] parameter = [zeros(1)], gradient = [ones(1)], first = [zeros(1)], second = [zeros(1)], steps = [zeros([])];
        using var stop = new CancellationTokenSource();
        var collector = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }
        });
        collector.Start();
        try
        {
            for (var i = 1; i <= 2000; i++)
            {
                steps[0].fill_(i);
                AtenOps.FusedAdamW(parameter, gradient, first, second, steps, 0.5, 0.9, 0.99, 0, 1e-8);
                Assert.Equal(-0.5 * i, parameter[0].item<float>(), 1e-3 * i);
            }
        }
        finally
        {
            stop.Cancel();
            collector.Join();
        }
    }
}
