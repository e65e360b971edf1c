using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>
/// AdamW with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101), the numbers of PyTorch's <c>torch.optim.AdamW</c>:
/// p *= 1 - lr wd; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g g; p -= lr / (1 - b1^t) m / (sqrt(v) / sqrt(1 - b2^t) + eps).
/// Every parameter decays. Its state can be read and restored, so that a resumed run continues exactly. The step is one fused operator; what the
/// moments are kept in is the affair of <see cref="Moments"/>.
/// </summary>
public sealed class FusedAdamW : IDisposable
{
    private readonly string[] names;
    private readonly Tensor[] parameters;
    private readonly IMomentStore moments;

    /// <summary>Creates the optimiser with moments of zero.</summary>
    /// <param name="parameters">The parameters, updated in place, by their names in checkpoints.</param>
    /// <param name="beta1">Decay of the first moment.</param>
    /// <param name="beta2">Decay of the second moment.</param>
    /// <param name="epsilon">Added to the root of the second moment.</param>
    /// <param name="weightDecay">Decoupled weight decay, as a share of the learning rate.</param>
    /// <param name="state">What the moments are kept in: one of <see cref="Moments.Names"/>.</param>
    /// <exception cref="RlvrException">There is no such type of state.</exception>
    public FusedAdamW(IEnumerable<(string Name, Tensor Parameter)> parameters,
                      double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8, double weightDecay = 0.01, string state = Moments.Float32)
    {
        (string Name, Tensor Parameter)[] all = [.. parameters];
        names = [.. all.Select(p => p.Name)];
        this.parameters = [.. all.Select(p => p.Parameter)];
        moments = Moments.Create(state, all);
        (Beta1, Beta2, Epsilon, WeightDecay, StateType) = (beta1, beta2, epsilon, weightDecay, state);
    }

    /// <summary>Decay of the first moment.</summary>
    public double Beta1 { get; }

    /// <summary>Decay of the second moment.</summary>
    public double Beta2 { get; }

    /// <summary>Added to the root of the second moment.</summary>
    public double Epsilon { get; }

    /// <summary>Decoupled weight decay.</summary>
    public double WeightDecay { get; }

    /// <summary>What the moments are kept in: one of <see cref="Moments.Names"/>.</summary>
    public string StateType { get; }

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
        moments.Update(gradients, new AdamWStep(++StepCount, learningRate, Beta1, Beta2, WeightDecay, Epsilon));
    }

    /// <summary>Sets every gradient to zero, keeping its memory.</summary>
    public void ZeroGradients()
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        foreach (Tensor parameter in parameters) parameter.grad?.zero_();
    }

    /// <summary>
    /// The moments by name, <c>exp_avg.NAME</c> and <c>exp_avg_sq.NAME</c>, in 8 bits with the scales of their blocks, <c>exp_avg_absmax.NAME</c> and
    /// <c>exp_avg_sq_absmax.NAME</c>: the live tensors, not copies.
    /// </summary>
    public IEnumerable<(string Name, Tensor Value)> State() => moments.State();

    /// <summary>Continues from a saved state.</summary>
    /// <param name="stepCount">Updates made before.</param>
    /// <param name="state">What <see cref="State"/> gave, on any device.</param>
    /// <exception cref="RlvrException">A moment is missing, has another shape, or the state is of another type.</exception>
    public void Restore(long stepCount, IReadOnlyDictionary<string, Tensor> state)
    {
        using var _ = no_grad();
        Check(state.ToDictionary(p => p.Key, p => ((IReadOnlyList<long>)p.Value.shape, (ScalarType?)p.Value.dtype), StringComparer.Ordinal));
        foreach ((string name, Tensor value) in State()) value.copy_(state[name]);
        StepCount = stepCount;
    }

    /// <summary>Continues from a file that holds <see cref="State"/>, without a second copy of it in memory.</summary>
    /// <param name="stepCount">Updates made before.</param>
    /// <param name="file">The file.</param>
    /// <exception cref="RlvrException">A moment is missing, has another shape, or the state is of another type.</exception>
    public void Restore(long stepCount, SafeTensorsFile file)
    {
        Check(file.Entries.ToDictionary(p => p.Key, p => (p.Value.Shape, SafeTensorsDtype.TypeOf(p.Value.Dtype)), StringComparer.Ordinal));
        foreach ((string name, Tensor value) in State()) file.CopyTo(name, value);
        StepCount = stepCount;
    }

    /// <summary>Frees the moments; the parameters stay.</summary>
    public void Dispose() => moments.Dispose();

    /// <summary>All are checked before any is written, so that a failure changes nothing.</summary>
    private void Check(Dictionary<string, (IReadOnlyList<long> Shape, ScalarType? Type)> saved)
    {
        foreach ((string name, Tensor value) in State())
        {
            bool missing = !saved.TryGetValue(name, out (IReadOnlyList<long> Shape, ScalarType? Type) found);
            if ((missing || found.Type != value.dtype) && Moments.NameOf(saved.Select(s => (s.Key, s.Value.Type))) is var type && type != StateType)
                throw new RlvrException($"optimiser state: the checkpoint's is {type}, but optimizer.state is {StateType}; set it to {type} to go on from this checkpoint");
            if (missing) throw new RlvrException($"optimiser state: '{name}' is missing; the checkpoint belongs to another model or is incomplete");
            if (found.Type != value.dtype)
                throw new RlvrException($"optimiser state: '{name}' has element type {found.Type?.ToString() ?? "unknown"}, expected {value.dtype}; the checkpoint belongs to another model");
            if (!found.Shape.SequenceEqual(value.shape))
                throw new RlvrException($"optimiser state: '{name}' has shape [{string.Join(", ", found.Shape)}], expected [{string.Join(", ", value.shape)}]; the checkpoint belongs to another model");
        }
    }
}
