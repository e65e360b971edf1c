using System.Globalization;
using System.Numerics;
using System.Text;

namespace Rlvr.Text.Jinja;

/// <summary>Python's operators, subscripts and slices.</summary>
internal static class JinjaOperators
{
    // A number of more bits can only be an attempt to fill memory.
    private const int MaxBits = 4096;

    public static object? Binary(string op, object? x, object? y, JinjaBudget budget)
    {
        if ((x as Undefined ?? y as Undefined) is { } undefined && op != "~") throw new JinjaException(undefined.Message);
        if (op is "~" or "%") budget.SpendItems(Values.Size(x) + Values.Size(y));
        switch (op)
        {
            case "~":
                return Concatenate(Values.ToText(x), Values.ToText(y), budget);
            case "+" when x is string a && y is string b:
                return Concatenate(a, b, budget);
            case "+" when x is JinjaList a && y is JinjaList b && a.IsTuple == b.IsTuple:
                budget.SpendItems((long)a.Items.Count + b.Items.Count);
                return new JinjaList([.. a.Items, .. b.Items], a.IsTuple);
            case "*" when x is string or JinjaList && Values.AsInteger(y) is { } times:
                return Repeat(x, times, budget);
            case "*" when y is string or JinjaList && Values.AsInteger(x) is { } times:
                return Repeat(y, times, budget);
            case "%" when x is string format:
                return Format(format, y is JinjaList { IsTuple: true } tuple ? tuple.Items : [y], budget);
        }
        if (!Values.IsNumber(x) || !Values.IsNumber(y)) throw new JinjaException($"unsupported operand type(s) for {op}: '{Values.TypeName(x)}' and '{Values.TypeName(y)}'");
        if (op is "/" or "//" or "%" && Values.AsFloat(y) == 0) throw new JinjaException("division by zero");
        if (x is not double && y is not double && op != "/") return Integers(op, Values.AsInteger(x)!.Value, Values.AsInteger(y)!.Value);
        double p = Values.AsFloat(x), q = Values.AsFloat(y);
        return op switch
        {
            "+" => p + q,
            "-" => p - q,
            "*" => p * q,
            "/" => p / q,
            "//" => double.Floor(p / q),
            "%" => p - q * double.Floor(p / q),
            _ => double.Pow(p, q),
        };
    }

    private static object Integers(string op, BigInteger x, BigInteger y)
    {
        switch (op)
        {
            case "//":
            case "%":
                BigInteger quotient = BigInteger.DivRem(x, y, out BigInteger remainder);
                bool down = !remainder.IsZero && (remainder.Sign < 0) != (y.Sign < 0); // Python rounds towards minus infinity
                return op == "//" ? (down ? quotient - 1 : quotient) : down ? remainder + y : remainder;
            case "**" when y.Sign < 0:
                return double.Pow((double)x, (double)y);
            case "**":
                if (y > MaxBits || x.GetBitLength() * (long)y > MaxBits) throw new JinjaException("a number is too large");
                return BigInteger.Pow(x, (int)y);
        }
        BigInteger result = op switch { "+" => x + y, "-" => x - y, _ => x * y };
        return result.GetBitLength() <= MaxBits ? result : throw new JinjaException("a number is too large");
    }

    private static string Concatenate(string a, string b, JinjaBudget budget)
    {
        budget.Spend((long)a.Length + b.Length);
        return a + b;
    }

    private static object Repeat(object sequence, BigInteger times, JinjaBudget budget)
    {
        int length = sequence is string text ? text.Length : ((JinjaList)sequence).Items.Count;
        int count = times.Sign <= 0 || length == 0 ? 0 : (int)BigInteger.Min(times, int.MaxValue);
        if (sequence is string) budget.Spend((long)length * count);
        else budget.SpendItems((long)length * count);
        if (sequence is string repeated) return new StringBuilder(length * count).Insert(0, repeated, count).ToString();
        JinjaList list = (JinjaList)sequence;
        return new JinjaList([.. Enumerable.Repeat(list.Items, count).SelectMany(items => items)], list.IsTuple);
    }

    public static object? Unary(string op, object? value) => (op, value) switch
    {
        (_, Undefined undefined) => throw new JinjaException(undefined.Message),
        ("-", double d) => -d,
        ("+", double d) => d,
        _ when Values.AsInteger(value) is { } i => op == "-" ? -i : i,
        _ => throw new JinjaException($"bad operand type for unary {op}: '{Values.TypeName(value)}'"),
    };

    /// <summary>value[index]; Undefined where there is no such item.</summary>
    public static object? Item(object? value, object? index, JinjaBudget budget)
    {
        if (value is Undefined undefined) throw new JinjaException(undefined.Message);
        budget.SpendItems(Values.Size(index));
        if (index is Undefined undefinedIndex) return new Undefined(undefinedIndex.Message);
        if (value is JinjaDictionary dictionary && index is not null && dictionary.Items.TryGetValue(Values.CheckKey(index), out object? item)) return item;
        if (value is JinjaList or string && Values.AsInteger(index) is { } position)
        {
            IReadOnlyList<object?> items = Values.Iterate(value, budget);
            if (position.Sign < 0) position += items.Count;
            if (position.Sign >= 0 && position < items.Count) return items[(int)position];
        }
        else if (index is string name)
        {
            return JinjaMethods.Attribute(value, name, budget);
        }
        return new Undefined($"'{Describe(value)}' has no element {Values.Represent(index)}");
    }

    /// <summary>value.name; a method before an item, as Jinja2 looks them up.</summary>
    public static object? Attribute(object? value, string name, JinjaBudget budget)
    {
        if (value is Undefined undefined) throw new JinjaException(undefined.Message);
        object? attribute = JinjaMethods.Attribute(value, name, budget);
        return attribute is Undefined && value is JinjaDictionary dictionary && dictionary.Items.TryGetValue(name, out object? item) ? item : attribute;
    }

    public static string Describe(object? value) => value is null ? "None" : Values.TypeName(value) + " object";

    /// <summary>value[start:stop:step].</summary>
    public static object Slice(object? value, object? start, object? stop, object? step, JinjaBudget budget)
    {
        if (value is Undefined undefined) throw new JinjaException(undefined.Message);
        if (value is not (string or JinjaList)) throw new JinjaException($"'{Describe(value)}' cannot be sliced");
        IReadOnlyList<object?> items = Values.Iterate(value, budget);
        budget.SpendItems(items.Count);
        int by = Bound(step) ?? 1;
        if (by == 0) throw new JinjaException("slice step cannot be zero");
        int low = by > 0 ? 0 : -1, high = by > 0 ? items.Count : items.Count - 1;
        int from = Clamp(Bound(start), by > 0 ? low : high), to = Clamp(Bound(stop), by > 0 ? high : low);
        List<object?> result = [];
        for (long i = from; by > 0 ? i < to : i > to; i += by) result.Add(items[(int)i]);
        return value is string ? string.Concat(result) : new JinjaList(result, ((JinjaList)value).IsTuple);

        int? Bound(object? bound) => bound is null ? null : Values.AsInteger(bound) is { } number
            ? (int)BigInteger.Max(int.MinValue / 2, BigInteger.Min(int.MaxValue / 2, number)) : throw new JinjaException("slice indices must be integers or None");

        int Clamp(int? bound, int otherwise) => bound is not { } at ? otherwise : int.Clamp(at < 0 ? at + items.Count : at, low, high);
    }

    /// <summary>Python's old formatting: format % values.</summary>
    public static string Format(string format, IReadOnlyList<object?> values, JinjaBudget budget)
    {
        StringBuilder result = new();
        int next = 0;
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                result.Append(format[i]);
                continue;
            }
            int begin = ++i;
            while (i < format.Length && "-+ 0#".Contains(format[i], StringComparison.Ordinal)) i++;
            string flags = format[begin..i];
            int width = Number(ref i) ?? 0;
            int? precision = null;
            if (i < format.Length && format[i] == '.')
            {
                i++;
                precision = Number(ref i) ?? 0;
            }
            if (i >= format.Length) throw new JinjaException("incomplete format");
            if (format[i] == '%')
            {
                result.Append('%');
                continue;
            }
            if (next >= values.Count) throw new JinjaException("not enough arguments for format string");
            string text = FormatOne(format[i], values[next++], flags, precision);
            bool numeric = format[i] is not ('s' or 'r');
            if (text.Length < width)
            {
                int sign = text.Length > 0 && text[0] is '-' or '+' or ' ' ? 1 : 0;
                text = flags.Contains('-', StringComparison.Ordinal) ? text.PadRight(width)
                    : numeric && flags.Contains('0', StringComparison.Ordinal) ? text[..sign] + text[sign..].PadLeft(width - sign, '0') : text.PadLeft(width);
            }
            budget.Spend(text.Length);
            result.Append(text);
        }
        if (next < values.Count && values is not [JinjaDictionary or JinjaList { IsTuple: false }]) throw new JinjaException("not all arguments converted during string formatting");
        return result.ToString();

        int? Number(ref int at)
        {
            int first = at;
            while (at < format.Length && char.IsAsciiDigit(format[at])) at++;
            return at == first ? null : int.TryParse(format.AsSpan(first, at - first), CultureInfo.InvariantCulture, out int number) && number <= 10_000
                ? number : throw new JinjaException("a width in a format string is too large");
        }
    }

    private static string FormatOne(char kind, object? value, string flags, int? precision)
    {
        if (kind is 's' or 'r')
        {
            string text = kind == 's' ? Values.ToText(value) : Values.Represent(value);
            return precision is { } most && most < text.Length ? text[..most] : text;
        }
        if (!Values.IsNumber(value)) throw new JinjaException($"%{kind} format: a number is required, not {Values.TypeName(value)}");
        string plus = flags.Contains('+', StringComparison.Ordinal) ? "+" : flags.Contains(' ', StringComparison.Ordinal) ? " " : "";
        string number;
        switch (kind)
        {
            case 'd' or 'i' or 'u':
                number = (value is double d ? new BigInteger(double.Truncate(d)) : Values.AsInteger(value)!.Value).ToString(CultureInfo.InvariantCulture);
                break;
            case 'f' or 'F':
                number = Values.AsFloat(value).ToString("F" + int.Min(precision ?? 6, 100), CultureInfo.InvariantCulture);
                break;
            case 'x' or 'X' when Values.AsInteger(value) is { } integer && integer >= long.MinValue && integer <= long.MaxValue:
                string hex = ((ulong)long.Abs((long)integer)).ToString(kind == 'x' ? "x" : "X", CultureInfo.InvariantCulture);
                number = (integer.Sign < 0 ? "-" : "") + hex;
                break;
            default:
                throw new JinjaException($"the format character '{kind}' is not supported");
        }
        return number[0] == '-' ? number : plus + number;
    }
}
