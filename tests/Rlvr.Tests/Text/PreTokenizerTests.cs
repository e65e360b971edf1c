using System.Text.RegularExpressions;
using CsCheck;
using Rlvr.Text;

namespace Rlvr.Tests.Text;

public class PreTokenizerTests
{
    private static string[] Words(PreTokenizer preTokenizer, string text)
    {
        List<string> words = [];
        for (int start = 0, end; start < text.Length; start = end)
        {
            end = preTokenizer.EndOfWord(text, start);
            Assert.InRange(end, start + 1, text.Length);
            words.Add(text[start..end]);
        }
        return [.. words];
    }

    [Theory]
    [InlineData(PreTokenizer.Qwen2Pattern)]
    [InlineData(PreTokenizer.Llama3Pattern)]
    [InlineData(PreTokenizer.Gpt2Pattern)]
    public void Words_are_the_matches_of_the_pattern(string pattern)
    {
        // Within the Basic Multilingual Plane .NET's own regular expressions are the yardstick (except for 'ſ', which they do not fold).
        PreTokenizer preTokenizer = new(pattern, addPrefixSpace: false);
        Regex regex = new(pattern, RegexOptions.CultureInvariant);
        Gen.String[Gen.Char["aZ\u00e9\u4f60stSTrReEvVmMlLdD'''1\u0663\u00bd  \t\r\n\u00a0\u3000\u0085.,\\{}$+\u0301\u200d_"], 0, 30].Sample(
            text => Assert.Equal(regex.Matches(text).Select(match => match.Value), Words(preTokenizer, text)), iter: 5000);
    }

    [Fact]
    public void Letters_and_digits_beyond_the_basic_plane_are_letters_and_digits()
    {
        PreTokenizer qwen = new(PreTokenizer.Qwen2Pattern, addPrefixSpace: false), llama = new(PreTokenizer.Llama3Pattern, addPrefixSpace: false);
        Assert.Equal(["𝒙𝐀b", " 𝒚", "𝟗", "𝟗", "😀\ud800"], Words(qwen, "𝒙𝐀b 𝒚𝟗𝟗😀\ud800"));
        Assert.Equal(["𝟗𝟗𝟗", "𝟗"], Words(llama, "𝟗𝟗𝟗𝟗"));
        Assert.Equal(["'ſ", "abc"], Words(qwen, "'ſabc"));
    }
}
