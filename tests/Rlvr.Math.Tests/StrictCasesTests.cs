using Rlvr.Tests.Shared;

namespace Rlvr.Math.Tests;

/// <summary>Hand-written pairs from all corners of the grammar.</summary>
public sealed class StrictCasesTests
{
    [Fact]
    public void Every_case_gets_its_verdict_both_ways()
    {
        MathVerifier verifier = new();
        List<string> failures = [];
        int cases = 0;
        foreach (string line in File.ReadLines(TestFiles.Fixture("grading", "strict-cases.txt")))
        {
            if (line.StartsWith('#') || line.Length == 0) continue;
            string[] parts = line.Split(" ||| ");
            Assert.Equal(3, parts.Length);
            bool right = parts[0] == "1";
            cases++;
            foreach ((string answer, string expected) in new[] { (parts[1], parts[2]), (parts[2], parts[1]) })
            {
                Verification verification = verifier.VerifyAnswer(answer, expected);
                if (verification.IsCorrect != right) failures.Add($"{answer} for {expected}: {verification}");
            }
        }
        Assert.True(cases > 400);
        Assert.True(failures.Count == 0, string.Join('\n', failures));
    }
}
