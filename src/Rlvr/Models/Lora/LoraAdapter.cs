using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>
/// A low-rank adapter (LoRA, arXiv 2106.09685) of a transformer: beside each of some linear layers y = x W^T + b two narrow ones, so that
/// y = x W^T + b + s (x A^T) B^T with A [r, inputs], B [outputs, r] and s = alpha / r. W and b stay as they are. A and B are float32, with the
/// names that PEFT has for them.
/// </summary>
public sealed class LoraAdapter : IDisposable
{
    private readonly OrderedDictionary<string, Tensor> parameters = new(StringComparer.Ordinal);

    private LoraAdapter(LoraSettings settings, string baseModel, string? baseRevision) => (Settings, BaseModel, BaseRevision) = (settings, baseModel, baseRevision);

    /// <summary>Rank, scale and layers.</summary>
    public LoraSettings Settings { get; }

    /// <summary>The model that it belongs to, as recipes name models: a folder, or OWNER/NAME of a hub.</summary>
    public string BaseModel { get; }

    /// <summary>The revision of <see cref="BaseModel"/> on its hub; null where none is named.</summary>
    public string? BaseRevision { get; }

    /// <summary>A and B of every layer by name, in the order of the computation.</summary>
    public IEnumerable<(string Name, Tensor Value)> Parameters => parameters.Select(p => (p.Key, p.Value));

    /// <summary>
    /// A new adapter, which changes nothing yet: B is 0. A is uniform in +-1 / sqrt(inputs), PEFT's default (Kaiming's with a = sqrt(5)); a pure function
    /// of the seed and the layer's place in the model, whatever other layers have an adapter.
    /// </summary>
    /// <param name="config">The model.</param>
    /// <param name="settings">Rank, scale and layers.</param>
    /// <param name="seed">Of the random numbers.</param>
    /// <param name="baseModel">See <see cref="BaseModel"/>.</param>
    /// <param name="baseRevision">See <see cref="BaseRevision"/>.</param>
    /// <param name="device">Where to put it; the CPU if null.</param>
    /// <exception cref="RlvrException">The rank is larger than a side of one of the layers' matrices: a full matrix would be smaller.</exception>
    public static LoraAdapter Create(ModelConfig config, LoraSettings settings, ulong seed, string baseModel, string? baseRevision = null, Device? device = null)
    {
        NativeRuntime.Initialize();
        (string module, long outputs, long inputs) = settings.Modules(config).MinBy(m => long.Min(m.Outputs, m.Inputs));
        if (settings.Rank > long.Min(outputs, inputs))
            throw new RlvrException($"lora.rank is {settings.Rank}, but {module} is a matrix of {outputs} x {inputs}, whose rank is at most {long.Min(outputs, inputs)}. Lower lora.rank, or leave the layer out of lora.targets.");
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        LoraAdapter adapter = new(settings, baseModel, baseRevision);
        // Counted over all linear layers, so that a layer starts alike whichever others have an adapter.
        foreach ((int place, (string name, long rows, long columns)) in (settings with { Targets = LoraSettings.LinearLayers }).Modules(config).Index())
        {
            if (!settings.Targets.Contains(name.Split('.')[^1], StringComparer.Ordinal)) continue;
            using Generator generator = new(CounterRandom.Bits(seed, 0x10AA, (ulong)place, 0), CPU);
            double bound = 1 / double.Sqrt(columns);
            adapter.Add(NameOfA(name), empty(settings.Rank, columns).uniform_(-bound, bound, generator).to(device ?? CPU));
            adapter.Add(NameOfB(name), zeros(rows, settings.Rank, device: device ?? CPU));
        }
        return adapter;
    }

    /// <summary>An adapter of numbers that are there already.</summary>
    /// <param name="settings">Rank, scale and layers.</param>
    /// <param name="baseModel">See <see cref="BaseModel"/>.</param>
    /// <param name="baseRevision">See <see cref="BaseRevision"/>.</param>
    /// <param name="tensors">A and B of every layer, float32; moved out of the current dispose scope.</param>
    internal static LoraAdapter Of(LoraSettings settings, string baseModel, string? baseRevision, IEnumerable<(string Name, Tensor Value)> tensors)
    {
        LoraAdapter adapter = new(settings, baseModel, baseRevision);
        foreach ((string name, Tensor value) in tensors) adapter.Add(name, value);
        return adapter;
    }

    /// <summary>The names and shapes of A and B in all layers of a model.</summary>
    internal static IEnumerable<(string Name, long[] Shape)> Shapes(LoraSettings settings, ModelConfig config)
    {
        foreach ((string module, long outputs, long inputs) in settings.Modules(config))
        {
            yield return (NameOfA(module), [settings.Rank, inputs]);
            yield return (NameOfB(module), [outputs, settings.Rank]);
        }
    }

    /// <summary>PEFT's name of A of a layer.</summary>
    internal static string NameOfA(string module) => $"base_model.model.{module}.lora_A.weight";

    /// <summary>PEFT's name of B of a layer.</summary>
    internal static string NameOfB(string module) => $"base_model.model.{module}.lora_B.weight";

    /// <summary>A and B of a layer; null where it has none.</summary>
    internal (Tensor A, Tensor B)? Find(string module) =>
        parameters.TryGetValue(NameOfA(module), out Tensor? a) ? (a, parameters[NameOfB(module)]) : null;

    /// <summary>Adds s B A to a weight that has an adapter, in place; leaves others alone.</summary>
    /// <param name="name">The parameter's name, such as model.layers.0.self_attn.q_proj.weight.</param>
    /// <param name="weight">[outputs, inputs], float32.</param>
    public void AddTo(string name, Tensor weight)
    {
        if (name.EndsWith(".weight", StringComparison.Ordinal) && Find(name[..^".weight".Length]) is var (a, b)) Add(weight, a, b, Settings.Scale);
    }

    /// <summary>weight += scale B A.</summary>
    internal static void Add(Tensor weight, Tensor a, Tensor b, double scale)
    {
        using IDisposable noGrad = no_grad();
        weight.addmm_(b, a, 1, (float)scale);
    }

    /// <summary>A copy with numbers of its own, without gradients.</summary>
    public LoraAdapter Clone()
    {
        using IDisposable noGrad = no_grad();
        return Of(Settings, BaseModel, BaseRevision, Parameters.Select(p => (p.Name, p.Value.detach().clone())));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor tensor in parameters.Values) tensor.Dispose();
    }

    private void Add(string name, Tensor value) => parameters.Add(name, value.DetachFromDisposeScope());
}
