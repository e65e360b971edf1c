using System.Text;
using CsCheck;
using Rlvr.Rewards.External;

namespace Rlvr.Tests.Rewards.External;

public class BoundedLinesTests
{
    private static List<(string, bool)> Read(byte[] bytes, int max)
    {
        BoundedLines lines = new(new MemoryStream(bytes), max);
        List<(string, bool)> all = [];
        while (lines.Next(out bool isCut) is { } line) all.Add((line, isCut));
        return all;
    }

    [Fact]
    public void Lines_come_one_by_one_and_long_ones_are_cut() =>
        Assert.Equal([("abc", false), ("", false), ("defg", false), ("hijk", true), ("end", false)], Read("abc\r\n\ndefg\nhijklm\nend"u8.ToArray(), 4));

    [Fact]
    public void What_lies_across_two_reads_is_one_line()
    {
        string first = new('a', 8_190), second = new('b', 20_000);
        Assert.Equal([(first, false), (second, false), ("c", false)], Read(Encoding.UTF8.GetBytes($"{first}\n{second}\nc\n"), 30_000));
        Assert.Equal([(first[..100], true), (second[..100], true), ("c", false)], Read(Encoding.UTF8.GetBytes($"{first}\n{second}\nc\n"), 100));
    }

    [Fact]
    public void An_empty_stream_has_no_lines() => Assert.Empty(Read([], 10));

    [Fact]
    public void Lines_are_those_of_a_reader_without_bounds() => Gen.String[Gen.Char["ab\n"], 0, 60].Sample(text =>
        Read(Encoding.UTF8.GetBytes(text), 100).Select(l => l.Item1).SequenceEqual(text.Split('\n').SkipLast(text.Length == 0 || text.EndsWith('\n') ? 1 : 0)));
}
