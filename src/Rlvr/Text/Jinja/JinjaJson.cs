using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Rlvr.Text.Jinja;

/// <summary>JSON in (values for a template) and out (transformers' tojson, which is Python's json.dumps without ASCII escapes).</summary>
internal static class JinjaJson
{
    /// <summary>The value of a JSON element.</summary>
    public static object? Read(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                JinjaDictionary dictionary = new();
                foreach (JsonProperty property in element.EnumerateObject()) dictionary.Items[property.Name] = Read(property.Value);
                return dictionary;
            case JsonValueKind.Array: return new JinjaList([.. element.EnumerateArray().Select(Read)]);
            case JsonValueKind.String: return element.GetString();
            case JsonValueKind.Number:
                string digits = element.GetRawText();
                return digits.AsSpan().IndexOfAny(".eE") < 0 ? BigInteger.Parse(digits, CultureInfo.InvariantCulture) : double.Parse(digits, CultureInfo.InvariantCulture);
            case JsonValueKind.True: return true;
            case JsonValueKind.False: return false;
            default: return null;
        }
    }

    /// <summary>json.dumps(value, ensure_ascii=..., indent=..., separators=..., sort_keys=...).</summary>
    public static string Write(object? value, string? indent, string itemSeparator, string keySeparator, bool sortKeys, bool asciiOnly)
    {
        StringBuilder json = new();
        Write(value, "\n");
        return json.ToString();

        void Write(object? item, string newLine)
        {
            RuntimeHelpers.EnsureSufficientExecutionStack();
            string inner = newLine + indent;
            switch (item)
            {
                case string text:
                    WriteText(json, text, asciiOnly);
                    break;
                case null or bool or BigInteger or double:
                    json.Append(Scalar(item));
                    break;
                case JinjaList { Items.Count: 0 }:
                    json.Append("[]");
                    break;
                case JinjaList list:
                    json.Append('[');
                    for (int i = 0; i < list.Items.Count; i++)
                    {
                        Separate(i, inner);
                        Write(list.Items[i], inner);
                    }
                    End(newLine, ']');
                    break;
                case JinjaDictionary { Items.Count: 0 }:
                    json.Append("{}");
                    break;
                case JinjaDictionary dictionary:
                    json.Append('{');
                    IEnumerable<KeyValuePair<object, object?>> entries = dictionary.Items;
                    if (sortKeys) entries = entries.Order(Comparer<KeyValuePair<object, object?>>.Create((x, y) => Values.Compare(x.Key, y.Key, "<")));
                    int at = 0;
                    foreach (var (key, entry) in entries)
                    {
                        Separate(at++, inner);
                        WriteText(json, key as string ?? (key is JinjaList ? throw new JinjaException("keys must be str, int, float, bool or None, not tuple") : Scalar(key)), asciiOnly);
                        json.Append(keySeparator);
                        Write(entry, inner);
                    }
                    End(newLine, '}');
                    break;
                default:
                    throw new JinjaException($"Object of type {Values.TypeName(item)} is not JSON serializable");
            }
        }

        void Separate(int index, string newLine)
        {
            if (index > 0) json.Append(itemSeparator);
            if (indent is not null) json.Append(newLine);
        }

        void End(string newLine, char bracket)
        {
            if (indent is not null) json.Append(newLine);
            json.Append(bracket);
        }
    }

    private static string Scalar(object? value) => value switch
    {
        null => "null",
        true => "true",
        false => "false",
        double.NaN => "NaN",
        double.PositiveInfinity => "Infinity",
        double.NegativeInfinity => "-Infinity",
        _ => Values.Represent(value),
    };

    private static void WriteText(StringBuilder json, string text, bool asciiOnly)
    {
        json.Append('"');
        foreach (char c in text)
        {
            switch (c)
            {
                case '"': json.Append("\\\""); break;
                case '\\': json.Append("\\\\"); break;
                case '\n': json.Append("\\n"); break;
                case '\r': json.Append("\\r"); break;
                case '\t': json.Append("\\t"); break;
                case '\b': json.Append("\\b"); break;
                case '\f': json.Append("\\f"); break;
                default:
                    if (c < ' ' || (asciiOnly && c > '~')) json.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
                    else json.Append(c);
                    break;
            }
        }
        json.Append('"');
    }
}
