using CsCheck;

namespace Rlvr.Math.Tests.Fuzzing;

/// <summary>
/// Well-formed answers of every kind that benchmarks have, in LaTeX, plain text and Unicode. None of them has to be readable; all look as
/// if they were.
/// </summary>
internal static class AnswerGrammar
{
    private static readonly Gen<string> Integer = Gen.Frequency(
        (6, Gen.Int[0, 20].Select(n => $"{n}")),
        (3, Gen.Int[-999, 9_999].Select(n => $"{n}")),
        (1, Gen.Long.Select(n => $"{n}")));

    private static readonly Gen<string> Positive = Gen.Int[1, 60].Select(n => $"{n}");

    private static readonly Gen<string> Number = Gen.Frequency<string>(
        (8, Integer),
        (2, Gen.Select(Integer, Gen.Int[0, 9_999], (whole, part) => $"{whole}.{part}")),
        (1, Gen.Int[0, 999].Select(part => $".{part}")),
        (2, Gen.Select(Gen.Int[1, 999], Gen.Int[0, 999], Gen.OneOf(",", "{,}", "\\,", " ", ",\\!", "\\ ", "~"), (a, b, comma) => $"{a}{comma}{b:000}")),
        (1, Gen.Select(Gen.Int[1, 99], Gen.Int[0, 999], Gen.Int[0, 999], (a, b, c) => $"{a},{b:000},{c:000}")),
        (1, Gen.Select(Integer, Gen.Int[-30, 30], (mantissa, exponent) => $"{mantissa} \\times 10^{{{exponent}}}")),
        (1, Gen.Select(Integer, Gen.Int[-400, 400], (mantissa, exponent) => $"{mantissa}e{exponent}")),
        (1, Gen.Select(Gen.Int[0, 9], Gen.Int[0, 999], (whole, period) => $"{whole}.\\overline{{{period}}}")),
        (1, Gen.Int[1, 9].Select(digit => $"0.{digit}{digit}{digit}...")));

    private static readonly Gen<string> Fraction = Gen.Select(Integer, Positive, Gen.Int[0, 8], (p, q, form) => form switch
    {
        0 => $"\\frac{{{p}}}{{{q}}}",
        1 => $"\\dfrac{{{p}}}{{{q}}}",
        2 => $"\\tfrac {p} {{{q}}}",
        3 => $"\\frac{p[^1]}{q[^1]}",
        4 => $"{p}/{q}",
        5 => $"{p} \\div {q}",
        6 => $"{{{p} \\over {q}}}",
        7 => $"{q}\\frac{{{q}}}{{{p}}}",
        _ => $"{p} {q}/{int.Parse(q) + 1}",
    });

    private static readonly Gen<string> Letter = Gen.OneOf("x", "y", "n", "k", "a", "b", "t", "C", "\\alpha", "\\theta", "θ", "x_1", "x_{12}", "a_n", "f(x)", "f'(0)", "\\bar{x}", "y'");

    private static readonly Gen<string> Constant = Gen.OneOf("\\pi", "π", "e", "i", "\\infty", "-\\infty", "∞", "pi", "\\pi i");

    private static readonly Gen<string> Special = Gen.OneOf("½", "¾", "√2", "x²", "2³", "x₁", "5°", "≤", "∪", "∅", "±3", "−7", "１２", "⅓", "①", "π²", "×", "÷", "…");

    private static readonly Gen<string> Function = Gen.OneOf("\\sin", "\\cos", "\\tan", "\\ln", "\\log", "\\log_2", "\\log_{10}", "\\exp", "\\arcsin", "\\arctan", "\\sin^2", "\\sin^{-1}", "sin", "ln", "\\sec", "\\cosh");

    private static readonly Gen<string> Unit = Gen.OneOf("cm", "m", "km", "km/h", "mph", "cm^2", "m/s^2", "square cm", "cubic feet", "degrees", "hours", "dollars", "pens", "kg", "L", "\\%", "percent", "°C", "minutes", "apples");

    private static readonly Gen<string> Word = Gen.OneOf("yes", "no", "true", "No solution", "none", "even", "east", "Monday", "March", "twenty-one", "three hundred and five", "half", "DNE", "undefined",
        "all real numbers", "blue", "Alice", "Equilateral", "neither", "increasing", "two thirds", "infinitely many", "not 5", "是", "нет", "vingt", "فقط", "π", "\\text{parallelogram}");

    /// <summary>Values: what stands where a number may stand.</summary>
    private static readonly Gen<string> Value = Gen.Frequency((4, Expression(0)), (6, Expression(1)), (4, Expression(2)), (1, Expression(3)));

    private static readonly Gen<string> Short = Gen.Frequency((5, Integer), (2, Fraction), (1, Expression(1)));

    private static readonly Gen<string> Relation = Gen.OneOf("=", "<", ">", "\\le", "\\ge", "\\leq", "\\ne", "\\neq", "\\approx", "≤", "<=", "\\equiv", "\\in", "\\to");

    private static readonly Gen<string> Separator = Gen.OneOf(", ", ",", " and ", " or ", "; ", " \\text{ or } ", ",\\ ", ", and ", " , ", "、");

    private static readonly Gen<string> List = Gen.Select(Short.Array[2, 6], Separator, (items, separator) => string.Join(separator, items));

    private static readonly Gen<string> Interval = Gen.Select(Gen.OneOf("(", "[", "\\left(", "\\left["), Short, Short, Gen.OneOf(")", "]", "\\right)", "\\right]"), (open, low, high, close) => $"{open}{low}, {high}{close}");

    private static readonly Gen<string> Matrix = Gen.Select(Gen.OneOf("pmatrix", "bmatrix", "vmatrix", "matrix", "array", "cases"), Gen.Int[1, 3], Short.Array[1, 9], (name, columns, entries) =>
        $"\\begin{{{name}}}{(name == "array" ? "{cc}" : "")} {string.Join(" \\\\ ", entries.Chunk(columns).Select(row => string.Join(" & ", row)))} \\end{{{name}}}");

    /// <summary>Every kind of answer.</summary>
    public static Gen<string> Answers { get; } = Gen.Frequency<string>(
        (8, Number),
        (6, Fraction),
        (10, Value),
        (3, Gen.Select(Number, Unit, Gen.Int[0, 3], (number, unit, form) => form switch { 0 => $"{number} {unit}", 1 => $"{number} \\text{{ {unit}}}", 2 => $"{number}\\,\\mathrm{{{unit}}}", _ => $"{unit}{number}" })),
        (2, Gen.Select(Gen.OneOf("\\$", "$", "€", "£", "Rs. "), Number, (sign, number) => sign + number)),
        (2, Gen.Select(Number, Gen.OneOf("\\%", "%", "^\\circ", "^{\\circ}", "°", " \\text{ degrees}"), (number, mark) => number + mark)),
        (4, Gen.Select(Gen.OneOf("x", "y", "f(x)", "P(A)", "m+n", "\\angle ABC", "AB", "Area", "\\text{Probability}"), Relation, Value, (label, relation, value) => $"{label} {relation} {value}")),
        (3, Gen.Select(Value, Relation, Value, (left, relation, right) => $"{left} {relation} {right}")),
        (2, Gen.Select(Short, Gen.OneOf("<", "\\le", "<=", "\\leq"), Letter, Gen.OneOf("<", "\\le"), Short, (low, first, x, second, high) => $"{low} {first} {x} {second} {high}")),
        (2, Gen.Select(Value, Gen.OneOf("\\pm", "\\mp", "±", "+-"), Value, (a, sign, b) => $"{a} {sign} {b}")),
        (3, List),
        (3, List.Select(items => $"({items})")),
        (3, List.Select(items => $"\\{{{items}\\}}")),
        (3, Interval),
        (2, Gen.Select(Interval.Array[2, 4], Gen.OneOf(" \\cup ", " ∪ ", "U", " \\cap ", " \\setminus "), (parts, sign) => string.Join(sign, parts))),
        (2, Gen.Select(Gen.OneOf("\\mathbb{R}", "\\mathbb{Z}", "(-\\infty, \\infty)"), Gen.OneOf("", " \\setminus \\{1\\}", "\\backslash\\{0, 1\\}"), (set, less) => set + less)),
        (2, Gen.Select(Letter, Relation, Short, (x, relation, bound) => $"\\{{{x} \\mid {x} {relation} {bound}\\}}")),
        (3, Matrix),
        (1, Gen.Select(Short.Array[2, 4], items => string.Join(":", items))),
        (1, Gen.Select(Gen.Int[0, 24], Gen.Int[0, 59], Gen.OneOf("", " a.m.", "pm", " \\text{ p.m.}"), (hours, minutes, half) => $"{hours}:{minutes:00}{half}")),
        (1, Gen.Select(Gen.Int[1, 12], Gen.Int[1, 31], Gen.Int[1900, 2100], (month, day, year) => $"{month}/{day}/{year}")),
        (1, Gen.Select(Gen.Int[0, 4095], Gen.Int[2, 16], (value, radix) => $"{Convert.ToString(value, radix is 8 or 16 ? radix : 2)}_{{{radix}}}")),
        (3, Gen.Select(Gen.Char['A', 'J'], Value, Gen.Int[0, 5], (letter, value, form) => form switch { 0 => $"{letter}", 1 => $"({letter})", 2 => $"\\text{{({letter})}}", 3 => $"\\textbf{{({letter}) }} {value}", 4 => $"Option {letter}", _ => $"{letter}. {value}" })),
        (3, Word),
        (2, Gen.Select(Word, Gen.OneOf("\\text{", "\\mathrm{", "\\textbf{", "\\mbox{"), (word, command) => command + word + "}")),
        (1, Gen.Select(Gen.Int[1, 23], Gen.Int[1, 59], (hours, minutes) => $"{hours} hours {minutes} minutes")),
        (1, Special));

    private static Gen<string> Expression(int depth)
    {
        Gen<string> leaf = Gen.Frequency((6, Number), (3, Fraction), (4, Letter), (2, Constant), (1, Special));
        if (depth == 0) return leaf;
        Gen<string> inner = Expression(depth - 1);
        return Gen.Frequency(
            (3, inner),
            (4, Gen.Select(inner, Gen.OneOf(" + ", " - ", "+", "-", " \\cdot ", "\\times ", "*", "", " ", "/", " \\pm "), inner, (a, sign, b) => a + sign + b)),
            (2, Gen.Select(inner, inner, (a, b) => $"\\frac{{{a}}}{{{b}}}")),
            (2, Gen.Select(inner, inner, (a, b) => $"({a})^{{{b}}}")),
            (2, inner.Select(a => $"\\sqrt{{{a}}}")),
            (1, Gen.Select(inner, Gen.Int[2, 5], (a, index) => $"\\sqrt[{index}]{{{a}}}")),
            (2, Gen.Select(Function, inner, Gen.Bool, (function, a, brackets) => brackets ? $"{function}({a})" : $"{function} {a}")),
            (1, inner.Select(a => $"\\left|{a}\\right|")),
            (1, inner.Select(a => $"\\lfloor {a} \\rfloor")),
            (1, inner.Select(a => $"\\lceil {a} \\rceil")),
            (1, Gen.Select(inner, Gen.OneOf("!", "!!", "^\\circ", "\\%"), (a, mark) => $"({a}){mark}")),
            (1, Gen.Select(Positive, Positive, (n, k) => $"\\binom{{{n}}}{{{k}}}")),
            (1, Gen.Select(Gen.OneOf("\\sum", "\\prod"), Positive, inner, (sign, to, body) => $"{sign}_{{k=1}}^{{{to}}} {body}")),
            (1, Gen.Select(inner, inner, (a, b) => $"\\max({a}, {b})")),
            (1, inner.Select(a => $"({a})")),
            (1, inner.Select(a => $"{{{a}}}")));
    }
}
