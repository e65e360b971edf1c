namespace Rlvr.Evaluation;

/// <summary>Reads a file of lines of any size with one line in memory at a time.</summary>
internal static class LineReader
{
    private const int BufferBytes = 1 << 16;

    /// <summary>Takes a line.</summary>
    /// <param name="number">Its number, from 1.</param>
    /// <param name="start">Where it begins in the file, in bytes.</param>
    /// <param name="line">Its bytes, without the end of line.</param>
    public delegate void LineAction(int number, long start, ReadOnlySpan<byte> line);

    /// <summary>Reads all whole lines but empty ones.</summary>
    /// <returns>Where the last whole line ends; what is behind it is torn.</returns>
    public static long Read(Stream stream, LineAction onLine)
    {
        stream.Seek(0, SeekOrigin.Begin);
        byte[] buffer = new byte[BufferBytes];
        long start = 0; // of the buffer in the file
        int number = 0;
        for (int filled = 0; ;)
        {
            int read = stream.Read(buffer, filled, buffer.Length - filled);
            if (read == 0) return start;
            filled += read;
            int from = 0;
            for (int end; (end = buffer.AsSpan(from, filled - from).IndexOf((byte)'\n')) >= 0; from += end + 1)
            {
                number++;
                if (end > 0) onLine(number, start + from, buffer.AsSpan(from, end));
            }
            buffer.AsSpan(from, filled - from).CopyTo(buffer);
            start += from;
            filled -= from;
            if (filled == buffer.Length) Array.Resize(ref buffer, 2 * buffer.Length);
        }
    }
}
