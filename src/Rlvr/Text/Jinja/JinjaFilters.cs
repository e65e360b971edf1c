using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace Rlvr.Text.Jinja;

/// <summary>The filters of Jinja2, with transformers' tojson. Left out: those that make HTML or random choices.</summary>
internal static partial class JinjaFilters
{
    private delegate object? Filter(object? value, CallArguments arguments, JinjaEvaluator evaluator);

    private static readonly Dictionary<string, Filter> Filters = new(StringComparer.Ordinal)
    {
        ["tojson"] = ToJson,
        ["default"] = Default,
        ["d"] = Default,
        ["string"] = (value, _, _) => Values.ToText(value),
        ["safe"] = (value, _, _) => Values.ToText(value),
        ["trim"] = (value, arguments, _) => PythonText.Trim(Values.ToText(value), arguments.TakeText("chars", null)),
        ["upper"] = (value, _, _) => PythonText.Upper(Values.ToText(value)),
        ["lower"] = (value, _, _) => Values.ToText(value).ToLowerInvariant(),
        ["capitalize"] = (value, _, _) => PythonText.Capitalize(Values.ToText(value)),
        ["title"] = (value, _, _) => WordBeginning().Replace(Values.ToText(value), match => PythonText.Capitalize(match.Value)),
        ["length"] = (value, _, _) => (BigInteger)Values.Length(value),
        ["count"] = (value, _, _) => (BigInteger)Values.Length(value),
        ["wordcount"] = (value, _, _) => (BigInteger)Word().Count(Values.ToText(value)),
        ["escape"] = Escape,
        ["e"] = Escape,
        ["forceescape"] = Escape,
        ["replace"] = (value, arguments, evaluator) => JinjaMethods.Replace(Values.ToText(value), Values.ToText(arguments.Take("old")), Values.ToText(arguments.Take("new")),
            arguments.Take("count", null) is { } count && Values.AsInteger(count) is { } number ? (int)number : -1, evaluator.Budget),
        ["indent"] = Indent,
        ["center"] = (value, arguments, evaluator) => evaluator.Call(JinjaMethods.Attribute(Values.ToText(value), "center", evaluator.Budget),
            new("center", [arguments.Take("width", (BigInteger)80)], new Dictionary<string, object?>())),
        ["format"] = (value, arguments, evaluator) => JinjaOperators.Format(Values.ToText(value), arguments.TakeRest(), evaluator.Budget),
        ["abs"] = (value, _, _) => value is double d ? double.Abs(d) : Values.AsInteger(value) is { } i ? BigInteger.Abs(i) : throw Bad("abs", value),
        ["int"] = ToInteger,
        ["float"] = (value, arguments, _) => value is Undefined ? throw Bad("float", value) : ParseFloat(value) ?? arguments.Take("default", 0.0),
        ["round"] = Round,
        ["list"] = (value, _, evaluator) => new JinjaList(Values.Iterate(value, evaluator.Budget)),
        ["items"] = (value, _, evaluator) => value is Undefined ? new JinjaList([]) : JinjaMethods.Items(value as JinjaDictionary ?? throw Bad("items", value), evaluator.Budget),
        ["first"] = (value, _, evaluator) => Values.Iterate(value, evaluator.Budget) is { Count: > 0 } items ? items[0] : new Undefined("No first item, sequence was empty."),
        ["last"] = (value, _, evaluator) => Values.Iterate(value, evaluator.Budget) is { Count: > 0 } items ? items[^1] : new Undefined("No last item, sequence was empty."),
        ["reverse"] = (value, _, evaluator) => Values.Iterate(value, evaluator.Budget).Reverse().ToList() is var items && value is string ? string.Concat(items) : new JinjaList(items),
        ["join"] = (value, arguments, evaluator) =>
        {
            string separator = Values.ToText(arguments.Take("d", ""));
            Func<object?, object?> item = Attribute(arguments.Take("attribute", null), evaluator);
            return JinjaMethods.Join(separator, Values.Iterate(value, evaluator.Budget).Select(part => Values.ToText(item(part))), evaluator.Budget);
        },
        ["attr"] = (value, arguments, evaluator) => JinjaMethods.Attribute(value, arguments.TakeText("name"), evaluator.Budget),
        ["map"] = Map,
        ["select"] = (value, arguments, evaluator) => Select(value, arguments, evaluator, byAttribute: false, keep: true),
        ["reject"] = (value, arguments, evaluator) => Select(value, arguments, evaluator, byAttribute: false, keep: false),
        ["selectattr"] = (value, arguments, evaluator) => Select(value, arguments, evaluator, byAttribute: true, keep: true),
        ["rejectattr"] = (value, arguments, evaluator) => Select(value, arguments, evaluator, byAttribute: true, keep: false),
        ["sort"] = (value, arguments, evaluator) =>
        {
            bool reverse = arguments.TakeFlag("reverse", false), caseSensitive = arguments.TakeFlag("case_sensitive", false);
            return Sorted(Values.Iterate(value, evaluator.Budget), SortKey(caseSensitive, arguments.Take("attribute", null), evaluator), reverse, evaluator);
        },
        ["dictsort"] = (value, arguments, evaluator) =>
        {
            bool caseSensitive = arguments.TakeFlag("case_sensitive", false), byValue = arguments.TakeText("by", "key") == "value", reverse = arguments.TakeFlag("reverse", false);
            JinjaList items = JinjaMethods.Items(value as JinjaDictionary ?? throw Bad("dictsort", value), evaluator.Budget);
            return Sorted(items.Items, pair => FoldCase(((JinjaList)pair!).Items[byValue ? 1 : 0], caseSensitive), reverse, evaluator);
        },
        ["unique"] = (value, arguments, evaluator) =>
        {
            bool caseSensitive = arguments.TakeFlag("case_sensitive", false);
            Func<object?, object?> key = SortKey(caseSensitive, arguments.Take("attribute", null), evaluator);
            HashSet<object> seen = new(Values.KeyComparer);
            return new JinjaList([.. Values.Iterate(value, evaluator.Budget).Where(item => seen.Add(Values.CheckKey(key(item))))]);
        },
        ["min"] = (value, arguments, evaluator) => Extreme(value, arguments, evaluator, -1),
        ["max"] = (value, arguments, evaluator) => Extreme(value, arguments, evaluator, +1),
        ["sum"] = (value, arguments, evaluator) =>
        {
            Func<object?, object?> item = Attribute(arguments.Take("attribute", null), evaluator);
            return Values.Iterate(value, evaluator.Budget).Aggregate(arguments.Take("start", BigInteger.Zero), (sum, part) => JinjaOperators.Binary("+", sum, item(part), evaluator.Budget));
        },
        ["batch"] = Batch,
        ["slice"] = Slice,
        ["groupby"] = GroupBy,
    };

    /// <summary>Whether there is a filter of that name.</summary>
    public static bool Exists(string name) => Filters.ContainsKey(name);

    public static object? Apply(string name, object? value, CallArguments arguments, JinjaEvaluator evaluator)
    {
        if (!Filters.TryGetValue(name, out Filter? filter)) throw new JinjaException($"there is no filter named '{name}'");
        evaluator.Budget.SpendItems(Values.Size(value) + arguments.Size);
        object? result = filter(value, arguments, evaluator);
        arguments.End();
        if (result is string made) evaluator.Budget.Spend(made.Length);
        return result;
    }

    private static JinjaException Bad(string filter, object? value) =>
        new(value is Undefined undefined ? undefined.Message : $"the filter '{filter}' does not take a {Values.TypeName(value)}");

    private static string ToJson(object? value, CallArguments arguments, JinjaEvaluator evaluator)
    {
        bool asciiOnly = arguments.TakeFlag("ensure_ascii", false);
        object? indent = arguments.Take("indent", null);
        JinjaList? separators = arguments.Take("separators", null) as JinjaList;
        bool sortKeys = arguments.TakeFlag("sort_keys", false);
        string? by = indent is null ? null : indent as string ?? new string(' ', int.Clamp((int)BigInteger.Min(Values.AsInteger(indent) ?? throw Bad("tojson", indent), 1000), 0, 1000));
        string[] used = separators is null ? [by is null ? ", " : ",", ": "] : [.. separators.Items.Select(Values.ToText)];
        if (used.Length != 2) throw new JinjaException("separators are two texts");
        return JinjaJson.Write(value, by, used[0], used[1], sortKeys, asciiOnly);
    }

    private static object? Default(object? value, CallArguments arguments, JinjaEvaluator evaluator)
    {
        object? otherwise = arguments.Take("default_value", "");
        bool whenFalse = arguments.TakeFlag("boolean", false);
        return value is Undefined || (whenFalse && !Values.IsTrue(value)) ? otherwise : value;
    }

    private static string Escape(object? value, CallArguments arguments, JinjaEvaluator evaluator) => Values.ToText(value)
        .Replace("&", "&amp;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace("'", "&#39;", StringComparison.Ordinal).Replace("\"", "&#34;", StringComparison.Ordinal);

    private static string Indent(object? value, CallArguments arguments, JinjaEvaluator evaluator)
    {
        object? width = arguments.Take("width", (BigInteger)4);
        bool first = arguments.TakeFlag("first", false), blank = arguments.TakeFlag("blank", false);
        string by = width as string ?? new string(' ', (int)BigInteger.Max(0, BigInteger.Min(Values.AsInteger(width) ?? throw Bad("indent", width), 1000)));
        List<string> lines = PythonText.Lines(Values.ToText(value) + "\n");
        evaluator.Budget.Spend((long)lines.Count * by.Length);
        return string.Join('\n', lines.Select((line, i) => (i == 0 ? first : blank || line.Length > 0) ? by + line : line));
    }

    private static object? ToInteger(object? value, CallArguments arguments, JinjaEvaluator evaluator)
    {
        object? otherwise = arguments.Take("default", BigInteger.Zero);
        int radix = arguments.TakeInteger("base", 10);
        if (value is Undefined) throw Bad("int", value);
        if (Values.AsInteger(value) is { } integer) return integer;
        if (value is string text)
        {
            string digits = PythonText.Trim(text).Replace("_", "", StringComparison.Ordinal);
            if (digits.Length > 1000) return otherwise;
            if (radix == 10 && BigInteger.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out BigInteger number)) return number;
            if (radix != 10) return ParseRadix(digits, radix) ?? otherwise;
        }
        return ParseFloat(value) is { } real && double.IsFinite(real) ? new BigInteger(double.Truncate(real)) : otherwise;
    }

    private static BigInteger? ParseRadix(string digits, int radix)
    {
        bool negative = digits.StartsWith('-');
        digits = digits.TrimStart('-', '+').ToLowerInvariant();
        if (digits.StartsWith(radix switch { 16 => "0x", 8 => "0o", 2 => "0b", _ => "?" }, StringComparison.Ordinal)) digits = digits[2..];
        BigInteger result = 0;
        foreach (char c in digits)
        {
            int digit = char.IsAsciiDigit(c) ? c - '0' : char.IsAsciiLetterLower(c) ? c - 'a' + 10 : int.MaxValue;
            if (digit >= radix) return null;
            result = result * radix + digit;
        }
        return digits.Length == 0 ? null : negative ? -result : result;
    }

    private static double? ParseFloat(object? value)
    {
        if (Values.IsNumber(value)) return Values.AsFloat(value);
        if (value is not string text) return null;
        return double.TryParse(PythonText.Trim(text).Replace("_", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
            CultureInfo.InvariantCulture, out double number) ? number : null;
    }

    private static object? Round(object? value, CallArguments arguments, JinjaEvaluator evaluator)
    {
        int precision = arguments.TakeInteger("precision", 0);
        string method = arguments.TakeText("method", "common")!;
        if (!Values.IsNumber(value)) throw Bad("round", value);
        double number = Values.AsFloat(value), scale = double.Pow(10, precision);
        if (method == "ceil") return double.Ceiling(number * scale) / scale;
        if (method == "floor") return double.Floor(number * scale) / scale;
        if (method != "common") throw new JinjaException("method must be common, ceil or floor");
        // Python rounds the exact binary value, ties to even, and keeps whole numbers whole.
        if (value is not double) return precision >= 0 ? Values.AsInteger(value) : (object)new BigInteger(double.Round(number * scale) / scale);
        if (precision is < 0 or > 20 || !double.IsFinite(number)) return precision < 0 ? double.Round(number * scale) / scale : number;
        return double.Parse(number.ToString("F" + precision, CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) is var rounded
            && precision == 0 ? double.Round(number, MidpointRounding.ToEven) : rounded;
    }

    // "a.b" and "0" as Jinja2's attribute arguments: items, or attributes, one after the other.
    private static Func<object?, object?> Attribute(object? path, JinjaEvaluator evaluator, bool hasDefault = false, object? otherwise = null)
    {
        if (path is null) return item => item;
        object?[] steps = path is string text ? [.. text.Split('.').Select(step => BigInteger.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out BigInteger index) ? (object)index : step)] : [path];
        return item =>
        {
            foreach (object? step in steps)
            {
                item = JinjaOperators.Item(item, step, evaluator.Budget);
                if (item is Undefined && hasDefault) return otherwise;
            }
            return item;
        };
    }

    private static object? FoldCase(object? value, bool caseSensitive) => !caseSensitive && value is string text ? text.ToLowerInvariant() : value;

    private static Func<object?, object?> SortKey(bool caseSensitive, object? attribute, JinjaEvaluator evaluator)
    {
        Func<object?, object?>[] paths = attribute is string several && several.Contains(',', StringComparison.Ordinal)
            ? [.. several.Split(',').Select(path => Attribute(path, evaluator))] : [Attribute(attribute, evaluator)];
        return paths.Length == 1 ? item => FoldCase(paths[0](item), caseSensitive) : item => new JinjaList([.. paths.Select(path => FoldCase(path(item), caseSensitive))]);
    }

    private static JinjaList Sorted(IReadOnlyList<object?> items, Func<object?, object?> key, bool reverse, JinjaEvaluator evaluator)
    {
        evaluator.Budget.SpendItems(16L * items.Count); // n log n
        // Stable in both directions, as Python's sort.
        Comparer<object?> order = Comparer<object?>.Create((x, y) => Values.Compare(x, y, "<"));
        List<(object? Key, object? Item)> keyed = [.. items.Select(item => (key(item), item))];
        return new([.. (reverse ? keyed.OrderByDescending(entry => entry.Key, order) : keyed.OrderBy(entry => entry.Key, order)).Select(entry => entry.Item)]);
    }

    private static object? Extreme(object? value, CallArguments arguments, JinjaEvaluator evaluator, int sign)
    {
        bool caseSensitive = arguments.TakeFlag("case_sensitive", false);
        Func<object?, object?> key = SortKey(caseSensitive, arguments.Take("attribute", null), evaluator);
        IReadOnlyList<object?> items = Values.Iterate(value, evaluator.Budget);
        if (items.Count == 0) return new Undefined("No aggregated item, sequence was empty.");
        object? best = items[0];
        foreach (object? item in items.Skip(1))
            if (Values.Compare(key(item), key(best), sign < 0 ? "<" : ">") * sign > 0) best = item;
        return best;
    }

    private static JinjaList Map(object? value, CallArguments arguments, JinjaEvaluator evaluator)
    {
        IReadOnlyList<object?> items = IterateIfTrue(value, evaluator);
        if (arguments.Positional.Count == 0 && arguments.Named.TryGetValue("attribute", out object? path))
        {
            bool hasDefault = arguments.Named.ContainsKey("default");
            arguments.Take("attribute", null);
            Func<object?, object?> attribute = Attribute(path, evaluator, hasDefault, arguments.Take("default", null));
            return new JinjaList([.. items.Select(attribute)]);
        }
        string name = arguments.TakeText("filter");
        IReadOnlyList<object?> rest = arguments.TakeRest();
        return new JinjaList([.. items.Select(item => Apply(name, item, new(name, rest, arguments.Named), evaluator))]);
    }

    // Jinja2 takes whatever is false for an empty sequence here: none|selectattr(...) is empty.
    private static IReadOnlyList<object?> IterateIfTrue(object? value, JinjaEvaluator evaluator) => Values.IsTrue(value) ? Values.Iterate(value, evaluator.Budget) : [];

    private static JinjaList Select(object? value, CallArguments arguments, JinjaEvaluator evaluator, bool byAttribute, bool keep)
    {
        IReadOnlyList<object?> items = IterateIfTrue(value, evaluator);
        Func<object?, object?> item = byAttribute ? Attribute(arguments.Take("attr"), evaluator) : part => part;
        string? test = arguments.TakeText("test", null);
        IReadOnlyList<object?> rest = arguments.TakeRest();
        return new JinjaList([.. items.Where(part => (test is null ? Values.IsTrue(item(part)) : JinjaTests.Check(test, item(part), new(test, rest, arguments.Named))) == keep)]);
    }

    private static JinjaList Batch(object? value, CallArguments arguments, JinjaEvaluator evaluator)
    {
        int size = int.Max(1, arguments.TakeInteger("linecount", 1));
        object? fill = arguments.Take("fill_with", null);
        return new JinjaList([.. Values.Iterate(value, evaluator.Budget).Chunk(size).Select(chunk =>
        {
            if (fill is null || chunk.Length == size) return new JinjaList(chunk);
            evaluator.Budget.SpendItems(size);
            return new JinjaList([.. chunk, .. Enumerable.Repeat(fill, size - chunk.Length)]);
        })]);
    }

    private static JinjaList Slice(object? value, CallArguments arguments, JinjaEvaluator evaluator)
    {
        int slices = int.Max(1, arguments.TakeInteger("slices", 1));
        object? fill = arguments.Take("fill_with", null);
        IReadOnlyList<object?> items = Values.Iterate(value, evaluator.Budget);
        evaluator.Budget.SpendItems(slices);
        int per = items.Count / slices, longer = items.Count % slices, at = 0;
        List<object?> result = [];
        for (int i = 0; i < slices; i++)
        {
            int count = per + (i < longer ? 1 : 0);
            List<object?> part = [.. items.Skip(at).Take(count)];
            at += count;
            if (fill is not null && i >= longer) part.Add(fill);
            result.Add(new JinjaList(part));
        }
        return new JinjaList(result);
    }

    private static JinjaList GroupBy(object? value, CallArguments arguments, JinjaEvaluator evaluator)
    {
        object? path = arguments.Take("attribute");
        object? otherwise = arguments.Take("default", null);
        bool caseSensitive = arguments.TakeFlag("case_sensitive", false);
        Func<object?, object?> attribute = Attribute(path, evaluator, otherwise is not null, otherwise);
        JinjaList sorted = Sorted(Values.Iterate(value, evaluator.Budget), item => FoldCase(attribute(item), caseSensitive), reverse: false, evaluator);
        List<object?> groups = [];
        for (int i = 0, end; i < sorted.Items.Count; i = end)
        {
            object? key = FoldCase(attribute(sorted.Items[i]), caseSensitive);
            end = i + 1;
            while (end < sorted.Items.Count && Values.AreEqual(FoldCase(attribute(sorted.Items[end]), caseSensitive), key)) end++;
            JinjaList members = new([.. sorted.Items.Skip(i).Take(end - i)]);
            object? grouper = attribute(sorted.Items[i]);
            groups.Add(new JinjaList([grouper, members], isTuple: true));
        }
        return new JinjaList(groups);
    }

    // A word of title(): Jinja2 splits at white space, hyphens and opening brackets.
    [GeneratedRegex(@"[^-\s({\[<]+")]
    private static partial Regex WordBeginning();

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();
}
