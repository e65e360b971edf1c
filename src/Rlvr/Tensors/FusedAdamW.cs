using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>
/// AdamW with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101), the numbers of PyTorch's <c>torch.optim.AdamW</c>:
/// p *= 1 - lr wd; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g g; p -= lr / (1 - b1^t) m / (sqrt(v) / sqrt(1 - b2^t) + eps).
/// Every parameter decays. Its state can be read and restored, so that a resumed run continues exactly. All parameters are
/// updated by one fused operator.
/// </summary>
public sealed class FusedAdamW : IDisposable
{
    private readonly string[] names;
    private readonly Tensor[] parameters;
    private readonly Tensor[] firstMoments;
    private readonly Tensor[] secondMoments;
    private readonly Tensor step; // float32 scalar, the same for every parameter; the operator reads but does not advance it
    private readonly Tensor[] steps;

    /// <summary>Creates the optimiser with moments of zero.</summary>
    /// <param name="parameters">The parameters, updated in place, by their names in checkpoints.</param>
    /// <param name="beta1">Decay of the first moment.</param>
    /// <param name="beta2">Decay of the second moment.</param>
    /// <param name="epsilon">Added to the root of the second moment.</param>
    /// <param name="weightDecay">Decoupled weight decay, as a share of the learning rate.</param>
    public FusedAdamW(IEnumerable<(string Name, Tensor Parameter)> parameters,
                      double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8, double weightDecay = 0.01)
    {
        (string Name, Tensor Parameter)[] all = [.. parameters];
        names = [.. all.Select(p => p.Name)];
        this.parameters = [.. all.Select(p => p.Parameter)];
        firstMoments = [.. this.parameters.Select(Zeros)];
        secondMoments = [.. this.parameters.Select(Zeros)];
        step = zeros([], dtype: ScalarType.Float32, device: this.parameters.FirstOrDefault()?.device).DetachFromDisposeScope();
        steps = [.. this.parameters.Select(_ => step)];
        (Beta1, Beta2, Epsilon, WeightDecay) = (beta1, beta2, epsilon, weightDecay);
    }

    /// <summary>Decay of the first moment.</summary>
    public double Beta1 { get; }

    /// <summary>Decay of the second moment.</summary>
    public double Beta2 { get; }

    /// <summary>Added to the root of the second moment.</summary>
    public double Epsilon { get; }

    /// <summary>Decoupled weight decay.</summary>
    public double WeightDecay { get; }

    /// <summary>Number of updates made so far.</summary>
    public long StepCount { get; private set; }

    /// <summary>The parameters, in the order given.</summary>
    public IReadOnlyList<Tensor> Parameters => parameters;

    /// <summary>Updates every parameter by its gradient. A learning rate of 0 still advances the moments.</summary>
    /// <exception cref="InvalidOperationException">A parameter has no gradient: the loss does not depend on it.</exception>
    public void Step(double learningRate)
    {
        using var scope = NewDisposeScope();
        Tensor[] gradients = new Tensor[parameters.Length];
        for (int i = 0; i < parameters.Length; i++)
            gradients[i] = parameters[i].grad
                ?? throw new InvalidOperationException($"parameter '{names[i]}' has no gradient: call backward on a loss that depends on it, or leave it out of the optimiser");
        step.fill_(++StepCount);
        AtenOps.FusedAdamW(parameters, gradients, firstMoments, secondMoments, steps, learningRate, Beta1, Beta2, WeightDecay, Epsilon);
    }

    /// <summary>Sets every gradient to zero, keeping its memory.</summary>
    public void ZeroGradients()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        foreach (Tensor parameter in parameters) parameter.grad?.zero_();
    }

    /// <summary>The moments by name, <c>exp_avg.NAME</c> and <c>exp_avg_sq.NAME</c>: the live tensors, not copies.</summary>
    public IEnumerable<(string Name, Tensor Value)> State()
    {
        for (int i = 0; i < parameters.Length; i++)
        {
            yield return ("exp_avg." + names[i], firstMoments[i]);
            yield return ("exp_avg_sq." + names[i], secondMoments[i]);
        }
    }

    /// <summary>Continues from a saved state.</summary>
    /// <param name="stepCount">Updates made before.</param>
    /// <param name="state">What <see cref="State"/> gave, on any device.</param>
    /// <exception cref="RlvrException">A moment is missing or has another shape.</exception>
    public void Restore(long stepCount, IReadOnlyDictionary<string, Tensor> state)
    {
        using var _ = no_grad();
        // All are checked before any is written, so that a failure changes nothing.
        foreach ((string name, Tensor value) in State())
        {
            if (!state.TryGetValue(name, out Tensor? saved))
                throw new RlvrException($"optimiser state: '{name}' is missing; the checkpoint belongs to another model or is incomplete");
            if (!saved.shape.SequenceEqual(value.shape))
                throw new RlvrException($"optimiser state: '{name}' has shape [{string.Join(", ", saved.shape)}], expected [{string.Join(", ", value.shape)}]; the checkpoint belongs to another model");
        }
        foreach ((string name, Tensor value) in State()) value.copy_(state[name]);
        StepCount = stepCount;
    }

    /// <summary>Frees the moments; the parameters stay.</summary>
    public void Dispose()
    {
        foreach (Tensor moment in firstMoments.Concat(secondMoments).Append(step)) moment.Dispose();
    }

    private static Tensor Zeros(Tensor parameter)
    {
        using var _ = no_grad();
        return zeros_like(parameter).DetachFromDisposeScope();
    }
}
