using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Rlvr.Text.Jinja;

// The values of a template are Python's: null (None), bool, BigInteger (int), double (float), string, and these types.

/// <summary>What a name or attribute that is not there stands for: empty when printed, an error when used.</summary>
internal sealed class Undefined(string message)
{
    public string Message { get; } = message;
}

/// <summary>A list or tuple. Templates cannot change them (transformers renders in an immutable sandbox).</summary>
internal sealed class JinjaList(IReadOnlyList<object?> items, bool isTuple = false)
{
    public IReadOnlyList<object?> Items { get; } = items;

    public bool IsTuple { get; } = isTuple;

    /// <summary>See <see cref="Values.Size"/>; 0 until it is known.</summary>
    public long Size { get; set; }
}

/// <summary>A dictionary in the order of insertion.</summary>
internal sealed class JinjaDictionary
{
    /// <summary>The entries; keys are texts, numbers or tuples of those.</summary>
    public OrderedDictionary<object, object?> Items { get; } = new(Values.KeyComparer);

    /// <summary>See <see cref="Values.Size"/>; 0 until it is known.</summary>
    public long Size { get; set; }
}

/// <summary>What <c>namespace(...)</c> makes: attributes that a loop's body can assign.</summary>
internal sealed class JinjaNamespace
{
    public Dictionary<string, object?> Attributes { get; } = new(StringComparer.Ordinal);
}

/// <summary>An object with attributes that are computed: <c>loop</c>, <c>cycler(...)</c>.</summary>
internal sealed class JinjaObject(string name, Func<string, object?> attribute, Func<CallArguments, object?>? call = null)
{
    public string Name { get; } = name;

    /// <summary>The value of an attribute; Undefined where there is none.</summary>
    public Func<string, object?> Attribute { get; } = attribute;

    public Func<CallArguments, object?>? Call { get; } = call;
}

/// <summary>A function or method.</summary>
internal sealed class JinjaFunction(string name, Func<CallArguments, object?> call)
{
    public string Name { get; } = name;

    public Func<CallArguments, object?> Call { get; } = call;
}

/// <summary>What Python does with values: truth, equality, order, text.</summary>
internal static class Values
{
    public static IEqualityComparer<object> KeyComparer { get; } = new Keys();

    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool b => b,
        BigInteger i => !i.IsZero,
        double d => d != 0,
        string s => s.Length > 0,
        JinjaList list => list.Items.Count > 0,
        JinjaDictionary dictionary => dictionary.Items.Count > 0,
        _ => true,
    };

    /// <summary>
    /// How much there is to read in a value, with everything in it: the work of comparing or writing it. Lists share their
    /// items, so this grows exponentially where [x, x] is nested; it stops far above any budget.
    /// </summary>
    public static long Size(object? value)
    {
        const long Most = 1L << 40;
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (value)
        {
            case string text:
                return 1 + text.Length / 16;
            case JinjaList list:
                if (list.Size == 0) list.Size = list.Items.Aggregate(1L, (sum, item) => long.Min(Most, sum + Size(item)));
                return list.Size;
            case JinjaDictionary dictionary:
                if (dictionary.Size == 0) dictionary.Size = dictionary.Items.Aggregate(1L, (sum, entry) => long.Min(Most, sum + Size(entry.Key) + Size(entry.Value)));
                return dictionary.Size;
            default:
                return 1;
        }
    }

    /// <summary>The name of a type in messages, as Python's.</summary>
    public static string TypeName(object? value) => value switch
    {
        null => "NoneType",
        Undefined => "Undefined",
        bool => "bool",
        BigInteger => "int",
        double => "float",
        string => "str",
        JinjaList list => list.IsTuple ? "tuple" : "list",
        JinjaDictionary => "dict",
        JinjaNamespace => "Namespace",
        JinjaObject o => o.Name,
        _ => "function",
    };

    public static bool IsNumber(object? value) => value is bool or BigInteger or double;

    /// <summary>A bool or int as an integer.</summary>
    public static BigInteger? AsInteger(object? value) => value switch { bool b => b ? 1 : 0, BigInteger i => i, _ => null };

    public static double AsFloat(object? value) => value is double d ? d : (double)AsInteger(value)!.Value;

    public static bool AreEqual(object? x, object? y)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (IsNumber(x) && IsNumber(y)) return x is double || y is double ? AsFloat(x) == AsFloat(y) : AsInteger(x) == AsInteger(y);
        return (x, y) switch
        {
            (null, null) => true,
            (Undefined, Undefined) => true,
            (string a, string b) => string.Equals(a, b, StringComparison.Ordinal),
            (JinjaList a, JinjaList b) => a.IsTuple == b.IsTuple && a.Items.Count == b.Items.Count && a.Items.Zip(b.Items).All(pair => AreEqual(pair.First, pair.Second)),
            (JinjaDictionary a, JinjaDictionary b) => a.Items.Count == b.Items.Count && a.Items.All(entry => b.Items.TryGetValue(entry.Key, out object? other) && AreEqual(entry.Value, other)),
            _ => ReferenceEquals(x, y),
        };
    }

    /// <summary>Negative, zero or positive as Python orders x and y; an error where it does not.</summary>
    public static int Compare(object? x, object? y, string op)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (IsNumber(x) && IsNumber(y)) return x is double || y is double ? AsFloat(x).CompareTo(AsFloat(y)) : AsInteger(x)!.Value.CompareTo(AsInteger(y)!.Value);
        if (x is string a && y is string b) return CompareCodePoints(a, b);
        if (x is JinjaList left && y is JinjaList right && left.IsTuple == right.IsTuple)
        {
            for (int i = 0; i < int.Min(left.Items.Count, right.Items.Count); i++)
                if (!AreEqual(left.Items[i], right.Items[i])) return Compare(left.Items[i], right.Items[i], op);
            return left.Items.Count.CompareTo(right.Items.Count);
        }
        if ((x as Undefined ?? y as Undefined) is { } undefined) throw new JinjaException(undefined.Message);
        throw new JinjaException($"'{op}' not supported between instances of '{TypeName(x)}' and '{TypeName(y)}'");
    }

    // UTF-16 puts surrogates below U+E000; code points beyond the BMP are the largest.
    private static int CompareCodePoints(string a, string b)
    {
        int i = a.AsSpan().CommonPrefixLength(b);
        if (i == a.Length || i == b.Length) return a.Length.CompareTo(b.Length);
        char x = a[i], y = b[i];
        return char.IsSurrogate(x) != char.IsSurrogate(y) ? (char.IsSurrogate(x) ? 1 : -1) : x.CompareTo(y);
    }

    /// <summary>str(value).</summary>
    public static string ToText(object? value) => value is string text ? text : value is Undefined ? "" : Represent(value);

    /// <summary>repr(value).</summary>
    public static string Represent(object? value)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (value)
        {
            case null: return "None";
            case Undefined: return "Undefined";
            case bool b: return b ? "True" : "False";
            case BigInteger i: return i.ToString(CultureInfo.InvariantCulture);
            case double d: return PythonText.Float(d);
            case string s: return PythonText.Quote(s);
            case JinjaList { IsTuple: true } tuple:
                return tuple.Items.Count == 1 ? $"({Represent(tuple.Items[0])},)" : "(" + string.Join(", ", tuple.Items.Select(Represent)) + ")";
            case JinjaList list: return "[" + string.Join(", ", list.Items.Select(Represent)) + "]";
            case JinjaDictionary dictionary:
                return "{" + string.Join(", ", dictionary.Items.Select(entry => Represent(entry.Key) + ": " + Represent(entry.Value))) + "}";
            default: return $"<{TypeName(value)}>";
        }
    }

    /// <summary>The items that a loop or filter sees.</summary>
    public static IReadOnlyList<object?> Iterate(object? value) => value switch
    {
        Undefined => [],
        JinjaList list => list.Items,
        JinjaDictionary dictionary => [.. dictionary.Items.Keys],
        string text => PythonText.CodePoints(text),
        _ => throw new JinjaException($"'{TypeName(value)}' object is not iterable"),
    };

    /// <summary>The items that a loop or filter sees, within a budget: each character of a text becomes a text.</summary>
    public static IReadOnlyList<object?> Iterate(object? value, JinjaBudget budget)
    {
        if (value is string text) budget.SpendItems(text.Length);
        return Iterate(value);
    }

    /// <summary>len(value).</summary>
    public static int Length(object? value) => value switch
    {
        Undefined => 0,
        string text => PythonText.Length(text),
        JinjaList list => list.Items.Count,
        JinjaDictionary dictionary => dictionary.Items.Count,
        _ => throw new JinjaException($"object of type '{TypeName(value)}' has no len()"),
    };

    /// <summary>item in container.</summary>
    public static bool Contains(object? container, object? item) => (container, item) switch
    {
        (string text, string part) => text.Contains(part, StringComparison.Ordinal),
        (string, Undefined undefined) => throw new JinjaException(undefined.Message),
        (string, _) => throw new JinjaException($"'in <string>' requires string as left operand, not {TypeName(item)}"),
        (JinjaDictionary, null or Undefined) => false,
        (JinjaDictionary dictionary, _) => dictionary.Items.ContainsKey(CheckKey(item)),
        _ => Iterate(container).Any(other => AreEqual(other, item)),
    };

    /// <summary>A value that may be a key of a dictionary.</summary>
    public static object CheckKey(object? key) => key switch
    {
        bool or BigInteger or double or string => key,
        JinjaList { IsTuple: true } tuple when tuple.Items.All(item => CheckKey(item) is not null) => tuple,
        _ => throw new JinjaException($"a key of type '{TypeName(key)}' is not supported"),
    };

    private sealed class Keys : IEqualityComparer<object>
    {
        bool IEqualityComparer<object>.Equals(object? x, object? y) => AreEqual(x, y);

        int IEqualityComparer<object>.GetHashCode(object key) => key switch
        {
            string text => string.GetHashCode(text, StringComparison.Ordinal),
            JinjaList list => list.Items.Aggregate(0, (hash, item) => HashCode.Combine(hash, KeyComparer.GetHashCode(item!))),
            _ => AsFloat(key).GetHashCode(),
        };
    }
}
