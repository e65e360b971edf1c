using System.Text;
using CsCheck;

namespace Rlvr.Math.Tests.Fuzzing;

/// <summary>Ways in which texts go wrong: what a model writes when it is cut off, repeats itself, mixes languages, or what an attacker writes.</summary>
internal static class Mutations
{
    private const int Longest = 10_000;

    private static readonly string[] Pieces =
    [
        "{", "}", "(", ")", "[", "]", "\\{", "\\}", "\\left", "\\right", "|", "\\", "\\\\", "$", "$$", "^", "_", "&", "#", "~", "'", "\"", ",", ";", ":", ".", "...", "!", "%", "=", "<", ">", "+", "-", "*", "/",
        "\\frac", "\\frac{1}", "\\sqrt", "\\sqrt[", "\\boxed{", "\\boxed", "\\fbox{", "\\text{", "\\text{ or }", "\\mathrm{", "\\begin{pmatrix}", "\\end{pmatrix}", "\\begin{cases}", "\\overline", "\\sum_{k=1}^{n}", "\\prod", "\\log_",
        "\\sin", "\\infty", "\\pi", "\\cup", "\\in", "\\mathbb{R}", "\\pm", "\\ne", "\\approx", "\\circ", "\\unknown", "\\binom", "\\over", "\\choose", "\\over x", "x", "e", "i", "n!", "1/0", "0^0", "0!", "-1", "1e9", "1e-300", "2.6e-3",
        "9^{9^{9^9}}", "(-1)^", "99999999!", "\\binom{99999}{5000}", "\\sum_{k=1}^{99999} \\sqrt{k}", "and", " or ", "not", "yes", "is", "the answer is", "Answer:", "####", "</think>", "million", "hundred", "half", "cm", "base", "a.m.", "(A)", "option",
        "\ud800", "\udfff", "\ud83d\ude00", "\0", "\u0007", "\u001b[31m", "\u200b", "\u202e", "\u0301", "\ufeff", "ﷺ", "字", "答案是", "ответ", "الجواب", "½", "√", "²", "₂", "°", "∪", "≤", "−", "×", "·", "٣", "Ⅷ", "𝟙", "𝑥", "\r\n", "\n\n", "\t", " ", "\u00a0",
        "(a+)+$", "(.*a){20}", "^(([a-z])+.)+[A-Z]([a-z])+$", "\\d{1000}", "0.1e", "1_000", "0x1F", "NaN", "Infinity", "-0", "+-", "--", "1,2,3", "1,234,5", "1 234", "1.2.3", "1:2:3",
    ];

    private static readonly Gen<string> Piece = Gen.Int[0, Pieces.Length - 1].Select(i => Pieces[i]);

    private static readonly Gen<string> Digits = Gen.Select(Gen.Int[1, 3_000], Gen.Int[0, 9], (count, digit) => new string((char)('0' + digit), count));

    /// <summary>One step: an operation, two places in the text as parts of its length, how often, and what is put in.</summary>
    private static readonly Gen<(int Operation, double From, double To, int Count, string Piece, char Letter)> Step =
        Gen.Select(Gen.Int[0, 13], Gen.Double[0, 1], Gen.Double[0, 1], Gen.Int[2, 20], Piece, Gen.Char);

    /// <summary>Up to a hundred pieces in a row.</summary>
    public static Gen<string> Garbage { get; } = Gen.Frequency((9, Piece.Array[0, 20].Select(string.Concat)), (1, Piece.Array[0, 100].Select(string.Concat)));

    /// <summary>A short pattern again and again, or nested: what grows faster than the text shows.</summary>
    public static Gen<string> Patterns { get; } = Gen.Select(Piece.Array[1, 4], AnswerGrammar.Answers, Piece.Array[0, 3], Gen.Frequency((80, Gen.Int[2, 20]), (18, Gen.Int[20, 60]), (1, Gen.Int[60, 300]), (1, Gen.Int[300, 3_000])), Gen.Int[0, 2], (open, core, close, count, form) =>
    {
        string before = string.Concat(open), after = string.Concat(close);
        return form switch
        {
            0 => Repeat(before, count) + core + Repeat(after, count),
            1 => Repeat(core + before, count),
            _ => Repeat(before, count) + core,
        };
    });

    /// <summary>A text after one to four steps.</summary>
    public static Gen<string> Of(Gen<string> texts) => Gen.Select(texts, texts, Step.Array[1, 4], Gen.Frequency((99, Gen.Const("")), (1, Digits)), (text, other, steps, digits) =>
    {
        foreach ((int operation, double from, double to, int count, string piece, char letter) in steps)
        {
            if (text.Length > Longest) break;
            text = Apply(text, other, operation, from, to, count, piece, letter);
        }
        return digits.Length > 0 ? text.Insert(text.Length / 2, digits) : text;
    });

    private static string Apply(string text, string other, int operation, double from, double to, int count, string piece, char letter)
    {
        int low = (int)(double.Min(from, to) * text.Length), high = (int)(double.Max(from, to) * text.Length);
        switch (operation)
        {
            case 0: return text.Remove(low, high - low);
            case 1: return text.Insert(high, text[low..high]);
            case 2: return text[..low] + other[(int)(from * other.Length)..];
            case 3: return text.Insert(low, piece);
            case 4: return text.Insert(low, letter.ToString());
            case 5: return low < text.Length ? text.Remove(low, 1) : text;
            case 6: return DropBrace(text, from);
            case 7: return text.Insert(low, Repeat(piece, count));
            case 8: return Repeat(piece, count) + text;
            case 9: return text[..low] + piece + text[low..high] + piece + text[high..];
            case 10: return text.Insert(high, Repeat(text[low..high], high - low < 20 ? count : 1));
            case 11: return new string([.. text.Reverse()]);
            case 12: return text.ToUpperInvariant();
            default: return low < text.Length ? text[..low] + letter + text[(low + 1)..] : text + letter;
        }
    }

    private static string DropBrace(string text, double place)
    {
        int at = text.IndexOfAny(['{', '}', '(', ')', '[', ']'], (int)(place * text.Length));
        return at < 0 ? text : text.Remove(at, 1);
    }

    private static string Repeat(string piece, int count) => new StringBuilder().Insert(0, piece, count).ToString();
}
