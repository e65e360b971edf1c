using System.Text.Json;
using Rlvr.Tests.Shared;

namespace Rlvr.Math.Tests;

/// <summary>Agreement with the reference verdicts on thousands of pairs and responses.</summary>
public sealed class GradingGoldenTests
{
    private sealed record Row(string Kind, string Candidate, string Truth, bool? Verdict, string? Extracted);

    private static List<Row> Read(string file, string verdict)
    {
        List<Row> rows = [];
        foreach (string line in File.ReadLines(TestFiles.Golden("grading", file)))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement row = document.RootElement;
            bool? expected = row.GetProperty(verdict).ValueKind switch { JsonValueKind.True => true, JsonValueKind.False => false, _ => null };
            string? extracted = row.TryGetProperty("expected_extracted", out JsonElement text) ? text.GetString() : null;
            rows.Add(new(row.GetProperty("kind").GetString()!, row.GetProperty("candidate").GetString()!, row.GetProperty("truth").GetString()!, expected, extracted));
        }
        return rows;
    }

    [Fact]
    public void Strict_agrees_with_mathematics_and_accepts_nothing_wrong()
    {
        MathVerifier verifier = new();
        List<Row> rows = [.. Read("pairs.jsonl", "expected").Where(row => row.Verdict is not null)];
        List<Row> differing = [.. rows.Where(row => verifier.VerifyAnswer(row.Candidate, row.Truth).IsCorrect != row.Verdict)];
        Assert.True(rows.Count > 9_000);
        Assert.DoesNotContain(differing, row => row.Verdict == false);
        Assert.True(differing.Count <= rows.Count * 0.0003, string.Join('\n', differing.Take(20)));
    }

    [Theory]
    [InlineData(VerifierProfile.Training, "deepscaler", 0.0005)]
    [InlineData(VerifierProfile.Evaluation, "qwen_eval", 0.0015)]
    public void The_other_profiles_agree_with_their_reference(VerifierProfile profile, string reference, double tolerated)
    {
        MathVerifier verifier = new(profile);
        foreach ((string file, bool responses) in new[] { ("pairs.jsonl", false), ("responses.jsonl", true) })
        {
            List<Row> rows = [.. Read(file, reference).Where(row => row.Verdict is not null)];
            List<Row> differing = [.. rows.Where(row => row.Verdict != (responses
                ? verifier.VerifyResponse(row.Candidate, row.Truth)
                : verifier.VerifyAnswer(row.Candidate, row.Truth)).IsCorrect)];
            Assert.True(differing.Count <= rows.Count * tolerated, $"{differing.Count} of {rows.Count}:\n" + string.Join('\n', differing.Take(20)));
        }
    }

    [Fact]
    public void Responses_get_the_right_verdict_and_yield_the_expected_answer()
    {
        MathVerifier verifier = new();
        foreach (Row row in Read("responses.jsonl", "expected"))
        {
            if (row.Verdict is { } verdict) Assert.Equal(verdict, verifier.VerifyResponse(row.Candidate, row.Truth).IsCorrect);
            // Of a box inside a box the inner one is the answer; white space at the ends is none.
            if (row.Extracted is { } extracted && !extracted.StartsWith("\\boxed", StringComparison.Ordinal))
                Assert.Equal(extracted.Trim(), AnswerExtractor.Extract(row.Candidate, AnswerSources.Usual));
        }
    }
}
