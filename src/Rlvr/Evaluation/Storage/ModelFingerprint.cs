using System.Security.Cryptography;
using System.Text;
using Rlvr.Models;
using Rlvr.Tensors;

namespace Rlvr.Evaluation;

/// <summary>Tells models apart by what is in their folders, wherever these lie.</summary>
public static class ModelFingerprint
{
    private const int Blocks = 64, BlockBytes = 16 * 1024;

    private static readonly string[] NetworkFiles = ["config.json", "adapter_config.json"], SmallFiles = ["config.json", "tokenizer.json", "adapter_config.json"];

    /// <summary>
    /// SHA-256 of the configuration, the tokenizer, and of every weight file its size and 64 blocks of 16 KiB, evenly spread from its beginning
    /// to its end. Training moves all weights, so two checkpoints of a run differ in every block; nobody has to wait while gigabytes are read.
    /// </summary>
    /// <param name="folder">A model folder.</param>
    /// <exception cref="RlvrException">It is no model folder; the message says what is wrong.</exception>
    public static string Of(string folder) => Of(folder, SmallFiles);

    /// <summary>The same without the tokenizer: what tells apart models that compute other numbers of the same tokens.</summary>
    /// <param name="folder">A model folder.</param>
    /// <exception cref="RlvrException">It is no model folder; the message says what is wrong.</exception>
    public static string OfNetwork(string folder) => Of(folder, NetworkFiles);

    private static string Of(string folder, string[] smallFiles)
    {
        using ModelFolder model = ModelFolder.Open(folder);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // An adapter has its configuration and perhaps a tokenizer, the base model the rest.
        foreach (string path in new[] { model.BaseFolder, folder }.Distinct().SelectMany(f => smallFiles.Select(name => Path.Combine(f, name))).Where(File.Exists)) hash.AppendData(File.ReadAllBytes(path));
        byte[] block = new byte[BlockBytes];
        foreach (SafeTensorsFile file in model.Files.OrderBy(f => f.Path, StringComparer.Ordinal))
        {
            using FileStream stream = new(file.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            hash.AppendData(Encoding.UTF8.GetBytes($"{Path.GetFileName(file.Path)} {stream.Length}\n"));
            long last = long.Max(0, stream.Length - BlockBytes);
            for (int i = 0; i < Blocks; i++)
            {
                stream.Seek(last * i / (Blocks - 1), SeekOrigin.Begin);
                hash.AppendData(block, 0, stream.ReadAtLeast(block, BlockBytes, throwOnEndOfStream: false));
            }
        }
        return $"sha256:{Convert.ToHexStringLower(hash.GetHashAndReset())[..32]}";
    }
}
