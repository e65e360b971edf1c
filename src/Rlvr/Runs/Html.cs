using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Rlvr.Runs;

/// <summary>
/// HTML that is safe by construction: the only way to make it is an interpolated string, in which every hole is escaped unless it is
/// HTML already. What a model wrote is untrusted text.
/// </summary>
internal readonly struct Html
{
    private readonly string? _text;

    private Html(string text) => _text = text;

    public static Html Empty => default;

    public bool IsEmpty => string.IsNullOrEmpty(_text);

    /// <summary><c>Html.Of($"&lt;td&gt;{text}&lt;/td&gt;")</c>.</summary>
    public static Html Of(ref Handler html) => new(html.ToString());

    /// <summary>A part of this library, such as its style sheet. Never a text from elsewhere.</summary>
    public static Html Trusted(string asset) => new(asset);

    public static Html Join(IEnumerable<Html> parts) => new(string.Join("\n", parts.Where(p => !p.IsEmpty)));

    public override string ToString() => _text ?? "";

    public static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length + 16);
        foreach (var c in text)
        {
            _ = c switch
            {
                '&' => escaped.Append("&amp;"),
                '<' => escaped.Append("&lt;"),
                '>' => escaped.Append("&gt;"),
                '"' => escaped.Append("&quot;"),
                '\'' => escaped.Append("&#39;"),
                // What HTML does not allow as a character at all.
                < ' ' and not ('\n' or '\t') => escaped.Append('\ufffd'),
                // Directional overrides: they would show the text in another order than it has.
                (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069') => escaped.Append('\ufffd'),
                _ => escaped.Append(c),
            };
        }
        return escaped.ToString();
    }

    /// <summary>Builds the text of an interpolated string.</summary>
    [InterpolatedStringHandler]
    public readonly ref struct Handler(int literalLength, int formattedCount)
    {
        private readonly StringBuilder _text = new(literalLength + (32 * formattedCount));

        public void AppendLiteral(string literal) => _text.Append(literal);

        public void AppendFormatted(Html html) => _text.Append(html._text);

        public void AppendFormatted(IEnumerable<Html> parts) => _text.Append(Join(parts)._text);

        public void AppendFormatted(string? text) => _text.Append(Escape(text ?? ""));

        public void AppendFormatted(IFormattable value, string? format = null) =>
            _text.Append(Escape(value.ToString(format, CultureInfo.InvariantCulture)));

        public override string ToString() => _text.ToString();
    }
}
