namespace Rlvr.Training;

/// <summary>Puts the settings of documents and of the command line into one record, the later over the earlier.</summary>
internal sealed class RecipeBinder<T> where T : class, new()
{
    private readonly RecipeSchema _schema = RecipeSchema.Of<T>();
    private readonly Dictionary<string, string> _origins = [];

    public T Recipe { get; } = new();

    /// <summary>Where the value of <c>key</c> or <c>section.key</c> was set last; null when it is a default.</summary>
    public string? Origin(string path) => _origins.GetValueOrDefault(path);

    public void Apply(RecipeDocument document)
    {
        foreach (var entry in document.Entries)
            Apply(entry);
    }

    /// <param name="set"><c>key=value</c> or <c>section.key=value</c>.</param>
    public void ApplySet(string set)
    {
        var where = $"--set {set}";
        var equals = set.IndexOf('=');
        if (equals <= 0)
            throw new RecipeException($"{where}: error: expected section.key=value, such as --set rollout.temperature=0.6.");
        var path = set[..equals].Trim();
        var text = set[(equals + 1)..].Trim();
        var dot = path.IndexOf('.');
        var (section, name) = dot < 0 ? (null, path) : (path[..dot], path[(dot + 1)..]);
        if (path == "extends")
            throw new RecipeException($"{where}: error: 'extends' belongs in the recipe's file.");
        var key = Find(section, name, where);
        var isList = key.Section is null && RecipeSchema.ElementType(key.Property.PropertyType) is not null;
        var value = isList ? ListOf(where, text) : new RecipeValue(where, text, null);
        Apply(new RecipeEntry(section, name, where, value));
    }

    private void Apply(RecipeEntry entry)
    {
        var key = Find(entry.Section, entry.Key, entry.Where);
        if (key.Section is not null)
        {
            // A section whose keys are all commented out is empty, and fine.
            if (entry.IsSection || entry.Value.IsEmpty)
                return;
            throw new RecipeException($"{entry.Value.Where}: error: '{entry.Key}' is a section: " +
                $"expected keys such as '{entry.Key}.{key.Section.Keys[0].Name}', found {entry.Value}.");
        }
        if (entry.IsSection)
            throw new RecipeException($"{entry.Where}: error: '{entry.Key}' is a key, not a section: expected a value, found keys below it.");

        var value = RecipeSchema.Convert(entry.Value, key.Property.PropertyType, out var expected)
            ?? throw new RecipeException($"{entry.Value.Where}: error: '{entry.Path}': expected {expected}, found {entry.Value}.");
        var owner = entry.Section is null ? Recipe : _schema.Find(entry.Section)!.Property.GetValue(Recipe)!;
        key.Property.SetValue(owner, value);
        _origins[entry.Path] = entry.Value.Where;
    }

    private RecipeKey Find(string? section, string name, string where)
    {
        var schema = _schema;
        if (section is not null)
        {
            var owner = Find(null, section, where);
            schema = owner.Section
                ?? throw new RecipeException($"{where}: error: '{section}' is a key, not a section: expected a value, found '{section}.{name}'.");
        }
        if (schema.Find(name) is { } key)
            return key;

        var suggestion = Suggestion.DidYouMean(name, schema.Keys.Select(k => k.Name));
        if (suggestion.Length == 0 && _schema.Paths().FirstOrDefault(p => p == name || p.EndsWith($".{name}", StringComparison.Ordinal)) is { } elsewhere)
            suggestion = $" Did you mean '{elsewhere}'?";
        if (suggestion.Length == 0)
            suggestion = $" The keys there are {string.Join(", ", schema.Keys.Select(k => k.Name))}.";
        throw new RecipeException($"{where}: error: unknown key '{name}'{(section is null ? "" : $" in '{section}'")}.{suggestion}");
    }

    private static RecipeValue ListOf(string where, string text)
    {
        if (text is ['[', .., ']'])
            text = text[1..^1];
        var items = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return new RecipeValue(where, null, [.. items.Select(item => new RecipeValue(where, item, null))]);
    }
}
