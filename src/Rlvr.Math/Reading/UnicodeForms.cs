using System.Collections.Frozen;

namespace Rlvr.Math.Reading;

/// <summary>Unicode characters that stand for LaTeX commands, fractions and scripts.</summary>
internal static class UnicodeForms
{
    private static readonly FrozenDictionary<char, (TokenKind Kind, string Text)> Symbols = Build();
    private const string VulgarFractions = "½1/2⅓1/3⅔2/3¼1/4¾3/4⅕1/5⅖2/5⅗3/5⅘4/5⅙1/6⅚5/6⅐1/7⅛1/8⅜3/8⅝5/8⅞7/8⅑1/9";
    private const string Raised = "⁰¹²³⁴⁵⁶⁷⁸⁹";
    private const string Lowered = "₀₁₂₃₄₅₆₇₈₉";
    private const string Greek = "α\\alpha β\\beta γ\\gamma δ\\delta ε\\epsilon ζ\\zeta η\\eta θ\\theta κ\\kappa λ\\lambda μ\\mu ν\\nu ξ\\xi ρ\\rho "
        + "σ\\sigma τ\\tau φ\\phi ϕ\\phi χ\\chi ψ\\psi ω\\omega Γ\\Gamma Δ\\Delta Θ\\Theta Λ\\Lambda Σ\\Sigma Φ\\Phi Ψ\\Psi Ω\\Omega";

    private static readonly FrozenDictionary<char, string> GreekNames =
        Greek.Split(' ').ToFrozenDictionary(entry => entry[0], entry => entry[1..]);
    private static readonly FrozenSet<string> GreekWords =
        "alpha beta gamma delta epsilon theta lambda sigma omega rho tau phi psi".Split(' ').ToFrozenSet(StringComparer.Ordinal);
    private static readonly string[] AsciiLetters = [.. Enumerable.Range(0, 128).Select(code => ((char)code).ToString())];

    /// <summary>Whether a letter in Unicode's sense is a symbol here (like π, which is a letter).</summary>
    public static bool IsSymbol(char c) => c > 127 && Symbols.ContainsKey(c);

    /// <summary>The name of a letter: itself, or the LaTeX command of a Greek one.</summary>
    public static string LetterName(char c) => c < 128 ? AsciiLetters[c] : GreekNames.TryGetValue(c, out string? name) ? name : c.ToString();

    /// <summary>The letter of a Greek name written in plain text.</summary>
    public static bool TryGreekName(string name, out string letter)
    {
        letter = "\\" + name;
        return name.Length is >= 3 and <= 7 && GreekWords.Contains(name);
    }

    public static bool TrySymbol(char c, out TokenKind kind, out string text)
    {
        bool found = Symbols.TryGetValue(c, out (TokenKind Kind, string Text) entry);
        (kind, text) = found ? entry : (TokenKind.Unknown, "");
        return found;
    }

    public static bool TryFraction(char c, out int numerator, out int denominator)
    {
        (numerator, denominator) = (0, 1);
        if (c < 128) return false;
        int at = VulgarFractions.IndexOf(c);
        if (at < 0) return false;
        (numerator, denominator) = (VulgarFractions[at + 1] - '0', VulgarFractions[at + 3] - '0');
        return true;
    }

    /// <summary>A raised or lowered digit; <c>⁻</c> gives '-'.</summary>
    public static bool TryScript(char c, out bool raised, out char digit)
    {
        (raised, digit) = (true, '\0');
        if (c < 128) return false;
        if (c == '⁻') { digit = '-'; return true; }
        int up = Raised.IndexOf(c);
        if (up >= 0) { digit = (char)('0' + up); return true; }
        int down = Lowered.IndexOf(c);
        raised = false;
        if (down >= 0) digit = (char)('0' + down);
        return down >= 0;
    }

    private static FrozenDictionary<char, (TokenKind Kind, string Text)> Build()
    {
        Dictionary<char, (TokenKind, string)> table = [];
        void Add(TokenKind kind, string characters, string text = "")
        {
            foreach (char c in characters) table[c] = (kind, text);
        }
        Add(TokenKind.Minus, "−–—‐‑‒﹣－");
        Add(TokenKind.Plus, "＋");
        Add(TokenKind.Times, "×·∙⋅∗•✕✖");
        Add(TokenKind.Slash, "÷⁄∕／");
        Add(TokenKind.Sqrt, "√");
        Add(TokenKind.Pi, "π");
        Add(TokenKind.Infinity, "∞");
        Add(TokenKind.Degree, "°º˚");
        Add(TokenKind.LessEqual, "≤⩽≦");
        Add(TokenKind.GreaterEqual, "≥⩾≧");
        Add(TokenKind.NotEqual, "≠");
        Add(TokenKind.Equal, "＝≡");
        Add(TokenKind.Less, "＜");
        Add(TokenKind.Greater, "＞");
        Add(TokenKind.Approximately, "≈≃≅∼");
        Add(TokenKind.In, "∈");
        Add(TokenKind.Union, "∪");
        Add(TokenKind.Intersection, "∩");
        Add(TokenKind.SetMinus, "∖");
        Add(TokenKind.EmptySet, "∅⌀");
        Add(TokenKind.PlusMinus, "±");
        Add(TokenKind.MinusPlus, "∓");
        Add(TokenKind.Sum, "∑");
        Add(TokenKind.Product, "∏");
        Add(TokenKind.Ellipsis, "…⋯");
        Add(TokenKind.And, "∧");
        Add(TokenKind.Or, "∨");
        Add(TokenKind.Angle, "∠△");
        Add(TokenKind.Prime, "′’");
        Add(TokenKind.Quote, "″“”„«»");
        Add(TokenKind.Arrow, "→⇒⟹⇔");
        Add(TokenKind.LeftAngle, "⟨〈");
        Add(TokenKind.RightAngle, "⟩〉");
        Add(TokenKind.LeftFloor, "⌊");
        Add(TokenKind.RightFloor, "⌋");
        Add(TokenKind.LeftCeiling, "⌈");
        Add(TokenKind.RightCeiling, "⌉");
        Add(TokenKind.LeftParen, "（");
        Add(TokenKind.RightParen, "）");
        Add(TokenKind.LeftBracket, "［【");
        Add(TokenKind.RightBracket, "］】");
        Add(TokenKind.LeftSet, "｛");
        Add(TokenKind.RightSet, "｝");
        Add(TokenKind.Comma, "，、");
        Add(TokenKind.Semicolon, "；");
        Add(TokenKind.Colon, "：∶");
        Add(TokenKind.Period, "。");
        Add(TokenKind.Percent, "％﹪");
        Add(TokenKind.Mid, "∣");
        Add(TokenKind.Norm, "‖∥");
        Add(TokenKind.NumberSet, "ℝ", "R");
        Add(TokenKind.NumberSet, "ℤ", "Z");
        Add(TokenKind.NumberSet, "ℕ", "N");
        Add(TokenKind.NumberSet, "ℚ", "Q");
        Add(TokenKind.NumberSet, "ℂ", "C");
        Add(TokenKind.Currency, "€", "euro");
        Add(TokenKind.Currency, "£", "pounds");
        Add(TokenKind.Currency, "¥￥", "yen");
        Add(TokenKind.Currency, "₹", "rupee");
        Add(TokenKind.Currency, "＄", "$");
        return table.ToFrozenDictionary();
    }
}
