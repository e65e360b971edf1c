using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>The numbers of one AdamW step.</summary>
/// <param name="Number">Of the step, from 1.</param>
/// <param name="LearningRate">Learning rate.</param>
/// <param name="Beta1">Decay of the first moment.</param>
/// <param name="Beta2">Decay of the second moment.</param>
/// <param name="WeightDecay">Decoupled weight decay.</param>
/// <param name="Epsilon">Added to the root of the second moment.</param>
internal readonly record struct AdamWStep(long Number, double LearningRate, double Beta1, double Beta2, double WeightDecay, double Epsilon);

/// <summary>Keeps the two moments of every parameter in some type, and updates parameters by them.</summary>
internal interface IMomentStore : IDisposable
{
    /// <summary>One step over all parameters, in place.</summary>
    /// <param name="gradients">One for each parameter.</param>
    /// <param name="step">The step's numbers.</param>
    void Update(Tensor[] gradients, AdamWStep step);

    /// <summary>What a checkpoint keeps, by name: the live tensors.</summary>
    IEnumerable<(string Name, Tensor Value)> State();
}
