using CsCheck;

namespace Rlvr.Math.Tests;

/// <summary>Random texts that know LaTeX: some are answers, most are nearly answers, some are garbage.</summary>
internal static class LatexGenerator
{
    private static readonly string[] Pieces =
    [
        "1", "2", "7", "10", "0", "3.5", ".5", "1,234", "-", "+", "*", "/", "=", "<", ">", "\\le", "\\ne", "^", "_", "!", "%", "(", ")", "[", "]", "{", "}",
        "\\{", "\\}", "\\left(", "\\right)", "\\left[", "\\right.", "|", "\\mid", "\\frac", "\\frac{1}{2}", "\\dfrac12", "\\sqrt", "\\sqrt{2}", "\\sqrt[3]{x}",
        "\\pi", "\\infty", "e", "i", "x", "y", "n", "\\theta", "\\sin", "\\log_2", "\\ln", "\\binom{n}{2}", "\\text{", "\\text{ or }", "\\text{cm}", "\\mathrm{",
        "\\boxed{", "$", "\\$", "\\%", "^\\circ", "°", "½", "√", "π", "∞", "∪", "\\cup", "\\in", "\\pm", "\\mp", ",", ";", ":", " ", "\\,", "\\!", "\\\\", "&",
        "\\begin{pmatrix}", "\\end{pmatrix}", "\\begin{array}{cc}", "\\sum_{k=1}^{n}", "\\overline{3}", "and", "or", "not", "yes", "miles", "hours", "one", "hundred",
        "million", "a.m.", "base", "_2", "_{10}", "(A)", "Answer:", "is", "\\cdot", "\\times", "\\div", "\\over", "\\lfloor", "\\rfloor", "'", "\"", ".", "...", "\n",
        "\ud800", "\udfff", "\0", "\u200b", "😀", "\\", "\\unknown", "{,}", "9^{9^9}", "1e5", "2.6e-3", "1/0",
    ];

    private static readonly Sample[] Symbols =
        [new("x", "{x}"), new("y", "\\left(y\\right)"), new("\\pi", "π"), new("x^2", "x \\cdot x")];

    /// <summary>Up to forty pieces in a row.</summary>
    public static Gen<string> Garbage { get; } =
        Gen.Int[0, Pieces.Length - 1].Array[0, 40].Select(picks => string.Concat(picks.Select(pick => Pieces[pick])));

    /// <summary>An expression of x and y together with its value for given x and y, written as LaTeX.</summary>
    public static Gen<Sample> Expressions { get; } = Gen.Int[0, 3].SelectMany(Tree);

    /// <param name="Latex">The expression.</param>
    /// <param name="Rewritten">The same expression written differently.</param>
    public sealed record Sample(string Latex, string Rewritten);

    private static Gen<Sample> Tree(int depth)
    {
        Gen<Sample> leaf = Gen.OneOf(
            Gen.Int[1, 60].Select(n => new Sample($"{n}", $"{n}.0")),
            Gen.Select(Gen.Int[1, 30], Gen.Int[2, 30], (p, q) => new Sample($"\\frac{{{p}}}{{{q}}}", $"({2 * p}/{2 * q})")),
            Gen.Int[2, 50].Select(n => new Sample($"\\sqrt{{{n}}}", $"{n}^{{1/2}}")),
            Gen.Int[0, 3].Select(i => Symbols[i]));
        if (depth == 0) return leaf;
        Gen<Sample> child = Tree(depth - 1);
        return Gen.Select(Gen.Int[0, 4], child, child, (kind, a, b) => kind switch
        {
            0 => new Sample($"({a.Latex} + {b.Latex})", $"\\left({b.Rewritten}+{a.Rewritten}\\right)"),
            1 => new Sample($"({a.Latex} - {b.Latex})", $"(-{b.Rewritten} + {a.Rewritten})"),
            2 => new Sample($"({a.Latex}) \\cdot ({b.Latex})", $"({b.Rewritten})({a.Rewritten})"),
            3 => new Sample($"\\frac{{{a.Latex}}}{{7 + ({b.Latex})^2}}", $"({a.Rewritten})/(({b.Rewritten})^{{2}}+7)"),
            _ => new Sample($"({a.Latex})^2", $"({a.Rewritten})\\times({a.Rewritten})"),
        });
    }
}
