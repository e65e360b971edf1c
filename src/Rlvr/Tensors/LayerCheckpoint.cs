using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>
/// Gradient checkpointing (Chen et al., arXiv 1604.06174) of a chain of stages. The forward pass keeps no history, only what goes into each stage;
/// the backward pass computes one stage after another again, the last first, with the history of that stage alone. The stages do the same operations
/// on the same numbers as without it, so the gradients are the same, bit for bit, where an operation computes the same with and without gradients.
/// </summary>
public sealed class LayerCheckpoint
{
    private readonly IReadOnlyList<Func<Tensor, Tensor>> stages;
    private readonly Tensor[] inputs;

    /// <summary>Runs the forward pass. What it keeps belongs to the current dispose scope.</summary>
    /// <param name="input">What goes into the first stage.</param>
    /// <param name="stages">Each a pure function, given the same input; without gradients it may write into its input.</param>
    public LayerCheckpoint(Tensor input, IReadOnlyList<Func<Tensor, Tensor>> stages)
    {
        using IDisposable noGrad = no_grad();
        this.stages = stages;
        inputs = new Tensor[stages.Count];
        Tensor x = input;
        for (int i = 0; i < stages.Count; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            inputs[i] = x;
            x = stages[i](x.clone()).MoveToOuterDisposeScope(); // a copy: the input must be as it was
        }
        Output = x.requires_grad_();
    }

    /// <summary>The last stage's output, a leaf: the backward pass of what is computed from it leaves its gradient here.</summary>
    public Tensor Output { get; }

    /// <summary>
    /// Goes on from the gradient of <see cref="Output"/>: adds to the gradients of all parameters that the stages use. Once only: the inputs are given
    /// back on the way.
    /// </summary>
    /// <returns>The gradient of the input.</returns>
    /// <exception cref="InvalidOperationException">The output has no gradient.</exception>
    public Tensor Backward()
    {
        Tensor gradient = Output.grad ?? throw new InvalidOperationException("the output has no gradient: call backward on a loss that depends on it first");
        using IDisposable withGrad = enable_grad();
        for (int i = stages.Count - 1; i >= 0; i--)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor leaf = inputs[i].detach().requires_grad_(), output;
            using (NewDisposeScope()) output = stages[i](leaf).MoveToOuterDisposeScope(); // keeps what the backward pass needs, no more
            output.backward([gradient]);
            gradient.Dispose();
            gradient = leaf.grad!.MoveToOuterDisposeScope();
            if (i > 0) inputs[i].Dispose();
        }
        return gradient;
    }
}
