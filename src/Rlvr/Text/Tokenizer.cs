using System.Buffers;
using System.Text;

namespace Rlvr.Text;

/// <summary>
/// A byte-level BPE tokenizer read from Hugging Face's tokenizer.json (Qwen2, Qwen2.5, Qwen3, Llama 3 and what is made like
/// them). Gives the ids and texts that the <c>tokenizers</c> library gives. Safe to use from several threads.
/// </summary>
public sealed class Tokenizer
{
    private readonly byte[] original;
    private readonly PreTokenizer preTokenizer;
    private readonly BytePairEncoder encoder;
    private readonly AddedTokens addedTokens, normalizedAddedTokens;
    private readonly bool normalizesToNfc;
    private readonly int[] prefix, suffix;
    private readonly string?[] tokens;
    private readonly bool[] special;
    private readonly Dictionary<string, int> ids;

    private Tokenizer(TokenizerJson json)
    {
        original = json.Bytes;
        preTokenizer = json.PreTokenizer;
        encoder = new(json.Model);
        normalizesToNfc = json.NormalizesToNfc;
        prefix = [.. json.Prefix];
        suffix = [.. json.Suffix];
        addedTokens = new(json.AddedTokens.Where(token => !token.Normalized).Select(token => (token, token.Content)));
        normalizedAddedTokens = new(json.AddedTokens.Where(token => token.Normalized).Select(token => (token, Normalize(token.Content))));

        ids = new(json.Model.Vocabulary, StringComparer.Ordinal);
        foreach (AddedToken token in json.AddedTokens) ids[token.Content] = token.Id;
        tokens = new string?[ids.Values.Max() + 1];
        foreach (var (token, id) in ids) tokens[id] = token;
        special = new bool[tokens.Length];
        foreach (AddedToken token in json.AddedTokens) special[token.Id] |= token.Special;
    }

    /// <summary>Reads a tokenizer.</summary>
    /// <param name="fileOrFolder">A tokenizer.json (or tokenizer.json.gz), or the folder that holds it.</param>
    /// <exception cref="RlvrException">The file is missing, broken, or asks for something that is not supported (named).</exception>
    public static Tokenizer Load(string fileOrFolder) => new(TokenizerJson.Read(fileOrFolder));

    /// <summary>Reads a tokenizer from the bytes of a tokenizer.json.</summary>
    /// <param name="tokenizerJson">The file's bytes, UTF-8.</param>
    /// <exception cref="RlvrException">The bytes are broken or ask for something that is not supported (named).</exception>
    public static Tokenizer Parse(byte[] tokenizerJson) => new(TokenizerJson.Parse(tokenizerJson, "tokenizer.json"));

    /// <summary>The largest id plus 1, added tokens included. A model's embedding may have more rows.</summary>
    public int VocabularySize => tokens.Length;

    /// <summary>The ids of a text. Added tokens written in the text are recognised; a lone surrogate counts as U+FFFD.</summary>
    /// <param name="text">The text.</param>
    /// <param name="addSpecialTokens">Whether to add what the tokenizer puts around a text (Llama 3: the begin-of-text token).</param>
    public int[] Encode(string text, bool addSpecialTokens = false)
    {
        List<int> output = new(text.Length / 3 + 8);
        if (addSpecialTokens) output.AddRange(prefix);
        text = ReplaceLoneSurrogates(text);
        foreach (var (part, added) in addedTokens.Split(text))
        {
            if (added is not null)
            {
                output.Add(added.Id);
                continue;
            }
            string normalized = Normalize(text[part]);
            foreach (var (words, normalizedAdded) in normalizedAddedTokens.Split(normalized))
            {
                if (normalizedAdded is not null) output.Add(normalizedAdded.Id);
                else EncodeWords(normalized[words], output);
            }
        }
        if (addSpecialTokens) output.AddRange(suffix);
        return [.. output];
    }

    private void EncodeWords(string text, List<int> output)
    {
        if (preTokenizer.AddPrefixSpace && text[0] != ' ') text = " " + text;
        for (int start = 0; start < text.Length;)
        {
            int end = preTokenizer.EndOfWord(text, start);
            encoder.Encode(text.AsSpan(start, end - start), output);
            start = end;
        }
    }

    private string Normalize(string text) => normalizesToNfc ? Nfc.Normalize(text) : text;

    internal static string ReplaceLoneSurrogates(string text)
    {
        int at = text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF');
        while (at >= 0 && at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]))
        {
            int offset = text.AsSpan(at + 2).IndexOfAnyInRange('\uD800', '\uDFFF');
            at = offset < 0 ? -1 : at + 2 + offset;
        }
        return at < 0 ? text : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)); // which writes U+FFFD for them
    }

    /// <summary>The text of some ids. Ids that no token has vanish; bytes that are not UTF-8 become U+FFFD.</summary>
    /// <param name="ids">The ids.</param>
    /// <param name="skipSpecialTokens">Whether to leave special tokens out.</param>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = true)
    {
        ArrayBufferWriter<byte> bytes = new(ids.Length * 4 + 16);
        foreach (int id in ids) WriteBytes(id, skipSpecialTokens, bytes);
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    internal void WriteBytes(int id, bool skipSpecialTokens, IBufferWriter<byte> output)
    {
        if (TokenOf(id) is { } token && !(skipSpecialTokens && special[id])) ByteLevel.WriteBytes(token, output);
    }

    /// <summary>The id of a token as tokenizer.json writes it (byte-level alphabet: a space is 'Ġ'); null where there is none.</summary>
    public int? IdOf(string token) => ids.TryGetValue(token, out int id) ? id : null;

    /// <summary>The token of an id as tokenizer.json writes it; null where there is none.</summary>
    public string? TokenOf(int id) => (uint)id < (uint)tokens.Length ? tokens[id] : null;

    /// <summary>Whether an id is a special token (left out when decoding skips those).</summary>
    public bool IsSpecial(int id) => (uint)id < (uint)special.Length && special[id];

    /// <summary>Starts decoding of tokens that come one by one.</summary>
    /// <param name="skipSpecialTokens">Whether to leave special tokens out.</param>
    public StreamingDecoder CreateStream(bool skipSpecialTokens = true) => new(this, skipSpecialTokens);

    /// <summary>Writes tokenizer.json into a folder: the bytes that were read, unchanged (unpacked if they were packed).</summary>
    /// <param name="folder">The folder; created where it is missing.</param>
    /// <exception cref="RlvrException">The file cannot be written; nothing half-written is left.</exception>
    public void Save(string folder)
    {
        string path = Path.Combine(folder, "tokenizer.json"), temporary = path + ".tmp";
        try
        {
            Directory.CreateDirectory(folder);
            File.WriteAllBytes(temporary, original);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            try { File.Delete(temporary); } catch (Exception cleanup) when (cleanup is IOException or UnauthorizedAccessException) { }
            throw new RlvrException($"{path}: error: cannot be written: {error.Message}", error);
        }
    }
}
