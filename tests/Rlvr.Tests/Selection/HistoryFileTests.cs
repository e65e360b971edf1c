using Rlvr.Selection;
using Rlvr.Tests.Shared;

namespace Rlvr.Tests.Selection;

public sealed class HistoryFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Reads_lists_of_unequal_lengths_in_order()
    {
        IReadOnlyList<ExampleHistory> histories = HistoryFile.Read(folder.Write("h.json", """{"7": [0, 0.125, 1], "3": [0.5], "x": [1e-1, 1.0]}"""));
        Assert.Equal(["7", "3", "x"], histories.Select(h => h.Index));
        Assert.Equal([0m, 0.125m, 1m], histories[0].Accuracies);
        Assert.Equal([0.1m, 1m], histories[2].Accuracies);
    }

    [Theory]
    [InlineData("""{"7": [0, null, 1]}""", "index '7' has a hole at epoch 2")]
    [InlineData("""{"7": []}""", "index '7' has no accuracies")]
    [InlineData("""{"7": [0.5, "0.5"]}""", "index '7', epoch 2: expected an accuracy from 0 to 1, found String")]
    [InlineData("""{"7": [37.5]}""", "index '7', epoch 1: expected an accuracy from 0 to 1, found 37.5. Are these percentages")]
    [InlineData("""{"7": [-0.1]}""", "found -0.1")]
    [InlineData("""{"7": [1e999]}""", "found 1e999")]
    [InlineData("""{"7": 0.5}""", "index '7': expected a list")]
    [InlineData("""{"7": [1], "7": [0]}""", "the index '7' occurs twice")]
    [InlineData("""[[1]]""", "found Array")]
    [InlineData("""{}""", "no examples")]
    [InlineData("""{"7": [1""", "not valid JSON")]
    [InlineData("", "not valid JSON")]
    public void A_broken_history_is_one_clear_error(string json, string expected)
    {
        string path = folder.Write("h.json", json);
        string message = Assert.Throws<RlvrException>(() => HistoryFile.Read(path)).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.StartsWith(path, message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Contains("no such history", Assert.Throws<RlvrException>(() => HistoryFile.Read(folder["none.json"])).Message, StringComparison.Ordinal);
}
