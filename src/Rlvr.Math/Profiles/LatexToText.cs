using System.Collections.Frozen;
using System.Text;

namespace Rlvr.Math.Profiles;

/// <summary>
/// LaTeX as plain text, as the released reward gets it from a converter made for reading aloud: a fraction becomes a/b and loses its
/// parentheses, braces vanish, macros become symbols.
/// </summary>
internal static class LatexToText
{
    private const int MaxDepth = 60;

    private static readonly FrozenDictionary<string, string> Symbols = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["pi"] = "π",
        ["infty"] = "∞",
        ["cup"] = "∪",
        ["cdot"] = "·",
        ["times"] = "×",
        ["cap"] = "∩",
        ["div"] = "÷",
        ["pm"] = "±",
        ["mp"] = "∓",
        ["le"] = "≤",
        ["leq"] = "≤",
        ["ge"] = "≥",
        ["geq"] = "≥",
        ["ne"] = "≠",
        ["neq"] = "≠",
        ["in"] = "∈",
        ["circ"] = "∘",
        ["degree"] = "°",
        ["emptyset"] = "∅",
        ["mid"] = "|",
        ["angle"] = "∠",
        ["ldots"] = "…",
        ["dots"] = "…",
        ["cdots"] = "⋯",
        ["approx"] = "≈",
        ["sim"] = "∼",
        ["alpha"] = "α",
        ["beta"] = "β",
        ["gamma"] = "γ",
        ["theta"] = "θ",
        ["lambda"] = "λ",
        ["mu"] = "μ",
        ["phi"] = "ϕ",
        ["omega"] = "ω",
        ["sum"] = "∑",
        ["prod"] = "∏",
        ["int"] = "∫",
        ["lceil"] = "⌈",
        ["rceil"] = "⌉",
        ["lfloor"] = "⌊",
        ["rfloor"] = "⌋",
        ["setminus"] = "∖",
        ["langle"] = "⟨",
        ["rangle"] = "⟩",
        ["to"] = "→",
        ["rightarrow"] = "→",
        ["sin"] = "sin",
        ["cos"] = "cos",
        ["tan"] = "tan",
        ["cot"] = "cot",
        ["sec"] = "sec",
        ["csc"] = "csc",
        ["ln"] = "ln",
        ["log"] = "log",
        ["exp"] = "exp",
        ["max"] = "max",
        ["min"] = "min",
        ["gcd"] = "gcd",
        [","] = " ",
        [";"] = " ",
        [":"] = " ",
        [" "] = " ",
        ["quad"] = "  ",
        ["qquad"] = "    ",
        ["\\"] = "\n",
        ["{"] = "{",
        ["}"] = "}",
        ["%"] = "%",
        ["&"] = "&",
        ["#"] = "#",
        ["_"] = "_",
        ["$"] = "$",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The text, stripped; null where it cannot be converted.</summary>
    public static string? Convert(string latex)
    {
        latex = latex.Replace("\\tfrac", "\\frac").Replace("\\dfrac", "\\frac").Replace("\\frac", " \\frac");
        Reader reader = new(latex);
        StringBuilder text = new();
        return reader.ReadUntilEnd(text, 0)
            ? text.ToString().Replace("√", "sqrt").Replace("π", "pi").Replace("∞", "inf").Replace("∪", "U").Replace("·", "*").Replace("×", "*").Trim()
            : null;
    }

    private sealed class Reader(string latex)
    {
        private int _at;

        public bool ReadUntilEnd(StringBuilder text, int depth)
        {
            if (depth > MaxDepth) return false;
            while (_at < latex.Length)
            {
                char c = latex[_at];
                if (c == '}')
                {
                    if (depth > 0) return true;
                    _at++; // a stray brace is dropped
                    continue;
                }
                if (!ReadOne(text, depth)) return false;
            }
            return true;
        }

        private bool ReadOne(StringBuilder text, int depth)
        {
            char c = latex[_at++];
            switch (c)
            {
                case '{':
                    if (!ReadUntilEnd(text, depth + 1)) return false;
                    if (_at < latex.Length) _at++;
                    return true;
                case '\\': return ReadMacro(text, depth);
                case '~': text.Append(' '); return true;
                case '$': return true;
                case '%':
                    while (_at < latex.Length && latex[_at] != '\n') _at++; // a comment
                    return true;
                default: text.Append(c); return true;
            }
        }

        private bool ReadMacro(StringBuilder text, int depth)
        {
            if (_at >= latex.Length) return true; // a lone backslash at the end
            int start = _at;
            while (_at < latex.Length && char.IsAsciiLetter(latex[_at])) _at++;
            if (_at == start) _at++;
            string name = latex[start.._at];
            switch (name)
            {
                case "frac" or "nicefrac":
                    if (!ReadArgument(text, depth)) return false;
                    text.Append('/');
                    return ReadArgument(text, depth);
                case "sqrt":
                    SkipSpaces();
                    if (_at < latex.Length && latex[_at] == '[')
                    {
                        int end = latex.IndexOf(']', _at);
                        if (end < 0) return false;
                        _at = end + 1;
                    }
                    text.Append("√(");
                    if (!ReadArgument(text, depth)) return false;
                    text.Append(')');
                    return true;
                case "begin": return ReadEnvironment(text, depth);
                case "mathbb":
                    StringBuilder set = new();
                    if (!ReadArgument(set, depth)) return false;
                    text.Append(set.ToString() switch { "R" => "ℝ", "Z" => "ℤ", "N" => "ℕ", "Q" => "ℚ", "C" => "ℂ", var other => other });
                    return true;
                case "mathbf":
                    StringBuilder bold = new();
                    if (!ReadArgument(bold, depth)) return false;
                    // Letters become those of another alphabet.
                    foreach (char letter in bold.ToString()) text.Append(char.IsAsciiLetter(letter) ? (char)(letter + 0x1000) : letter);
                    return true;
                case "mbox" or "hbox":
                    return ReadArgument(new StringBuilder(), depth); // the converter drops them with what they contain
                default:
                    if (Symbols.TryGetValue(name, out string? symbol)) text.Append(symbol);
                    return true; // other macros vanish, their arguments stay
            }
        }

        private void SkipSpaces()
        {
            while (_at < latex.Length && char.IsWhiteSpace(latex[_at])) _at++;
        }

        private bool ReadArgument(StringBuilder text, int depth)
        {
            SkipSpaces();
            return _at < latex.Length && latex[_at] != '}' && depth < MaxDepth && ReadOne(text, depth + 1);
        }

        // A matrix in brackets, with semicolons between rows.
        private bool ReadEnvironment(StringBuilder text, int depth)
        {
            int open = latex.IndexOf('{', _at), close = open < 0 ? -1 : latex.IndexOf('}', open);
            if (close < 0) return false;
            string name = latex[(open + 1)..close];
            int end = latex.IndexOf("\\end{" + name + "}", close, StringComparison.Ordinal);
            if (end < 0) return false;
            StringBuilder body = new();
            Reader inner = new(latex[(close + 1)..end]);
            if (depth + 1 > MaxDepth || !inner.ReadUntilEnd(body, 0)) return false;
            _at = end + name.Length + 6;
            text.Append("[ ");
            string[] rows = body.ToString().Split('\n', StringSplitOptions.TrimEntries);
            text.AppendJoin("; ", rows.Select(row => row.Replace("&", " ")));
            text.Append(" ]");
            return true;
        }
    }
}
