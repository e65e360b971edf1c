using System.Globalization;

namespace Rlvr.Cli.Tests.Reproduce;

public sealed class ParentWatchTests
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    [Fact]
    public async Task A_process_whose_parent_is_gone_stops_once_and_others_go_on()
    {
        int stops = 0, others = 0;
        TaskCompletionSource stopped = new();
        using (new ParentWatch(() => { stops++; stopped.TrySetResult(); }, int.MaxValue.ToString(CultureInfo.InvariantCulture), Pause))
        using (new ParentWatch(() => others++, Environment.ProcessId.ToString(CultureInfo.InvariantCulture), Pause))
        using (new ParentWatch(() => others++, null, Pause))
        {
            await stopped.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
            await Task.Delay(10 * Pause, TestContext.Current.CancellationToken);
        }
        Assert.Equal((1, 0), (stops, others));
    }
}
