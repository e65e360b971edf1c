using System.Collections;
using System.Globalization;
using System.Text;

namespace Rlvr.Training;

/// <summary>Writes a record of settings as the YAML that <see cref="RecipeFile"/> reads back to an equal record.</summary>
internal static class RecipeYaml
{
    public static string Write<T>(T recipe) where T : class
    {
        var text = new StringBuilder();
        foreach (var key in RecipeSchema.Of<T>().Keys)
        {
            var value = key.Property.GetValue(recipe)!;
            if (key.Section is null)
            {
                text.Append(key.Name).Append(": ").Append(Format(value)).Append('\n');
                continue;
            }
            text.Append(key.Name).Append(":\n");
            foreach (var inner in key.Section.Keys)
                text.Append("  ").Append(inner.Name).Append(": ").Append(Format(inner.Property.GetValue(value)!)).Append('\n');
        }
        return text.ToString();
    }

    private static string Format(object value) => value switch
    {
        string text => Format(text),
        bool flag => flag ? "true" : "false",
        double number => Format(number),
        IEnumerable items => $"[{string.Join(", ", items.Cast<object>().Select(Format))}]",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    // 1E-06 as 1e-6: the way people write it.
    private static string Format(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        var e = text.IndexOf('E');
        return e < 0 ? text : $"{text[..e]}e{int.Parse(text[(e + 1)..], CultureInfo.InvariantCulture)}";
    }

    private static string Format(string text)
    {
        var plain = text.Length > 0 && char.IsAsciiLetter(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || "_-./+".Contains(c));
        if (plain && text is not ("null" or "true" or "false"))
            return text;
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' => quoted.Append("\\\""),
                '\\' => quoted.Append("\\\\"),
                '\n' => quoted.Append("\\n"),
                '\t' => quoted.Append("\\t"),
                < ' ' or (>= '\x7f' and < '\xa0') or '\u2028' or '\u2029' or '\ufeff' or '\ufffe' or '\uffff'
                    => quoted.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture)),
                _ => quoted.Append(c),
            };
        }
        return quoted.Append('"').ToString();
    }
}
