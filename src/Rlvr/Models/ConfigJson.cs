using System.Text.Json;

namespace Rlvr.Models;

/// <summary>A JSON object of a model folder, read key by key; every complaint names the file, the key, what it holds and what was expected.</summary>
internal sealed class ConfigJson
{
    private readonly Dictionary<string, JsonElement> _values = new(StringComparer.Ordinal);
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private readonly string _prefix;

    private ConfigJson(JsonElement element, string source, string prefix)
    {
        Source = source;
        _prefix = prefix;
        foreach (JsonProperty property in element.EnumerateObject()) _values[property.Name] = property.Value;
    }

    /// <summary>What the file is called in messages.</summary>
    public string Source { get; }

    /// <summary>The keys that nothing has asked for yet, with their values.</summary>
    public IEnumerable<KeyValuePair<string, JsonElement>> Unused => _values.Where(pair => !_used.Contains(pair.Key));

    public static ConfigJson Parse(string text, string source)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new RlvrException($"{source}: the file holds {Describe(document.RootElement)}, a JSON object expected");
            return new ConfigJson(document.RootElement.Clone(), source, "");
        }
        catch (JsonException e)
        {
            throw new RlvrException($"{source}: not valid JSON: {e.Message.ReplaceLineEndings(" ").TrimEnd('.')}. The file is damaged or cut off: download or save it again.", e);
        }
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="RlvrException">It cannot be read or is not a JSON object.</exception>
    public static ConfigJson ReadFile(string path)
    {
        try
        {
            return Parse(File.ReadAllText(path), path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RlvrException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The value of a key; null where it is absent or null. The key counts as used.</summary>
    public JsonElement? Find(string key)
    {
        _used.Add(key);
        return _values.TryGetValue(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    public void MarkUsed(IEnumerable<string> keys) => _used.UnionWith(keys);

    public int Int(string key, int minimum = 1) => FindInt(key, minimum) ?? throw Missing(key, "a whole number");

    public int? FindInt(string key, int minimum = 1)
    {
        if (Find(key) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt32(out int number)) throw Wrong(key, value, "a whole number");
        return number >= minimum ? number : throw Wrong(key, value, $"a whole number from {minimum}");
    }

    public double? FindPositive(string key)
    {
        if (Find(key) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out double number) || !(number > 0) || !double.IsFinite(number))
            throw Wrong(key, value, "a positive number");
        return number;
    }

    public double Positive(string key) => FindPositive(key) ?? throw Missing(key, "a positive number");

    public bool? FindBool(string key)
    {
        if (Find(key) is not { } value) return null;
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Wrong(key, value, "true or false");
    }

    public string? FindString(string key)
    {
        if (Find(key) is not { } value) return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(key, value, "a string");
    }

    public ConfigJson? FindObject(string key)
    {
        if (Find(key) is not { } value) return null;
        return value.ValueKind == JsonValueKind.Object ? new ConfigJson(value, Source, $"{_prefix}{key}.") : throw Wrong(key, value, "an object");
    }

    /// <summary>A list of strings.</summary>
    public IReadOnlyList<string>? FindStrings(string key)
    {
        if (Find(key) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String))
            throw Wrong(key, value, "a list of strings");
        return [.. value.EnumerateArray().Select(item => item.GetString()!)];
    }

    /// <summary>A token id; null also for negative ones, which some old folders use for "none".</summary>
    public int? FindTokenId(string key) => FindInt(key, int.MinValue) is int id and >= 0 ? id : null;

    /// <summary>One token id or a list of them.</summary>
    public IReadOnlyList<int>? FindTokenIds(string key)
    {
        if (Find(key) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Array) return FindTokenId(key) is int id ? [id] : null;
        List<int> ids = [];
        foreach (JsonElement item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out int number) || number < 0)
                throw Wrong(key, value, "a token id or a list of token ids");
            ids.Add(number);
        }
        return ids;
    }

    public RlvrException Missing(string key, string expected) => new($"{Source}: the key '{_prefix}{key}' is missing, {expected} expected");

    public RlvrException Wrong(string key, JsonElement found, string expected) => new($"{Source}: '{_prefix}{key}' is {Describe(found)}, {expected} expected");

    public RlvrException Unsupported(string key, JsonElement found, string why) => new($"{Source}: '{_prefix}{key}' = {Shorten(found)} is not supported: {why}");

    private static string Describe(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "the list " + Shorten(element),
        JsonValueKind.String => "the string " + Shorten(element),
        JsonValueKind.Number => Shorten(element),
        _ => Shorten(element),
    };

    private static string Shorten(JsonElement element)
    {
        string text = element.GetRawText().ReplaceLineEndings(" ");
        return text.Length <= 60 ? text : text[..57] + "...";
    }
}
