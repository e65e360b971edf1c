using System.Security.Cryptography;
using System.Text;
using Rlvr.Text;

namespace Rlvr.Tests.Text;

/// <summary>The digests are those of the NFC normaliser of Hugging Face's tokenizers 0.23.2, executed over the same texts.</summary>
public class NfcTests
{
    [Fact]
    public void Every_character_alone()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int c = 0; c < 0x110000; c++)
            if (Rune.IsValid(c)) hash.AppendData(Encoding.UTF8.GetBytes(Nfc.Normalize(new Rune(c).ToString())));
        Assert.Equal("1ffc8e6ce9e83df8e49fd62d6abb68f981775aed0b5101b88c213d4653e9b540", Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    [Fact]
    public void A_hundred_thousand_sequences_of_letters_marks_and_jamo()
    {
        (int First, int Last)[] ranges =
        [
            (0x41, 0x5A), (0xC0, 0x17F), (0x300, 0x345), (0x1E00, 0x1EFF), (0x1F00, 0x1FFF), (0x1100, 0x11FF), (0xAC00, 0xD7A3), (0x591, 0x5C7),
            (0x900, 0xDFF), (0x300, 0x34E), (0x1D165, 0x1D1AD), (0xF900, 0xFAD9), (0x2ADC, 0x2ADC), (0x11099, 0x110BA), (0x3040, 0x30FF), (0x8D4, 0x8E1),
        ];
        uint state = 1;
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (int k = 0; k < 100_000; k++)
        {
            StringBuilder text = new();
            for (int left = 1 + Next(8); left > 0; left--)
            {
                var (first, last) = ranges[Next(ranges.Length)];
                text.Append(new Rune(first + Next(last - first + 1)).ToString());
            }
            hash.AppendData(Encoding.UTF8.GetBytes(Nfc.Normalize(text.ToString()) + "\n"));
        }
        Assert.Equal("b7c372ff5b6b80fc53e8b1295efe12c5bdb2551ef12a4bc0387b60aca79a7afc", Convert.ToHexStringLower(hash.GetHashAndReset()));

        int Next(int below)
        {
            state = unchecked(state * 1664525 + 1013904223);
            return (int)((state >> 8) % (uint)below);
        }
    }

    [Fact]
    public void A_text_in_form_C_is_returned_as_it_is()
    {
        foreach (string text in (string[])["", "plain", "é ü 你好 한글 𝐀 😀"]) Assert.Same(text, Nfc.Normalize(text));
    }
}
