// One test after the other: TorchSharp frees the temporary number of a tensor operation (x.add(0.5), and the factor 1 inside x.add(y)) when the garbage
// collection of another thread comes just before the native call. What a run computes while its other threads allocate makes no such numbers
// (Rlvr.Tensors.Numbers); two runs in one process are another matter.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
