using System.Text.Json;
using Rlvr.Tensors;

namespace Rlvr.Models;

/// <summary>The safetensors files of a model folder: one file, or several shards with an index. Knows which file holds which tensor.</summary>
internal sealed class WeightFiles : IDisposable
{
    public const string SingleName = "model.safetensors";
    public const string IndexName = "model.safetensors.index.json";

    private readonly Dictionary<string, SafeTensorsFile> _fileOfTensor = new(StringComparer.Ordinal);
    private readonly List<SafeTensorsFile> _files = [];

    private WeightFiles() { }

    /// <summary>All tensors and the file that holds each.</summary>
    public IReadOnlyDictionary<string, SafeTensorsFile> FileOfTensor => _fileOfTensor;

    /// <summary>The open files.</summary>
    public IReadOnlyList<SafeTensorsFile> Files => _files;

    /// <summary>Opens the weights of a folder. As in transformers, a single file comes before an index.</summary>
    /// <exception cref="RlvrException">There are none, a file breaks the format, or the index and the shards disagree.</exception>
    public static WeightFiles Open(string folder)
    {
        WeightFiles weights = new();
        try
        {
            string single = Path.Combine(folder, SingleName), index = Path.Combine(folder, IndexName);
            if (File.Exists(single)) weights.Add(single);
            else if (File.Exists(index)) weights.AddShards(folder, index);
            else throw NoWeights(folder);
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (SafeTensorsFile file in _files) file.Dispose();
    }

    private SafeTensorsFile Add(string path)
    {
        SafeTensorsFile file = new(path);
        _files.Add(file);
        foreach (string name in file.Entries.Keys)
        {
            if (!_fileOfTensor.TryAdd(name, file))
                throw new RlvrException($"{path}: tensor '{name}' lies in {Path.GetFileName(_fileOfTensor[name].Path)} as well, in one shard expected");
        }
        return file;
    }

    private void AddShards(string folder, string index)
    {
        Dictionary<string, string> map = ReadIndex(index);
        foreach (string shard in map.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            if (shard.Length == 0 || shard is "." or ".." || shard.AsSpan().ContainsAny('/', '\\', ':') || Path.IsPathRooted(shard))
                throw new RlvrException($"{index}: shard name '{shard}' leaves the model folder; a plain file name expected");
            string path = Path.Combine(folder, shard);
            if (!File.Exists(path))
                throw new RlvrException($"{index}: names the shard '{shard}', which is not in the folder. Download the missing file.");
            SafeTensorsFile file = Add(path);
            foreach (string name in file.Entries.Keys)
            {
                if (!map.TryGetValue(name, out string? expected))
                    throw new RlvrException($"{index}: tensor '{name}' of {shard} is not in the index");
                if (expected != shard)
                    throw new RlvrException($"{index}: puts tensor '{name}' in {expected}, but it lies in {shard}. The index and the shards do not belong together.");
            }
        }
        foreach ((string name, string shard) in map)
        {
            if (!_fileOfTensor.ContainsKey(name))
                throw new RlvrException($"{index}: puts tensor '{name}' in {shard}, which does not hold it. The index and the shards do not belong together.");
        }
    }

    private static Dictionary<string, string> ReadIndex(string index)
    {
        ConfigJson json = ConfigJson.ReadFile(index);
        JsonElement map = json.Find("weight_map") ?? throw json.Missing("weight_map", "an object from tensor names to file names");
        if (map.ValueKind != JsonValueKind.Object) throw json.Wrong("weight_map", map, "an object from tensor names to file names");
        Dictionary<string, string> shardOfTensor = new(StringComparer.Ordinal);
        foreach (JsonProperty property in map.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.String) throw json.Wrong($"weight_map.{property.Name}", property.Value, "a file name");
            shardOfTensor[property.Name] = property.Value.GetString()!;
        }
        return shardOfTensor.Count > 0 ? shardOfTensor : throw new RlvrException($"{index}: 'weight_map' is empty, at least one tensor expected");
    }

    private static RlvrException NoWeights(string folder)
    {
        string? other = Directory.EnumerateFiles(folder).Select(Path.GetFileName)
            .FirstOrDefault(name => Path.GetExtension(name) is ".bin" or ".pt" or ".pth" or ".gguf");
        return new RlvrException(other is null
            ? $"{folder}: no weights; {SingleName} or {IndexName} with its shards expected"
            : $"{folder}: no {SingleName} (only {other}, a format that is not read here). Convert the weights to safetensors.");
    }
}
