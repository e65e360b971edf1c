namespace Rlvr.Math.Profiles;

/// <summary>The clean-up of answers to the MATH data set that the released reward begins with: two answers with one result are equal.</summary>
internal static class MathText
{
    /// <summary>The text inside a <c>\text{}</c> that is all there is.</summary>
    public static string WithoutTextCommand(string text) =>
        text.StartsWith("\\text{", StringComparison.Ordinal) && text.Length > 7 && text[^1] == '}' && !text.AsSpan(6).Contains('\n')
            ? text[6..^1]
            : text;

    public static string Strip(string text)
    {
        text = text.Trim();
        text = WithoutTextCommand(text).Trim();
        return TryStrip(text) ?? text;
    }

    // Null where the original gives up.
    private static string? TryStrip(string text)
    {
        text = text.Replace("\n", "").Replace("\\!", "").Replace("\\\\", "\\").Replace("tfrac", "frac").Replace("dfrac", "frac");
        text = text.Replace("\\left", "").Replace("\\right", "").Replace("^{\\circ}", "").Replace("^\\circ", "").Replace("\\$", "");
        int unit = text.IndexOf("\\text{ ", StringComparison.Ordinal);
        if (unit >= 0)
        {
            if (text.IndexOf("\\text{ ", unit + 1, StringComparison.Ordinal) >= 0) return null;
            text = text[..unit];
        }
        text = text.Replace("\\%", "").Replace(" .", " 0.").Replace("{.", "{0.");
        if (text.Length == 0) return text;
        if (text[0] == '.') text = "0" + text;
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals is >= 0 and <= 2 && text.IndexOf('=', equals + 1) < 0) text = text[(equals + 1)..];
        if (BraceRoots(text) is not { } rooted) return null;
        if (BraceFractions(rooted.Replace(" ", "")) is not { } result) return null;
        if (result == "0.5") result = "\\frac{1}{2}";
        return SlashToFraction(result);
    }

    /// <summary><c>\sqrt3</c> becomes <c>\sqrt{3}</c>; null where nothing follows.</summary>
    private static string? BraceRoots(string text)
    {
        string[] parts = text.Split("\\sqrt");
        for (int i = 1; i < parts.Length; i++)
        {
            if (parts[i].Length == 0) return null;
            if (parts[i][0] != '{') parts[i] = "{" + parts[i][0] + "}" + parts[i][1..];
        }
        return string.Join("\\sqrt", parts);
    }

    /// <summary><c>\frac12</c> becomes <c>\frac{1}{2}</c>; null where nothing follows.</summary>
    public static string? BraceFractions(string text)
    {
        string[] parts = text.Split("\\frac");
        for (int i = 1; i < parts.Length; i++)
        {
            string part = parts[i];
            if (part.Length == 0) return null;
            if (part[0] == '{') continue;
            if (part.Length < 2) return text;
            parts[i] = part[1] == '{' ? "{" + part[0] + "}" + part[1..] : "{" + part[0] + "}{" + part[1] + "}" + part[2..];
        }
        return string.Join("\\frac", parts);
    }

    /// <summary><c>3/4</c> of two plain integers becomes <c>\frac{3}{4}</c>.</summary>
    public static string SlashToFraction(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || text.IndexOf('/', slash + 1) >= 0) return text;
        string above = text[..slash], below = text[(slash + 1)..];
        return IsPlainInteger(above) && IsPlainInteger(below) ? "\\frac{" + above + "}{" + below + "}" : text;
    }

    // Written as Python would write it.
    public static bool IsPlainInteger(string text)
    {
        ReadOnlySpan<char> digits = text.AsSpan();
        if (digits.StartsWith("-")) digits = digits[1..];
        return digits.Length > 0 && !digits.ContainsAnyExceptInRange('0', '9') && (digits.Length == 1 ? text != "-0" : digits[0] != '0');
    }
}
