using System.Text;

namespace Rlvr.Math.Reading;

/// <summary>
/// Turns LaTeX, plain text, or a mixture of both into tokens, in one pass, without recursion and without regular expressions:
/// time and memory are linear in the length of the text.
/// </summary>
internal sealed partial class LatexLexer
{
    /// <summary>An answer with more tokens than this is not read at all.</summary>
    public const int MaxTokens = 10_000;

    private enum Brace : byte { Group, Text, Bracket }

    private readonly record struct OpenBrace(Brace Kind, int PendingDigits, bool InText);

    private readonly string _text;
    private readonly LexerOptions _options;
    private readonly List<Token> _tokens;
    private readonly Stack<OpenBrace> _open = new();
    private int _at;
    private bool _space;
    private bool _inText;
    private int _environments;
    private readonly int _price; // where the only dollar sign stands that begins a price
    private int _brackets;
    private int _singleDigits; // how many arguments of \frac or \sqrt without braces are still to come: each takes one digit

    private LatexLexer(string text, LexerOptions options)
    {
        _text = HasOnlyDoubledBackslashes(text) ? text.Replace(@"\\", @"\") : text;
        _options = options;
        _price = PriceAt(_text);
        _tokens = new List<Token>(int.Min(_text.Length + 2, 64));
    }

    /// <summary>Whether the text contains a notation for which <see cref="LexerOptions"/> offer another reading.</summary>
    public LexerOptions Ambiguities { get; private set; }

    /// <summary>Reads a text; the last token is <see cref="TokenKind.End"/>. Null where it has more than <see cref="MaxTokens"/> tokens.</summary>
    public static List<Token>? Read(string text, LexerOptions options, out LexerOptions ambiguities)
    {
        LatexLexer lexer = new(text, options);
        ambiguities = LexerOptions.None;
        while (lexer._at < lexer._text.Length)
        {
            lexer.Next();
            if (lexer._tokens.Count > MaxTokens) return null;
        }
        lexer.CloseBraces();
        ambiguities = lexer.Ambiguities;
        return lexer._tokens;
    }

    // Where every run of backslashes is of even length, the text was escaped once too often.
    private static bool HasOnlyDoubledBackslashes(string text)
    {
        int first = text.IndexOf('\\');
        if (first < 0) return false;
        for (int i = first; i < text.Length;)
        {
            if (text[i] != '\\') { i++; continue; }
            int start = i;
            while (i < text.Length && text[i] == '\\') i++;
            if ((i - start) % 2 == 1) return false;
        }
        return true;
    }

    // $40 in plain text: one dollar sign in front of nothing but digits and words is a currency, not half of a pair of delimiters.
    private static int PriceAt(string text)
    {
        int at = text.IndexOf('$');
        if (at < 0 || at + 1 >= text.Length || text.IndexOf('$', at + 1) >= 0) return -1;
        ReadOnlySpan<char> before = text.AsSpan(0, at).Trim(), after = text.AsSpan(at + 1).TrimStart();
        if (before is not ("" or "-") || after.Length == 0 || !char.IsAsciiDigit(after[0])) return -1;
        foreach (char c in after)
            if (!char.IsAsciiLetterOrDigit(c) && !char.IsWhiteSpace(c) && c is not (',' or '.')) return -1;
        return at;
    }

    private TokenKind Last => _tokens.Count == 0 ? TokenKind.End : _tokens[^1].Kind;

    private char Peek(int ahead = 0) => _at + ahead < _text.Length ? _text[_at + ahead] : '\0';

    private void Emit(TokenKind kind, string text = "")
    {
        _tokens.Add(new Token(kind, text, _space, _inText));
        _space = false;
        switch (kind)
        {
            case TokenKind.Fraction or TokenKind.Binomial: _singleDigits = 2; break;
            case TokenKind.LeftGroup or TokenKind.RightGroup or TokenKind.Sqrt or TokenKind.LeftBracket or TokenKind.RightBracket: break;
            case TokenKind.Minus or TokenKind.Plus or TokenKind.Slash or TokenKind.Times: _singleDigits = 0; break;
            default: if (_singleDigits > 0) _singleDigits--; break;
        }
    }

    private void Next()
    {
        char c = _text[_at];
        if (c <= ' ' || char.IsWhiteSpace(c)) { _space = true; _at++; return; }
        if (char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(Peek(1)))) { ReadNumber(); return; }
        if (c == '\\') { ReadCommand(); return; }
        if (char.IsLetter(c) && !UnicodeForms.IsSymbol(c)) { ReadLetters(); return; }
        _at++;
        if (_at - 1 == _price) { Emit(TokenKind.Currency, "$"); return; }
        switch (c)
        {
            case '{':
                if (Peek(1) == '}' && Peek() is ':' or ',' or ';' or '=' or '+' or '-' or '<' or '>') UnwrapSign(); // 1{:}2
                else OpenGroup(Brace.Group, _inText);
                break;
            case '}': CloseGroup(); break;
            case '~': _space = true; break;
            case '$' or '`' or '#' or '@': _space |= c == '$' && _inText; break;
            case '+': Emit(TokenKind.Plus); break;
            case '-': Emit(TokenKind.Minus); break;
            case '*':
                if (Peek() == '*') { _at++; Emit(TokenKind.Caret); }
                else Emit(TokenKind.Times);
                break;
            case '/': Emit(TokenKind.Slash); break;
            case '^': EmitKeeping(TokenKind.Caret); break;
            case '_': EmitKeeping(TokenKind.Underscore); break;
            case '=': if (Peek() == '=') _at++; Emit(TokenKind.Equal); break;
            case '<': EmitRelation(TokenKind.Less, TokenKind.LessEqual); break;
            case '>': EmitRelation(TokenKind.Greater, TokenKind.GreaterEqual); break;
            case '!':
                if (Peek() == '=' && Peek(1) != '=') { _at++; Emit(TokenKind.NotEqual); }
                else Emit(TokenKind.Factorial);
                break;
            case '(': _brackets++; Emit(TokenKind.LeftParen); break;
            case ')': _brackets = int.Max(0, _brackets - 1); Emit(TokenKind.RightParen); break;
            case '[':
                _brackets++;
                if (Last == TokenKind.Sqrt) { _open.Push(new(Brace.Bracket, _singleDigits, _inText)); _singleDigits = 0; }
                Emit(TokenKind.LeftBracket);
                break;
            case ']':
                _brackets = int.Max(0, _brackets - 1);
                if (_open.TryPeek(out OpenBrace open) && open.Kind == Brace.Bracket) { _open.Pop(); _singleDigits = open.PendingDigits; }
                Emit(TokenKind.RightBracket);
                break;
            case ',': Emit(TokenKind.Comma); break;
            case ';': Emit(TokenKind.Semicolon); break;
            case ':': Emit(TokenKind.Colon); break;
            case '|':
                if (Peek() == '|') { _at++; Emit(TokenKind.Norm); }
                else Emit(TokenKind.Bar);
                break;
            case '&': Emit(TokenKind.Ampersand); break;
            case '%': Emit(TokenKind.Percent); break;
            case '"': Emit(TokenKind.Quote); break;
            case '\'':
                if (!_inText && !(Last == TokenKind.Word && char.IsAsciiLetter(Peek()))) Emit(TokenKind.Prime); // Jacob's
                break;
            case '.': ReadPeriods(); break;
            default: ReadSymbol(c); break;
        }
    }

    private void UnwrapSign()
    {
        char sign = Peek();
        _at += 2;
        Emit(sign switch
        {
            ':' => TokenKind.Colon,
            ',' => TokenKind.Comma,
            ';' => TokenKind.Semicolon,
            '=' => TokenKind.Equal,
            '+' => TokenKind.Plus,
            '-' => TokenKind.Minus,
            '<' => TokenKind.Less,
            _ => TokenKind.Greater,
        });
    }

    // ^ and _ end no argument: \frac1{x}^2 is rare, 2^\frac12 is not.
    private void EmitKeeping(TokenKind kind)
    {
        int pending = _singleDigits;
        Emit(kind);
        _singleDigits = pending;
    }

    private void EmitRelation(TokenKind strict, TokenKind orEqual)
    {
        if (Peek() == '=') { _at++; Emit(orEqual); }
        else if (strict == TokenKind.Less && Peek() == '>') { _at++; Emit(TokenKind.NotEqual); }
        else Emit(strict);
    }

    private void ReadPeriods()
    {
        int count = 1;
        while (Peek() == '.') { _at++; count++; }
        Emit(count >= 3 ? TokenKind.Ellipsis : TokenKind.Period);
    }

    private void ReadSymbol(char c)
    {
        if (UnicodeForms.TryFraction(c, out int numerator, out int denominator))
        {
            Emit(TokenKind.Fraction);
            foreach (int part in new[] { numerator, denominator })
            {
                Emit(TokenKind.LeftGroup);
                Emit(TokenKind.Number, part.ToString());
                Emit(TokenKind.RightGroup);
            }
            _singleDigits = 0;
            return;
        }
        if (UnicodeForms.TryScript(c, out bool raised, out _))
        {
            StringBuilder digits = new();
            bool negative = c == '⁻';
            _at--;
            while (UnicodeForms.TryScript(Peek(), out bool sameSide, out char digit) && sameSide == raised)
            {
                if (digit != '-') digits.Append(digit);
                _at++;
            }
            Emit(raised ? TokenKind.Caret : TokenKind.Underscore);
            if (negative) Emit(TokenKind.Minus);
            Emit(TokenKind.Number, digits.Length == 0 ? "0" : digits.ToString());
            return;
        }
        if (UnicodeForms.TrySymbol(c, out TokenKind kind, out string text))
        {
            if (kind == TokenKind.End) return; // invisible
            if (kind is TokenKind.LeftParen or TokenKind.LeftSet or TokenKind.LeftBracket) _brackets++;
            Emit(kind, text);
            if (kind == TokenKind.Sqrt) _singleDigits = 0; // a radical sign of plain text takes the whole number
            return;
        }
        if (char.GetUnicodeCategory(c) == System.Globalization.UnicodeCategory.OtherNumber) { Emit(TokenKind.Symbol, c.ToString()); return; } // circled digits
        if (char.IsControl(c) || char.GetUnicodeCategory(c) == System.Globalization.UnicodeCategory.Format) return;
        Emit(TokenKind.Unknown, c.ToString());
    }

    private void OpenGroup(Brace kind, bool inText)
    {
        _open.Push(new(kind, _singleDigits, _inText));
        if (kind == Brace.Group) Emit(TokenKind.LeftGroup);
        else _space = true;
        _singleDigits = 0;
        _inText = inText;
    }

    private void CloseGroup()
    {
        while (_open.TryPeek(out OpenBrace bracket) && bracket.Kind == Brace.Bracket) _open.Pop();
        if (!_open.TryPop(out OpenBrace open)) return; // one closing brace too many
        if (open.Kind == Brace.Group) Emit(TokenKind.RightGroup);
        else _space = true;
        _singleDigits = int.Max(0, open.PendingDigits - 1);
        _inText = open.InText;
    }

    // A brace that was never closed is closed at the end.
    private void CloseBraces()
    {
        while (_open.Count > 0) CloseGroup();
        _tokens.Add(new Token(TokenKind.End, "", _space, false));
    }

    private void ReadCommand()
    {
        int start = ++_at;
        if (start >= _text.Length) return;
        if (_text[start] == '\\')
        {
            char next = Peek(1);
            // Outside a matrix a doubled backslash before a command is an escaping artefact.
            if (_environments == 0 && (char.IsAsciiLetter(next) || next is ',' or ';' or ':' or '!' or '{' or '}' or '%' or '$' or '(' or ')'))
            {
                start = ++_at;
            }
            else
            {
                _at++;
                if (Peek() == '[') { int end = _text.IndexOf(']', _at); if (end > 0 && end - _at < 8) _at = end + 1; }
                Emit(TokenKind.RowEnd);
                return;
            }
        }
        while (_at < _text.Length && char.IsAsciiLetter(_text[_at])) _at++;
        if (_at == start) _at++;
        ReadOnlySpan<char> name = _text.AsSpan(start, _at - start);
        if (!LatexCommands.TryGet(name, out LatexCommands.Command command))
        {
            if (name.Length == 1 && !char.IsAsciiLetter(name[0])) { _at = start; return; } // \x for a plain character x
            if (LatexCommands.GluedPrefix(name) is > 0 and int prefix)
            {
                _at = start + prefix;
                LatexCommands.TryGet(name[..prefix], out command);
                if (command.Action == CommandAction.Space) _space = true;
                else EmitCommand(command, name[..prefix]);
                return;
            }
            Emit(TokenKind.Unknown, "\\" + name.ToString());
            return;
        }
        switch (command.Action)
        {
            case CommandAction.Emit:
                EmitCommand(command, name);
                break;
            case CommandAction.Space:
                _space = true;
                break;
            case CommandAction.SkipArgument:
                SkipArgument();
                break;
            case CommandAction.Text:
                SkipWhite();
                if (Peek() == '*') _at++;
                SkipWhite();
                if (Peek() == '{') { _at++; OpenGroup(Brace.Text, true); }
                break;
            case CommandAction.Delimiter:
                SkipWhite();
                if (Peek() == '.') _at++;
                break;
            case CommandAction.Circled:
                SkipWhite();
                if (Peek() == '{' && Peek(1) is >= '1' and <= '9' && Peek(2) == '}') { Emit(TokenKind.Symbol, ((char)('①' + Peek(1) - '1')).ToString()); _at += 3; }
                break;
            case CommandAction.Environment:
                ReadEnvironment(name.Length == 5);
                break;
            case CommandAction.Blackboard:
                SkipWhite();
                if (Peek() == '{' && Peek(2) == '}') { Emit(TokenKind.NumberSet, Peek(1).ToString()); _at += 3; }
                else if (char.IsAsciiLetter(Peek())) { Emit(TokenKind.NumberSet, Peek().ToString()); _at++; }
                break;
            default:
                break;
        }
    }

    private void EmitCommand(LatexCommands.Command command, ReadOnlySpan<char> name)
    {
        switch (command.Kind)
        {
            case TokenKind.LeftSet or TokenKind.LeftParen or TokenKind.LeftBracket or TokenKind.LeftAngle: _brackets++; break;
            case TokenKind.RightSet or TokenKind.RightParen or TokenKind.RightBracket or TokenKind.RightAngle:
                _brackets = int.Max(0, _brackets - 1);
                break;
            default: break;
        }
        string text = command.Text;
        if (command.Kind == TokenKind.Currency) text = name is "$" or "textdollar" or "mathdollar" ? "$" : name.ToString();
        Emit(command.Kind, text);
        if (command.Kind == TokenKind.Sqrt) _singleDigits = 1;
        if (command.Kind == TokenKind.Overline) _singleDigits = 0;
    }

    private void ReadEnvironment(bool begin)
    {
        SkipWhite();
        if (Peek() != '{') return;
        int end = _text.IndexOf('}', _at);
        if (end < 0 || end - _at > 24) return;
        string name = _text.Substring(_at + 1, end - _at - 1).TrimEnd('*');
        _at = end + 1;
        if (begin)
        {
            _environments++;
            Emit(TokenKind.Begin, name);
            if (name is "array" or "tabular") SkipArgument();
        }
        else
        {
            _environments = int.Max(0, _environments - 1);
            Emit(TokenKind.EndEnvironment, name);
        }
        _singleDigits = 0;
    }

    private void SkipWhite()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at])) _at++;
    }

    private void SkipArgument()
    {
        SkipWhite();
        if (Peek() != '{') return;
        int end = _text.IndexOf('}', _at);
        if (end > 0) _at = end + 1;
    }
}
