using Rlvr.Models;
using Rlvr.Tensors;
using Rlvr.Text;
using static TorchSharp.torch;

namespace Rlvr.Rollouts;

/// <summary>A transformer with its tokenizer: what a Hugging Face model folder holds.</summary>
public sealed class LanguageModel : IDisposable
{
    /// <summary>Puts a model together.</summary>
    /// <param name="network">The transformer, which from now on belongs to this object.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="folder">The folder it came from; <see cref="Save"/> copies the tokenizer's files from it. Null for a model made in memory.</param>
    public LanguageModel(Transformer network, Tokenizer tokenizer, string? folder = null)
    {
        if (tokenizer.VocabularySize > network.Config.VocabularySize)
        {
            throw new RlvrException($"The tokenizer has ids up to {tokenizer.VocabularySize - 1}, but the model's vocabulary has {network.Config.VocabularySize} entries. "
                + "They do not belong together.");
        }
        Network = network;
        Tokenizer = tokenizer;
        Folder = folder;
    }

    /// <summary>The network.</summary>
    public Transformer Network { get; }

    /// <summary>The tokenizer.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>The folder it was loaded from.</summary>
    public string? Folder { get; }

    /// <summary>The folder with the tokenizer and the chat template: <see cref="Folder"/>, or the base model's where that is an adapter without them.</summary>
    public string? TokenizerFolder => Folder is null ? null : AdapterFolder.TokenizerFolder(Folder);

    /// <summary>The tokens that end a response: the end tokens of the model's configuration.</summary>
    public IReadOnlyList<int> StopIds => Network.Config.EosTokenIds;

    /// <summary>Loads a Hugging Face model folder, or an adapter with its base model.</summary>
    /// <param name="folder">A folder with config.json, safetensors and tokenizer.json; or one with adapter_config.json.</param>
    /// <param name="device">Where to; the CPU if null.</param>
    /// <param name="precision">
    /// <c>auto</c>, <c>fp32</c> or <c>bf16</c>: see <see cref="ComputePrecision"/>. Whoever trains in bfloat16 by a loop of their own calls
    /// <see cref="Transformer.ParametersChanged"/> after each update; <c>fp32</c> needs no such care.
    /// </param>
    /// <param name="frozen">Without float32 weights for training: see <see cref="Transformer.Load"/>.</param>
    /// <exception cref="RlvrException">Something is missing or not supported; the message says what.</exception>
    public static LanguageModel Load(string folder, Device? device = null, string precision = "fp32", bool frozen = false)
    {
        NativeRuntime.Initialize();
        // The tokenizer first: it is small, and a folder without one should not make anybody wait for its weights.
        if (!Directory.Exists(folder)) throw new RlvrException($"There is no model folder '{folder}'.");
        ScalarType type;
        using (ModelFolder files = ModelFolder.Open(folder)) type = ComputePrecision.Choose(precision, device ?? CPU, files.Config.HiddenSize);
        Tokenizer tokenizer = Tokenizer.Load(AdapterFolder.TokenizerFolder(folder));
        return new LanguageModel(Transformer.Load(folder, device, type, frozen), tokenizer, folder);
    }

    /// <summary>Saves a folder that transformers, vLLM and this library load. Written whole or not at all.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="overwrite">Replace a folder that is not empty.</param>
    /// <exception cref="RlvrException">It cannot be written, or is not empty.</exception>
    public void Save(string folder, bool overwrite = false)
    {
        if (TokenizerFolder is { } from)
        {
            Network.Save(folder, from, ScalarType.Float32, overwrite);
            return;
        }
        // Made in memory: there is no folder to copy the tokenizer from.
        string tokenizerFolder = Directory.CreateTempSubdirectory("rlvr-tokenizer-").FullName;
        try
        {
            Tokenizer.Save(tokenizerFolder);
            Network.Save(folder, tokenizerFolder, ScalarType.Float32, overwrite);
        }
        finally
        {
            Directory.Delete(tokenizerFolder, recursive: true);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Network.Dispose();
}
