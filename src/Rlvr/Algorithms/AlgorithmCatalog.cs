using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;

namespace Rlvr.Algorithms;

/// <summary>
/// Algorithms by name. Each is a record, and its parameters are those of its constructor, each with a default and perhaps a range
/// (<see cref="RangeAttribute"/>). A recipe sets some of them in a list of texts, <c>[bound=4, clip_high=0.3]</c>, by their names in snake_case.
/// So a new algorithm is a record and one entry here, whatever parameters it has.
/// </summary>
/// <typeparam name="T">What the algorithms have in common.</typeparam>
internal sealed class AlgorithmCatalog<T> where T : class
{
    private readonly SortedDictionary<string, ConstructorInfo> constructors = new(StringComparer.Ordinal);
    private readonly string key, parametersKey, what;

    /// <param name="what">What such an algorithm is called in messages.</param>
    /// <param name="key">The recipe's key for the name.</param>
    /// <param name="parametersKey">The recipe's key for the parameters.</param>
    /// <param name="types">Names and records.</param>
    public AlgorithmCatalog(string what, string key, string parametersKey, IReadOnlyDictionary<string, Type> types)
    {
        (this.what, this.key, this.parametersKey) = (what, key, parametersKey);
        foreach ((string name, Type type) in types) constructors.Add(name, type.GetConstructors().Single());
    }

    /// <summary>All names.</summary>
    public IReadOnlyCollection<string> Names => constructors.Keys;

    /// <summary>Makes the algorithm of a name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="parameters">Parameters as <c>name=value</c>; those that are left out have their defaults.</param>
    /// <param name="given">Parameters that have recipe keys of their own, by their names in snake_case.</param>
    /// <exception cref="RlvrException">A name is unknown, or a value is not of its type or out of its range.</exception>
    public T Create(string name, IReadOnlyList<string> parameters, IReadOnlyDictionary<string, double>? given = null)
    {
        ParameterInfo[] all = Constructor(name).GetParameters();
        object?[] values = [.. all.Select(p => given is not null && given.TryGetValue(Name(p), out double value) ? value : p.DefaultValue)];
        bool[] set = new bool[all.Length];
        foreach (string text in parameters)
        {
            int equals = text.IndexOf('=');
            if (equals <= 0) throw new RlvrException($"{parametersKey}: '{text}' is no parameter; expected name=value, such as {Example(all)}");
            string parameter = text[..equals].Trim();
            int index = Array.FindIndex(all, p => Name(p) == parameter);
            if (given is not null && given.ContainsKey(parameter)) throw new RlvrException($"{parametersKey}: '{parameter}' of '{name}' has a key of its own: set loss.{parameter}");
            if (index < 0) throw new RlvrException($"{parametersKey}: '{name}' has no parameter '{parameter}'.{Known(all, given)}{Suggestion.DidYouMean(parameter, all.Select(Name))}");
            if (set[index]) throw new RlvrException($"{parametersKey}: '{parameter}' is set twice");
            (values[index], set[index]) = (Convert(text[(equals + 1)..].Trim(), all[index]), true);
        }
        for (int i = 0; i < all.Length; i++) CheckRange(name, all[i], values[i]);
        return (T)Constructor(name).Invoke(values);
    }

    /// <summary>The parameters of an algorithm with their defaults, as a recipe would write them.</summary>
    public IReadOnlyList<string> Parameters(string name) => [.. Constructor(name).GetParameters().Select(p => $"{Name(p)}={Text(p.DefaultValue)}")];

    private ConstructorInfo Constructor(string name) => constructors.TryGetValue(name, out ConstructorInfo? constructor) ? constructor
        : throw new RlvrException($"{key}: unknown {what} '{name}'; expected one of {string.Join(", ", Names)}.{Suggestion.DidYouMean(name, Names)}");

    private object Convert(string text, ParameterInfo parameter)
    {
        Type type = parameter.ParameterType;
        object? value =
            type == typeof(double) ? (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double d) && double.IsFinite(d) ? d : null)
            : type == typeof(bool) ? (text switch { "true" => true, "false" => (object)false, _ => null })
            : Enum.GetValues(type).Cast<object>().FirstOrDefault(v => Text(v) == text);
        return value ?? throw new RlvrException($"{parametersKey}: '{Name(parameter)}': expected {Expected(type)}, found '{text}'");
    }

    private void CheckRange(string name, ParameterInfo parameter, object? value)
    {
        if (parameter.GetCustomAttribute<RangeAttribute>() is not { } range || range.IsValid(value)) return;
        (double low, double high) = ((double)range.Minimum, (double)range.Maximum);
        string bounds = double.IsInfinity(high) ? $"{(range.MinimumIsExclusive ? "above" : "at least")} {Text(low)}"
            : $"{(range.MinimumIsExclusive ? "above" : "from")} {Text(low)} to {Text(high)}";
        throw new RlvrException($"{parametersKey}: '{Name(parameter)}' of '{name}' must be {bounds}; found {Text(value)}");
    }

    private static string Known(ParameterInfo[] all, IReadOnlyDictionary<string, double>? given)
    {
        string[] names = [.. all.Select(Name).Where(n => given?.ContainsKey(n) != true)];
        return names.Length == 0 ? " It has none." : $" It has {string.Join(", ", names)}.";
    }

    private static string Example(ParameterInfo[] all) => all.Length == 0 ? "bound=4" : $"{Name(all[^1])}={Text(all[^1].DefaultValue)}";

    private static string Expected(Type type) =>
        type == typeof(double) ? "a number" : type == typeof(bool) ? "true or false" : string.Join(" or ", Enum.GetValues(type).Cast<object>().Select(Text));

    private static string Name(ParameterInfo parameter) => Snake(parameter.Name!);

    private static string Text(object? value) => value switch
    {
        double number => number.ToString(CultureInfo.InvariantCulture),
        bool flag => flag ? "true" : "false",
        _ => Snake(value!.ToString()!),
    };

    private static string Snake(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) && i > 0 ? $"_{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));
}
