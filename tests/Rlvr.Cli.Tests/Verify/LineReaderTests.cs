using System.Text;
using Rlvr.Cli.Verify;

namespace Rlvr.Cli.Tests.Verify;

public sealed class LineReaderTests
{
    [Theory]
    [InlineData("a\nb\n", "1 a", "2 b")]
    [InlineData("a\r\nb", "1 a", "2 b")]
    [InlineData("\n\na\n \t\n\nb\n\n", "3 a", "6 b")]
    [InlineData("\ufeffa\nb", "1 a", "2 b")]
    [InlineData("")]
    [InlineData("\n")]
    public void Lines_come_with_their_numbers_without_their_ends(string text, params string[] expected) => Assert.Equal(expected, Read(text, 100));

    [Fact]
    public void A_line_that_is_too_long_is_passed_over()
    {
        string text = $"a\n{new string('x', 500_000)}\nb\n{new string('y', 500_000)}";
        Assert.Equal(["1 a", "2 too long", "3 b", "4 too long"], Read(text, 1_000));
        Assert.Equal(["1 a", $"2 {new string('x', 500_000)}", "3 b", $"4 {new string('y', 500_000)}"], Read(text, 1_000_000));
    }

    [Fact]
    public void Lines_may_end_anywhere_in_what_is_read_at_once()
    {
        string[] lines = [.. Enumerable.Range(1, 400).Select(i => new string((char)('a' + (i % 26)), i * 7 % 900))];
        string text = string.Join('\n', lines);
        IEnumerable<string> expected = lines.Select((line, i) => $"{i + 1} {line}").Where((_, i) => lines[i].Length > 0);
        foreach (int piece in new[] { 1, 3, 1000, 65_536 }) Assert.Equal(expected, Read(text, 100_000, piece));
    }

    private static IEnumerable<string> Read(string text, int maxLength, int piece = int.MaxValue)
    {
        using PiecewiseStream stream = new(Encoding.UTF8.GetBytes(text), piece);
        return [.. new LineReader(stream, "text", maxLength).Lines().Select(line => $"{line.Number} {(line.Line is null ? "too long" : Encoding.UTF8.GetString(line.Line))}")];
    }

    private sealed class PiecewiseStream(byte[] bytes, int piece) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, int.Min(count, piece));
    }
}
