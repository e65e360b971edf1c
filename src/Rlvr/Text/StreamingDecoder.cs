using System.Buffers;
using System.Text;

namespace Rlvr.Text;

/// <summary>
/// Decodes tokens one by one. Text comes out as soon as it is certain: bytes that may be the beginning of a character wait for
/// the next token. All pieces together, with <see cref="Flush"/>, equal <see cref="Tokenizer.Decode"/> of all ids.
/// </summary>
public sealed class StreamingDecoder
{
    private readonly Tokenizer tokenizer;
    private readonly bool skipSpecialTokens;
    private readonly ArrayBufferWriter<byte> bytes = new();
    private readonly Decoder decoder = Encoding.UTF8.GetDecoder();

    internal StreamingDecoder(Tokenizer tokenizer, bool skipSpecialTokens)
    {
        this.tokenizer = tokenizer;
        this.skipSpecialTokens = skipSpecialTokens;
    }

    /// <summary>Takes the next token and returns the text that is certain now (possibly empty, never half a character).</summary>
    public string Append(int id)
    {
        tokenizer.WriteBytes(id, skipSpecialTokens, bytes);
        return Read(flush: false);
    }

    /// <summary>Returns what is left at the end: U+FFFD where a character is incomplete, otherwise nothing. The decoder is as new afterwards.</summary>
    public string Flush() => Read(flush: true);

    private string Read(bool flush)
    {
        char[] buffer = ArrayPool<char>.Shared.Rent(Encoding.UTF8.GetMaxCharCount(bytes.WrittenCount));
        int length = decoder.GetChars(bytes.WrittenSpan, buffer, flush);
        string text = new(buffer, 0, length);
        ArrayPool<char>.Shared.Return(buffer);
        bytes.ResetWrittenCount();
        return text;
    }
}
