using System.Globalization;

namespace Rlvr.Text;

/// <summary>
/// Cuts a text into words, within which byte pairs are merged. The patterns of the known models are scanned by hand over
/// Unicode code points: .NET's regular expressions see UTF-16 units, so their <c>\p{L}</c> misses letters beyond the Basic
/// Multilingual Plane (mathematical letters among them).
/// </summary>
internal sealed class PreTokenizer
{
    /// <summary>Qwen2, Qwen2.5, Qwen3: one digit a word.</summary>
    public const string Qwen2Pattern = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>Llama 3: up to three digits a word.</summary>
    public const string Llama3Pattern = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>GPT-2, the pattern of a ByteLevel pre-tokenizer with use_regex.</summary>
    public const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private const byte Other = 0, Letter = 1, Number = 2, Space = 3;
    private static readonly byte[] BmpClasses = ReadClasses();

    private readonly bool gpt2;
    private readonly bool whole;
    private readonly int maxDigits;

    /// <summary>Creates the scanner of a pattern; null: a text is one word.</summary>
    /// <param name="pattern">One of the patterns above.</param>
    /// <param name="addPrefixSpace">Whether a text that does not start with a space gets one.</param>
    /// <exception cref="ArgumentException">The pattern is not one of those.</exception>
    public PreTokenizer(string? pattern, bool addPrefixSpace)
    {
        if (pattern is not (null or Qwen2Pattern or Llama3Pattern or Gpt2Pattern)) throw new ArgumentException("unknown pattern", nameof(pattern));
        AddPrefixSpace = addPrefixSpace;
        whole = pattern is null;
        gpt2 = pattern == Gpt2Pattern;
        maxDigits = pattern switch { Qwen2Pattern => 1, Llama3Pattern => 3, _ => int.MaxValue };
    }

    /// <summary>Whether a text that does not start with a space gets one.</summary>
    public bool AddPrefixSpace { get; }

    /// <summary>The end of the word that starts at <paramref name="i"/> (an index of UTF-16 units below the length).</summary>
    public int EndOfWord(ReadOnlySpan<char> text, int i)
    {
        if (whole) return text.Length;
        char c = text[i];
        if (c == '\'' && Contraction(text[(i + 1)..]) is > 0 and int length) return i + 1 + length;

        // [^\r\n\p{L}\p{N}]?\p{L}+   (GPT-2:  ?\p{L}+)
        byte cls = ClassAt(text, i, out int units);
        if (cls == Letter) return EndOfRun(text, i + units, Letter);
        bool mayLead = gpt2 ? c == ' ' : cls != Number && c is not ('\r' or '\n');
        int second = i + units;
        if (mayLead && second < text.Length && ClassAt(text, second, out int letterUnits) == Letter) return EndOfRun(text, second + letterUnits, Letter);

        // \p{N}{1,k}   (GPT-2:  ?\p{N}+)
        if (cls == Number) return EndOfRun(text, second, Number, maxDigits - 1);
        byte afterSpace = c == ' ' && second < text.Length ? ClassAt(text, second, out _) : Space;
        if (gpt2 && afterSpace == Number) return EndOfRun(text, second, Number);

        //  ?[^\s\p{L}\p{N}]+[\r\n]*   (GPT-2: without the line ends)
        if (cls == Other || afterSpace == Other)
        {
            int end = EndOfRun(text, second, Other);
            while (!gpt2 && end < text.Length && text[end] is '\r' or '\n') end++;
            return end;
        }

        // \s*[\r\n]+   then   \s+(?!\S)   then   \s+
        int spaces = EndOfRun(text, second, Space);
        if (!gpt2 && text[i..spaces].LastIndexOfAny('\r', '\n') is >= 0 and int lineEnd) return i + lineEnd + 1;
        return spaces < text.Length && spaces - i > 1 ? spaces - 1 : spaces;
    }

    // The length of what follows the apostrophe of 's 't 're 've 'm 'll 'd; 0: no contraction. Without regard to case, which
    // for Unicode makes 'ſ' (U+017F) an 's'.
    private int Contraction(ReadOnlySpan<char> rest)
    {
        if (rest.IsEmpty) return 0;
        char first = Fold(rest[0]), second = rest.Length > 1 ? Fold(rest[1]) : '\0';
        return (first, second) switch
        {
            ('s' or 't' or 'm' or 'd', _) => 1,
            ('r' or 'v', 'e') or ('l', 'l') => 2,
            _ => 0,
        };
    }

    private char Fold(char c) => gpt2 ? c : c == '\u017F' ? 's' : char.IsAsciiLetterUpper(c) ? (char)(c | 0x20) : c;

    private static int EndOfRun(ReadOnlySpan<char> text, int i, byte cls, int maxCount = int.MaxValue)
    {
        for (; maxCount > 0 && i < text.Length && ClassAt(text, i, out int units) == cls; maxCount--) i += units;
        return i;
    }

    private static byte ClassAt(ReadOnlySpan<char> text, int i, out int units)
    {
        char c = text[i];
        units = 1;
        if (!char.IsHighSurrogate(c) || i + 1 >= text.Length || !char.IsLowSurrogate(text[i + 1])) return BmpClasses[c];
        units = 2;
        return ClassOf(CharUnicodeInfo.GetUnicodeCategory(char.ConvertToUtf32(c, text[i + 1]))); // no white space beyond the BMP
    }

    private static byte[] ReadClasses()
    {
        byte[] classes = new byte[0x10000];
        for (int c = 0; c < classes.Length; c++) classes[c] = char.IsWhiteSpace((char)c) ? Space : ClassOf(CharUnicodeInfo.GetUnicodeCategory((char)c));
        return classes;
    }

    private static byte ClassOf(UnicodeCategory category) => category switch
    {
        <= UnicodeCategory.OtherLetter => Letter, // Lu, Ll, Lt, Lm, Lo
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Number,
        _ => Other,
    };
}
