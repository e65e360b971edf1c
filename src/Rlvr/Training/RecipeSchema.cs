using System.Globalization;
using System.Reflection;
using System.Text;

namespace Rlvr.Training;

/// <summary>
/// The keys of a recipe, read off a record: its properties in order, snake_case. A property that is itself a record of settings is
/// a section. Values are text, true/false, numbers, and lists of these.
/// </summary>
internal sealed class RecipeSchema
{
    private RecipeSchema(Type type) =>
        Keys = [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.CanRead && p.CanWrite && p.GetIndexParameters().Length == 0)
            .OrderBy(p => p.MetadataToken) // the order in which they are declared
            .Select(p => new RecipeKey(p, IsSection(p.PropertyType) ? new RecipeSchema(p.PropertyType) : null))];

    public IReadOnlyList<RecipeKey> Keys { get; }

    public static RecipeSchema Of<T>() => Cache<T>.Schema;

    public RecipeKey? Find(string name) => Keys.FirstOrDefault(k => k.Name == name);

    /// <summary>All settings as <c>key</c> or <c>section.key</c>, in order.</summary>
    public IEnumerable<string> Paths() =>
        Keys.SelectMany(k => k.Section is null ? [k.Name] : k.Section.Keys.Select(inner => $"{k.Name}.{inner.Name}"));

    /// <summary>The value at <c>key</c> or <c>section.key</c> of <paramref name="recipe"/>.</summary>
    public object? Get(object recipe, string path)
    {
        var dot = path.IndexOf('.');
        var key = Find(dot < 0 ? path : path[..dot]) ?? throw new ArgumentException($"There is no key '{path}'.", nameof(path));
        var value = key.Property.GetValue(recipe);
        return dot < 0 ? value : key.Section!.Get(value!, path[(dot + 1)..]);
    }

    /// <summary><c>MaxNewTokens</c> becomes <c>max_new_tokens</c>, <c>Beta1</c> becomes <c>beta1</c>.</summary>
    public static string SnakeCase(string name)
    {
        var text = new StringBuilder();
        foreach (var c in name)
        {
            if (char.IsUpper(c) && text.Length > 0)
                text.Append('_');
            text.Append(char.ToLowerInvariant(c));
        }
        return text.ToString();
    }

    /// <summary>The value as an instance of <paramref name="type"/>; null with what was expected when it does not fit.</summary>
    public static object? Convert(RecipeValue value, Type type, out string expected)
    {
        expected = Describe(type);
        if (ElementType(type) is { } element)
            return value.Items is null ? null : ConvertList(value.Items, element);
        if (value.Items is not null || value.IsEmpty)
            return null;
        var text = value.Scalar!;
        const NumberStyles Whole = NumberStyles.AllowLeadingSign;
        if (type == typeof(string))
            return text;
        if (type == typeof(bool))
            return text switch { "true" => true, "false" => false, _ => null };
        if (type == typeof(int))
            return int.TryParse(text, Whole, CultureInfo.InvariantCulture, out var i) ? i : null;
        if (type == typeof(long))
            return long.TryParse(text, Whole, CultureInfo.InvariantCulture, out var l) ? l : null;
        if (type == typeof(ulong))
            return ulong.TryParse(text, Whole, CultureInfo.InvariantCulture, out var u) ? u : null;
        if (type == typeof(double))
            return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var d) && double.IsFinite(d) ? d : null;
        throw new NotSupportedException($"Recipes have no values of type {type.Name}.");
    }

    public static Type? ElementType(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) ? type.GetGenericArguments()[0] : null;

    private static Array? ConvertList(IReadOnlyList<RecipeValue> items, Type element)
    {
        var array = Array.CreateInstance(element, items.Count);
        for (var i = 0; i < items.Count; i++)
        {
            if (Convert(items[i], element, out _) is not { } converted)
                return null;
            array.SetValue(converted, i);
        }
        return array;
    }

    private static bool IsSection(Type type) => type.IsClass && type != typeof(string);

    private static string Describe(Type type) =>
        ElementType(type) is { } element ? $"a list like [a, b], each {Describe(element)}"
        : type == typeof(string) ? "text"
        : type == typeof(bool) ? "true or false"
        : type == typeof(double) ? "a number"
        : type == typeof(ulong) ? "a whole number from 0 to 18446744073709551615"
        : type == typeof(int) ? "a whole number"
        : "a whole number";

    private static class Cache<T>
    {
        public static readonly RecipeSchema Schema = new(typeof(T));
    }
}

/// <summary>One key: a setting, or a section with a schema of its own.</summary>
internal sealed record RecipeKey(PropertyInfo Property, RecipeSchema? Section)
{
    public string Name { get; } = RecipeSchema.SnakeCase(Property.Name);
}
