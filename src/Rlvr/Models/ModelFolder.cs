using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>
/// A model in Hugging Face layout: config.json and model.safetensors, or shards with model.safetensors.index.json; or a low-rank adapter in PEFT's, which
/// stands for its base model with the adapter added to the weights. Opening one reads only configuration and headers and checks that exactly the expected
/// tensors are there.
/// </summary>
public sealed class ModelFolder : IDisposable
{
    private const string OutputProjection = "lm_head.weight", Embedding = "model.embed_tokens.weight";

    private readonly WeightFiles _weights;

    private ModelFolder(string path, ModelConfig config, WeightFiles weights, AdapterFolder? adapter)
    {
        FolderPath = path;
        Config = config;
        _weights = weights;
        Adapter = adapter;
    }

    /// <summary>The folder.</summary>
    public string FolderPath { get; }

    /// <summary>The adapter that the folder holds; null where it holds a whole model.</summary>
    public AdapterFolder? Adapter { get; }

    /// <summary>The folder with the configuration and the whole weights: the base model's where this is an adapter.</summary>
    public string BaseFolder => Adapter?.BaseFolder ?? FolderPath;

    /// <summary>What the model computes.</summary>
    public ModelConfig Config { get; }

    /// <summary>The weight files, opened.</summary>
    public IReadOnlyList<SafeTensorsFile> Files => Adapter is null ? _weights.Files : [.. _weights.Files, Adapter.File];

    /// <summary>Opens a folder and checks it: files, configuration, names and shapes of all tensors.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="RlvrException">Something is missing, damaged, unsupported or does not fit; the message says what and where.</exception>
    public static ModelFolder Open(string path)
    {
        if (File.Exists(path)) throw new RlvrException($"{path}: is a file; a model folder with config.json and model.safetensors expected");
        if (!Directory.Exists(path)) throw new RlvrException($"{path}: no such folder; a model folder with config.json and model.safetensors expected");
        if (!Directory.EnumerateFiles(path).Any())
            throw new RlvrException($"{path}: no config.json and no model.safetensors: not a model folder");
        if (!AdapterFolder.Exists(path)) return OpenWhole(path, null);
        AdapterFolder adapter = AdapterFolder.Open(path);
        try
        {
            return OpenWhole(path, adapter);
        }
        catch
        {
            adapter.Dispose();
            throw;
        }
    }

    private static ModelFolder OpenWhole(string opened, AdapterFolder? adapter)
    {
        string path = adapter?.BaseFolder ?? opened;
        // The configuration comes first: that a model is not supported matters more than what is wrong with its weights.
        ModelConfig? known = File.Exists(Path.Combine(path, "config.json")) ? ModelConfig.Read(path) : null;
        WeightFiles weights = WeightFiles.Open(path);
        try
        {
            ModelConfig config = known ?? ModelConfig.Read(path); // says that there is none
            CheckTensors(path, config, weights);
            adapter?.Check(config);
            return new ModelFolder(opened, config, weights, adapter);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Reads all parameters of <see cref="ModelConfig.ParameterShapes"/>, one after the other, straight into tensors of the wanted type.
    /// </summary>
    /// <param name="dtype">Element type of the result; that of the files where null.</param>
    /// <param name="device">Where the result lies; the CPU where null.</param>
    /// <exception cref="RlvrException">Tied embeddings and a separate output projection that differs from them.</exception>
    public ModelWeights ReadAll(ScalarType? dtype = null, Device? device = null) => ReadAll(_ => dtype, device);

    /// <summary>Reads all parameters.</summary>
    /// <param name="dtype">Element type of each by name; that of the files where null.</param>
    /// <param name="device">Where the result lies; the CPU where null.</param>
    /// <param name="merge">Whether an adapter is added to the weights.</param>
    /// <exception cref="RlvrException">Tied embeddings and a separate output projection that differs from them.</exception>
    internal ModelWeights ReadAll(Func<string, ScalarType?> dtype, Device? device, bool merge = true)
    {
        CheckTiedCopy();
        ModelWeights weights = new();
        try
        {
            foreach (string name in Config.ParameterShapes().Keys)
                weights.Add(name, merge && Adapter?.Changes(name) is true ? LoadMerged(name, dtype(name), device) : _weights.FileOfTensor[name].Load(name, dtype(name), device));
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>
    /// All parameters, with matrices whose memory is that of the files, in their element type: see <see cref="SafeTensorsFile.MapTensor"/>. Vectors, what an adapter is
    /// added to, and what the files hold in no type or place to compute with are read as usual.
    /// </summary>
    /// <param name="dtype">Element type of what is read, by name.</param>
    /// <param name="merge">Whether an adapter is added to the weights.</param>
    /// <param name="mapped">Bytes of the files that are used in their place.</param>
    /// <exception cref="RlvrException">Tied embeddings and a separate output projection that differs from them; or the files cannot be mapped.</exception>
    internal ModelWeights MapAll(Func<string, ScalarType> dtype, bool merge, out long mapped)
    {
        CheckTiedCopy();
        ModelWeights weights = new();
        mapped = 0;
        try
        {
            foreach (string name in Config.ParameterShapes().Keys)
            {
                bool changed = merge && Adapter?.Changes(name) is true;
                SafeTensorsFile file = _weights.FileOfTensor[name];
                SafeTensorsEntry entry = file.Entries[name];
                // From double a conversion by way of float32, as the policy's is, would round twice.
                Tensor? own = changed || entry.Shape.Count != 2 || entry.Dtype == "F64" ? null : file.MapTensor(name);
                if (own is not null) mapped += entry.ByteCount;
                weights.Add(name, own ?? (changed ? LoadMerged(name, dtype(name), null) : file.Load(name, dtype(name))));
            }
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>Copies one parameter into an existing tensor, converting its element type.</summary>
    /// <param name="name">A name of <see cref="ModelConfig.ParameterShapes"/>.</param>
    /// <param name="target">A contiguous tensor of that shape, on any device.</param>
    public void CopyTo(string name, Tensor target)
    {
        if (name == Embedding) CheckTiedCopy();
        if (!_weights.FileOfTensor.TryGetValue(name, out SafeTensorsFile? file)) throw new RlvrException($"{FolderPath}: no tensor '{name}'");
        if (Adapter?.Changes(name) is not true)
        {
            file.CopyTo(name, target);
            return;
        }
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        target.copy_(LoadMerged(name, ScalarType.Float32, target.device));
    }

    /// <summary>A weight with its adapter: added in float32, then converted.</summary>
    private Tensor LoadMerged(string name, ScalarType? dtype, Device? device)
    {
        SafeTensorsFile file = _weights.FileOfTensor[name];
        using DisposeScope scope = NewDisposeScope();
        Tensor weight = file.Load(name, ScalarType.Float32, device);
        Adapter!.AddTo(name, weight);
        return weight.to(dtype ?? SafeTensorsDtype.TypeOf(file.Entries[name].Dtype) ?? ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Saves a model as a folder that Hugging Face transformers loads. The folder is written under a temporary name and renamed when it
    /// is complete.
    /// </summary>
    /// <param name="path">The folder to make. If it exists it must be empty, unless <paramref name="overwrite"/> is set.</param>
    /// <param name="config">The configuration; its <see cref="ModelConfig.ParameterShapes"/> says which tensors are expected.</param>
    /// <param name="tensors">All parameters, on any device; lm_head.weight is left out with tied embeddings.</param>
    /// <param name="dtype">Element type in the file; that of each tensor where null.</param>
    /// <param name="copyTokenizerFilesFrom">A folder whose tokenizer files (and generation settings) are copied, or null.</param>
    /// <param name="overwrite">Whether an existing folder is replaced.</param>
    /// <param name="shardBytes">The largest weight file; more weights go to shards with an index.</param>
    /// <exception cref="RlvrException">Tensors do not fit the configuration, or something cannot be written; nothing is left behind.</exception>
    public static void Save(string path, ModelConfig config, IEnumerable<(string Name, Tensor Tensor)> tensors, ScalarType? dtype = null,
        string? copyTokenizerFilesFrom = null, bool overwrite = false, long shardBytes = 5_000_000_000) =>
        ModelFolderWriter.Write(path, config, tensors, dtype, copyTokenizerFilesFrom, overwrite, shardBytes);

    /// <summary>Closes the files. Tensors that were read stay valid.</summary>
    public void Dispose()
    {
        _weights.Dispose();
        Adapter?.Dispose();
    }

    private static void CheckTensors(string path, ModelConfig config, WeightFiles weights)
    {
        IReadOnlyDictionary<string, long[]> expected = config.ParameterShapes();
        List<string> missing = [.. expected.Keys.Where(name => !weights.FileOfTensor.ContainsKey(name))];
        if (missing.Count > 0)
        {
            string hint = missing is [OutputProjection] ? " Is 'tie_word_embeddings' in config.json right?" : "";
            throw new RlvrException($"{path}: {missing.Count} of the {expected.Count} tensors that config.json asks for are missing, the first is '{missing[0]}'.{hint}");
        }
        foreach ((string name, SafeTensorsFile file) in weights.FileOfTensor)
        {
            SafeTensorsEntry entry = file.Entries[name];
            if (!expected.TryGetValue(name, out long[]? shape))
            {
                if (!IsNeedless(name, config))
                    throw new RlvrException($"{file.Path}: unexpected tensor '{name}', which a {config.ModelType} model of this configuration does not have");
                if (name != OutputProjection) continue;
                shape = expected[Embedding];
            }
            if (!entry.Shape.SequenceEqual(shape))
            {
                throw new RlvrException($"{file.Path}: tensor '{name}' has shape [{string.Join(", ", entry.Shape)}], " +
                    $"[{string.Join(", ", shape)}] expected from config.json");
            }
            if (entry.Dtype is not ("F32" or "BF16" or "F16" or "F64"))
                throw new RlvrException($"{file.Path}: tensor '{name}' has element type {entry.Dtype}, F32, BF16 or F16 expected (quantised weights are not supported)");
        }
    }

    /// <summary>Tensors that some folders hold although the model does not need them.</summary>
    private static bool IsNeedless(string name, ModelConfig config) =>
        (config.TieWordEmbeddings && name == OutputProjection) || name.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal);

    /// <summary>With tied embeddings a saved output projection must be a copy of the embedding; else one of the two would be ignored.</summary>
    private void CheckTiedCopy()
    {
        if (!Config.TieWordEmbeddings || !_weights.FileOfTensor.TryGetValue(OutputProjection, out SafeTensorsFile? file)) return;
        SafeTensorsFile other = _weights.FileOfTensor[Embedding];
        if (!SafeTensorsFile.AreEqual(file, OutputProjection, other, Embedding))
        {
            throw new RlvrException($"{file.Path}: '{OutputProjection}' differs from '{Embedding}', but config.json says 'tie_word_embeddings' = true. " +
                "Set it to false if the two are meant to differ, or remove the tensor.");
        }
    }
}
