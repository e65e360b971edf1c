using Rlvr.Data;
using Rlvr.Math;

namespace Rlvr.Rewards;

/// <summary>1 if the answer in the last <c>\boxed{...}</c> of the response equals the label, else 0 (arXiv 2504.20571).</summary>
public sealed class MathReward(VerifierProfile profile = VerifierProfile.Training) : IReward
{
    private readonly MathVerifier verifier = new(profile);

    /// <inheritdoc/>
    public RewardResult Score(Problem problem, string response, RewardContext context = default)
    {
        Verification result = verifier.VerifyResponse(response, problem.Answer);
        // The profiles that repeat a published grader compare texts, and would reward a label nobody can read when it is copied.
        if (LabelProblem(problem) is { } reason) return RewardResult.UnparsableLabel(reason, result.Extracted);
        return new RewardResult(result.IsCorrect ? 1 : 0, result.IsCorrect, result.Verdict.ToString(), result.Extracted);
    }

    /// <inheritdoc/>
    public string? LabelProblem(Problem problem) => verifier.CanParseLabel(problem.Answer, out string reason) ? null : reason;
}
