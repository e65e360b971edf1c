namespace Rlvr.Training;

/// <summary>How fast this machine is, as <see cref="SpeedProbe"/> measures it.</summary>
/// <param name="Flops">Multiplications and additions a second in products of matrices of many rows.</param>
/// <param name="BytesPerSecond">Bytes a second that weights are read with where a product has few rows.</param>
/// <param name="SecondsPerOperation">What an operation on a small tensor costs at least.</param>
public sealed record MachineSpeed(double Flops, double BytesPerSecond, double SecondsPerOperation);
