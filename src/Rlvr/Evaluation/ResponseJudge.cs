using Rlvr.Data;
using Rlvr.Math;
using Rlvr.Rewards;

namespace Rlvr.Evaluation;

/// <summary>Finds out all there is to know about one response. May be used from many threads at once.</summary>
internal sealed class ResponseJudge(EvaluationSettings settings)
{
    private readonly MathVerifier verifier = new(settings.Profile);

    public EvaluatedResponse Judge(Problem problem, int index, int sample, ModelResponse response)
    {
        bool boxed = AnswerExtractor.LastBoxed(response.Text) is not null;
        EvaluatedResponse judged;
        if (settings.Judge is { } judge)
        {
            RewardResult result = judge.Score(problem, response.Text);
            judged = new EvaluatedResponse(index, sample, response.Text, result.Correct, result.Verdict, result.Extracted, boxed, response.Tokens, response.Finish);
        }
        else
        {
            Verification result = verifier.VerifyResponse(response.Text, problem.Answer);
            judged = new EvaluatedResponse(index, sample, response.Text, result.IsCorrect, result.Verdict.ToString(), result.Extracted, boxed, response.Tokens, response.Finish) { Rule = result.Rule };
        }
        return judged with
        {
            Repetitive = Repetition.IsRepetitive(response.Text),
            Reflection = Reflection.Find(response.Text, settings.ReflectionWords),
        };
    }
}
