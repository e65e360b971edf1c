using System.Globalization;
using System.Numerics;
using System.Text;

namespace Rlvr.Text.Jinja;

/// <summary>The functions that every template sees: Jinja2's, and those that transformers adds.</summary>
internal static class JinjaGlobals
{
    // Of Jinja2's sandbox.
    private const int MaxRange = 100_000;

    /// <summary>A scope with the functions.</summary>
    /// <param name="evaluator">Who runs the template.</param>
    /// <param name="now">The time that strftime_now shows.</param>
    public static JinjaScope Create(JinjaEvaluator evaluator, DateTimeOffset now)
    {
        JinjaScope scope = new(null);
        Define("range", arguments => Range(arguments, evaluator.Budget));
        Define("dict", arguments =>
        {
            JinjaDictionary dictionary = new();
            if (arguments.Take("mapping", null) is JinjaDictionary source)
                foreach (var (key, value) in source.Items) dictionary.Items[key] = value;
            foreach (var (name, value) in arguments.Named) dictionary.Items[name] = value;
            return dictionary;
        });
        Define("namespace", arguments =>
        {
            JinjaNamespace space = new();
            if (arguments.Take("mapping", null) is JinjaDictionary source)
                foreach (var (key, value) in source.Items) space.Attributes[Values.ToText(key)] = value;
            foreach (var (name, value) in arguments.Named) space.Attributes[name] = value;
            return space;
        });
        Define("cycler", Cycler);
        Define("joiner", arguments =>
        {
            string separator = Values.ToText(arguments.Take("sep", ", "));
            bool used = false;
            return new JinjaFunction("joiner", _ => used || !(used = true) ? separator : "");
        });
        Define("raise_exception", arguments => throw new JinjaException(Values.ToText(arguments.Take("message"))));
        Define("strftime_now", arguments => FormatTime(now, arguments.TakeText("format")));
        return scope;

        void Define(string name, Func<CallArguments, object?> function) => scope[name] = new JinjaFunction(name, function);
    }

    private static JinjaList Range(CallArguments arguments, JinjaBudget budget)
    {
        int first = arguments.TakeInteger("start", 0), start = 0, stop = first;
        if (arguments.Positional.Count > 1) (start, stop) = (first, arguments.TakeInteger("stop", 0));
        int step = arguments.TakeInteger("step", 1);
        if (step == 0) throw new JinjaException("range() arg 3 must not be zero");
        long count = long.Max(0, step > 0 ? ((long)stop - start + step - 1) / step : ((long)start - stop - step - 1) / -(long)step);
        if (count > MaxRange) throw new JinjaException($"range too big: the sandbox blocks ranges larger than {MaxRange}");
        budget.SpendItems(count);
        List<object?> items = new((int)count);
        for (int i = 0; i < count; i++) items.Add((BigInteger)start + (BigInteger)i * step);
        return new(items);
    }

    private static JinjaObject Cycler(CallArguments arguments)
    {
        IReadOnlyList<object?> items = arguments.Positional;
        if (items.Count == 0) throw new JinjaException("at least one item has to be provided");
        int at = 0;
        return new("cycler", name => name switch
        {
            "current" => items[at],
            "next" => new JinjaFunction(name, _ =>
            {
                object? item = items[at];
                at = (at + 1) % items.Count;
                return item;
            }),
            "reset" => new JinjaFunction(name, _ =>
            {
                at = 0;
                return null;
            }),
            _ => new Undefined($"'Cycler object' has no attribute '{name}'"),
        });
    }

    /// <summary>Python's strftime, in English.</summary>
    public static string FormatTime(DateTimeOffset time, string format)
    {
        StringBuilder text = new();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }
            bool plain = format[i + 1] == '-' && i + 2 < format.Length; // "%-d": without leading zeros
            i += plain ? 2 : 1;
            string part = format[i] switch
            {
                'Y' => Show("yyyy"),
                'y' => Show("yy"),
                'm' => Show("MM"),
                'd' => Show("dd"),
                'e' => time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
                'B' => Show("MMMM"),
                'b' or 'h' => Show("MMM"),
                'A' => Show("dddd"),
                'a' => Show("ddd"),
                'H' => Show("HH"),
                'I' => Show("hh"),
                'M' => Show("mm"),
                'S' => Show("ss"),
                'f' => Show("ffffff"),
                'p' => Show("tt"),
                'j' => time.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
                'w' => ((int)time.DayOfWeek).ToString(CultureInfo.InvariantCulture),
                'F' => Show("yyyy-MM-dd"),
                'T' or 'X' => Show("HH:mm:ss"),
                'D' or 'x' => Show("MM/dd/yy"),
                'R' => Show("HH:mm"),
                'c' => Show("ddd MMM ") + time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2) + Show(" HH:mm:ss yyyy"),
                's' => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
                'z' or 'Z' => "",
                'n' => "\n",
                't' => "\t",
                '%' => "%",
                var unknown => "%" + unknown,
            };
            text.Append(plain ? part.TrimStart('0', ' ') is { Length: > 0 } trimmed ? trimmed : "0" : part);
        }
        return text.ToString();

        string Show(string pattern) => time.ToString(pattern, CultureInfo.InvariantCulture);
    }
}
