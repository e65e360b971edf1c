using System.Text.Json;
using Rlvr.Runs;

namespace Rlvr.Experiments;

/// <summary>What a reproduction notes beside the result of a job: <c>reproduce.json</c> in its folder.</summary>
public sealed record JobRecord
{
    internal const string FileName = "reproduce.json";

    /// <summary>Wall-clock seconds it took, those of stopped attempts included.</summary>
    public double Seconds { get; init; }

    /// <summary>Jobs that ran at the same time, at most.</summary>
    public int Beside { get; init; } = 1;

    /// <summary>When it was done, UTC; null while it is not.</summary>
    public DateTimeOffset? Finished { get; init; }

    /// <summary>What was asked for; see <see cref="ReproductionJob.Definition"/>.</summary>
    public string Definition { get; init; } = "";

    /// <summary>Fingerprint of the model that it began with, or that was evaluated; empty where the model is not on this machine.</summary>
    public string Model { get; init; } = "";

    /// <summary>Reads the record in a folder; null where there is none.</summary>
    /// <exception cref="RlvrException">It cannot be read.</exception>
    public static JobRecord? Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        return File.Exists(path) ? RunJson.Parse<JobRecord>(path, 1, File.ReadAllText(path)) : null;
    }

    /// <summary>Writes it.</summary>
    /// <exception cref="RlvrException">It cannot be written.</exception>
    public void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        AtomicFile.WriteAllText(Path.Combine(folder, FileName), JsonSerializer.Serialize(this, RunJson.Indented) + "\n");
    }
}
