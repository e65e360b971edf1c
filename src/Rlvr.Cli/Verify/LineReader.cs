namespace Rlvr.Cli.Verify;

/// <summary>Reads the lines of a file of any size, as bytes; at no time is more than one line in memory.</summary>
/// <param name="stream">What is read.</param>
/// <param name="name">Its name, for messages.</param>
/// <param name="maxLength">Longer lines are passed over, and come as null.</param>
internal sealed class LineReader(Stream stream, string name, int maxLength = LineReader.MaxLength)
{
    /// <summary>The longest line that is read: 64 MB.</summary>
    public const int MaxLength = 64 << 20;

    private byte[] buffer = new byte[1 << 16];
    private int start, end;
    private bool ended;

    /// <summary>Bytes read so far.</summary>
    public long Position { get; private set; }

    /// <summary>The lines with their numbers, from 1 on, without their ends. The bytes are the caller's. Blank lines are left out.</summary>
    /// <exception cref="RlvrException">The text is UTF-16.</exception>
    public IEnumerable<(long Number, byte[]? Line)> Lines()
    {
        for (long number = 1; ; number++)
        {
            if (!TryRead(out byte[]? line)) yield break;
            if (number == 1 && line is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..]) throw new RlvrException($"{name}: error: the text is UTF-16. Save it as UTF-8.");
            if (number == 1 && line is [0xEF, 0xBB, 0xBF, ..]) line = line[3..];
            if (line is null || !IsBlank(line)) yield return (number, line);
        }
    }

    private static bool IsBlank(byte[] line) => !line.AsSpan().ContainsAnyExcept(" \t\r\n"u8);

    private bool TryRead(out byte[]? line)
    {
        line = null;
        bool tooLong = false;
        int searched = start;
        while (true)
        {
            int at = buffer.AsSpan(searched, end - searched).IndexOf((byte)'\n');
            if (at >= 0 || ended)
            {
                int stop = at >= 0 ? searched + at : end;
                bool any = at >= 0 || stop > start || tooLong;
                if (!tooLong) line = buffer.AsSpan(start, stop - start).TrimEnd((byte)'\r').ToArray();
                start = at >= 0 ? stop + 1 : end;
                return any;
            }
            if (end - start > maxLength)
            {
                tooLong = true;
                start = end;
            }
            searched = Fill();
        }
    }

    // Makes room, reads on, and tells where what is new begins.
    private int Fill()
    {
        if (start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
        }
        if (end == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
        int old = end, count = stream.Read(buffer, end, buffer.Length - end);
        ended = count == 0;
        end += count;
        Position += count;
        return old;
    }
}
