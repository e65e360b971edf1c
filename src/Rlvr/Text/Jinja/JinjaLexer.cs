using System.Globalization;
using System.Numerics;
using System.Text;

namespace Rlvr.Text.Jinja;

internal enum TokenKind
{
    /// <summary>Text between tags.</summary>
    Text,

    /// <summary>The beginning of <c>{% ... %}</c>.</summary>
    BlockBegin,

    /// <summary>Its end.</summary>
    BlockEnd,

    /// <summary>The beginning of <c>{{ ... }}</c>.</summary>
    OutputBegin,

    /// <summary>Its end.</summary>
    OutputEnd,

    /// <summary>A name or keyword.</summary>
    Name,

    /// <summary>A string literal, without quotes and escapes.</summary>
    String,

    /// <summary>A number: BigInteger or double.</summary>
    Number,

    /// <summary>An operator or bracket.</summary>
    Operator,

    /// <summary>The end of the template.</summary>
    End,
}

internal readonly record struct Token(TokenKind Kind, string Text, int Line, object? Number = null);

/// <summary>
/// Cuts a template into tokens as Jinja2 does with transformers' settings: trim_blocks, lstrip_blocks, no trailing newline.
/// </summary>
internal sealed class JinjaLexer
{
    private static readonly string[] Operators =
        ["//", "**", "==", "!=", "<=", ">=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"];

    private readonly string source;
    private readonly List<Token> tokens = [];
    private int at, line = 1, counted;
    private bool lineStarting = true;

    private JinjaLexer(string template)
    {
        source = template.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        if (source.EndsWith('\n')) source = source[..^1];
    }

    public static List<Token> Tokenize(string template)
    {
        JinjaLexer lexer = new(template);
        lexer.Run();
        return lexer.tokens;
    }

    private int Line
    {
        get
        {
            line += source.AsSpan(counted, at - counted).Count('\n');
            counted = at;
            return line;
        }
    }

    private JinjaException Fail(string message) => new($"line {Line}: {message}");

    private void Run()
    {
        while (at < source.Length)
        {
            int begin = at;
            while ((begin = source.IndexOf('{', begin)) >= 0 && !(begin + 1 < source.Length && source[begin + 1] is '{' or '%' or '#')) begin++;
            if (begin < 0)
            {
                AddText(source[at..]);
                at = source.Length;
                break;
            }
            char kind = source[begin + 1];
            char sign = begin + 2 < source.Length && source[begin + 2] is '-' or '+' ? source[begin + 2] : '\0';
            AddText(StripBefore(source[at..begin], sign, isOutput: kind == '{'));
            at = begin + (sign == '\0' ? 2 : 3);
            if (kind == '#') SkipComment();
            else if (kind == '%' && RawLength() is > 0 and int length) ReadRaw(length);
            else ReadTag(isOutput: kind == '{');
        }
        tokens.Add(new(TokenKind.End, "the end of the template", Line));
    }

    private void AddText(string text)
    {
        if (text.Length > 0) tokens.Add(new(TokenKind.Text, text, Line));
    }

    // White space before a tag: '-' takes all of it; lstrip_blocks takes it from the line's start, unless '+' or an output says no.
    private string StripBefore(string text, char sign, bool isOutput)
    {
        if (sign == '-') return PythonText.TrimEnd(text);
        if (sign == '+' || isOutput) return text;
        int lineStart = text.LastIndexOf('\n') + 1;
        return (lineStart > 0 || lineStarting) && PythonText.IsSpace(text.AsSpan(lineStart)) ? text[..lineStart] : text;
    }

    // After a tag: '-' takes all white space; trim_blocks takes one newline, unless '+' says no or the tag is an output.
    private void StripAfter(bool minus, bool newline)
    {
        int begin = at;
        if (minus)
        {
            while (at < source.Length && PythonText.IsSpace(source[at])) at++;
        }
        else if (newline && at < source.Length && source[at] == '\n')
        {
            at++;
        }
        lineStarting = at > begin && source[at - 1] == '\n';
    }

    private void SkipComment()
    {
        int end = source.IndexOf("#}", at, StringComparison.Ordinal);
        if (end < 0) throw Fail("a comment has no end '#}'");
        char sign = end > at ? source[end - 1] : '\0';
        at = end + 2;
        StripAfter(minus: sign == '-', newline: sign != '+');
    }

    // The length of "raw %}" here, 0 where there is none.
    private int RawLength(string word = "raw")
    {
        int i = at;
        while (i < source.Length && PythonText.IsSpace(source[i])) i++;
        if (string.CompareOrdinal(source, i, word, 0, word.Length) != 0) return 0;
        i += word.Length;
        while (i < source.Length && PythonText.IsSpace(source[i])) i++;
        if (i < source.Length && source[i] is '-' or '+') i++;
        return string.CompareOrdinal(source, i, "%}", 0, 2) == 0 ? i + 2 - at : 0;
    }

    private void ReadRaw(int length)
    {
        at += length;
        StripAfter(minus: source[at - 3] == '-', newline: false);
        int text = at;
        for (int begin = at; (begin = source.IndexOf("{%", begin, StringComparison.Ordinal)) >= 0; begin += 2)
        {
            char sign = begin + 2 < source.Length && source[begin + 2] is '-' or '+' ? source[begin + 2] : '\0';
            at = begin + (sign == '\0' ? 2 : 3);
            if (RawLength("endraw") is not (> 0 and int endLength)) continue;
            AddText(StripBefore(source[text..begin], sign, isOutput: false));
            at += endLength;
            StripAfter(minus: source[at - 3] == '-', newline: source[at - 3] != '+');
            return;
        }
        throw Fail("a raw block has no end '{% endraw %}'");
    }

    private void ReadTag(bool isOutput)
    {
        tokens.Add(new(isOutput ? TokenKind.OutputBegin : TokenKind.BlockBegin, isOutput ? "{{" : "{%", Line));
        string end = isOutput ? "}}" : "%}";
        int depth = 0;
        while (true)
        {
            while (at < source.Length && PythonText.IsSpace(source[at])) at++;
            if (at >= source.Length) throw Fail($"a tag has no end '{end}'");
            char sign = source[at] is '-' || (source[at] == '+' && !isOutput) ? source[at] : '\0';
            int endAt = sign == '\0' ? at : at + 1;
            if (depth == 0 && string.CompareOrdinal(source, endAt, end, 0, 2) == 0)
            {
                tokens.Add(new(isOutput ? TokenKind.OutputEnd : TokenKind.BlockEnd, end, Line));
                at = endAt + 2;
                StripAfter(minus: sign == '-', newline: !isOutput && sign != '+');
                return;
            }
            depth += ReadToken();
            if (depth < 0) throw Fail("a closing bracket has no opening one");
        }
    }

    // Adds one token; returns how it changes the depth of brackets.
    private int ReadToken()
    {
        char c = source[at];
        int begin = at;
        if (c == '_' || char.IsLetter(c))
        {
            while (at < source.Length && (source[at] == '_' || char.IsLetterOrDigit(source[at]))) at++;
            tokens.Add(new(TokenKind.Name, source[begin..at], Line));
            return 0;
        }
        if (char.IsAsciiDigit(c))
        {
            ReadNumber();
            return 0;
        }
        if (c is '\'' or '"')
        {
            int end = at + 1;
            while (end < source.Length && source[end] != c) end += source[end] == '\\' ? 2 : 1;
            if (end >= source.Length) throw Fail("a string has no end");
            tokens.Add(new(TokenKind.String, Unescape(source.AsSpan(at + 1, end - at - 1)), Line));
            at = end + 1;
            return 0;
        }
        foreach (string op in Operators)
        {
            if (string.CompareOrdinal(source, at, op, 0, op.Length) != 0) continue;
            tokens.Add(new(TokenKind.Operator, op, Line));
            at += op.Length;
            return op is "(" or "[" or "{" ? 1 : op is ")" or "]" or "}" ? -1 : 0;
        }
        throw Fail($"unexpected character '{c}'");
    }

    private void ReadNumber()
    {
        int begin = at;
        if (source[at] == '0' && at + 1 < source.Length && char.ToLowerInvariant(source[at + 1]) is 'x' or 'o' or 'b')
        {
            int radix = char.ToLowerInvariant(source[at + 1]) switch { 'x' => 16, 'o' => 8, _ => 2 };
            BigInteger value = 0;
            for (at += 2; at < source.Length && (source[at] == '_' || char.IsAsciiHexDigit(source[at])); at++)
            {
                if (source[at] == '_') continue;
                int digit = int.Parse(source.AsSpan(at, 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                value = digit < radix && at - begin < 1000 ? value * radix + digit : throw Fail("a number is not well formed");
            }
            tokens.Add(new(TokenKind.Number, source[begin..at], Line, value));
            return;
        }
        bool afterDot = begin > 0 && source[begin - 1] == '.', isFloat = false;
        Digits();
        if (!afterDot && at + 1 < source.Length && source[at] == '.' && char.IsAsciiDigit(source[at + 1]))
        {
            isFloat = true;
            at++;
            Digits();
        }
        int exponent = at + 1 < source.Length && source[at] is 'e' or 'E' ? (source[at + 1] is '+' or '-' ? at + 2 : at + 1) : source.Length;
        if (!afterDot && exponent < source.Length && char.IsAsciiDigit(source[exponent]))
        {
            isFloat = true;
            at = exponent;
            Digits();
        }
        string text = source[begin..at].Replace("_", "", StringComparison.Ordinal);
        if (text.Length > 1000) throw Fail("a number is too long");
        tokens.Add(new(TokenKind.Number, text, Line, isFloat ? double.Parse(text, CultureInfo.InvariantCulture) : BigInteger.Parse(text, CultureInfo.InvariantCulture)));

        void Digits()
        {
            while (at < source.Length && (char.IsAsciiDigit(source[at]) || (source[at] == '_' && at + 1 < source.Length && char.IsAsciiDigit(source[at + 1])))) at++;
        }
    }

    // Python's escapes; an unknown one stays as it is written.
    private string Unescape(ReadOnlySpan<char> text)
    {
        StringBuilder result = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\' || i + 1 >= text.Length)
            {
                result.Append(text[i]);
                continue;
            }
            char c = text[++i];
            int digits = c switch { 'x' => 2, 'u' => 4, 'U' => 8, _ => 0 };
            if (digits > 0)
            {
                if (i + digits >= text.Length || !int.TryParse(text.Slice(i + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int scalar) || scalar is < 0 or > 0x10FFFF)
                    throw Fail($"the escape \\{c} in a string is not well formed");
                if (scalar is >= 0xD800 and < 0xE000) result.Append((char)scalar);
                else result.Append(new Rune(scalar).ToString());
                i += digits;
            }
            else if (c is >= '0' and <= '7')
            {
                int value = 0, end = int.Min(text.Length, i + 3);
                for (; i < end && text[i] is >= '0' and <= '7'; i++) value = value * 8 + (text[i] - '0');
                i--;
                result.Append((char)value);
            }
            else
            {
                result.Append(c switch
                {
                    'n' => "\n",
                    't' => "\t",
                    'r' => "\r",
                    'a' => "\a",
                    'b' => "\b",
                    'f' => "\f",
                    'v' => "\v",
                    '\\' or '\'' or '"' => c.ToString(),
                    '\n' => "",
                    _ => "\\" + c,
                });
            }
        }
        return result.ToString();
    }
}
