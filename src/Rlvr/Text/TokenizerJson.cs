using System.IO.Compression;
using System.Text.Json;

namespace Rlvr.Text;

/// <summary>A byte-pair model: vocabulary in the byte-level alphabet, merges (as ids) in the order they were learned.</summary>
internal sealed record BytePairModel(
    Dictionary<string, int> Vocabulary, IReadOnlyList<(int Left, int Right, int Merged)> Merges, bool IgnoreMerges, int? UnknownId, bool FuseUnknown);

/// <summary>
/// What a tokenizer.json says, read strictly: whatever would tokenize differently from what this library does is refused by
/// name. Not read: "truncation" and "padding", which transformers also overrides.
/// </summary>
internal sealed class TokenizerJson
{
    // Far above any model's vocabulary; keeps a broken id from allocating gigabytes.
    private const int MaxId = 1 << 24;

    private readonly string path;
    private readonly List<int> prefix = [], suffix = [];
    private readonly List<AddedToken> addedTokens = [];

    private TokenizerJson(string path, byte[] bytes)
    {
        this.path = path;
        Bytes = bytes;
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object) throw Fail("expected a JSON object, found " + root.ValueKind);
            Model = ReadModel(Required(root, "model", JsonValueKind.Object));
            ReadAddedTokens(root);
            NormalizesToNfc = ReadNormalizer(Optional(root, "normalizer"));
            PreTokenizer = ReadPreTokenizer(Optional(root, "pre_tokenizer"));
            ReadPostProcessor(Optional(root, "post_processor"));
            CheckDecoder(Optional(root, "decoder"));
        }
        catch (JsonException error)
        {
            throw new RlvrException($"{path}: error: not valid JSON: {error.Message}", error);
        }
        catch (Exception error) when (error is InvalidOperationException or FormatException)
        {
            throw new RlvrException($"{path}: error: a value has the wrong type: {error.Message}", error);
        }
    }

    /// <summary>The unpacked file.</summary>
    public byte[] Bytes { get; }

    public BytePairModel Model { get; }

    public IReadOnlyList<AddedToken> AddedTokens => addedTokens;

    public bool NormalizesToNfc { get; }

    public PreTokenizer PreTokenizer { get; }

    /// <summary>Ids that add_special_tokens puts in front of a text.</summary>
    public IReadOnlyList<int> Prefix => prefix;

    /// <summary>Ids that add_special_tokens puts behind a text.</summary>
    public IReadOnlyList<int> Suffix => suffix;

    /// <summary>Reads tokenizer.json or tokenizer.json.gz, or the one in a folder.</summary>
    public static TokenizerJson Read(string fileOrFolder)
    {
        string path = fileOrFolder;
        if (Directory.Exists(path))
        {
            path = Path.Combine(fileOrFolder, "tokenizer.json");
            if (!File.Exists(path) && File.Exists(path + ".gz")) path += ".gz";
        }
        if (!File.Exists(path))
        {
            throw new RlvrException($"{path}: error: there is no tokenizer there. A model folder needs its tokenizer.json" +
                " (transformers writes one from older formats: AutoTokenizer.from_pretrained(folder).save_pretrained(folder)).");
        }
        try
        {
            byte[] bytes = File.ReadAllBytes(path);
            if (path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
            {
                using MemoryStream unpacked = new();
                using GZipStream packed = new(new MemoryStream(bytes), CompressionMode.Decompress);
                packed.CopyTo(unpacked);
                bytes = unpacked.ToArray();
            }
            return new(path, bytes);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new RlvrException($"{path}: error: cannot be read: {error.Message}", error);
        }
    }

    /// <summary>Reads the bytes of a tokenizer.json; <paramref name="name"/> stands for the file in messages.</summary>
    public static TokenizerJson Parse(byte[] bytes, string name) => new(name, bytes);

    private BytePairModel ReadModel(JsonElement model)
    {
        string type = Optional(model, "type") is { } typed ? typed.GetString()! : "BPE";
        if (type != "BPE") throw Unsupported("model type", type, "BPE (byte-level)");
        if (Optional(model, "dropout") is { } dropout && dropout.GetDouble() != 0) throw Unsupported("model setting", "dropout", "none: it makes tokens random");
        if (Flag(model, "byte_fallback")) throw Unsupported("model setting", "byte_fallback", "byte-level BPE");
        foreach (string affix in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
            if (Optional(model, affix) is { } value && value.GetString() != "") throw Unsupported("model setting", affix, "the empty string");

        Dictionary<string, int> vocabulary = new(StringComparer.Ordinal);
        foreach (JsonProperty entry in Required(model, "vocab", JsonValueKind.Object).EnumerateObject())
            vocabulary[entry.Name] = Id(entry.Value, entry.Name);
        if (vocabulary.Count == 0) throw Fail("the vocabulary is empty");

        JsonElement listed = Required(model, "merges", JsonValueKind.Array);
        List<(int, int, int)> merges = new(listed.GetArrayLength());
        foreach (JsonElement merge in listed.EnumerateArray())
        {
            // "a b" in older files, ["a", "b"] in newer ones.
            string[] pair = merge.ValueKind == JsonValueKind.Array ? [.. merge.EnumerateArray().Select(part => part.GetString()!)] : merge.GetString()!.Split(' ');
            if (pair.Length != 2) throw Fail($"merge {merges.Count} has {pair.Length} parts, expected 2: {merge.GetRawText()}");
            int[] ids = [.. new[] { pair[0], pair[1], pair[0] + pair[1] }.Select(token =>
                vocabulary.TryGetValue(token, out int id) ? id : throw Fail($"merge {merges.Count} ({merge.GetRawText()}) needs the token '{token}', which the vocabulary lacks"))];
            merges.Add((ids[0], ids[1], ids[2]));
        }
        int? unknown = null;
        if (Optional(model, "unk_token") is { } unk)
            unknown = vocabulary.TryGetValue(unk.GetString()!, out int id) ? id : throw Fail($"unk_token '{unk.GetString()}' is not in the vocabulary");
        return new(vocabulary, merges, Flag(model, "ignore_merges"), unknown, Flag(model, "fuse_unk"));
    }

    private void ReadAddedTokens(JsonElement root)
    {
        if (Optional(root, "added_tokens") is not { } listed) return;
        Dictionary<int, string> taken = Model.Vocabulary.ToDictionary(entry => entry.Value, entry => entry.Key);
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (JsonElement token in listed.EnumerateArray())
        {
            string content = Required(token, "content", JsonValueKind.String).GetString()!;
            if (content.Length == 0 || !seen.Add(content)) continue; // as Hugging Face
            int id = Id(Required(token, "id", JsonValueKind.Number), content);
            if (Model.Vocabulary.TryGetValue(content, out int modelId)) id = modelId;
            else if (!taken.TryAdd(id, content)) throw Fail($"added token '{content}' has id {id}, which already belongs to '{taken[id]}'");
            addedTokens.Add(new(id, content, Flag(token, "special"), Flag(token, "lstrip"), Flag(token, "rstrip"), Flag(token, "single_word"), Flag(token, "normalized")));
        }
    }

    private bool ReadNormalizer(JsonElement? normalizer) => normalizer is { } value && TypeOf(value) switch
    {
        "NFC" => true,
        "Sequence" => Required(value, "normalizers", JsonValueKind.Array).EnumerateArray().Select(part => ReadNormalizer(part)).ToArray().Contains(true),
        var type => throw Unsupported("normalizer", type, "NFC, Sequence"),
    };

    private PreTokenizer ReadPreTokenizer(JsonElement? preTokenizer)
    {
        if (preTokenizer is not { } value) throw Unsupported("pre-tokenizer", "null", "ByteLevel, or a Sequence of Split and ByteLevel");
        JsonElement[] steps = TypeOf(value) == "Sequence" ? [.. Required(value, "pretokenizers", JsonValueKind.Array).EnumerateArray()] : [value];
        string? pattern = null;
        foreach (JsonElement split in steps[..^int.Min(1, steps.Length)])
        {
            if (TypeOf(split) != "Split") throw Unsupported("pre-tokenizer", TypeOf(split) + " in this place", "Split, then ByteLevel");
            JsonElement regex = Required(split, "pattern", JsonValueKind.Object);
            string text = Optional(regex, "Regex")?.GetString() ?? throw Unsupported("Split pattern", regex.GetRawText(), "a Regex");
            string behaviour = Required(split, "behavior", JsonValueKind.String).GetString()!;
            bool inverted = Flag(split, "invert");
            // Every character belongs to a match, so both cut at the same places.
            if ((behaviour, inverted) is not (("Isolated", false) or ("Removed", true))) throw Unsupported("Split behaviour", behaviour + (inverted ? ", inverted" : ""), "Isolated");
            if (text is not (PreTokenizer.Qwen2Pattern or PreTokenizer.Llama3Pattern or PreTokenizer.Gpt2Pattern)) throw Unsupported("Split pattern", text, "those of Qwen2, Llama 3 and GPT-2");
            if (pattern is not null) throw Unsupported("pre-tokenizer", "a second Split", "one Split, then ByteLevel");
            pattern = text;
        }
        if (steps.Length == 0 || TypeOf(steps[^1]) != "ByteLevel") throw Unsupported("pre-tokenizer", steps.Length == 0 ? "empty Sequence" : TypeOf(steps[^1]), "ByteLevel as the last step");
        bool prefixSpace = Flag(steps[^1], "add_prefix_space", true), useRegex = Flag(steps[^1], "use_regex", true);
        if (pattern is not null && (useRegex || prefixSpace)) throw Unsupported("ByteLevel setting", useRegex ? "use_regex" : "add_prefix_space", "false after a Split");
        return new(useRegex ? PreTokenizer.Gpt2Pattern : pattern, prefixSpace);
    }

    private void ReadPostProcessor(JsonElement? postProcessor)
    {
        if (postProcessor is not { } value) return;
        switch (TypeOf(value))
        {
            case "ByteLevel":
                break; // changes offsets only
            case "Sequence":
                foreach (JsonElement part in Required(value, "processors", JsonValueKind.Array).EnumerateArray()) ReadPostProcessor(part);
                break;
            case "TemplateProcessing":
                List<int> before = [], after = [];
                int sequences = 0;
                foreach (JsonElement piece in Required(value, "single", JsonValueKind.Array).EnumerateArray())
                {
                    if (Optional(piece, "Sequence") is not null)
                    {
                        sequences++;
                        continue;
                    }
                    string name = Required(Required(piece, "SpecialToken", JsonValueKind.Object), "id", JsonValueKind.String).GetString()!;
                    JsonElement special = Required(Required(value, "special_tokens", JsonValueKind.Object), name, JsonValueKind.Object);
                    foreach (JsonElement id in Required(special, "ids", JsonValueKind.Array).EnumerateArray()) (sequences == 0 ? before : after).Add(Id(id, name));
                }
                if (sequences != 1) throw Unsupported("TemplateProcessing", $"a template with the text {sequences} times", "once");
                prefix.InsertRange(0, before);
                suffix.AddRange(after);
                break;
            case var type:
                throw Unsupported("post-processor", type, "ByteLevel, TemplateProcessing, Sequence");
        }
    }

    private void CheckDecoder(JsonElement? decoder)
    {
        JsonElement[] steps = decoder is not { } value ? []
            : TypeOf(value) == "Sequence" ? [.. Required(value, "decoders", JsonValueKind.Array).EnumerateArray()] : [value];
        if (steps.Length != 1 || TypeOf(steps[0]) != "ByteLevel") throw Unsupported("decoder", steps.Length == 0 ? "null" : string.Join(" + ", steps.Select(TypeOf)), "ByteLevel");
    }

    private string TypeOf(JsonElement element) => Required(element, "type", JsonValueKind.String).GetString()!;

    private int Id(JsonElement value, string token) =>
        value.TryGetInt32(out int id) && id is >= 0 and < MaxId ? id : throw Fail($"token '{token}' has id {value.GetRawText()}, expected 0 to {MaxId - 1}");

    private static JsonElement? Optional(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static bool Flag(JsonElement parent, string name, bool absent = false) => Optional(parent, name)?.GetBoolean() ?? absent;

    private JsonElement Required(JsonElement parent, string name, JsonValueKind kind)
    {
        JsonElement value = Optional(parent, name) ?? throw Fail($"'{name}' is missing");
        return value.ValueKind == kind ? value : throw Fail($"'{name}' is {value.ValueKind}, expected {kind}");
    }

    private RlvrException Unsupported(string what, string found, string supported) => Fail($"{what} {found} is not supported (supported: {supported})");

    private RlvrException Fail(string message) => new($"{path}: error: {message}");
}
