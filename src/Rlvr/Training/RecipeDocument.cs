using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Rlvr.Training;

/// <summary>A value as it is written: one text or a list of texts, and where it stands (<c>file(line,column)</c>).</summary>
internal sealed record RecipeValue(string Where, string? Scalar, IReadOnlyList<RecipeValue>? Items)
{
    /// <summary>Nothing, or <c>~</c> or <c>null</c>, without quotes.</summary>
    public bool IsEmpty { get; init; }

    public override string ToString() => Items is not null ? "a list" : IsEmpty ? "nothing" : $"'{Scalar}'";
}

/// <summary>One setting: <c>key: value</c> at the top (section is null) or in a section.</summary>
internal sealed record RecipeEntry(string? Section, string Key, string Where, RecipeValue Value)
{
    /// <summary>Is set when a section has a scalar or a list where its keys should be, or the other way about.</summary>
    public bool IsSection { get; init; }

    public string Path => Section is null ? Key : $"{Section}.{Key}";
}

/// <summary>One YAML file as a list of settings with their positions. Knows the shape of recipes (two levels), not their keys.</summary>
internal sealed class RecipeDocument
{
    private readonly string _name;
    private readonly List<RecipeEntry> _entries = [];
    private readonly HashSet<string> _seen = [];

    private RecipeDocument(string name) => _name = name;

    public IReadOnlyList<RecipeEntry> Entries => _entries;

    /// <summary>Value of the key <c>extends</c>, if there.</summary>
    public RecipeValue? Extends { get; private set; }

    /// <exception cref="RecipeException">The text is not YAML, or not of a recipe's shape.</exception>
    public static RecipeDocument Parse(string name, string text)
    {
        var document = new RecipeDocument(name);
        try
        {
            document.Read(new Parser(new StringReader(text)));
        }
        catch (YamlException e)
        {
            throw new RecipeException($"{document.At(e.Start)}: error: this is not YAML: {e.Message.TrimEnd('.')}.", e);
        }
        return document;
    }

    private string At(Mark mark) => $"{_name}({mark.Line},{mark.Column})";

    private void Read(Parser parser)
    {
        parser.Consume<StreamStart>();
        if (!parser.TryConsume<DocumentStart>(out _))
            return; // an empty file: nothing but defaults
        if (parser.TryConsume<Scalar>(out var only))
        {
            if (!ToValue(only).IsEmpty)
                throw Wrong(only, $"expected 'key: value' lines, found '{only.Value}'");
        }
        else
        {
            ReadMapping(parser, section: null);
        }
        parser.Consume<DocumentEnd>();
        if (parser.TryConsume<DocumentStart>(out var second))
            throw Wrong(second, "a recipe is one YAML document; remove the '---' and what follows");
    }

    private void ReadMapping(Parser parser, string? section)
    {
        if (!parser.TryConsume<MappingStart>(out _))
            throw Wrong(parser.Current!, "expected 'key: value' lines, found a list");
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            if (!parser.TryConsume<Scalar>(out var key))
                throw Wrong(parser.Current!, "expected a key");
            ReadEntry(parser, section, key);
        }
    }

    private void ReadEntry(Parser parser, string? section, Scalar key)
    {
        var path = section is null ? key.Value : $"{section}.{key.Value}";
        if (!_seen.Add(path))
            throw Wrong(key, $"'{key.Value}' is set twice{(section is null ? "" : $" in '{section}'")}; remove one of them");

        if (parser.Accept<MappingStart>(out var mapping))
        {
            if (section is not null)
                throw Wrong(mapping, $"'{path}' holds a section; recipes have two levels");
            _entries.Add(new RecipeEntry(null, key.Value, At(key.Start), new RecipeValue(At(mapping.Start), null, null)) { IsSection = true });
            ReadMapping(parser, key.Value);
            return;
        }
        var value = ReadValue(parser);
        if (section is null && key.Value == "extends")
            Extends = value;
        else
            _entries.Add(new RecipeEntry(section, key.Value, At(key.Start), value));
    }

    private RecipeValue ReadValue(Parser parser)
    {
        if (parser.TryConsume<Scalar>(out var scalar))
            return ToValue(scalar);
        if (!parser.TryConsume<SequenceStart>(out var start))
            throw Wrong(parser.Current!, "anchors and aliases are not supported in recipes; write the value");
        var items = new List<RecipeValue>();
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            if (!parser.TryConsume<Scalar>(out var item))
                throw Wrong(parser.Current!, "expected a list of plain values");
            items.Add(ToValue(item));
        }
        return new RecipeValue(At(start.Start), null, items);
    }

    private RecipeValue ToValue(Scalar scalar) => new(At(scalar.Start), scalar.Value, null)
    {
        IsEmpty = scalar.Style == ScalarStyle.Plain && scalar.Value is "" or "~" or "null",
    };

    private RecipeException Wrong(ParsingEvent at, string message) => new($"{At(at.Start)}: error: {message}.");
}
