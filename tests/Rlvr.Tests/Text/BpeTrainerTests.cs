using System.Text;
using System.Text.Json;
using CsCheck;
using Rlvr.Text;

namespace Rlvr.Tests.Text;

public class BpeTrainerTests
{
    private static readonly string[] Texts =
        ["the cat sat on the mat", "the cats are 12 and 34", "Größe: cafe\u0301 你好 😀", "<end>the the<end>", "  spaces\n\n and\ttabs"];

    [Fact]
    public void With_room_enough_every_word_is_one_token()
    {
        Tokenizer tokenizer = Tokenizer.Parse(BpeTrainer.Train(Texts, 5000, ["<end>", "<pad>"]));
        foreach (string word in (string[])["the", " the", " cats", " mat", " and", "1", "Größe", " café", " 你好", " 😀"]) Assert.Single(tokenizer.Encode(word));
        Assert.Equal(tokenizer.VocabularySize - 2, tokenizer.IdOf("<end>"));
        Assert.Equal(tokenizer.VocabularySize - 1, tokenizer.IdOf("<pad>"));
        Assert.True(tokenizer.IsSpecial(tokenizer.IdOf("<pad>")!.Value));
        for (int b = 0; b < 256; b++) Assert.InRange(tokenizer.IdOf(ByteLevel.ToChar((byte)b).ToString())!.Value, 0, 255);
    }

    [Fact]
    public void The_order_of_the_texts_does_not_matter()
    {
        byte[] expected = BpeTrainer.Train(Texts, 300, ["<end>"]);
        Assert.Equal(expected, BpeTrainer.Train(Texts, 300, ["<end>"]));
        Assert.Equal(expected, BpeTrainer.Train(Texts.Reverse(), 300, ["<end>"]));
    }

    [Fact]
    public void The_most_frequent_pair_comes_first_and_equals_by_their_characters()
    {
        // ab 3 times; then bc, cd, xy once each (abcd is one word, so bc is gone once ab is merged).
        string[] merges = Merges(BpeTrainer.Train(["ab", "ab", "abcd", "xy"], 1000, []));
        Assert.Equal(["a b", "ab c", "abc d", "x y"], merges);
        Assert.Equal(["a b"], Merges(BpeTrainer.Train(["ab", "ab", "abcd", "xy"], 1000, [], minFrequency: 2)));
        Assert.Equal(["a b", "ab c"], Merges(BpeTrainer.Train(["ab", "ab", "abcd", "xy"], 258, [])));
    }

    [Fact]
    public void Each_merge_is_the_best_one_at_its_time()
    {
        // The learner updates counts; here every step counts everything anew.
        Gen.String[Gen.Char["abc "], 1, 12].Array[1, 12].Sample(texts =>
        {
            string[] merges = Merges(BpeTrainer.Train(texts, 275, []));
            PreTokenizer preTokenizer = new(PreTokenizer.Qwen2Pattern, false);
            List<List<string>> words = [];
            foreach (string text in texts)
            {
                for (int start = 0, end; start < text.Length; start = end)
                {
                    end = preTokenizer.EndOfWord(text, start);
                    words.Add([.. text[start..end].Select(c => ByteLevel.ToChar((byte)c).ToString())]);
                }
            }
            foreach (string merge in merges)
            {
                var best = words.SelectMany(word => word.Zip(word.Skip(1))).GroupBy(pair => pair)
                    .OrderByDescending(group => group.Count()).ThenBy(group => group.Key.First, StringComparer.Ordinal).ThenBy(group => group.Key.Second, StringComparer.Ordinal).First().Key;
                Assert.Equal(best.First + " " + best.Second, merge);
                foreach (List<string> word in words)
                {
                    for (int i = 0; i + 1 < word.Count; i++)
                    {
                        if (word[i] != best.First || word[i + 1] != best.Second) continue;
                        word[i] += word[i + 1];
                        word.RemoveAt(i + 1);
                    }
                }
            }
        }, iter: 300);
    }

    [Fact]
    public void A_vocabulary_too_small_or_a_repeated_special_token_is_refused()
    {
        Assert.Throws<ArgumentException>(() => BpeTrainer.Train(Texts, 256, ["<end>"]));
        Assert.Throws<ArgumentException>(() => BpeTrainer.Train(Texts, 300, ["<end>", "<end>"]));
        Assert.Throws<ArgumentException>(() => BpeTrainer.Train(Texts, 300, [""]));
        Assert.Equal(257, Tokenizer.Parse(BpeTrainer.Train([], 300, ["<end>"])).VocabularySize);
    }

    private static string[] Merges(byte[] tokenizer) =>
        [.. JsonDocument.Parse(Encoding.UTF8.GetString(tokenizer)).RootElement.GetProperty("model").GetProperty("merges").EnumerateArray().Select(merge => merge.GetString()!)];
}
