namespace Rlvr.Math.Tests.Hostile;

/// <summary>Measures how long the verifier works on hostile pairs.</summary>
internal static class HostileMeter
{
    /// <summary>
    /// Milliseconds of work of one call: the best of up to so many tries, since other work on the machine also makes processor time longer.
    /// Ends early below <paramref name="enough"/>.
    /// </summary>
    public static double BestMilliseconds(Action action, double enough, int tries = 5)
    {
        double best = double.MaxValue;
        for (int i = 0; i < tries && best > enough; i++)
        {
            long start = ThreadTime.Nanoseconds();
            action();
            best = double.Min(best, (ThreadTime.Nanoseconds() - start) / 1e6);
        }
        return best;
    }

    /// <summary>What a hostile text is compared with: itself written a little differently, what it could equal, and simple answers of many kinds.</summary>
    public static IEnumerable<(string Answer, string Expected)> Pairs(string text)
    {
        yield return (text, "{" + text + "}");
        yield return (text, text + " + 0");
        if (text.Length is > 1 and < 70_000) yield return (Turned(text), text);
        foreach (string other in (string[])["5", "x", "\\sqrt{2}", "(1,2)", "\\{1,2\\}", "[1,2)", "x = 5", "yes", "B", "3 \\text{ cm}"])
        {
            yield return (text, other);
            yield return (other, text);
        }
    }

    // The items of a list in the other order.
    private static string Turned(string text)
    {
        string separator = text.Contains(", ", StringComparison.Ordinal) ? ", " : text.Contains(" or ", StringComparison.Ordinal) ? " or " : text.Contains('+', StringComparison.Ordinal) ? "+" : ",";
        return string.Join(separator, text.Split(separator).Reverse());
    }
}
