using Rlvr.Data;
using Rlvr.Math;
using Rlvr.Rewards;
using Rlvr.Rollouts;

namespace Rlvr.Evaluation;

/// <summary>Finds out all there is to know about one response. May be used from many threads at once.</summary>
internal sealed class ResponseJudge(EvaluationSettings settings)
{
    private readonly MathVerifier verifier = new(settings.Profile);

    public EvaluatedResponse Judge(Problem problem, int index, int sample, ModelResponse response)
    {
        (bool correct, string verdict, string? extracted, string? rule) = settings.Judge is { } judge ? Ask(judge, problem, response) : Verify(problem, response.Text);
        return new EvaluatedResponse(index, sample, response.Text, correct, verdict, extracted, AnswerExtractor.LastBoxed(response.Text) is not null, response.Tokens, response.Finish)
        {
            Rule = rule,
            Repetitive = Repetition.IsRepetitive(response.Text),
            Reflection = Reflection.Find(response.Text, settings.ReflectionWords),
        };
    }

    /// <summary>As <see cref="MathReward"/>, with the rule that decided: where the label cannot be read, no response is right.</summary>
    private (bool, string, string?, string?) Verify(Problem problem, string response)
    {
        Verification result = verifier.VerifyResponse(response, problem.Answer);
        return verifier.CanParseLabel(problem.Answer, out string reason)
            ? (result.IsCorrect, result.Verdict.ToString(), result.Extracted, result.Rule)
            : (false, RewardVerdicts.UnparsableLabel, result.Extracted, reason);
    }

    private static (bool, string, string?, string?) Ask(IReward judge, Problem problem, ModelResponse response)
    {
        RewardResult result = judge.Score(problem, response.Text, new RewardContext { Tokens = response.Tokens, Truncated = response.Finish == FinishReason.Length });
        return (result.Correct, result.Verdict, result.Extracted, result.Reason);
    }
}
