using System.Text.Json;
using Rlvr.Text.Jinja;

namespace Rlvr.Text;

/// <summary>The chat templates and special tokens of a model folder, found where transformers looks for them.</summary>
internal sealed class ChatTemplateFiles
{
    private const string ConfigFile = "tokenizer_config.json";
    private const string TemplateFile = "chat_template.jinja";
    private const string AdditionalFolder = "additional_chat_templates";
    private static readonly string[] TokenNames = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token", "additional_special_tokens"];

    private readonly string folder;

    private ChatTemplateFiles(string folder) => this.folder = folder;

    /// <summary>Template and file of each name; an only one is named default.</summary>
    public Dictionary<string, (string Place, string Text)> Templates { get; } = new(StringComparer.Ordinal);

    /// <summary>The special tokens that templates see.</summary>
    public Dictionary<string, object?> SpecialTokens { get; } = new(StringComparer.Ordinal);

    public static ChatTemplateFiles Read(string folder)
    {
        ChatTemplateFiles files = new(folder);
        files.ReadConfig(Path.Combine(folder, ConfigFile));
        files.ReadLegacy(Path.Combine(folder, "chat_template.json"));
        files.ReadTokens(Path.Combine(folder, "special_tokens_map.json"));
        files.ReadTemplate("default", Path.Combine(folder, TemplateFile));
        string additional = Path.Combine(folder, AdditionalFolder);
        if (Directory.Exists(additional))
            foreach (string file in Directory.EnumerateFiles(additional, "*.jinja").Order(StringComparer.Ordinal)) files.ReadTemplate(Path.GetFileNameWithoutExtension(file), file);
        return files;
    }

    public (string Place, string Text) Find(string? name)
    {
        if (Templates.TryGetValue(name ?? "default", out var template)) return template;
        if (Templates.Count == 0)
            throw new RlvrException($"{folder}: error: the model has no chat template: there is neither {TemplateFile} nor a chat_template in {ConfigFile}. Name another prompt template.");
        throw new RlvrException($"{folder}: error: the model has no chat template '{name ?? "default"}'. It has: {string.Join(", ", Templates.Keys)}.");
    }

    private void ReadTemplate(string name, string file)
    {
        if (File.Exists(file)) Templates[name] = (file, Guarded(file, File.ReadAllText));
    }

    private void ReadConfig(string file)
    {
        ReadTokens(file);
        if (ReadJson(file) is not { } config || !config.TryGetProperty("chat_template", out JsonElement template)) return;
        switch (template.ValueKind)
        {
            case JsonValueKind.Null:
                break;
            case JsonValueKind.String:
                Templates["default"] = (file, template.GetString()!);
                break;
            case JsonValueKind.Array:
                foreach (JsonElement entry in template.EnumerateArray())
                {
                    if (entry.ValueKind != JsonValueKind.Object || Text(entry, "name") is not { } name || Text(entry, "template") is not { } text)
                        throw new RlvrException($"{file}: error: an entry of 'chat_template' is not an object with a name and a template.");
                    Templates[name] = (file, text);
                }
                break;
            default:
                throw new RlvrException($"{file}: error: 'chat_template' is {template.ValueKind}, expected a text or a list of named ones.");
        }
    }

    // The file that processors of older versions wrote.
    private void ReadLegacy(string file)
    {
        if (ReadJson(file) is { } json && Text(json, "chat_template") is { } text) Templates["default"] = (file, text);
    }

    private void ReadTokens(string file)
    {
        if (ReadJson(file) is not { } json) return;
        foreach (string name in TokenNames)
        {
            if (SpecialTokens.ContainsKey(name) || !json.TryGetProperty(name, out JsonElement token)) continue;
            object? value = token.ValueKind switch
            {
                JsonValueKind.Array => new JinjaList([.. token.EnumerateArray().Select(Content)]),
                _ => Content(token),
            };
            if (value is not null) SpecialTokens[name] = value;
        }
    }

    // A token is its text, or an object that holds it.
    private static string? Content(JsonElement token) => token.ValueKind == JsonValueKind.Object ? Text(token, "content") : token.ValueKind == JsonValueKind.String ? token.GetString() : null;

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static JsonElement? ReadJson(string file)
    {
        if (!File.Exists(file)) return null;
        try
        {
            JsonElement root = JsonSerializer.Deserialize<JsonElement>(Guarded(file, File.ReadAllBytes));
            return root.ValueKind == JsonValueKind.Object ? root : throw new RlvrException($"{file}: error: expected a JSON object, found {root.ValueKind}.");
        }
        catch (JsonException error)
        {
            throw new RlvrException($"{file}: error: not valid JSON: {error.Message}", error);
        }
    }

    private static T Guarded<T>(string file, Func<string, T> read)
    {
        try
        {
            return read(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new RlvrException($"{file}: error: cannot be read: {error.Message}", error);
        }
    }
}
