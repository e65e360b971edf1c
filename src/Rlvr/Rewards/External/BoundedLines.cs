using System.Text;

namespace Rlvr.Rewards.External;

/// <summary>Reads lines of UTF-8 that may be of any length, and keeps no more than a bounded part of each.</summary>
/// <param name="stream">Read to its end.</param>
/// <param name="maxBytes">What is kept of a line.</param>
internal sealed class BoundedLines(Stream stream, int maxBytes)
{
    private readonly byte[] buffer = new byte[8_192];
    private int at, end;

    /// <summary>The next line without its end; null at the end of the stream.</summary>
    /// <param name="isCut">Whether it was longer than what is kept.</param>
    public string? Next(out bool isCut)
    {
        using MemoryStream line = new();
        isCut = false;
        bool any = false;
        while (at < end || Fill())
        {
            any = true;
            ReadOnlySpan<byte> rest = buffer.AsSpan(at, end - at);
            int newline = rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> part = newline < 0 ? rest : rest[..newline];
            int room = maxBytes - (int)line.Length;
            isCut |= part.Length > room;
            line.Write(part[..int.Min(part.Length, room)]);
            at += newline < 0 ? rest.Length : newline + 1;
            if (newline >= 0) break;
        }
        return any ? Encoding.UTF8.GetString(line.GetBuffer(), 0, (int)line.Length).TrimEnd('\r') : null;
    }

    private bool Fill()
    {
        (at, end) = (0, stream.Read(buffer));
        return end > 0;
    }
}
