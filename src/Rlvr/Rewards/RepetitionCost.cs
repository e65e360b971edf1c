using System.Runtime.InteropServices;
using Rlvr.Data;

namespace Rlvr.Rewards;

/// <summary>
/// How much of the response repeats itself, from 0 (every n-gram of words is new) towards 1: 1 - distinct n-grams / all n-grams
/// (arXiv 2502.03373, appendix C.2, in the form usual since: one number for the whole response). Give it a
/// negative weight in a <see cref="WeightedSum"/>. Words are what stands between white space, without regard to case; ideographs and kana,
/// which stand without spaces, are words of their own.
/// </summary>
public sealed class RepetitionCost : IReward
{
    /// <summary>Only so many words at the end of a response are looked at.</summary>
    public const int MaxWords = 100_000;

    private readonly int n;

    /// <summary>Makes the cost.</summary>
    /// <param name="n">Words of an n-gram, at least 1. A response of fewer words costs nothing.</param>
    public RepetitionCost(int n = 3)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        this.n = n;
    }

    /// <inheritdoc/>
    public RewardResult Score(Problem problem, string response, RewardContext context = default) => RewardResult.Measured(Share(response, n));

    /// <summary>1 - distinct n-grams / all n-grams; 0 for fewer than n words.</summary>
    internal static double Share(string text, int n)
    {
        int[] words = NumberWords(text);
        int[] grams = words; // grams[i] numbers the k-gram that begins at word i: two are equal where their numbers are
        for (int k = 2; k <= n && grams.Length > 0; k++)
        {
            Dictionary<(int, int), int> numbers = [];
            int[] longer = new int[int.Max(0, grams.Length - 1)];
            for (int i = 0; i < longer.Length; i++) longer[i] = NumberOf(numbers, (grams[i], words[i + k - 1]));
            grams = longer;
        }
        return grams.Length == 0 ? 0 : 1 - ((double)grams.Distinct().Count() / grams.Length);
    }

    private static int[] NumberWords(string text)
    {
        Dictionary<string, int> numbers = new(StringComparer.OrdinalIgnoreCase);
        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup = numbers.GetAlternateLookup<ReadOnlySpan<char>>();
        List<int> words = [];
        for (int end = text.Length; end > 0 && words.Count < MaxWords;)
        {
            if (char.IsWhiteSpace(text[end - 1])) { end--; continue; }
            int start = end - 1;
            if (!StandsAlone(text[start]))
                while (start > 0 && !char.IsWhiteSpace(text[start - 1]) && !StandsAlone(text[start - 1])) start--;
            ReadOnlySpan<char> word = text.AsSpan(start, end - start);
            if (!lookup.TryGetValue(word, out int number)) lookup[word] = number = numbers.Count;
            words.Add(number);
            end = start;
        }
        words.Reverse();
        return [.. words];
    }

    private static int NumberOf(Dictionary<(int, int), int> numbers, (int, int) key)
    {
        ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(numbers, key, out bool exists);
        if (!exists) number = numbers.Count;
        return number;
    }

    // Hiragana, katakana and the ideographs of the Basic Multilingual Plane.
    private static bool StandsAlone(char c) => c is (>= '\u3040' and <= '\u30ff') or (>= '\u3400' and <= '\u4dbf') or (>= '\u4e00' and <= '\u9fff');
}
