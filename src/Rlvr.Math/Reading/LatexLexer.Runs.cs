using System.Text;

namespace Rlvr.Math.Reading;

/// <content>Runs of digits and letters.</content>
internal sealed partial class LatexLexer
{
    private void ReadNumber()
    {
        int start = _at;
        if (_singleDigits > 0 && char.IsAsciiDigit(Peek()))
        {
            _at++;
            Emit(TokenKind.Number, _text.Substring(start, 1));
            return;
        }
        _at += CountDigits(_at);
        string digits;
        if (TryReadGroups(start, out string? grouped)) digits = grouped;
        else digits = _text.Substring(start, _at - start);
        if (Peek() == '.' && char.IsAsciiDigit(Peek(1)))
        {
            int fraction = _at++;
            _at += CountDigits(_at);
            digits = string.Concat(digits, _text.AsSpan(fraction, _at - fraction));
        }
        else if (Peek() == '.' && Peek(1) is '/' or '*' or ')') _at++; // 1./3
        else if (Peek() == '.' && Peek(1) == '\\' && FollowedByOverline(_at + 1))
        {
            _at++; // 0.\overline{3}
            digits += ".";
        }
        if (Peek() is 'e' or 'E' && TryReadExponent(out string exponent)) digits += exponent;
        Emit(TokenKind.Number, digits);
    }

    private bool FollowedByOverline(int at)
    {
        ReadOnlySpan<char> rest = _text.AsSpan(at);
        return rest.StartsWith(@"\overline") || rest.StartsWith(@"\bar") || rest.StartsWith(@"\dot{") || rest.StartsWith(@"\dot ");
    }

    private int CountDigits(int at)
    {
        int end = at;
        while (end < _text.Length && char.IsAsciiDigit(_text[end])) end++;
        return end - at;
    }

    // Groups of three digits: 1,234  1{,}234  1,\!234  1\,234  1 234
    private bool TryReadGroups(int start, out string grouped)
    {
        grouped = "";
        int lead = _at - start;
        if (lead is 0 or > 3 || _text[start] == '0') return false;
        StringBuilder? builder = null;
        int begin = _at;
        bool list = Last == TokenKind.Comma && !_space; // 27,54,108
        while (true)
        {
            int at = _at;
            bool comma = false, sure = false;
            if (_text.AsSpan(at).StartsWith("{,}")) { at += 3; sure = true; }
            else if (Peek() == ',')
            {
                comma = true;
                at++;
                if (_text.AsSpan(at).StartsWith(@"\!")) { sure = true; at += 2; while (at < _text.Length && _text[at] == ' ') at++; }
            }
            else if (_text.AsSpan(at).StartsWith(@"\,") || _text.AsSpan(at).StartsWith(@"\ ") || _text.AsSpan(at).StartsWith(@"\;")) { at += 2; }
            else if (Peek() is ' ' or '\u00a0' or '\u202f' or '\u2009' or '~')
            {
                at++;
                if (at + 3 < _text.Length && _text[at + 3] == '/') break; // 6 151/250 is a mixed number
            }
            else break;
            if (CountDigits(at) != 3) break;
            if (comma && !sure)
            {
                if (list) break;
                if (_brackets > 0)
                {
                    Ambiguities |= LexerOptions.CommasGroupInBrackets;
                    if (!_options.HasFlag(LexerOptions.CommasGroupInBrackets)) break;
                }
                else
                {
                    // 5,000 is no list: nobody writes 0 as 000.
                    if (_text[at] != '0') Ambiguities |= LexerOptions.CommasSeparate;
                    if (_options.HasFlag(LexerOptions.CommasSeparate) && _text[at] != '0') break;
                }
            }
            builder ??= new StringBuilder(_text, start, lead, 32);
            builder.Append(_text, at, 3);
            _at = at + 3;
        }
        if (builder is null) return false;
        if (Peek() == ',' && char.IsAsciiDigit(Peek(1)) && _text.AsSpan(begin, _at - begin).Contains(',') && !_text.AsSpan(begin, _at - begin).Contains('\\'))
        {
            _at = begin; // 108,135,27 is a list as well
            return false;
        }
        grouped = builder.ToString();
        return true;
    }

    private bool TryReadExponent(out string exponent)
    {
        exponent = "";
        int at = _at + 1;
        if (at < _text.Length && _text[at] is '+' or '-') at++;
        int digits = CountDigits(at);
        if (digits is 0 or > 6 || (at + digits < _text.Length && char.IsLetter(_text[at + digits]))) return false;
        Ambiguities |= LexerOptions.EulerE;
        if (_options.HasFlag(LexerOptions.EulerE)) return false;
        exponent = _text.Substring(_at, at + digits - _at);
        _at = at + digits;
        return true;
    }

    private void ReadLetters()
    {
        char first = _text[_at];
        // a.m. and p.m.
        if (first is 'a' or 'A' or 'p' or 'P' && Peek(1) == '.' && char.ToLowerInvariant(Peek(Peek(2) == ' ' ? 3 : 2)) == 'm')
        {
            _at += Peek(2) == ' ' ? 4 : 3;
            if (Peek() == '.') _at++;
            Emit(TokenKind.Word, char.ToLowerInvariant(first) + "m");
            return;
        }
        int start = _at;
        bool alphabet = first < '\u0590'; // Latin, Greek, Cyrillic; letters of other scripts are words
        while (_at < _text.Length && char.IsLetter(_text[_at]) && !UnicodeForms.IsSymbol(_text[_at]) && (_text[_at] < '\u0590' == alphabet || IsLatinStyle(_text[_at]) == alphabet)) _at++;
        ReadOnlySpan<char> run = _text.AsSpan(start, _at - start);
        if (!alphabet && !IsLatinStyle(first)) { Emit(TokenKind.Word, run.ToString()); return; }
        if (run.Length == 1)
        {
            if (run[0] is 'x' or 'X' && IsTimesSign()) { Emit(TokenKind.Times); return; }
            if (run[0] == 'U' && IsUnionSign()) Emit(TokenKind.Union);
            else Emit(TokenKind.Letter, UnicodeForms.LetterName(run[0]));
            return;
        }
        EmitRun(run);
    }

    private bool IsUnionSign()
    {
        if (Last is not (TokenKind.RightParen or TokenKind.RightBracket or TokenKind.RightSet)) return false;
        int at = _at;
        while (at < _text.Length && _text[at] == ' ') at++;
        return at < _text.Length && _text[at] is '(' or '[' or '{' or '\\';
    }

    private void EmitRun(ReadOnlySpan<char> run)
    {
        switch (run)
        {
            case "sqrt": Emit(TokenKind.Sqrt); _singleDigits = 0; return;
            case "pi" or "Pi": Emit(TokenKind.Pi); return;
            case "infinity" or "infty" or "Infinity" or "inf" or "oo": Emit(TokenKind.Infinity); return;
            case "and" or "AND" or "And": Emit(TokenKind.And); return;
            case "or" or "OR" or "Or": Emit(TokenKind.Or); return;
            case "ceiling" when Peek() == '(': Emit(TokenKind.Function, "ceil"); return;
            case "binomial" or "factorial" when Peek() == '(': Emit(TokenKind.Function, run.ToString()); return;
            case "cup": Emit(TokenKind.Union); return;
            default: break;
        }
        string text = run.ToString();
        if (text is "np" or "numpy" or "math" or "sympy" && Peek() == '.' && char.IsAsciiLetter(Peek(1))) { _at++; return; } // np.sqrt(2)
        if (LatexCommands.Functions.Contains(text) && !(text is "min" or "sec" && IsTimeUnit())) { Emit(TokenKind.Function, text); return; }
        if (!_inText && UnicodeForms.TryGreekName(text, out string letter)) { Emit(TokenKind.Letter, letter); return; }
        if (_inText || Words.IsKnown(text)) { Emit(TokenKind.Word, text); return; }
        // In mathematics a short run of letters is a product, perhaps with a name in front or behind: xsqrt(2), pir, npi.
        if (text.EndsWith("sqrt", StringComparison.Ordinal)) { EmitLetters(run[..^4]); Emit(TokenKind.Sqrt); _singleDigits = 0; return; }
        if (run.Length <= 4 && text.StartsWith("pi", StringComparison.Ordinal)) { Emit(TokenKind.Pi); EmitLetters(run[2..]); return; }
        if (run.Length <= 4 && text.EndsWith("pi", StringComparison.Ordinal)) { EmitLetters(run[..^2]); Emit(TokenKind.Pi); return; }
        if (run.Length <= 3) { EmitLetters(run); return; }
        Emit(TokenKind.Word, text);
    }

    // Letter-like symbols and styled letters beyond the alphabets of mathematics: \u2113, \ud835...
    private static bool IsLatinStyle(char c) => c is >= '\u1d00' and <= '\u2c7f' or >= '\uff21' and <= '\uff5a' || char.IsSurrogate(c);

    // 3 x 10^8
    private bool IsTimesSign()
    {
        if (Last != TokenKind.Number) return false;
        ReadOnlySpan<char> rest = _text.AsSpan(_at).TrimStart();
        return rest.StartsWith("10^") || rest.StartsWith("10**");
    }

    // 20 min; but \min(2, 3)
    private bool IsTimeUnit()
    {
        if (_inText) return true;
        if (Last != TokenKind.Number) return false;
        int at = _at;
        while (at < _text.Length && _text[at] == ' ') at++;
        return at == _text.Length || !(char.IsLetterOrDigit(_text[at]) || _text[at] is '(' or '[' or '{' or '\\' or '_' or '^');
    }

    private void EmitLetters(ReadOnlySpan<char> run)
    {
        foreach (char c in run) Emit(TokenKind.Letter, UnicodeForms.LetterName(c));
    }
}
