using System.Text;
using System.Text.Json;
using Rlvr.Data;
using Rlvr.Rewards;
using Rlvr.Rewards.External;

namespace Rlvr.Tests.Rewards.External;

public class ProgramProtocolTests
{
    [Fact]
    public void A_request_is_one_line_of_ASCII()
    {
        byte[] bytes = ProgramProtocol.Request(7, new Problem("p", "Why?\n\"π\"", "½"), "𝑥 \u2028 \0 \ud800 \\boxed{3}");
        Assert.All(bytes, b => Assert.True(b < 128));
        string line = Encoding.ASCII.GetString(bytes);
        Assert.Equal(line.Length - 1, line.IndexOf('\n'));
        Assert.StartsWith("""{"id":7,"problem":""", line, StringComparison.Ordinal);
        using JsonDocument document = JsonDocument.Parse(line);
        Assert.Equal(["id", "problem", "answer", "response"], document.RootElement.EnumerateObject().Select(p => p.Name));
        Assert.Equal("Why?\n\"π\"", document.RootElement.GetProperty("problem").GetString());
        Assert.Equal("½", document.RootElement.GetProperty("answer").GetString());
        Assert.Equal("𝑥 \u2028 \0 \ufffd \\boxed{3}", document.RootElement.GetProperty("response").GetString());
    }

    [Theory]
    [InlineData("""{"id": 7, "reward": 1}""", 1, true, "Correct")]
    [InlineData("""{"reward": 0.5, "id": 7}""", 0.5, false, "Wrong")]
    [InlineData("""{"id": 7, "reward": -2e-1, "correct": true}""", -0.2, true, "Correct")]
    [InlineData("""{"id": 7, "reward": 3, "correct": false, "verdict": "TooLong", "more": [1]}""", 3, false, "TooLong")]
    [InlineData("""{"id": 7, "reward": 0, "correct": null, "verdict": null}""", 0, false, "Wrong")]
    public void An_answer_has_a_reward_and_perhaps_more(string line, double value, bool correct, string verdict)
    {
        Assert.True(ProgramProtocol.TryRead(line, 7, out RewardResult result, out string reason), reason);
        Assert.Equal(new RewardResult(value, correct, verdict), result);
    }

    [Theory]
    [InlineData("", "expected a JSON object, found ''")]
    [InlineData("Loaded.", "expected a JSON object, found 'Loaded.'")]
    [InlineData("[7]", "expected a JSON object, found '[7]'")]
    [InlineData("""{"id": 7, "reward": NaN}""", "expected a JSON object, found '{\"id\": 7, \"reward\": NaN}'")]
    [InlineData("""{"reward": 1}""", "expected \"id\": 7, found none")]
    [InlineData("""{"id": 6, "reward": 1}""", "expected \"id\": 7, found '6'")]
    [InlineData("""{"id": "7", "reward": 1}""", "expected \"id\": 7, found '\"7\"'")]
    [InlineData("""{"id": 7.5, "reward": 1}""", "expected \"id\": 7, found '7.5'")]
    [InlineData("""{"id": 7}""", "expected \"reward\" to be a finite number, found none")]
    [InlineData("""{"id": 7, "reward": "1"}""", "expected \"reward\" to be a finite number, found '\"1\"'")]
    [InlineData("""{"id": 7, "reward": null}""", "expected \"reward\" to be a finite number, found 'null'")]
    [InlineData("""{"id": 7, "reward": 1e999}""", "expected \"reward\" to be a finite number, found '1e999'")]
    [InlineData("""{"id": 7, "reward": 1, "correct": 1}""", "expected \"correct\" to be true or false, found '1'")]
    [InlineData("""{"id": 7, "reward": 1, "verdict": ""}""", "expected \"verdict\" to be a word of at most 64 characters, found '\"\"'")]
    [InlineData("""{"id": 7, "reward": 1, "verdict": [2]}""", "expected \"verdict\" to be a word of at most 64 characters, found '[2]'")]
    [InlineData("""{"id": 7, "reward": 1, "verdict": "\ud800"}""", "expected a JSON object of valid texts, found '{\"id\": 7, \"reward\": 1, \"verdict\": \"\\ud800\"}'")]
    public void Anything_else_is_a_failure_with_its_reason(string line, string expected)
    {
        Assert.False(ProgramProtocol.TryRead(line, 7, out _, out string reason));
        Assert.Equal(expected, reason);
    }

    [Fact]
    public void A_long_answer_is_quoted_in_part()
    {
        Assert.False(ProgramProtocol.TryRead(new string('x', 1_000), 7, out _, out string reason));
        Assert.EndsWith(new string('x', 100) + "...'", reason, StringComparison.Ordinal);
        Assert.False(ProgramProtocol.TryRead(new string('[', 60_000), 7, out _, out reason)); // no deep recursion
    }
}
