using Rlvr.Evaluation;
using Rlvr.Hub;
using Rlvr.Models;

namespace Rlvr.Experiments;

/// <summary>Models as far as they are on this machine: planning asks no hub.</summary>
internal sealed class LocalModel
{
    private readonly Dictionary<string, string> fingerprints = [];

    /// <summary>The folder of a model that a recipe names; null where it is not here.</summary>
    public static string? Find(string name)
    {
        string path = FileLocator.Find(name);
        if (File.Exists(Path.Combine(path, "config.json"))) return path;
        return HubId.TryParse(name, HubKind.Model, out HubId? id, out _) ? HubPull.FromCache(id, HubSettings.FromEnvironment())?.Folder : null;
    }

    /// <summary>Its sizes; null where it is not here.</summary>
    public static ModelConfig? Config(string name) => Find(name) is { } folder ? ModelConfig.Read(folder) : null;

    /// <summary>Its fingerprint; empty where it is not here, or holds no weights.</summary>
    public string Fingerprint(string name)
    {
        if (Find(name) is not { } folder) return "";
        if (fingerprints.TryGetValue(folder, out string? known)) return known;
        return fingerprints[folder] = ModelFingerprint.Of(folder);
    }
}
