using System.Collections.Frozen;
using System.Text;
using Rlvr.Math.Reading;

namespace Rlvr.Math.Profiles;

/// <summary>The clean-up of answers and labels that the Qwen2.5-Math evaluation begins with.</summary>
internal static class EvaluationText
{
    // Names it takes away as units wherever they stand alone; a full stop stands for any character.
    private static readonly string[] Names = [.. (
        "east,degree,mph,kmph,ft,m sqaure, m east,sq m,deg,mile,q .,monkey,prime,ratio,profit of rs,rd,o,gm,p . m,lb,tile,per,dm,lt,gain,ab,way,west,"
        + "a .,b .,c .,d .,e .,f .,g .,h .,t,a,h,no change,men,soldier,pie,bc,excess,st,inches,noon,percent,by,gal,kmh,c,acre,rise,a . m,th,π r 2,sq,mark,"
        + "l,toy,coin,sq . m,gallon,° f,profit,minw,yr,women,feet,am,pm,hr,cu cm,square,are,rupee,rounds,cubic,cc,mtr,s,ohm,number,day,hour,minute,"
        + "min,second,man,woman,sec,cube,mt,sq inch,mp,∏ cm ³,hectare,more,unit,cu . m,cm 2,rs .,rs,kg,g,month,km,m,cm,mm,apple,liter,loss,yard,"
        + "pure,year,increase,decrease,d,less,Surface,litre,pi sq m,s .,metre,meter,inch").Split(',')];

    private static readonly string[] AllNames = [.. Names, .. Names.Select(name => name + "s")];

    // The first word of each name: a text without any of them as a whole word has no name to lose.
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> FirstWords =
        AllNames.Select(name => string.Concat(name.SkipWhile(c => !IsWord(c)).TakeWhile(IsWord))).ToFrozenSet(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Takes the answer out of what stood in the box.</summary>
    public static string Extract(string answer)
    {
        StringBuilder text = new();
        for (int i = 0; i < answer.Length; i++)
        {
            if (answer[i] != '\n') { text.Append(answer[i]); continue; }
            while (i + 1 < answer.Length && char.IsWhiteSpace(answer[i + 1])) i++;
        }
        string result = text.ToString();
        if (result.StartsWith(':')) result = result[1..];
        if (result.EndsWith('.')) result = result[..^1];
        if (result.EndsWith('/')) result = result[..^1];
        return Strip(Strip(result));
    }

    public static string Strip(string text)
    {
        text = text.Trim().Replace("\n", "").TrimEnd('.').Replace("\\!", "");
        text = ReplaceArrays(text).Replace("bmatrix", "pmatrix").Replace("tfrac", "frac").Replace("dfrac", "frac");
        text = text.Replace("\\neq", "\\ne").Replace("\\leq", "\\le").Replace("\\geq", "\\ge").Replace("\\left", "").Replace("\\right", "");
        text = text.Replace("\\{", "{").Replace("\\}", "}");
        string withoutUnit = RemoveFinalText(text).Trim();
        if (withoutUnit.Length > 0) text = withoutUnit;
        bool names = HasFirstWord(text);
        for (int pass = 0; names && pass < 2; pass++)
            foreach (string name in AllNames)
                if (RemoveName(text, name) is { Length: > 0 } shorter) text = shorter;
        text = text.Replace("^{\\circ}", "").Replace("^\\circ", "").Replace("\\$", "").Replace("$", "").Replace("\\(", "").Replace("\\)", "");
        text = WordsToNumber(text);
        text = UnwrapText(text, "\\text{");
        foreach (string label in (string[])["x=", "y=", "z=", "x\\in", "y\\in", "z\\in", "x\\to", "y\\to", "z\\to"]) text = text.Replace(label, "");
        text = text.Replace("\\emptyset", "{}").Replace("(-\\infty,\\infty)", "\\mathbb{R}").Replace("\\%", "").Replace("%", "");
        text = text.Replace(" .", " 0.").Replace("{.", "{0.").Replace("infinity", "\\infty");
        if (!text.Contains("\\infty", StringComparison.Ordinal)) text = text.Replace("inf", "\\infty");
        text = text.Replace("and", "").Replace("\\mathbf", "");
        text = RemoveCommand(text, "\\mbox{");
        if (text.Contains('j', StringComparison.Ordinal) && !text.Contains('i', StringComparison.Ordinal)) text = text.Replace('j', 'i');
        text = DropZeroDecimals(text);
        if (text.Length == 0) return text;
        if (text[0] == '.') text = "0" + text;
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals is >= 0 and <= 2 && text.IndexOf('=', equals + 1) < 0) text = text[(equals + 1)..];
        text = BraceRoots(text).Replace(" ", "");
        return SlashToFraction(MathText.BraceFractions(text) ?? text);
    }

    private static string ReplaceArrays(string text)
    {
        for (int at = text.IndexOf("\\begin{array}{", StringComparison.Ordinal); at >= 0; at = text.IndexOf("\\begin{array}{", at + 1, StringComparison.Ordinal))
        {
            int end = text.IndexOf('}', at + 14);
            if (end < 0) break;
            text = string.Concat(text.AsSpan(0, at), "\\begin{pmatrix}", text.AsSpan(end + 1));
        }
        return text.Replace("\\end{array}", "\\end{pmatrix}");
    }

    // From the first \text{ on, where the string ends with a brace.
    private static string RemoveFinalText(string text)
    {
        int at = text.IndexOf("\\text{", StringComparison.Ordinal);
        return at >= 0 && text.EndsWith('}') ? text[..at] : text;
    }

    private static bool HasFirstWord(string text)
    {
        for (int at = 0; at < text.Length; at++)
        {
            int start = at;
            while (at < text.Length && IsWord(text[at])) at++;
            if (at > start && FirstWords.Contains(text.AsSpan(start, at - start))) return true;
        }
        return false;
    }

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c == '_';

    // The name between the ends of the text or characters of no word.
    private static string RemoveName(string text, string name)
    {
        if (name.Length > text.Length || (!name.Contains('.', StringComparison.Ordinal) && !text.Contains(name, StringComparison.Ordinal))) return text;
        StringBuilder? result = null;
        int copied = 0;
        for (int i = 0; i <= text.Length - name.Length; i++)
        {
            int prefix;
            if (i == 0 && Matches(text, 0, name)) prefix = 0;
            else if (!IsWord(text[i]) && Matches(text, i + 1, name)) prefix = 1;
            else continue;
            int end = i + prefix + name.Length;
            result ??= new StringBuilder();
            result.Append(text, copied, i + prefix - copied);
            copied = end;
            i = end < text.Length ? end : end - 1; // the character behind it belongs to this match
        }
        return result is null ? text : result.Append(text, copied, text.Length - copied).ToString();
    }

    private static bool Matches(string text, int at, string name)
    {
        if (at + name.Length > text.Length) return false;
        for (int i = 0; i < name.Length; i++)
            if (name[i] != '.' && name[i] != text[at + i]) return false;
        return at + name.Length == text.Length || !IsWord(text[at + name.Length]);
    }

    private static string WordsToNumber(string text)
    {
        if (text.Length is 0 or > 400) return text;
        if (!text.AsSpan().ContainsAnyExceptInRange('0', '9')) return text.TrimStart('0') is { Length: > 0 } digits ? digits : "0";
        string[] words = text.Replace('-', ' ').Split(' ', StringSplitOptions.RemoveEmptyEntries);
        List<Token> tokens = [.. words.Where(NumberWords.IsPart).Select(word => new Token(TokenKind.Word, word, true, true))];
        int at = 0;
        return tokens.Count > 0 && NumberWords.TryRead(tokens, ref at, tokens.Count, out System.Numerics.BigInteger value) && at == tokens.Count
            ? value.ToString()
            : text;
    }

    private static string UnwrapText(string text, string command)
    {
        for (int at = text.IndexOf(command, StringComparison.Ordinal); at >= 0; at = text.IndexOf(command, at, StringComparison.Ordinal))
        {
            int end = text.IndexOf('}', at);
            if (end < 0) break;
            text = string.Concat(text.AsSpan(0, at), text.AsSpan(at + command.Length, end - at - command.Length), text.AsSpan(end + 1));
        }
        return text;
    }

    private static string RemoveCommand(string text, string command)
    {
        for (int at = text.IndexOf(command, StringComparison.Ordinal); at >= 0; at = text.IndexOf(command, at, StringComparison.Ordinal))
        {
            int end = text.IndexOf('}', at);
            if (end < 0) break;
            text = text.Remove(at, end + 1 - at);
        }
        return text;
    }

    // 7.00 becomes 7, also in front of something that is no digit.
    private static string DropZeroDecimals(string text)
    {
        StringBuilder result = new();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '.' && i > 0 && char.IsAsciiDigit(text[i - 1]))
            {
                int end = i + 1;
                while (end < text.Length && text[end] == '0') end++;
                if (end == text.Length || !char.IsAsciiDigit(text[end])) { i = end - 1; continue; }
            }
            result.Append(text[i]);
        }
        return result.ToString();
    }

    // \sqrt2x becomes \sqrt{2x}.
    private static string BraceRoots(string text)
    {
        for (int at = text.IndexOf("\\sqrt", StringComparison.Ordinal); at >= 0; at = text.IndexOf("\\sqrt", at + 5, StringComparison.Ordinal))
        {
            int end = at + 5;
            while (end < text.Length && IsWord(text[end])) end++;
            if (end > at + 5) text = string.Concat(text.AsSpan(0, at + 5), "{", text.AsSpan(at + 5, end - at - 5), "}") + text[end..];
        }
        return text;
    }

    private static string SlashToFraction(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || text.IndexOf('/', slash + 1) >= 0) return text;
        string above = text[..slash], below = text[(slash + 1)..];
        bool fits = (above.Contains("sqrt", StringComparison.Ordinal) || MathText.IsPlainInteger(above))
            && (below.Contains("sqrt", StringComparison.Ordinal) || MathText.IsPlainInteger(below));
        return fits ? "\\frac{" + above + "}{" + below + "}" : text;
    }
}
