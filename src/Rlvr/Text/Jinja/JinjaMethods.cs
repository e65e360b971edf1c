using System.Numerics;
using System.Text;

namespace Rlvr.Text.Jinja;

/// <summary>The attributes and methods of values: those of Python that an immutable sandbox allows.</summary>
internal static class JinjaMethods
{
    private delegate object? Method(object value, CallArguments arguments, JinjaBudget budget);

    private static readonly Dictionary<string, Method> TextMethods = new(StringComparer.Ordinal)
    {
        ["upper"] = Text((text, _) => PythonText.Upper(text)),
        ["lower"] = Text((text, _) => text.ToLowerInvariant()),
        ["casefold"] = Text((text, _) => text.ToLowerInvariant().Replace("ß", "ss", StringComparison.Ordinal)),
        ["title"] = Text((text, _) => PythonText.Title(text)),
        ["capitalize"] = Text((text, _) => PythonText.Capitalize(text)),
        ["swapcase"] = Text((text, _) => string.Concat(text.Select(c => char.IsUpper(c) ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c)))),
        ["strip"] = Text((text, arguments) => PythonText.Trim(text, arguments.TakeText("chars", null))),
        ["lstrip"] = Text((text, arguments) => PythonText.TrimStart(text, arguments.TakeText("chars", null))),
        ["rstrip"] = Text((text, arguments) => PythonText.TrimEnd(text, arguments.TakeText("chars", null))),
        ["split"] = Text((text, arguments) => List(PythonText.Split(text, arguments.TakeText("sep", null), arguments.TakeInteger("maxsplit", -1)))),
        ["rsplit"] = Text((text, arguments) => List(PythonText.SplitFromEnd(text, arguments.TakeText("sep", null), arguments.TakeInteger("maxsplit", -1)))),
        ["splitlines"] = Text((text, arguments) => List(PythonText.Lines(text, arguments.TakeFlag("keepends", false)))),
        ["partition"] = Text((text, arguments) => Partition(text, arguments.TakeText("sep"), fromEnd: false)),
        ["rpartition"] = Text((text, arguments) => Partition(text, arguments.TakeText("sep"), fromEnd: true)),
        ["startswith"] = Text((text, arguments) => Any(arguments.Take("prefix"), part => text.StartsWith(part, StringComparison.Ordinal))),
        ["endswith"] = Text((text, arguments) => Any(arguments.Take("suffix"), part => text.EndsWith(part, StringComparison.Ordinal))),
        ["removeprefix"] = Text((text, arguments) => arguments.TakeText("prefix") is var part && text.StartsWith(part, StringComparison.Ordinal) ? text[part.Length..] : text),
        ["removesuffix"] = Text((text, arguments) => arguments.TakeText("suffix") is var part && text.EndsWith(part, StringComparison.Ordinal) ? text[..^part.Length] : text),
        ["find"] = Text((text, arguments) => (BigInteger)Find(text, arguments, fromEnd: false)),
        ["rfind"] = Text((text, arguments) => (BigInteger)Find(text, arguments, fromEnd: true)),
        ["index"] = Text((text, arguments) => (BigInteger)(Find(text, arguments, fromEnd: false) is >= 0 and int at ? at : throw new JinjaException("substring not found"))),
        ["count"] = Text((text, arguments) => arguments.TakeText("sub") is { Length: > 0 } part ? (BigInteger)(text.Split(part).Length - 1) : PythonText.Length(text) + 1),
        ["isdigit"] = Text((text, _) => All(text, char.IsDigit)),
        ["isnumeric"] = Text((text, _) => All(text, char.IsNumber)),
        ["isdecimal"] = Text((text, _) => All(text, char.IsDigit)),
        ["isalpha"] = Text((text, _) => All(text, char.IsLetter)),
        ["isalnum"] = Text((text, _) => All(text, c => char.IsLetter(c) || char.IsNumber(c))),
        ["isspace"] = Text((text, _) => PythonText.IsSpace(text)),
        ["isupper"] = Text((text, _) => text.Any(char.IsUpper) && !text.Any(char.IsLower)),
        ["islower"] = Text((text, _) => text.Any(char.IsLower) && !text.Any(char.IsUpper)),
        ["replace"] = (value, arguments, budget) => Replace((string)value, arguments.TakeText("old"), arguments.TakeText("new"), arguments.TakeInteger("count", -1), budget),
        ["join"] = (value, arguments, budget) => Join((string)value, Values.Iterate(arguments.Take("iterable"), budget).Select((item, i) =>
            item as string ?? throw new JinjaException($"sequence item {i}: expected str instance, {Values.TypeName(item)} found")), budget),
        ["zfill"] = (value, arguments, budget) => Pad((string)value, arguments, budget, (text, width, _) =>
            text.Length > 0 && text[0] is '-' or '+' ? text[0] + text[1..].PadLeft(width - 1, '0') : text.PadLeft(width, '0'), withFill: false),
        ["ljust"] = (value, arguments, budget) => Pad((string)value, arguments, budget, (text, width, fill) => text.PadRight(width, fill)),
        ["rjust"] = (value, arguments, budget) => Pad((string)value, arguments, budget, (text, width, fill) => text.PadLeft(width, fill)),
        ["center"] = (value, arguments, budget) => Pad((string)value, arguments, budget, (text, width, fill) =>
            text.PadLeft(text.Length + (width - text.Length) / 2 + ((width - text.Length) & width & 1), fill).PadRight(width, fill)),
    };

    private static readonly Dictionary<string, Method> DictionaryMethods = new(StringComparer.Ordinal)
    {
        ["keys"] = (value, _, _) => new JinjaList([.. ((JinjaDictionary)value).Items.Keys]),
        ["values"] = (value, _, _) => new JinjaList([.. ((JinjaDictionary)value).Items.Values]),
        ["items"] = (value, _, budget) => Items((JinjaDictionary)value, budget),
        ["get"] = (value, arguments, _) =>
        {
            object? key = arguments.Take("key"), otherwise = arguments.Take("default", null);
            return key is not null && ((JinjaDictionary)value).Items.TryGetValue(Values.CheckKey(key), out object? item) ? item : otherwise;
        },
        ["copy"] = (value, _, _) => value,
        ["update"] = Refuse,
        ["pop"] = Refuse,
        ["popitem"] = Refuse,
        ["setdefault"] = Refuse,
        ["clear"] = Refuse,
    };

    private static readonly Dictionary<string, Method> ListMethods = new(StringComparer.Ordinal)
    {
        ["count"] = (value, arguments, _) => arguments.Take("value") is var item ? (BigInteger)((JinjaList)value).Items.Count(other => Values.AreEqual(item, other)) : null,
        ["index"] = (value, arguments, _) =>
        {
            object? item = arguments.Take("value");
            IReadOnlyList<object?> items = ((JinjaList)value).Items;
            for (int i = 0; i < items.Count; i++)
                if (Values.AreEqual(items[i], item)) return (BigInteger)i;
            throw new JinjaException($"{Values.Represent(item)} is not in list");
        },
        ["copy"] = (value, _, _) => value,
        ["append"] = Refuse,
        ["extend"] = Refuse,
        ["insert"] = Refuse,
        ["pop"] = Refuse,
        ["remove"] = Refuse,
        ["clear"] = Refuse,
        ["sort"] = Refuse,
        ["reverse"] = Refuse,
    };

    /// <summary>An attribute or method; Undefined where there is none.</summary>
    public static object? Attribute(object? value, string name, JinjaBudget budget)
    {
        Dictionary<string, Method>? methods = value switch { string => TextMethods, JinjaDictionary => DictionaryMethods, JinjaList => ListMethods, _ => null };
        if (methods is not null && methods.TryGetValue(name, out Method? method))
        {
            return new JinjaFunction(name, arguments =>
            {
                budget.SpendItems(Values.Size(value));
                object? result = method(value!, arguments, budget);
                arguments.End();
                return result;
            });
        }
        return value switch
        {
            JinjaNamespace space when space.Attributes.TryGetValue(name, out object? attribute) => attribute,
            JinjaObject o => o.Attribute(name),
            _ => new Undefined($"'{JinjaOperators.Describe(value)}' has no attribute '{name}'"),
        };
    }

    /// <summary>The (key, value) pairs of a dictionary.</summary>
    public static JinjaList Items(JinjaDictionary dictionary, JinjaBudget budget)
    {
        budget.SpendItems(dictionary.Items.Count);
        return new([.. dictionary.Items.Select(entry => new JinjaList([entry.Key, entry.Value], isTuple: true))]);
    }

    public static string Replace(string text, string old, string with, int count, JinjaBudget budget)
    {
        if (count < 0) count = int.MaxValue;
        StringBuilder result = new();
        int at = 0;
        while (count-- > 0)
        {
            int found = old.Length > 0 ? text.IndexOf(old, at, StringComparison.Ordinal) : at;
            if (found < 0) break;
            budget.Spend(found - at + with.Length);
            result.Append(text, at, found - at).Append(with);
            if (old.Length == 0)
            {
                if (at >= text.Length) return result.ToString();
                result.Append(text[at]);
                found++;
            }
            at = found + old.Length;
        }
        budget.Spend(result.Length);
        return result.Append(text, at, text.Length - at).ToString();
    }

    public static string Join(string separator, IEnumerable<string> parts, JinjaBudget budget)
    {
        StringBuilder result = new();
        bool first = true;
        foreach (string part in parts)
        {
            budget.Spend(part.Length + separator.Length);
            if (!first) result.Append(separator);
            first = false;
            result.Append(part);
        }
        budget.Spend(result.Length);
        return result.ToString();
    }

    private static Method Text(Func<string, CallArguments, object?> method) => (value, arguments, _) => method((string)value, arguments);

    private static JinjaList List(IEnumerable<string> items) => new([.. items]);

    private static object? Refuse(object value, CallArguments arguments, JinjaBudget budget) =>
        throw new JinjaException($"{arguments.Function}() would change a {Values.TypeName(value)}, which templates may not");

    private static bool All(string text, Func<char, bool> condition) => text.Length > 0 && text.All(condition);

    private static bool Any(object? parts, Func<string, bool> condition) => parts is JinjaList list ? list.Items.Any(part => Any(part, condition))
        : condition(parts as string ?? throw new JinjaException($"expected a text or a tuple of texts, found {Values.TypeName(parts)}"));

    private static JinjaList Partition(string text, string separator, bool fromEnd)
    {
        int at = fromEnd ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        string[] parts = at >= 0 ? [text[..at], separator, text[(at + separator.Length)..]] : fromEnd ? ["", "", text] : [text, "", ""];
        return new([.. parts], isTuple: true);
    }

    private static int Find(string text, CallArguments arguments, bool fromEnd)
    {
        string part = arguments.TakeText("sub");
        int at = fromEnd ? text.LastIndexOf(part, StringComparison.Ordinal) : text.IndexOf(part, StringComparison.Ordinal);
        return at < 0 ? at : PythonText.Length(text[..at]);
    }

    private static string Pad(string text, CallArguments arguments, JinjaBudget budget, Func<string, int, char, string> pad, bool withFill = true)
    {
        int width = arguments.TakeInteger("width", 0);
        string fill = withFill ? arguments.TakeText("fillchar", " ")! : "0";
        if (fill.Length != 1) throw new JinjaException("The fill character must be exactly one character long");
        budget.Spend(width);
        int units = width + text.Length - PythonText.Length(text);
        return units <= text.Length ? text : pad(text, units, fill[0]);
    }
}
