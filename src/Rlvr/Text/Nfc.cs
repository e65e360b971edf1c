using System.Globalization;
using System.Text;

namespace Rlvr.Text;

/// <summary>
/// Unicode normalisation form C (UAX #15). The library runs with InvariantGlobalization, where
/// <see cref="string.Normalize()"/> changes nothing, so the algorithm and its data (<see cref="NfcData"/>) are here.
/// </summary>
internal static class Nfc
{
    // Hangul syllables are composed by arithmetic: Unicode Standard, section 3.12.
    private const int SBase = 0xAC00, LBase = 0x1100, VBase = 0x1161, TBase = 0x11A7, LCount = 19, VCount = 21, TCount = 28, SCount = LCount * VCount * TCount;

    private static readonly Dictionary<int, (int First, int Second)> Decompositions = [];
    private static readonly Dictionary<(int First, int Second), int> Compositions = [];
    private static readonly Dictionary<int, int> Classes = [];

    // Characters at which a text may differ from its form C; a text without them is in form C.
    private static readonly HashSet<int> Suspects = [];
    private static readonly bool[] BmpSuspects = new bool[0x10000];

    static Nfc()
    {
        foreach (string entry in NfcData.CombiningClasses.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = entry.Split('-', ':');
            for (int c = Hex(parts[0]); c <= Hex(parts[^2]); c++) Classes[c] = int.Parse(parts[^1], CultureInfo.InvariantCulture);
        }
        foreach (string entry in NfcData.Decompositions.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            bool excluded = entry[^1] == '!';
            string[] parts = entry.TrimEnd('!').Split('=', '+');
            int composed = Hex(parts[0]), first = Hex(parts[1]), second = parts.Length > 2 ? Hex(parts[2]) : 0;
            Decompositions[composed] = (first, second);
            if (second == 0 || excluded)
            {
                Suspects.Add(composed);
            }
            else
            {
                Compositions[(first, second)] = composed;
                Suspects.Add(second);
            }
        }
        Suspects.UnionWith(Classes.Keys);
        for (int v = 0; v < VCount; v++) Suspects.Add(VBase + v);
        for (int t = 1; t < TCount; t++) Suspects.Add(TBase + t);
        foreach (int c in Suspects)
            if (c < BmpSuspects.Length) BmpSuspects[c] = true;
    }

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    /// <summary>The text in form C; the same instance where it already is. <paramref name="text"/> must have no lone surrogates.</summary>
    public static string Normalize(string text)
    {
        // Below U+0300 every character is its own form C and combines with nothing before it.
        int start = text.AsSpan().IndexOfAnyExceptInRange('\0', '\u02FF');
        return start < 0 || IsNormalized(text, start) ? text : Compose(Decompose(text));
    }

    private static bool IsNormalized(string text, int start)
    {
        for (int i = start; i < text.Length; i++)
        {
            if (BmpSuspects[text[i]]) return false;
            if (char.IsHighSurrogate(text[i]) && Suspects.Contains(char.ConvertToUtf32(text, i++))) return false;
        }
        return true;
    }

    // Full canonical decomposition in canonical order.
    private static List<int> Decompose(string text)
    {
        List<int> scalars = new(text.Length + 16);
        foreach (Rune rune in text.EnumerateRunes()) AddDecomposed(scalars, rune.Value);
        for (int i = 0; i < scalars.Count; i++)
        {
            if (ClassOf(scalars[i]) == 0) continue;
            int end = i + 1;
            while (end < scalars.Count && ClassOf(scalars[end]) != 0) end++;
            // OrderBy is stable, and n log n for a text that is nothing but marks.
            if (end - i > 1)
            {
                int at = i;
                foreach (int mark in scalars.GetRange(i, end - i).OrderBy(ClassOf)) scalars[at++] = mark;
            }
            i = end;
        }
        return scalars;
    }

    private static void AddDecomposed(List<int> scalars, int c)
    {
        int syllable = c - SBase;
        if (syllable is >= 0 and < SCount)
        {
            scalars.Add(LBase + syllable / (VCount * TCount));
            scalars.Add(VBase + syllable % (VCount * TCount) / TCount);
            if (syllable % TCount != 0) scalars.Add(TBase + syllable % TCount);
        }
        else if (c >= 0xC0 && Decompositions.TryGetValue(c, out var parts))
        {
            AddDecomposed(scalars, parts.First);
            if (parts.Second != 0) AddDecomposed(scalars, parts.Second);
        }
        else
        {
            scalars.Add(c);
        }
    }

    private static string Compose(List<int> scalars)
    {
        int starter = -1, written = 0, lastClass = -1;
        for (int i = 0; i < scalars.Count; i++)
        {
            int c = scalars[i], cls = ClassOf(c);
            // A character is blocked from the starter by one of the same or a higher class between them (or by class 0).
            if (starter >= 0 && lastClass < cls && TryCompose(scalars[starter], c, out int composed))
            {
                scalars[starter] = composed;
                continue;
            }
            if (cls == 0)
            {
                starter = written;
                lastClass = -1;
            }
            else
            {
                lastClass = cls;
            }
            scalars[written++] = c;
        }
        StringBuilder text = new(written);
        Span<char> units = stackalloc char[2];
        for (int i = 0; i < written; i++) text.Append(units[..new Rune(scalars[i]).EncodeToUtf16(units)]);
        return text.ToString();
    }

    private static bool TryCompose(int first, int second, out int composed)
    {
        if (first - LBase is >= 0 and < LCount && second - VBase is >= 0 and < VCount)
        {
            composed = SBase + ((first - LBase) * VCount + second - VBase) * TCount;
            return true;
        }
        if (first - SBase is >= 0 and < SCount && (first - SBase) % TCount == 0 && second - TBase is > 0 and < TCount)
        {
            composed = first + second - TBase;
            return true;
        }
        return Compositions.TryGetValue((first, second), out composed);
    }

    private static int ClassOf(int c) => c >= 0x300 && Classes.TryGetValue(c, out int cls) ? cls : 0;
}
