using Rlvr.Hub;
using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>
/// The folder of a low-rank adapter as PEFT writes it: adapter_config.json, which names the base model, and adapter_model.safetensors. Often the tokenizer
/// lies there, too. Opening one reads only the configuration and the header.
/// </summary>
public sealed class AdapterFolder : IDisposable
{
    /// <summary>The file with A and B of every layer.</summary>
    public const string WeightsName = "adapter_model.safetensors";

    private readonly AdapterConfig config;
    private readonly SafeTensorsFile weights;
    private IReadOnlyList<string> names = []; // in the order of the computation, once checked

    private AdapterFolder(string path, AdapterConfig config, SafeTensorsFile weights, string baseFolder)
    {
        FolderPath = path;
        this.config = config;
        this.weights = weights;
        BaseFolder = baseFolder;
    }

    /// <summary>The folder.</summary>
    public string FolderPath { get; }

    /// <summary>The folder of the base model.</summary>
    public string BaseFolder { get; }

    /// <summary>Rank, scale and layers.</summary>
    public LoraSettings Settings => config.Settings;

    /// <summary>The weight file, opened.</summary>
    public SafeTensorsFile File => weights;

    /// <summary>Whether a folder is one of an adapter.</summary>
    public static bool Exists(string folder) => System.IO.File.Exists(Path.Combine(folder, AdapterConfig.FileName));

    /// <summary>The folder of the base model of an adapter; a model of a hub that is not in the cache is fetched.</summary>
    /// <param name="folder">The adapter's folder.</param>
    /// <param name="observer">Watches a download.</param>
    /// <param name="cancellation">Stops a download.</param>
    /// <exception cref="RlvrException">The configuration cannot be used, or the base model is nowhere to be found.</exception>
    public static string FindBase(string folder, IPullObserver? observer = null, CancellationToken cancellation = default) => FindBase(folder, AdapterConfig.Read(folder), observer, cancellation);

    /// <summary>The folder with the tokenizer and the chat template of a model folder: itself, or the base model's where an adapter brings none.</summary>
    public static string TokenizerFolder(string folder) =>
        Exists(folder) && !System.IO.File.Exists(Path.Combine(folder, "tokenizer.json")) && !System.IO.File.Exists(Path.Combine(folder, "tokenizer.json.gz")) ? FindBase(folder) : folder;

    /// <summary>Opens a folder. That its tensors fit the base model is checked when that is opened (<see cref="ModelFolder.Open"/>).</summary>
    /// <exception cref="RlvrException">Something is missing, damaged or unsupported; the message says what and where.</exception>
    internal static AdapterFolder Open(string path)
    {
        AdapterConfig config = AdapterConfig.Read(path);
        if (System.IO.File.Exists(Path.Combine(path, WeightFiles.SingleName)) || System.IO.File.Exists(Path.Combine(path, WeightFiles.IndexName)))
            throw new RlvrException($"{path}: holds a whole model and an adapter ({AdapterConfig.FileName}). Remove {AdapterConfig.FileName} if the adapter has been merged, or else the model's weights.");
        string file = Path.Combine(path, WeightsName);
        if (!System.IO.File.Exists(file))
        {
            throw new RlvrException(System.IO.File.Exists(Path.Combine(path, "adapter_model.bin"))
                ? $"{path}: no {WeightsName} (only adapter_model.bin, a format that is not read here). Convert the weights to safetensors."
                : $"{path}: no {WeightsName}, the weights of the adapter that {AdapterConfig.FileName} describes");
        }
        return new AdapterFolder(path, config, new SafeTensorsFile(file), FindBase(path, config, null, default));
    }

    /// <summary>Checks that exactly the tensors of this adapter on a model are there, with their shapes.</summary>
    internal void Check(ModelConfig model)
    {
        OrderedDictionary<string, long[]> expected = new(LoraAdapter.Shapes(config.Settings, model).Select(s => KeyValuePair.Create(s.Name, s.Shape)), StringComparer.Ordinal);
        if (expected.Keys.FirstOrDefault(name => !weights.Entries.ContainsKey(name)) is { } missing)
            throw new RlvrException($"{weights.Path}: tensor '{missing}' is missing, which {AdapterConfig.FileName} asks for on the base model {config.BaseModel} ({BaseFolder}). The adapter belongs to another model, or was cut off.");
        foreach ((string name, SafeTensorsEntry entry) in weights.Entries)
        {
            if (!expected.TryGetValue(name, out long[]? shape))
                throw new RlvrException($"{weights.Path}: unexpected tensor '{name}': only lora_A and lora_B of the linear layers in 'target_modules' are supported, in all blocks of the base model {config.BaseModel} ({BaseFolder})");
            if (!entry.Shape.SequenceEqual(shape))
            {
                throw new RlvrException($"{weights.Path}: tensor '{name}' has shape [{string.Join(", ", entry.Shape)}], [{string.Join(", ", shape)}] expected from 'r' of "
                    + $"{AdapterConfig.FileName} and the base model {config.BaseModel} ({BaseFolder}). The adapter belongs to another model.");
            }
            if (entry.Dtype is not ("F32" or "BF16" or "F16" or "F64"))
                throw new RlvrException($"{weights.Path}: tensor '{name}' has element type {entry.Dtype}, F32, BF16 or F16 expected");
        }
        names = [.. expected.Keys];
    }

    /// <summary>Reads the adapter, in float32.</summary>
    /// <param name="device">Where to put it; the CPU if null.</param>
    public LoraAdapter Load(Device? device = null)
    {
        using DisposeScope scope = NewDisposeScope();
        // A path that was found beside the adapter, not from the working folder, is kept so that it is found again from elsewhere.
        string name = !Directory.Exists(FileLocator.Find(config.BaseModel)) && Directory.Exists(Above(FolderPath, config.BaseModel)) ? BaseFolder : config.BaseModel;
        return LoraAdapter.Of(config.Settings, name, config.Revision, names.Select(n => (n, weights.Load(n, ScalarType.Float32, device))));
    }

    /// <summary>Adds s B A to a parameter of the base model, in place; leaves those without an adapter alone.</summary>
    /// <param name="name">The parameter's name.</param>
    /// <param name="weight">Its value, float32.</param>
    internal void AddTo(string name, Tensor weight)
    {
        using DisposeScope scope = NewDisposeScope();
        string module = name[..^".weight".Length];
        LoraAdapter.Add(weight, weights.Load(LoraAdapter.NameOfA(module), ScalarType.Float32, weight.device), weights.Load(LoraAdapter.NameOfB(module), ScalarType.Float32, weight.device), config.Settings.Scale);
    }

    /// <summary>Whether a parameter of the base model has an adapter.</summary>
    internal bool Changes(string name) => name.EndsWith(".weight", StringComparison.Ordinal) && weights.Entries.ContainsKey(LoraAdapter.NameOfA(name[..^".weight".Length]));

    /// <summary>Saves an adapter as a folder that PEFT loads, written whole or not at all.</summary>
    /// <param name="path">The folder to make. If it exists it must be empty, unless <paramref name="overwrite"/> is set.</param>
    /// <param name="adapter">The adapter.</param>
    /// <param name="dtype">Element type in the file.</param>
    /// <param name="tokenizerFolder">A folder whose tokenizer files are copied, or null.</param>
    /// <param name="overwrite">Whether an existing folder is replaced.</param>
    /// <exception cref="RlvrException">Something cannot be written; nothing is left behind.</exception>
    public static void Save(string path, LoraAdapter adapter, ScalarType dtype = ScalarType.Float32, string? tokenizerFolder = null, bool overwrite = false) =>
        ModelFolderWriter.WriteWhole(path, tokenizerFolder, overwrite, adapter.Parameters.Sum(p => SafeTensorsWriter.ByteCount(p.Value, dtype)), temporary => Fill(temporary, adapter, dtype, tokenizerFolder));

    /// <summary>Writes the files of an adapter into a folder that is there and empty.</summary>
    internal static void Fill(string folder, LoraAdapter adapter, ScalarType dtype, string? tokenizerFolder)
    {
        SafeTensorsWriter.Write(Path.Combine(folder, WeightsName), adapter.Parameters, dtype);
        ModelFolderWriter.WriteText(Path.Combine(folder, AdapterConfig.FileName), new AdapterConfig(adapter.Settings, adapter.BaseModel, adapter.BaseRevision).ToJson());
        if (tokenizerFolder is not null) ModelFolderWriter.CopyFiles(tokenizerFolder, folder);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => weights.Dispose();

    private static string FindBase(string folder, AdapterConfig config, IPullObserver? observer, CancellationToken cancellation)
    {
        string file = Path.Combine(folder, AdapterConfig.FileName), name = config.BaseModel;
        if (name.Length == 0) throw new RlvrException($"{file}: 'base_model_name_or_path' names no model: a model folder or OWNER/NAME of a hub expected");
        string path = FileLocator.Find(name), found = Directory.Exists(path) ? path : Above(folder, name);
        if (!Directory.Exists(found))
        {
            try
            {
                found = HubLocator.FindModel(config.Revision is null ? name : $"{name}@{config.Revision}", observer: observer, cancellation: cancellation);
            }
            catch (HubException e)
            {
                throw new HubException(e.Failure, $"{file}: its base model '{name}' is not here: {e.Message}", e);
            }
        }
        if (!Directory.Exists(found))
            throw new RlvrException($"{file}: there is no base model '{name}' ('base_model_name_or_path'), looked for from the working folder and from the adapter's upwards. Put it there, or write where it is.");
        if (Exists(found)) throw new RlvrException($"{file}: its base model '{name}' is an adapter itself ({found}). Merge that first: rlvr export {found} DIR --merge");
        return found;
    }

    /// <summary>A relative path in the nearest folder above an adapter that has it; the path itself where none does.</summary>
    private static string Above(string folder, string name)
    {
        for (DirectoryInfo? above = new(Path.GetFullPath(folder)); above is not null; above = above.Parent)
            if (Directory.Exists(Path.Combine(above.FullName, name))) return Path.Combine(above.FullName, name);
        return name;
    }
}
