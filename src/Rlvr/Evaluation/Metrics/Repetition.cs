namespace Rlvr.Evaluation;

/// <summary>
/// Finds responses that go round in circles. A response is repetitive if one of two things holds:
/// <list type="bullet">
/// <item>it ends in a loop: its last 100 characters or more are one piece, of any length up to 2,048 characters, written at least four times in a row
/// (the last time perhaps not to its end, where the limit cut it off);</item>
/// <item>more than half of its sequences of 10 words occurred in it before (rep-n of Welleck et al., arXiv 1908.04319, with n = 10), and it has at
/// least 100 of them.</item>
/// </list>
/// White space at the end does not count. The time is linear in the length, of which the last 131,072 characters are looked at.
/// </summary>
public static class Repetition
{
    private const int LoopLength = 100, LoopCopies = 4, LoopWindow = 8192;
    private const int WordsOfSequence = 10, LeastSequences = 100, MaxCharacters = 1 << 17;

    /// <summary>Whether a response is repetitive.</summary>
    /// <param name="response">The response, untrusted.</param>
    public static bool IsRepetitive(string response)
    {
        ReadOnlySpan<char> text = response.AsSpan().TrimEnd();
        if (text.Length > MaxCharacters) text = text[^MaxCharacters..];
        return EndsInLoop(text) || RepeatedShare(text) > 0.5;
    }

    /// <summary>
    /// Read backwards, the text's beginnings are its ends. The border table of Knuth, Morris and Pratt gives the smallest period of each.
    /// </summary>
    private static bool EndsInLoop(ReadOnlySpan<char> text)
    {
        if (text.Length < LoopLength) return false;
        if (text.Length > LoopWindow) text = text[^LoopWindow..];
        int[] border = new int[text.Length];
        for (int i = 1, length = 0; i < text.Length; i++)
        {
            char c = text[^(i + 1)];
            while (length > 0 && c != text[^(length + 1)]) length = border[length - 1];
            if (c == text[^(length + 1)]) length++;
            border[i] = length;
            int covered = i + 1, period = covered - length;
            if (covered >= LoopLength && covered >= LoopCopies * period) return true;
        }
        return false;
    }

    /// <summary>The share of sequences of words that are there a second time; 0 where there are few.</summary>
    private static double RepeatedShare(ReadOnlySpan<char> text)
    {
        List<ulong> words = [];
        for (int i = 0; i < text.Length;)
        {
            if (char.IsWhiteSpace(text[i]))
            {
                i++;
                continue;
            }
            ulong hash = 14695981039346656037; // FNV-1a: the same on every run, as text hashes of .NET are not
            for (; i < text.Length && !char.IsWhiteSpace(text[i]); i++) hash = (hash ^ text[i]) * 1099511628211;
            words.Add(hash);
        }
        int sequences = words.Count - WordsOfSequence + 1;
        if (sequences < LeastSequences) return 0;
        HashSet<ulong> seen = [];
        for (int i = 0; i < sequences; i++)
        {
            ulong hash = 0;
            for (int j = i; j < i + WordsOfSequence; j++) hash = (ulong.RotateLeft(hash, 7) ^ words[j]) * 1099511628211;
            seen.Add(hash);
        }
        return 1 - ((double)seen.Count / sequences);
    }
}
