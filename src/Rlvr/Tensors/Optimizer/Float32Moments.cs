using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>Moments in the parameters' own type, float32; all parameters are updated by one call of the fused operator.</summary>
internal sealed class Float32Moments : IMomentStore
{
    private readonly string[] names;
    private readonly Tensor[] parameters, first, second, steps;
    private readonly Tensor number; // float32 scalar, the same for every parameter; the operator reads but does not advance it

    public Float32Moments(IReadOnlyList<(string Name, Tensor Parameter)> parameters)
    {
        using IDisposable noGrad = no_grad();
        names = [.. parameters.Select(p => p.Name)];
        this.parameters = [.. parameters.Select(p => p.Parameter)];
        first = [.. this.parameters.Select(p => zeros_like(p).DetachFromDisposeScope())];
        second = [.. this.parameters.Select(p => zeros_like(p).DetachFromDisposeScope())];
        number = zeros([], dtype: ScalarType.Float32, device: this.parameters.FirstOrDefault()?.device).DetachFromDisposeScope();
        steps = [.. this.parameters.Select(_ => number)];
    }

    public void Update(Tensor[] gradients, AdamWStep step)
    {
        using Scalar done = step.Number.ToScalar();
        number.fill_(done);
        AtenOps.FusedAdamW(parameters, gradients, first, second, steps, step.LearningRate, step.Beta1, step.Beta2, step.WeightDecay, step.Epsilon);
    }

    public IEnumerable<(string Name, Tensor Value)> State()
    {
        for (int i = 0; i < parameters.Length; i++)
        {
            yield return (Moments.First + names[i], first[i]);
            yield return (Moments.Second + names[i], second[i]);
        }
    }

    public void Dispose()
    {
        foreach (Tensor tensor in first.Concat(second).Append(number)) tensor.Dispose();
    }
}
