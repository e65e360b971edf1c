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

    // Names of macros that leave their own name.
    private const string Names = "sin cos tan ln log exp max min arcsin arccos arctan sinh cosh tanh lim sup inf";

    // Macros and what they leave; every other macro vanishes, among them \\ne, \\cot, \\gcd and \\degree.
    private const string Table =
        "pi π infty ∞ cup ∪ cdot · times × cap ∩ div ÷ pm ± mp ∓ le ≤ leq ≤ leqslant ⩽ ge ≥ geq ≥ geqslant ⩾ neq ≠ in ∈ notin ∉ subset ⊂ subseteq ⊆ supset ⊃ supseteq ⊇ "
        + "circ ∘ emptyset ∅ varnothing ∅ mid | vert | lvert | rvert | Vert ‖ parallel ∥ perp ⊥ angle ∠ ldots … dots … dotsc … dotsb … cdots ⋯ vdots ⋮ approx ≈ sim ∼ simeq ≃ "
        + "cong ≅ equiv ≡ propto ∝ forall ∀ exists ∃ wedge ∧ vee ∨ oplus ⊕ otimes ⊗ sum ∑ prod ∏ int ∫ iint ∬ oint ∮ lceil ⌈ rceil ⌉ lfloor ⌊ rfloor ⌋ setminus ∖ langle ⟨ "
        + "rangle ⟩ to → rightarrow → Rightarrow ⇒ Leftrightarrow ⇔ mapsto ↦ therefore ∴ because ∵ ast ∗ star ⋆ bullet ∙ square □ blacksquare ▪ prime ' lbrace { rbrace } textdollar $ "
        + "partial ∂ nabla ∇ ell ℓ hbar ħ aleph ℵ textdegree ° "
        + "alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ iota ι kappa κ lambda λ mu μ nu ν xi ξ rho ρ sigma σ tau τ upsilon υ phi ϕ varphi φ chi χ psi ψ "
        + "omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω";

    private static readonly FrozenDictionary<string, string> Symbols = Build();

    private static FrozenDictionary<string, string> Build()
    {
        Dictionary<string, string> table = new(StringComparer.Ordinal)
        {
            [","] = " ",
            [";"] = " ",
            [":"] = " ",
            [" "] = " ",
            ["quad"] = "  ",
            ["qquad"] = "    ",
            ["backslash"] = "\\",
            ["\\"] = "\n",
        };
        foreach (char sign in "{}%&#_$") table[sign.ToString()] = sign.ToString();
        foreach (string name in Names.Split(' ')) table[name] = name;
        string[] entries = Table.Split(' ');
        for (int i = 0; i < entries.Length; i += 2) table[entries[i]] = entries[i + 1];
        return table.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>The text, stripped; null where it cannot be converted.</summary>
    public static string? Convert(string latex)
    {
        latex = latex.Replace("\\tfrac", "\\frac").Replace("\\dfrac", "\\frac").Replace("\\frac", " \\frac");
        Reader reader = new(latex, 0);
        StringBuilder text = new();
        return reader.ReadUntilEnd(text, 0)
            ? text.ToString().Replace("√", "sqrt").Replace("π", "pi").Replace("∞", "inf").Replace("∪", "U").Replace("·", "*").Replace("×", "*").Trim()
            : null;
    }

    /// <param name="latex">What is read.</param>
    /// <param name="outside">Levels of nesting round it.</param>
    private sealed class Reader(string latex, int outside)
    {
        private int _at;

        public bool ReadUntilEnd(StringBuilder text, int depth)
        {
            if (outside + depth > MaxDepth) return false;
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
                case '~': text.Append('\u00a0'); return true; // a space that stays
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
            if (char.IsAsciiLetter(name[0])) SkipSpaces();
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
                case "mathbf" or "mathit" or "mathcal" or "mathscr" or "mathfrak" or "mathsf" or "mathtt":
                    StringBuilder styled = new();
                    if (!ReadArgument(styled, depth)) return false;
                    // Letters become those of another alphabet, which has no lower case; any letters that occur nowhere else will do.
                    foreach (char letter in styled.ToString()) text.Append(char.IsAsciiLetter(letter) ? (char)(letter + 0x4e00 + (name[4] << 7)) : letter);
                    return true;
                case "bar" or "vec" or "hat" or "dot" or "tilde" or "ddot" or "check" or "acute" or "grave" or "breve":
                    if (!ReadArgument(text, depth)) return false;
                    text.Append((char)(0x0300 + name[0] + name.Length)); // a combining mark
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
            return _at < latex.Length && latex[_at] != '}' && outside + depth < MaxDepth && ReadOne(text, depth + 1);
        }

        // A matrix in brackets, with semicolons between rows.
        private bool ReadEnvironment(StringBuilder text, int depth)
        {
            int open = latex.IndexOf('{', _at), close = open < 0 ? -1 : latex.IndexOf('}', open);
            if (close < 0) return false;
            string name = latex[(open + 1)..close];
            int columns = close + 1;
            if (name is "array" or "tabular" && columns < latex.Length && latex[columns] == '{' && latex.IndexOf('}', columns) is > 0 and int last) close = last;
            int end = latex.IndexOf("\\end{" + name + "}", close, StringComparison.Ordinal);
            if (end < 0) return false;
            StringBuilder body = new();
            Reader inner = new(latex[(close + 1)..end], outside + depth + 1);
            if (!inner.ReadUntilEnd(body, 0)) return false;
            _at = end + name.Length + 6;
            bool brackets = name is "array" or "pmatrix" or "bmatrix" or "smallmatrix" or "psmallmatrix" or "bsmallmatrix";
            if (!brackets)
            {
                bool display = name.StartsWith("align", StringComparison.Ordinal) && name != "aligned" || name.StartsWith("equation", StringComparison.Ordinal) || name == "eqnarray";
                if (display) text.Append('\n');
                text.Append(body.ToString().Replace('&', ' '));
                if (display) text.Append('\n');
                return true;
            }
            text.Append("[ ");
            string[] rows = body.ToString().Split('\n', StringSplitOptions.TrimEntries);
            text.AppendJoin("; ", rows.Select(row => row.Replace("&", " ")));
            text.Append(" ]");
            return true;
        }
    }
}
