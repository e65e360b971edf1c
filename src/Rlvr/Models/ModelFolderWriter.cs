using System.IO.Compression;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Models;

/// <summary>Writes model folders: see <see cref="ModelFolder.Save"/>.</summary>
internal static class ModelFolderWriter
{
    private static readonly string[] TokenizerFiles =
    [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
        "tokenizer.model", "chat_template.jinja", "chat_template.json",
    ];

    /// <summary>The terms under which the original may be used; they hold for what was made of it.</summary>
    private static readonly string[] TermsFiles = ["LICENSE", "LICENSE.txt", "LICENSE.md", "NOTICE", "NOTICE.txt", "USE_POLICY.md"];

    private const string PackedTokenizer = "tokenizer.json.gz", MoreTemplates = "additional_chat_templates";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(string path, ModelConfig config, IEnumerable<(string Name, Tensor Tensor)> tensors, ScalarType? dtype,
        string? tokenizerFolder, bool overwrite, long shardBytes)
    {
        ModelConfigReader.Check(config, path);
        List<(string Name, Tensor Tensor)> list = Collect(path, config, tensors);
        WriteWhole(path, tokenizerFolder, overwrite, list.Sum(item => SafeTensorsWriter.ByteCount(item.Tensor, dtype)),
            temporary => Fill(temporary, config, list, dtype, tokenizerFolder, shardBytes));
    }

    /// <summary>Writes a folder under a temporary name and renames it when it is complete.</summary>
    /// <param name="path">The folder to make.</param>
    /// <param name="tokenizerFolder">A folder that must be there; null for none.</param>
    /// <param name="overwrite">Whether an existing folder is replaced.</param>
    /// <param name="bytes">About what will be written, for the message where it cannot.</param>
    /// <param name="fill">Writes the files into the folder it is given.</param>
    public static void WriteWhole(string path, string? tokenizerFolder, bool overwrite, long bytes, Action<string> fill)
    {
        string target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (File.Exists(target)) throw new RlvrException($"{path}: is a file; a folder to save the model in expected");
        if (!overwrite && Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any())
            throw new RlvrException($"{path}: exists and is not empty; choose another folder or ask for it to be replaced");
        if (tokenizerFolder is not null && !Directory.Exists(tokenizerFolder))
            throw new RlvrException($"{tokenizerFolder}: no such folder to copy the tokenizer from");

        NativeRuntime.Initialize();
        string temporary = $"{target}.tmp-{Environment.ProcessId}";
        try
        {
            DeleteFolder(temporary);
            Directory.CreateDirectory(temporary);
            fill(temporary);
            Replace(temporary, target);
        }
        catch (Exception e)
        {
            DeleteFolder(temporary);
            // The reason without the temporary name, which would only confuse.
            Exception cause = e is RlvrException { InnerException: { } inner } ? inner : e;
            if (cause is IOException or UnauthorizedAccessException)
            {
                string reason = cause.Message.Split(" : '")[0].Replace(temporary, path, StringComparison.Ordinal).TrimEnd('.');
                throw new RlvrException($"{path}: the model cannot be saved: {reason}. A folder on a disk with {(bytes / 1_000_000) + 1} MB free and the right to write there is needed.", cause);
            }
            throw;
        }
    }

    /// <summary>Writes all files of a model into a folder that is there and empty.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="config">The configuration.</param>
    /// <param name="tensors">All parameters.</param>
    /// <param name="dtype">Element type in the file; that of each tensor where null.</param>
    /// <param name="source">The folder the model came from: its tokenizer, settings of generation and terms are copied, and what its configuration says besides.</param>
    /// <param name="shardBytes">The largest weight file.</param>
    public static void Fill(string folder, ModelConfig config, IReadOnlyList<(string Name, Tensor Tensor)> tensors, ScalarType? dtype, string? source, long shardBytes)
    {
        WriteWeights(folder, tensors, dtype, shardBytes);
        WriteText(Path.Combine(folder, "config.json"), Config(config with { TorchDtype = dtype ?? tensors[0].Tensor.dtype }, source));
        WriteText(Path.Combine(folder, "generation_config.json"), GenerationConfig(config, source));
        if (source is not null) CopyFiles(source, folder);
    }

    /// <summary>Brings the tensors into the order of the configuration and checks that each is there once, with its shape.</summary>
    private static List<(string Name, Tensor Tensor)> Collect(string path, ModelConfig config, IEnumerable<(string Name, Tensor Tensor)> tensors)
    {
        IReadOnlyDictionary<string, long[]> expected = config.ParameterShapes();
        Dictionary<string, Tensor> given = new(StringComparer.Ordinal);
        foreach ((string name, Tensor tensor) in tensors)
        {
            if (config.TieWordEmbeddings && name == "lm_head.weight") continue;
            if (!expected.TryGetValue(name, out long[]? shape)) throw new RlvrException($"{path}: cannot save: the configuration has no parameter '{name}'");
            if (!tensor.shape.AsSpan().SequenceEqual(shape))
                throw new RlvrException($"{path}: cannot save: parameter '{name}' has shape [{string.Join(", ", tensor.shape)}], [{string.Join(", ", shape)}] expected");
            if (!given.TryAdd(name, tensor)) throw new RlvrException($"{path}: cannot save: parameter '{name}' was given twice");
        }
        string? missing = expected.Keys.FirstOrDefault(name => !given.ContainsKey(name));
        if (missing is not null) throw new RlvrException($"{path}: cannot save: parameter '{missing}' was not given");
        return [.. expected.Keys.Select(name => (name, given[name]))];
    }

    private static void WriteWeights(string folder, IReadOnlyList<(string Name, Tensor Tensor)> tensors, ScalarType? dtype, long shardBytes)
    {
        List<List<(string Name, Tensor Tensor)>> shards = [[]];
        long inShard = 0, total = 0;
        foreach ((string Name, Tensor Tensor) item in tensors)
        {
            long bytes = SafeTensorsWriter.ByteCount(item.Tensor, dtype);
            if (inShard > 0 && inShard + bytes > shardBytes)
            {
                shards.Add([]);
                inShard = 0;
            }
            shards[^1].Add(item);
            inShard += bytes;
            total += bytes;
        }
        if (shards.Count == 1)
        {
            SafeTensorsWriter.Write(Path.Combine(folder, WeightFiles.SingleName), tensors, dtype);
            return;
        }
        JsonObject map = [];
        SortedDictionary<string, string> shardOfTensor = new(StringComparer.Ordinal);
        for (int i = 0; i < shards.Count; i++)
        {
            string name = $"model-{i + 1:D5}-of-{shards.Count:D5}.safetensors";
            SafeTensorsWriter.Write(Path.Combine(folder, name), shards[i], dtype);
            foreach ((string tensor, _) in shards[i]) shardOfTensor[tensor] = name;
        }
        foreach ((string tensor, string shard) in shardOfTensor) map[tensor] = shard;
        JsonObject index = new() { ["metadata"] = new JsonObject { ["total_size"] = total }, ["weight_map"] = map };
        WriteText(Path.Combine(folder, WeightFiles.IndexName), index.ToJsonString(Indented) + "\n");
    }

    /// <summary>
    /// The configuration of the folder the model came from with every field that it has, where it says the same of the model; else a new one. Only the
    /// element type changes, under the name that is there: torch_dtype, or dtype since transformers 4.56.
    /// </summary>
    private static string Config(ModelConfig config, string? source)
    {
        string path = Path.Combine(source ?? "", "config.json");
        if (source is null || !File.Exists(path) || !SaysTheSame(source, config)) return config.ToJson();
        JsonObject kept = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        string? dtype = ModelConfigWriter.DtypeName(config.TorchDtype);
        if (kept.ContainsKey("dtype")) kept["dtype"] = dtype;
        if (kept.ContainsKey("torch_dtype") || !kept.ContainsKey("dtype")) kept["torch_dtype"] = dtype;
        return kept.ToJsonString(Indented) + "\n";
    }

    private static bool SaysTheSame(string folder, ModelConfig config)
    {
        try
        {
            ModelConfig other = ModelConfig.Read(folder);
            int[] none = [];
            return other.EosTokenIds.SequenceEqual(config.EosTokenIds)
                && other with { EosTokenIds = none, TorchDtype = null } == config with { EosTokenIds = none, TorchDtype = null };
        }
        catch (RlvrException)
        {
            return false; // of another kind of model: only the tokenizer is taken from there
        }
    }

    /// <summary>Keeps the sampling settings of the folder the model came from, with the special tokens of the configuration.</summary>
    private static string GenerationConfig(ModelConfig config, string? source)
    {
        string own = ModelConfigWriter.WriteGeneration(config);
        string path = Path.Combine(source ?? "", "generation_config.json");
        if (source is null || !File.Exists(path)) return own;
        try
        {
            if (JsonNode.Parse(File.ReadAllText(path)) is not JsonObject merged) throw new RlvrException($"{path}: a JSON object expected");
            foreach ((string key, JsonNode? value) in JsonNode.Parse(own)!.AsObject()) merged[key] = value?.DeepClone();
            return merged.ToJsonString(Indented) + "\n";
        }
        catch (JsonException e)
        {
            throw new RlvrException($"{path}: not valid JSON: {e.Message}", e);
        }
    }

    /// <summary>Writes a text file through to the disk, so that the rename that follows never outruns it.</summary>
    public static void WriteText(string path, string text)
    {
        using FileStream stream = new(path, FileMode.CreateNew, FileAccess.Write);
        stream.Write(Encoding.UTF8.GetBytes(text));
        stream.Flush(flushToDisk: true);
    }

    /// <summary>Copies tokenizer, chat templates and terms of use of a model folder; of two models, those of the second stay.</summary>
    public static void CopyFiles(string from, string to)
    {
        foreach (string name in TokenizerFiles.Concat(TermsFiles))
        {
            string file = Path.Combine(from, name);
            if (File.Exists(file)) File.Copy(file, Path.Combine(to, name), overwrite: true);
        }
        string packed = Path.Combine(from, PackedTokenizer), tokenizer = Path.Combine(to, TokenizerFiles[0]);
        if (!File.Exists(tokenizer) && File.Exists(packed)) // only this library reads a packed one
        {
            using GZipStream unpacked = new(File.OpenRead(packed), CompressionMode.Decompress);
            using FileStream file = new(tokenizer, FileMode.CreateNew, FileAccess.Write);
            unpacked.CopyTo(file);
        }
        string templates = Path.Combine(from, MoreTemplates);
        if (!Directory.Exists(templates)) return;
        Directory.CreateDirectory(Path.Combine(to, MoreTemplates));
        foreach (string file in Directory.EnumerateFiles(templates, "*.jinja")) File.Copy(file, Path.Combine(to, MoreTemplates, Path.GetFileName(file)), overwrite: true);
    }

    /// <summary>Puts the finished folder in its place. An old one is moved aside first, so that the name never stands for a mixture.</summary>
    private static void Replace(string temporary, string target)
    {
        if (!Directory.Exists(target))
        {
            Directory.Move(temporary, target);
            return;
        }
        string old = $"{target}.old-{Environment.ProcessId}";
        DeleteFolder(old);
        Directory.Move(target, old);
        Directory.Move(temporary, target);
        DeleteFolder(old);
    }

    private static void DeleteFolder(string folder)
    {
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }
}
