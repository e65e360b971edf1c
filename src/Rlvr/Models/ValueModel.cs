using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>
/// A critic: a transformer of the same kind as the policy, with a <see cref="ValueHead"/> in place of its output layer. The value of a token is
/// read off the state that predicts it, before it is known. As in the policy, each prompt goes through it once, however many responses it has.
/// </summary>
public sealed class ValueModel : IDisposable
{
    private readonly Transformer body;
    private readonly ValueHead head;

    private ValueModel(ModelConfig config, IReadOnlyDictionary<string, Tensor> weights, ScalarType computeType)
    {
        body = new Transformer(config, weights, computeType);
        head = new ValueHead(config.HiddenSize, body.Device);
    }

    /// <summary>The architecture. It has tied embeddings, whatever the model it was made of has: there is no output layer to hold.</summary>
    public ModelConfig Config => body.Config;

    /// <summary>Where the parameters are.</summary>
    public Device Device => body.Device;

    /// <summary>All parameters by name.</summary>
    public IEnumerable<(string Name, Tensor Value)> Parameters => body.Parameters.Select(p => (p.Key, p.Value)).Concat(head.Parameters);

    /// <summary>A critic whose body is a copy of a policy's, in float32, with its adapter added to the weights.</summary>
    public static ValueModel From(Transformer policy)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        ModelConfig config = WithoutOutput(policy.Config);
        return new ValueModel(config, config.ParameterShapes().Keys.ToDictionary(name => name, policy.MergedWeight, StringComparer.Ordinal), policy.ComputeType);
    }

    /// <summary>Loads a model folder as the body, and its value head if it has one (that of a saved critic).</summary>
    /// <param name="folder">A Hugging Face model folder.</param>
    /// <param name="device">Where to put it; the CPU if null.</param>
    /// <param name="computeType">Element type of products and attention.</param>
    /// <exception cref="RlvrException">The folder is not a model this library supports; the message says why.</exception>
    public static ValueModel Load(string folder, Device? device = null, ScalarType computeType = ScalarType.Float32)
    {
        NativeRuntime.Initialize();
        using ModelFolder files = ModelFolder.Open(folder);
        using DisposeScope scope = NewDisposeScope();
        ModelConfig config = WithoutOutput(files.Config);
        ValueModel model = new(config, config.ParameterShapes().ToDictionary(p => p.Key, p => empty(p.Value, device: device ?? CPU), StringComparer.Ordinal), computeType);
        try
        {
            model.Read(files);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Takes the weights of a folder that <see cref="Save"/> wrote, in place.</summary>
    /// <exception cref="RlvrException">The folder is no such critic.</exception>
    public void Restore(string folder)
    {
        if (!File.Exists(Path.Combine(folder, ValueHead.FileName))) throw new RlvrException($"{folder} holds no critic: it has no {ValueHead.FileName}.");
        using ModelFolder files = ModelFolder.Open(folder);
        Read(files);
    }

    /// <summary>Saves a folder: the body as a Hugging Face model, and the value head beside it.</summary>
    /// <param name="folder">The folder, which must be empty or missing.</param>
    public void Save(string folder)
    {
        body.Save(folder);
        head.Save(folder);
    }

    /// <summary>Switches gradients of all parameters on or off.</summary>
    public void RequireGradients(bool required)
    {
        foreach ((_, Tensor parameter) in Parameters) parameter.requires_grad = required;
    }

    /// <summary>As <see cref="Transformer.ParametersChanged"/>.</summary>
    public void ParametersChanged() => body.ParametersChanged();

    /// <summary>As <see cref="Transformer.TrainsByKernels"/>.</summary>
    internal bool TrainsByKernels => body.TrainsByKernels;

    /// <summary>The value before each token of each continuation.</summary>
    /// <param name="batch">Prompts and continuations.</param>
    /// <returns>[M].</returns>
    public Tensor Values(TokenBatch batch)
    {
        Tensor hidden = body.Hidden(batch);
        return head.Values(hidden.index_select(0, batch.Predictors));
    }

    /// <summary>The same for a loss.</summary>
    /// <param name="batch">Prompts and continuations.</param>
    /// <param name="recompute">As in <see cref="Transformer.HiddenForLoss"/>.</param>
    /// <param name="hidden">Takes a loss's gradient on to the layers, after the loss's own backward pass.</param>
    /// <returns>[M].</returns>
    public Tensor ValuesForLoss(TokenBatch batch, bool recompute, out IHiddenPass hidden)
    {
        hidden = body.HiddenForLoss(batch, recompute);
        return head.Values(hidden.Values.index_select(0, batch.Predictors));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        body.Dispose();
        head.Dispose();
    }

    private void Read(ModelFolder files)
    {
        foreach ((string name, Tensor value) in body.Parameters) files.CopyTo(name, value);
        ParametersChanged();
        if (File.Exists(Path.Combine(files.FolderPath, ValueHead.FileName))) head.Read(files.FolderPath);
    }

    private static ModelConfig WithoutOutput(ModelConfig config) => config with { TieWordEmbeddings = true };
}
