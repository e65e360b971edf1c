using Rlvr.Data;
using Rlvr.Math;

namespace Rlvr.Rewards;

/// <summary>1 if the answer in the last <c>\boxed{...}</c> of the response equals the label, else 0 (arXiv 2504.20571).</summary>
public sealed class MathReward(VerifierProfile profile = VerifierProfile.Training) : IReward
{
    private readonly MathVerifier verifier = new(profile);

    /// <inheritdoc/>
    public RewardResult Score(Problem problem, string response, ulong randomBits = 0)
    {
        Verification result = verifier.VerifyResponse(response, problem.Answer);
        return new RewardResult(result.IsCorrect ? 1 : 0, result.IsCorrect, result.Verdict.ToString(), result.Extracted);
    }

    /// <summary>Makes sure that every label can be read, before anything is trained on it: one that cannot would never earn a reward.</summary>
    /// <exception cref="RlvrException">Some cannot; the message lists them.</exception>
    public void CheckLabels(IEnumerable<Problem> problems)
    {
        List<string> bad = [];
        foreach (Problem problem in problems)
            if (!verifier.CanParseLabel(problem.Answer, out string reason)) bad.Add($"{problem.Id}: '{problem.Answer}' ({reason})");
        if (bad.Count == 0) return;
        string list = string.Join("; ", bad.Take(5)) + (bad.Count > 5 ? $"; and {bad.Count - 5} more" : "");
        throw new RlvrException($"The verifier cannot read {bad.Count} label(s), so no response could ever be right: {list}. Correct or remove these problems.");
    }
}
