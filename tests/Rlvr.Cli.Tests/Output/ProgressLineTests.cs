using Rlvr.Cli.Output;

namespace Rlvr.Cli.Tests.Output;

public sealed class ProgressLineTests
{
    private TimeSpan time;

    [Fact]
    public void A_terminal_sees_one_line_with_a_bar_and_the_time_left()
    {
        using StringWriter writer = new();
        ProgressLine line = new(writer, isTerminal: true, () => time);
        line.Report("training", 1, 10);
        time = TimeSpan.FromSeconds(10);
        line.Report("training", 5, 10, "accuracy 50%");
        line.Clear();
        string[] shown = writer.ToString().Split('\r', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, shown.Length);
        Assert.Equal($"training  {new string('━', 12)}{new string('╌', 12)}  5/10  0:10 left  accuracy 50%\u001b[K", shown[1]);
        Assert.Equal("\u001b[K", shown[2]);
        Assert.DoesNotContain('\n', writer.ToString());
    }

    [Fact]
    public void A_file_sees_a_plain_line_now_and_then()
    {
        using StringWriter writer = new();
        ProgressLine line = new(writer, isTerminal: false, () => time);
        for (int second = 0; second <= 35; second++)
        {
            time = TimeSpan.FromSeconds(second);
            line.Report("evaluating micro500", second, 100);
        }
        line.Clear();
        Assert.Equal(["evaluating micro500  10/100  1:30 left", "evaluating micro500  20/100  1:20 left", "evaluating micro500  30/100  1:10 left", ""], writer.ToString().Split('\n'));
    }

    [Theory]
    [InlineData(7, "0:07", "7.0 s")]
    [InlineData(59.2, "1:00", "59 s")]
    [InlineData(100, "1:40", "1 min 40 s")]
    [InlineData(7500, "2:05:00", "2 h 5 min")]
    public void Times_are_for_people(double seconds, string shortForm, string words)
    {
        Assert.Equal(shortForm, Durations.Short(TimeSpan.FromSeconds(seconds)));
        Assert.Equal(words, Durations.Words(TimeSpan.FromSeconds(seconds)));
    }
}
