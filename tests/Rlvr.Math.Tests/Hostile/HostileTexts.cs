using System.Globalization;
using System.Text;

namespace Rlvr.Math.Tests.Hostile;

/// <summary>
/// Texts made to make a reader hang, overflow its stack or eat all memory: each is a pattern that is repeated or nested up to a size, so
/// that what grows faster than the text shows.
/// </summary>
internal static class HostileTexts
{
    /// <summary>The longest text that is promised to be judged within the bound, in characters.</summary>
    public const int Largest = 65_536;

    /// <summary>Sizes in characters: all that is read, about the largest number of tokens, what the other profiles read, and small ones that pass every limit.</summary>
    public static int[] Sizes { get; } = [65_000, 24_000, 4_000, 300];

    /// <summary>A way to write a text of about any length.</summary>
    /// <param name="Name">Says what it is.</param>
    /// <param name="OfSize">The text of about so many characters.</param>
    public sealed record Pattern(string Name, Func<int, string> OfSize);

    public static IReadOnlyList<Pattern> Patterns { get; } =
    [
        // Rows of one thing.
        .. Rows("{", "}", "(", ")", "[", "]", "\\{", "\\left(", "|", "\\|", "\\lfloor ", "$", "\\", "\\\\", "^", "_", "!", "'", "\"", ".", ",", ";", ":", "&", "%", "~", "#",
            "-", "+", "+-", "\\pm ", "\\mp 1", "*", "/", "=", "<", "1<", "1=", "x=", "x\\ne ", "\\frac", "\\frac1", "\\frac{", "\\sqrt", "\\sqrt{", "\\sqrt[", "\\sqrt[3]", "\\binom", "\\sum_{k=1}^{9}", "\\prod_{k=1}^{k}",
            "\\begin{pmatrix}", "\\begin{cases}", "\\end{pmatrix}", "\\text{", "\\text{or}", "\\mathrm{a}", "\\boxed{", "\\boxed{1}", "boxed", "\\overline", "\\overline{3}", "\\log_", "\\log_2", "\\sin", "\\sin^2", "\\sin^{-1}", "\\ln ", "\\max(", "\\gcd(1,",
            "7", "1.", "0.", "1,234,", "1 234 ", "1,234 ", "1{,}", "1,\\!", "1e", "1e9", "e", "i", "x", "\\pi", "\\infty", "x!", "x'", "x_", "x^", "2^", "(-1)^", "^{-1}", "x_{1}", "\\theta", "½", "√", "²", "∪", "°", "\\cup", "[0,1]\\cup", "\\in", "\\mathbb{R}",
            "and ", "or ", "1 or ", "to ", "1 to ", "1:", "is ", "the answer is ", "answer: ", "Answer:", "\\lim_{x} the value of f is ", "a=1,b=2;", "one ", "one hundred ", "hundred ", "million ", "1 million ", "half ", "cm ", "5 cm ", "cm^2", "/s", "5 hours ", "pens ", "a ", "(A)", "A", "option ", "$5", "5\\%", "^\\circ", "1^\\circ 2'", "a.m.",
            "101_2", "base ", "\u0000", "\u200b", "\ud800", "\udc00", "😀", "ﷺ", "é", "\u0301", "\u202e", "字", " ", "\n", "\t", "a b ", "aaaaaaaaa ", "abc", "inf", "pi", "sqrt", "sqrt(", "sqrt2"),

        // Lists of values that are all different.
        List("integers", ", ", i => Int(i)),
        List("integers or", " or ", i => Int(i)),
        List("decimals", ",", i => "0." + Int(i)),
        List("long decimals", ",", i => "0." + Int(i) + new string('3', 300)),
        List("enormous powers of ten", ",", i => "1e" + Int(19_999 - i)),
        List("tiny powers of ten", ",", i => "1e-" + Int(19_999 - i)),
        List("tiny powers of ten, no list", "+", i => "1e-" + Int(19_999 - i)),
        List("fractions", ", ", i => $"\\frac{{{i}}}{{{i + 1}}}"),
        List("mixed numbers", ", ", i => $"{i}\\frac{{1}}{{{i + 2}}}"),
        List("roots", ", ", i => $"\\sqrt{{{i}}}"),
        List("roots or", " or ", i => $"\\sqrt{{{i}}}"),
        List("logarithms", ", ", i => $"\\ln {i}"),
        List("angles", ", ", i => $"\\sin {i}"),
        List("powers", ", ", i => $"{i}^{{1/7}}"),
        List("plus-minus", ", ", i => $"\\pm {i}"),
        List("plus-minus of roots", ", ", i => $"1\\pm\\sqrt{{{i}}}"),
        List("variables", ", ", Variable),
        List("products of variables", ", ", i => Variable(i) + Variable(i + 7)),
        List("words", ", ", i => "red" + Letters(i)),
        List("units", ", ", i => $"{i} \\text{{ cm}}^{{{1 + (i % 9)}}}"),
        List("nouns", " ", i => "5 " + Letters(i) + "s"),
        List("pairs", ", ", i => $"({i},{i + 1})"),
        List("triples with roots", ", ", i => $"(1,\\sqrt{{{i}}},x)"),
        List("intervals", " \\cup ", i => $"[{i},{i}.5)"),
        List("intervals with roots", " \\cup ", i => $"[\\sqrt{{{3 * i}}},\\sqrt{{{(3 * i) + 1}}})"),
        List("intervals or", " or ", i => $"[\\sqrt{{{3 * i}}},\\sqrt{{{(3 * i) + 1}}})"),
        List("half-lines or", " or ", i => $"x > \\sqrt{{{i}}}"),
        List("half-lines and", " and ", i => $"x > \\sqrt{{{i}}}"),
        List("exclusions", ", ", i => i == 1 ? "x \\ne 1" : Int(i)),
        List("exclusions of roots", " and ", i => $"x \\ne \\sqrt{{{i}}}"),
        List("distances", " or ", i => $"|x-\\sqrt{{{i}}}| < 0.001"),
        List("equations", ", ", i => $"x = {i}"),
        List("equations of many variables", ", ", i => $"{Variable(i)} + {Variable(i + 1)} = {i}"),
        List("chain", " = ", i => $"\\sqrt{{{i * i}}}"),
        List("inequalities", " < ", i => $"\\sqrt{{{i}}}"),
        List("ratio", ":", i => Int(i)),
        List("times", ", ", i => $"{1 + (i % 12)}:{10 + (i % 50)} p.m."),
        List("bases", ", ", i => $"1{i % 2}{i / 2 % 2}1_2"),
        List("choices", ", ", i => $"({(char)('A' + (i % 10))})"),
        List("series", ", ", i => $"\\sum_{{k=1}}^{{{i}}} \\frac{{1}}{{k}}"),
        List("endless series", ", ", i => $"\\sum_{{k=1}}^{{\\infty}} \\frac{{1}}{{k^{{{i}}}}}"),
        List("factorials", ", ", i => $"{i}!"),
        List("large factorials", ", ", i => $"{6_000 - (i % 50)}!"),
        List("binomials", ", ", i => $"\\binom{{{8_000 + i}}}{{{3_999 - (i % 100)}}}"),
        List("towers", ", ", i => $"9^{{9^{{9^{i}}}}}"),
        List("divisions by zero", ", ", i => $"\\frac{{{i}}}{{0}}"),
        List("abbreviations", ", ", i => "ab c " + Letters(i)),
        List("sets", ", ", i => $"\\{{{i}, {i + 1}\\}}"),
        List("numbers in words", ", ", i => "three hundred million and two"),

        // Long expressions.
        List("sum of integers", "+", i => Int(i)),
        List("sum of fractions", "+", i => $"\\frac{{1}}{{{(2 * i) + 1}}}"),
        List("sum of plain fractions", "+", i => $"1/{(2 * i) + 1}"),
        List("sum of roots", "+", i => $"\\sqrt{{{i}}}"),
        List("sum of plain roots", "+", i => $"sqrt({i})"),
        List("sum of logarithms", "+", i => $"\\ln {i + 1}"),
        List("sum of variables", "+", Variable),
        List("sum of one variable", "+", _ => "x"),
        List("sum of powers", "+", i => $"x^{{{i}}}"),
        List("product of binomials", "", i => $"(x+{i})"),
        List("product of two variables", "", i => $"(x+{i}y)"),
        List("product of integers", "\\cdot ", i => Int(1_000_000 + i)),
        List("product of fractions", "\\cdot ", i => $"\\frac{{{(2 * i) + 1}}}{{{(2 * i) + 2}}}"),
        List("product of roots", "", i => $"\\sqrt{{{i}}}"),
        List("quotients", "/", i => Int(i)),
        List("divisions", "\\div ", i => Int(i)),
        List("powers of a sum", "", _ => "(x+y+1)^{99}"),
        List("letters with indices", "", i => $"x_{{{i}}}"),
        List("implied products", " ", i => Int(i) + "x"),
        List("rows", " \\\\ ", i => $"{i} & {i + 1}", "\\begin{pmatrix}", "\\end{pmatrix}"),
        List("columns", " & ", i => $"\\sqrt{{{i}}}", "\\begin{pmatrix}", "\\end{pmatrix}"),
        List("cases", " \\\\ ", i => $"{i} & x = {i}", "\\begin{cases}", "\\end{cases}"),
        List("matrices", "+", i => $"\\begin{{pmatrix}} {i} \\\\ 1 \\end{{pmatrix}}"),
        List("determinants", "+", i => $"\\begin{{vmatrix}} {i} & 1 & x & 2 \\\\ 1 & 2 & 3 & 4 \\\\ x & 0 & 1 & 0 \\\\ y & 1 & 1 & {i} \\end{{vmatrix}}"),
        List("greatest common divisors", ",", i => Int(1_000_000_007L * i), "\\gcd(", ")"),
        List("maximum", ",", i => $"\\sqrt{{{i}}}", "\\max(", ")"),
        List("groups of three", ",", i => Int(100 + (i % 900))),
        List("groups of three with spaces", " ", i => Int(100 + (i % 900))),
        List("groups of three with breaks", " ", i => i % 2 == 0 ? "234,234" : "1"),
        List("degrees", " ", i => $"{i}^\\circ"),
        List("minutes", " ", i => $"{i}^\\circ 1' 2''"),
        List("percentages", " + ", i => $"{i}\\%"),
        List("sentence", " ", Letters),
        List("texts", " ", i => $"\\text{{{Letters(i)}}}"),
        List("names that the evaluation takes for units", " ", i => ((string[])["cmm", "degreex", "xmile", "minx", "sx", "th s", "mphs", "womanx"])[i % 8]),

        // Nests.
        Nest("braces", "{", "5", "}"),
        Nest("parentheses", "(", "5", ")"),
        Nest("parentheses with a sum", "(1+", "5", ")"),
        Nest("brackets", "[", "5", "]"),
        Nest("fractions", "\\frac{1}{1+", "x", "}"),
        Nest("fractions above", "\\frac{", "x", "+1}{2}"),
        Nest("fractions in both", "\\frac{1}{2+\\frac{", "x", "}{3}}"),
        Nest("roots", "\\sqrt{1+", "x", "}"),
        Nest("roots of roots", "\\sqrt{", "2", "}"),
        Nest("roots with an index", "\\sqrt[3]{", "2", "}"),
        Nest("indices of roots", "\\sqrt[", "2", "]{3}"),
        Nest("powers", "2^{", "2", "}"),
        Nest("powers of negative numbers", "(-2)^{", "2", "}"),
        Nest("powers of negative variables", "(-2)^{x", "2", "}"),
        Nest("exponentials", "e^{", "x", "}"),
        Nest("exponentials of fractions", "e^{-\\frac12", "x", "}"),
        Nest("sines", "\\sin(", "x", ")"),
        Nest("logarithms", "\\ln(1+", "2", ")"),
        Nest("floors", "\\lfloor \\sqrt{", "1000", "} \\rfloor"),
        Nest("absolute values", "|1+|", "x", "|+1|"),
        Nest("factorials", "(", "3", ")!"),
        Nest("binomials", "\\binom{", "9", "}{2}"),
        Nest("sums over sums", "\\sum_{k=1}^{9} (", "k", ")"),
        Nest("limits of sums", "\\sum_{k=1}^{", "2", "} k"),
        Nest("products over products", "\\prod_{k=1}^{3} (1+", "k", ")"),
        Nest("tuples", "(1,", "2", ")"),
        Nest("sets", "\\{1,", "2", "\\}"),
        Nest("sets of intervals", "\\{[1,2),", "2", "\\}"),
        Nest("set differences", "(\\mathbb{R} \\setminus ", "\\{1\\}", ")"),
        Nest("matrices", "\\begin{pmatrix} 1 & ", "2", "\\end{pmatrix}"),
        Nest("cases", "\\begin{cases} 1 & ", "2", "\\end{cases}"),
        Nest("arrays with names", "\\begin{array}{c}", "2", "\\end{array}"),
        Nest("texts", "\\text{", "yes", "}"),
        Nest("boxes", "\\boxed{", "5", "}"),
        Nest("plus-minus", "\\pm (", "1", ")"),
        Nest("maxima", "\\max(1, ", "2", ")"),
        Nest("set builders", "\\{x \\mid ", "x > 2", "\\}"),
        Nest("equations", "(x = ", "2", ")"),
        Nest("choices", "(A) ", "2", ""),
        Nest("conditions", "x (", "x > 0", ")"),
        Nest("introductions", "answer: ", "\\lim x", ""),
        Nest("functions of fractions", "\\sin\\frac{", "x", "}{2}"),
        Nest("overlines", "\\overline{", "x", "}"),
        new("environments with many names", size => Environments(size)),

        // Single monsters.
        .. Once(
            ("tower", "9^{9^{9^9}}"), ("tower of twos", "2^{2^{2^{2^{2^2}}}}"), ("large power", "10^{10^{10}}"), ("power of a fraction", "(\\frac{2}{3})^{99999}"), ("root of a tower", "\\sqrt[999]{9^{9999}}"),
            ("factorial of factorials", "((10!)!)!"), ("large factorial", "99999999!"), ("long factorial", "6000!"), ("factorials", "6000! + 5999! + 5998! + 5997!"), ("quotient of factorials", "\\frac{6000!}{5999!}"),
            ("wide binomial", "\\binom{1000000000000}{4000}"), ("binomial of binomials", "\\binom{\\binom{100}{50}}{4000}"), ("binomial of a root", "\\binom{1/3}{100}"),
            ("long sum", "\\sum_{k=1}^{100000} \\sqrt{k}"), ("long product", "\\prod_{k=1}^{100000} k"), ("sum of sums", "\\sum_{k=1}^{99999} \\sum_{j=1}^{99999} jk"), ("sum of powers", "\\sum_{k=1}^{99999} k^{999}"),
            ("sum with an enormous start", "\\sum_{k=10^{9999}}^{10^{9999}+3} k"), ("harmonic sum", "\\sum_{k=1}^{9999} \\frac{1}{k}"), ("empty sum", "\\sum_{k=9}^{1} k"),
            ("polynomial", "(x+y+z+1)^{200}"), ("wide polynomial", "(a+b+c+d+f+g+h+j+k+l+m+n+o+p+q+r+s+t+u+v+w+x+y+z)^{60}"), ("cancellation", "10^{9999} + 1 - 10^{9999}"),
            ("roots of large numbers", "\\sqrt{10^{9999}+1}"), ("cube root of a large number", "\\sqrt[3]{10^{5999}+1}"), ("logarithm of a large number", "\\ln(10^{9999})"), ("sine of a large number", "\\sin(10^{999})"),
            ("arcs", "\\arctan(\\arctan(\\arctan(0.999999999)))"), ("exponential of exponentials", "e^{e^{e^{e^{e}}}}"), ("greatest common divisor", "\\gcd(" + new string('9', 1_200) + "," + new string('7', 1_200) + ")"),
            ("least common multiple", "\\text{lcm}(1,2,3)"), ("large modulus", "5 \\pmod{" + new string('9', 5_000) + "}"), ("repeating decimal", "0.\\overline{" + new string('7', 390) + "}"), ("small decimal", "1e-19999"), ("large decimal", "1e19999"),
            ("decimal with many places", "0." + new string('3', 11_990)), ("integer of many digits", new string('7', 11_999)), ("fraction of many digits", "\\frac{" + new string('7', 11_999) + "}{" + new string('3', 11_999) + "}"),
            ("ratio of large decimals", "0." + new string('3', 5_000) + ":0." + new string('7', 5_000)), ("a million digits", new string('7', 1_000_000)), ("100,000 braces", new string('{', 100_000) + "5" + new string('}', 100_000)), ("a megabyte of words", Repeat("word ", 1_000_000))),
    ];

    /// <summary>Responses in which the answer is hard to find, of about so many characters.</summary>
    public static IReadOnlyList<Pattern> Responses { get; } =
    [
        .. Rows("\\boxed{", "\\boxed{1} ", "\\boxed", "boxed{", "box", "fbox{", "\\fbox{1", "\\boxed {", "\\boxed 1 ", "answer is ", "The answer is $", "the answer is $1$ ", "answer: ", "答案是", "####", "#### 1\n", "$", "$$", "$1$ ", "(A) ", "option A ", "A ", "A", " ", "\n", "\n\n", "1", "1.", "1,", "-1", "1 ", ". ", "word ", "</think>", "<think>", "\\", "{", "}", "\\{", "*", "**", "final answer is $", "$. I hope"),
        Nest("boxes", "\\boxed{", "5", "}"),
        Nest("boxes in braces", "{\\boxed{", "5", "}}"),
        new("a box of braces", size => "\\boxed{" + Repeat("{", size)),
        new("a box that ends late", size => "\\boxed{" + Repeat("x", size) + "}"),
        new("a letter behind much space", size => "A" + Repeat(" ", size) + "B"),
        new("phrases in one line", size => "the answer is " + Repeat("a ", size)),
    ];

    private static Pattern[] Rows(params string[] pieces) =>
        [.. pieces.Select(piece => new Pattern("row of " + string.Concat(piece.Select(c => c is > ' ' and <= '~' ? c.ToString() : $"U+{(int)c:X4}")), size => Repeat(piece, size)))];

    private static Pattern List(string name, string separator, Func<int, string> item, string before = "", string after = "") => new(name, size =>
    {
        StringBuilder text = new(before);
        for (int i = 1; ; i++)
        {
            string next = item(i);
            if (i > 1 && text.Length + separator.Length + next.Length + after.Length > size) return text.Append(after).ToString();
            if (i > 1) text.Append(separator);
            text.Append(next);
        }
    });

    private static Pattern Nest(string name, string open, string core, string close) => new("nest of " + name, size =>
    {
        int levels = int.Max(1, (size - core.Length) / (open.Length + close.Length));
        return new StringBuilder().Insert(0, open, levels).Append(core).Insert(open.Length * levels + core.Length, close, levels).ToString();
    });

    private static Pattern[] Once(params (string Name, string Text)[] texts) => [.. texts.Select(text => new Pattern(text.Name, _ => text.Text))];

    private static string Repeat(string piece, int size) => new StringBuilder().Insert(0, piece, int.Max(1, size / piece.Length)).ToString();

    private static string Environments(int size)
    {
        int levels = int.Max(1, size / 90);
        StringBuilder text = new(size);
        for (int i = 0; i < levels; i++) text.Append('{', 58).Append(CultureInfo.InvariantCulture, $"\\begin{{{Letters(i)}}}");
        text.Append('5');
        for (int i = levels - 1; i >= 0; i--) text.Append(CultureInfo.InvariantCulture, $"\\end{{{Letters(i)}}}");
        return text.ToString();
    }

    private static string Int(long value) => value.ToString(CultureInfo.InvariantCulture);

    // a_{1}, b_{1}, ...: as many different variables as wanted
    private static string Variable(int i) => $"{(char)('a' + (i % 26))}_{{{i / 26}}}";

    private static string Letters(int i)
    {
        StringBuilder text = new();
        for (int rest = i + 26; rest > 0; rest /= 26) text.Append((char)('a' + (rest % 26)));
        return text.ToString();
    }
}
