using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>
/// A decoder-only transformer: Qwen2 and Qwen2.5, Llama 3, Qwen3. Parameters have their Hugging Face names. Everything is computed on a
/// flat list of tokens; an <see cref="IAttention"/> says which of them see which. Matrix products and attention are computed in
/// <see cref="ComputeType"/>; the residual stream, norms and logits are float32.
/// </summary>
public sealed partial class Transformer : IDisposable
{
    private readonly Dictionary<string, Tensor> parameters;
    private readonly TransformerLayer[] layers;
    private readonly Tensor embedding, finalNorm, outputWeight;
    private readonly Linear output;
    private readonly Rope rope;
    private readonly bool shares; // the weights are another model's
    private JoinedLayers? joined; // made at the first decoding step that uses it

    /// <summary>Creates a model that owns the given weights.</summary>
    /// <param name="config">The architecture.</param>
    /// <param name="weights">
    /// A tensor for every name of <see cref="ModelConfig.ParameterShapes"/>, all on one device; moved out of the current dispose scope. Norms are float32,
    /// the others float32 (so that they can be trained) or of the compute type.
    /// </param>
    /// <param name="computeType">Element type of products and attention: float32 or bfloat16.</param>
    public Transformer(ModelConfig config, IReadOnlyDictionary<string, Tensor> weights, ScalarType computeType = ScalarType.Float32) : this(config, weights, computeType, shares: false) { }

    private Transformer(ModelConfig config, IReadOnlyDictionary<string, Tensor> weights, ScalarType computeType, bool shares, long mapped = 0)
    {
        this.shares = shares;
        MappedBytes = mapped;
        Config = config;
        ComputeType = computeType;
        parameters = config.ParameterShapes().Keys.ToDictionary(name => name, name => weights[name].DetachFromDisposeScope(), StringComparer.Ordinal);
        embedding = parameters["model.embed_tokens.weight"];
        finalNorm = parameters["model.norm.weight"];
        outputWeight = config.TieWordEmbeddings ? embedding : parameters["lm_head.weight"];
        output = new Linear(outputWeight, null, computeType, keeps: mapped == 0);
        layers = [.. Enumerable.Range(0, config.Layers).Select(i => new TransformerLayer(i, config, parameters, computeType, keeps: mapped == 0))];
        rope = new Rope(config, embedding.device);
    }

    /// <summary>The architecture.</summary>
    public ModelConfig Config { get; }

    /// <summary>All parameters by their Hugging Face names, in the order of the computation.</summary>
    public IReadOnlyDictionary<string, Tensor> Parameters => parameters;

    /// <summary>The low-rank adapter on the linear layers; null where there is none.</summary>
    public LoraAdapter? Adapter { get; private set; }

    /// <summary>What training changes: the adapter's parameters where there is one, else all.</summary>
    public IEnumerable<(string Name, Tensor Value)> Trained => Adapter?.Parameters ?? parameters.Select(p => (p.Key, p.Value));

    /// <summary>Where the parameters are.</summary>
    public Device Device => embedding.device;

    /// <summary>[V, hidden], the matrix that <see cref="Logits"/> multiplies with: the embedding itself where they are tied.</summary>
    public Tensor OutputWeight => outputWeight;

    /// <summary>Element type of matrix products and attention.</summary>
    public ScalarType ComputeType { get; }

    /// <summary>Bytes of the model's files that are used as they lie there: 0 unless it comes from <see cref="Map"/>.</summary>
    public long MappedBytes { get; }

    /// <summary>Loads a Hugging Face model folder, or the folder of an adapter with its base model.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="device">Where to put it; the CPU if null.</param>
    /// <param name="computeType">Element type of products and attention: float32 or bfloat16.</param>
    /// <param name="frozen">
    /// Keep matrices in the compute type only: half the memory in bfloat16, the same numbers, but no training (save that of an adapter). Otherwise all
    /// parameters are float32.
    /// </param>
    /// <param name="merge">Add an adapter to the weights. Otherwise that of a frozen model stays beside them, as it was trained.</param>
    /// <exception cref="RlvrException">The folder is not a model this library supports; the message says why.</exception>
    public static Transformer Load(string folder, Device? device = null, ScalarType computeType = ScalarType.Float32, bool frozen = false, bool merge = false)
    {
        NativeRuntime.Initialize();
        using ModelFolder files = ModelFolder.Open(folder);
        LoraAdapter? adapter = frozen && !merge ? files.Adapter?.Load(device) : null;
        Transformer model = new(files.Config, files.ReadAll(name => frozen ? FrozenType(name, computeType) : ScalarType.Float32, device ?? CPU, merge: adapter is null).Tensors, computeType);
        if (adapter is not null) model.Attach(adapter);
        return model;
    }

    /// <summary>
    /// A frozen model, on the CPU, whose matrices are those of the folder's files, mapped into memory: it computes the same numbers as one that is loaded, takes hardly any
    /// memory of the process, and is read where it is used. A matrix of another type than the compute type is converted for every product.
    /// As long as it lives, the files must not be written to or shortened; see <see cref="SafeTensorsFile.MapTensor"/>.
    /// </summary>
    /// <param name="folder">A model folder, or that of an adapter with its base model.</param>
    /// <param name="computeType">As in <see cref="Load"/>.</param>
    /// <param name="merge">As in <see cref="Load"/>. What an adapter is added to is no longer what the files hold, and is kept in memory.</param>
    /// <exception cref="RlvrException">The folder is not a model this library supports, or the system does not map its files; the message says why.</exception>
    public static Transformer Map(string folder, ScalarType computeType = ScalarType.Float32, bool merge = false)
    {
        NativeRuntime.Initialize();
        using ModelFolder files = ModelFolder.Open(folder);
        LoraAdapter? adapter = merge ? null : files.Adapter?.Load(CPU);
        ModelWeights weights = files.MapAll(name => FrozenType(name, computeType), merge, out long mapped);
        Transformer model = new(files.Config, weights.Tensors, computeType, shares: false, mapped);
        if (adapter is not null) model.Attach(adapter);
        return model;
    }

    /// <summary>A frozen model computes with every parameter exactly as a model in training does: only norms are used in float32.</summary>
    internal static ScalarType FrozenType(string name, ScalarType computeType) => name.EndsWith("norm.weight", StringComparison.Ordinal) ? ScalarType.Float32 : computeType;

    /// <summary>
    /// A randomly initialised model: normal weights with standard deviation 0.02, those that write into the residual stream scaled by
    /// 1/sqrt(2 * layers) (GPT-2), norms 1, biases 0. A pure function of the seed.
    /// </summary>
    public static Transformer CreateRandom(ModelConfig config, ulong seed, Device? device = null, ScalarType computeType = ScalarType.Float32)
    {
        NativeRuntime.Initialize();
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        using Generator generator = new(unchecked((ulong)(long)CounterRandom.Bits(seed, 0, 0, 0)), CPU);
        Dictionary<string, Tensor> weights = new(StringComparer.Ordinal);
        foreach ((string name, long[] shape) in config.ParameterShapes())
        {
            Tensor weight = empty(shape);
            if (name.EndsWith(".bias", StringComparison.Ordinal)) weight.zero_();
            else if (shape.Length == 1) weight.fill_(Numbers.One);
            else
            {
                bool writesResidual = name.EndsWith("o_proj.weight", StringComparison.Ordinal) || name.EndsWith("down_proj.weight", StringComparison.Ordinal);
                weight.normal_(0, writesResidual ? 0.02 / double.Sqrt(2.0 * config.Layers) : 0.02, generator);
            }
            weights[name] = weight.to(device ?? CPU);
        }
        return new Transformer(config, weights, computeType);
    }

    /// <summary>A copy with weights of its own.</summary>
    /// <param name="frozen">As in <see cref="Load"/>.</param>
    public Transformer Clone(bool frozen = false)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Transformer copy = new(Config, parameters.ToDictionary(p => p.Key, p => Copy(p.Key, p.Value.detach()), StringComparer.Ordinal), ComputeType);
        if (Adapter is not null) copy.Attach(Adapter.Clone());
        return copy;

        Tensor Copy(string name, Tensor parameter) => parameter.to(frozen ? FrozenType(name, ComputeType) : parameter.dtype, copy: true);
    }

    /// <summary>Puts an adapter on the linear layers; from now on it belongs to the model, and it alone is trained.</summary>
    /// <exception cref="RlvrException">The model has one already.</exception>
    public void Attach(LoraAdapter adapter)
    {
        if (Adapter is not null) throw new RlvrException("The model has an adapter already; merge it first.");
        if (!shares) RequireGradients(false);
        Adapter = adapter;
        foreach (TransformerLayer layer in layers) layer.Attach(adapter);
    }

    /// <summary>
    /// A model of the same weights, in the same memory, with another adapter or none: the reference of a policy that is an adapter. It is valid as long as this one is.
    /// </summary>
    /// <param name="adapter">Its adapter, which belongs to it; null for none.</param>
    public Transformer Sharing(LoraAdapter? adapter = null)
    {
        Transformer other = new(Config, parameters, ComputeType, shares: true, MappedBytes);
        if (adapter is not null) other.Attach(adapter);
        return other;
    }

    /// <summary>A copy in float32 whose adapter, if there is one, was added to the weights.</summary>
    public Transformer Merged()
    {
        using DisposeScope scope = NewDisposeScope();
        return new Transformer(Config, parameters.Keys.ToDictionary(name => name, MergedWeight, StringComparer.Ordinal), ComputeType);
    }

    /// <summary>A float32 copy of a parameter with what the adapter adds to it.</summary>
    internal Tensor MergedWeight(string name)
    {
        using IDisposable noGrad = no_grad();
        Tensor weight = parameters[name].detach().to(ScalarType.Float32, copy: true);
        Adapter?.AddTo(name, weight);
        return weight;
    }

    /// <summary>
    /// To be called after parameters were changed in place (an optimiser's step, a checkpoint): copies of them in the compute type are then made
    /// anew before they are used. Without effect in float32.
    /// </summary>
    public void ParametersChanged()
    {
        output.ParametersChanged();
        foreach (TransformerLayer layer in layers) layer.ParametersChanged();
    }

    /// <summary>Switches gradients of what is <see cref="Trained"/> on or off.</summary>
    public void RequireGradients(bool required)
    {
        foreach ((_, Tensor parameter) in Trained) parameter.requires_grad = required;
    }

    /// <summary>The hidden states before the output layer.</summary>
    /// <param name="tokens">[N] int64 token ids.</param>
    /// <param name="positions">[N] int64 positions in their sequences.</param>
    /// <param name="maxPosition">The largest position.</param>
    /// <param name="attention">Which tokens see which.</param>
    /// <returns>[N, hidden], after the final norm.</returns>
    public Tensor Hidden(Tensor tokens, Tensor positions, long maxPosition, IAttention attention)
    {
        Tensor x = Embed(tokens);
        foreach (Func<Tensor, Tensor> stage in Stages(positions, maxPosition, attention))
        {
            // What a layer computes on its way is given back at once, but for what a backward pass needs, which autograd keeps.
            using DisposeScope scope = NewDisposeScope();
            Tensor next = stage(x);
            if (!ReferenceEquals(next, x)) x = next.MoveToOuterDisposeScope(); // without gradients the layers work in place
        }
        return x;
    }

    /// <summary>The hidden states of a batch of prompts and continuations. Where gradients are on they have their history.</summary>
    /// <param name="batch">The batch, on the model's device.</param>
    /// <returns>[N, hidden], after the final norm.</returns>
    public Tensor Hidden(TokenBatch batch) => !is_grad_enabled() && CpuKernels.Suit(this)
        ? Kernels(batch, LayerMemory.Nothing).Forward(Embed(batch.Tokens))
        : Hidden(batch.Tokens, batch.Positions, batch.MaxPosition, Attention(Rows(batch)));

    private static SharedPrefixBatch Rows(TokenBatch batch) => batch as SharedPrefixBatch ?? throw new ArgumentException("autograd takes prompts and continuations, not a tree", nameof(batch));

    /// <summary>Who sees whom in a batch, computed in the way that suits the device and the compute type. It belongs to the current dispose scope.</summary>
    public IAttention Attention(SharedPrefixBatch batch) =>
        CudaOps.HasFlashAttention(Device, ComputeType, Config.HeadDim) ? new PackedPrefixAttention(batch, Config) : new SharedPrefixAttention(batch, Config);

    /// <summary>The same as <see cref="Hidden(TokenBatch)"/> by autograd, with the layers computed again in the backward pass.</summary>
    /// <param name="batch">The batch, on the model's device.</param>
    /// <returns>The hidden states after the final norm, and the way back. What they keep belongs to the current dispose scope.</returns>
    public RecomputedHidden HiddenRecomputed(SharedPrefixBatch batch)
    {
        using IDisposable noGrad = no_grad();
        Func<Tensor, Tensor>[] stages = Stages(batch.Positions, batch.MaxPosition, Attention(batch));
        return new RecomputedHidden(new LayerCheckpoint(Embed(batch.Tokens), stages), gradient => AddToEmbedding(batch.Tokens, gradient));
    }

    /// <summary>Whether a decoding step is <see cref="DecodeOnGpu"/>'s, over a <see cref="FlashKvCache"/>. An adapter's products are not part of that, and another model's matrices are not moved for it.</summary>
    internal bool DecodesWithFlashAttention => Adapter is null && !shares && CudaOps.HasFlashAttention(Device, ComputeType, Config.HeadDim);

    /// <summary>The hidden states of a decoding step, one token a row, with few calls: all layers are one script.</summary>
    /// <param name="tokens">[R] int64.</param>
    /// <param name="positions">[R] int64.</param>
    /// <param name="maxPosition">The largest position.</param>
    /// <param name="step">Where the rows lie in the cache.</param>
    /// <param name="plainly">Attention by definition, for a test.</param>
    /// <returns>[R, hidden], after the final norm.</returns>
    internal Tensor DecodeOnGpu(Tensor tokens, Tensor positions, long maxPosition, CachePlaces step, bool plainly = false)
    {
        using IDisposable noGrad = no_grad();
        (Tensor Cosine, Tensor Sine) rotation = rope.At(positions, maxPosition, ComputeType);
        return RmsNorm.Apply(CudaOps.Layers(Embed(tokens), rotation, step, Joined().Weights!, 1 / double.Sqrt(Config.HeadDim), plainly), finalNorm, Config.RmsNormEps);
    }

    /// <summary>The layers' matrices, up to date, as decoding takes them.</summary>
    private JoinedLayers Joined()
    {
        joined ??= new JoinedLayers([.. layers.Select(l => l.Parts)], ComputeType, Config.RmsNormEps, moves: !shares, mapped: MappedBytes > 0);
        joined.Refresh();
        return joined;
    }

    private Tensor Embed(Tensor tokens)
    {
        Tensor x = embedding.index_select(0, tokens);
        return ToFloat(ComputeType == ScalarType.Float32 ? x : x.to(ComputeType)); // as a frozen model has it
    }

    /// <summary>The backward pass of <see cref="Embed"/>.</summary>
    private void AddToEmbedding(Tensor tokens, Tensor gradient)
    {
        if (!embedding.requires_grad) return;
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        WeightGradient.Of(embedding).index_add_(0, tokens, ToFloat(ToCompute(gradient)), Numbers.One);
    }

    /// <summary>What follows the embedding: the layers and the final norm.</summary>
    private Func<Tensor, Tensor>[] Stages(Tensor positions, long maxPosition, IAttention attention)
    {
        (Tensor Cosine, Tensor Sine) rotation = rope.At(positions, maxPosition, ComputeType);
        return [.. layers.Select(layer => (Func<Tensor, Tensor>)(x => layer.Forward(x, rope, rotation, attention))), x => RmsNorm.Apply(x, finalNorm, Config.RmsNormEps)];
    }

    /// <summary>The logits of hidden states, computed in the compute type.</summary>
    /// <param name="hidden">[..., hidden], float32.</param>
    /// <returns>[..., V], float32.</returns>
    public Tensor Logits(Tensor hidden) => ToFloat(RawLogits(hidden));

    /// <summary>The same in the compute type.</summary>
    internal Tensor RawLogits(Tensor hidden) => output.Forward(ToCompute(hidden));

    /// <summary>Keeps what the output layer multiplies with for several products, where it would be converted for each. Until the result is disposed of; null where nothing changes.</summary>
    internal IDisposable? HoldOutput() => output.Hold();

    /// <summary>[V, hidden], <see cref="OutputWeight"/> in the compute type, without gradient history.</summary>
    internal Tensor OutputMatrix => output.Matrix;

    /// <summary>Converts to the compute type; the tensor itself where it has that already.</summary>
    internal Tensor ToCompute(Tensor x) => x.dtype == ComputeType ? x : x.to(ComputeType);

    /// <summary>Converts to float32; the tensor itself where it is that already.</summary>
    internal static Tensor ToFloat(Tensor x) => x.dtype == ScalarType.Float32 ? x : x.to(ScalarType.Float32);

    /// <summary>Saves a Hugging Face folder: config, weights, and the tokenizer files of another folder. Of a model with an adapter, the adapter as PEFT does.</summary>
    /// <param name="folder">The folder to write; written whole or not at all.</param>
    /// <param name="tokenizerFolder">Where the tokenizer's files are taken from; null for none.</param>
    /// <param name="dtype">The element type of the weights in the file.</param>
    /// <param name="overwrite">Replace a folder that is not empty.</param>
    public void Save(string folder, string? tokenizerFolder = null, ScalarType dtype = ScalarType.Float32, bool overwrite = false)
    {
        if (Adapter is not null) AdapterFolder.Save(folder, Adapter, dtype, tokenizerFolder, overwrite);
        else ModelFolder.Save(folder, Config, parameters.Select(p => (p.Key, p.Value)), dtype, tokenizerFolder, overwrite);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!shares) foreach (Tensor parameter in parameters.Values) parameter.Dispose();
        Adapter?.Dispose();
        output.Dispose();
        foreach (TransformerLayer layer in layers) layer.Dispose();
        joined?.Dispose();
        rope.Dispose();
    }
}
