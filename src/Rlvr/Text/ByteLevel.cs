using System.Buffers;
using System.Text;

namespace Rlvr.Text;

/// <summary>
/// The byte-level alphabet of GPT-2: each of the 256 bytes is written as one printable character, so that a vocabulary of
/// strings can hold any bytes (a space is 'Ġ', a new line 'Ċ').
/// </summary>
internal static class ByteLevel
{
    private static readonly char[] ByteToChar = new char[256];
    private static readonly short[] CharToByte = new short[324];

    static ByteLevel()
    {
        Array.Fill(CharToByte, (short)-1);
        int next = 256;
        for (int b = 0; b < 256; b++)
        {
            bool printable = b is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE and <= 0xFF;
            ByteToChar[b] = (char)(printable ? b : next++);
            CharToByte[ByteToChar[b]] = (short)b;
        }
    }

    /// <summary>The character that stands for a byte.</summary>
    public static char ToChar(byte value) => ByteToChar[value];

    /// <summary>The bytes of a text in the byte-level alphabet.</summary>
    public static string ToAlphabet(ReadOnlySpan<byte> bytes)
    {
        StringBuilder text = new(bytes.Length);
        foreach (byte value in bytes) text.Append(ByteToChar[value]);
        return text.ToString();
    }

    /// <summary>
    /// Writes the bytes that a token stands for. A token with any character outside the alphabet (an added token with a
    /// space, say) stands for its own UTF-8 bytes.
    /// </summary>
    public static void WriteBytes(string token, IBufferWriter<byte> output)
    {
        Span<byte> bytes = output.GetSpan(Encoding.UTF8.GetMaxByteCount(token.Length));
        for (int i = 0; i < token.Length; i++)
        {
            char c = token[i];
            if (c >= CharToByte.Length || CharToByte[c] < 0)
            {
                output.Advance(Encoding.UTF8.GetBytes(token, bytes));
                return;
            }
            bytes[i] = (byte)CharToByte[c];
        }
        output.Advance(token.Length);
    }
}
