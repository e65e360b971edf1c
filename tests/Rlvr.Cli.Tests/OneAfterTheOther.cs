// One test after the other: TorchSharp frees the temporary number of a tensor operation (x.add(0.5), and the factor 1 inside x.add(y)) when the garbage
// collection of another thread comes just before the native call. A run works with tensors on one thread, whose own collections cannot come there.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
