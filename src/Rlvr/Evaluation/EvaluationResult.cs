using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Rlvr.Data;
using Rlvr.Rollouts;
using Rlvr.Runs;

namespace Rlvr.Evaluation;

/// <summary>What an evaluation of one suite found.</summary>
public sealed class EvaluationResult
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly int[] correct; // right responses by problem

    /// <summary>Gathers responses.</summary>
    /// <param name="suite">Name of the suite.</param>
    /// <param name="settings">How it was evaluated.</param>
    /// <param name="problems">The problems.</param>
    /// <param name="responses">All responses, problem by problem.</param>
    /// <param name="seconds">How long it took.</param>
    internal EvaluationResult(string suite, EvaluationSettings settings, IReadOnlyList<Problem> problems, IReadOnlyList<EvaluatedResponse> responses, double seconds)
    {
        Suite = suite;
        Settings = settings;
        Problems = problems;
        Responses = responses;
        Seconds = seconds;
        correct = new int[problems.Count];
        foreach (EvaluatedResponse response in responses)
            if (response.Correct) correct[response.Problem]++;
    }

    /// <summary>Name of the suite.</summary>
    public string Suite { get; }

    /// <summary>How it was evaluated.</summary>
    public EvaluationSettings Settings { get; }

    /// <summary>The problems, in the order of the suite.</summary>
    public IReadOnlyList<Problem> Problems { get; }

    /// <summary>All responses, problem by problem.</summary>
    public IReadOnlyList<EvaluatedResponse> Responses { get; }

    /// <summary>How long it took.</summary>
    public double Seconds { get; }

    /// <summary>Share of responses that are right, 0 to 1 (avg@k).</summary>
    public double Accuracy => Share(r => r.Correct);

    /// <summary>95% confidence interval of <see cref="Accuracy"/>.</summary>
    public ConfidenceInterval Interval => ConfidenceInterval.ClusteredByProblem([.. correct.Select(c => (double)c / Settings.Samples)], Settings.Samples);

    /// <summary>Share of responses with a boxed answer, right or wrong.</summary>
    public double Boxed => Share(r => r.Boxed);

    /// <summary>Share of responses cut off at the token limit.</summary>
    public double Truncated => Share(r => r.Finish == FinishReason.Length);

    /// <summary>Mean length of the responses in tokens.</summary>
    public double MeanLength => Responses.Average(r => r.Tokens);

    /// <summary>Tokens of all responses together.</summary>
    public long Tokens => Responses.Sum(r => (long)r.Tokens);

    /// <summary>Accuracy by subject, in the order in which the subjects first occur; problems without one are left out.</summary>
    public IReadOnlyList<SubjectAccuracy> Subjects =>
        [.. Enumerable.Range(0, Problems.Count).Where(i => Problems[i].Subject is not null).GroupBy(i => Problems[i].Subject!)
            .Select(g => new SubjectAccuracy(g.Key, g.Count(), g.Average(i => (double)correct[i] / Settings.Samples)))];

    /// <summary>The chance that at least one of k responses is right (unbiased estimate), k at most the number of samples.</summary>
    public double PassAt(int k) => PassAtK.Mean(correct, Settings.Samples, k);

    /// <summary>Numbers of right responses by problem.</summary>
    public IReadOnlyList<int> CorrectByProblem => correct;

    /// <summary>The line of a run's evals.jsonl.</summary>
    /// <param name="step">Training steps before this evaluation.</param>
    public EvaluationRecord ToRecord(int step) => new()
    {
        Step = step,
        Suite = Suite,
        Temperature = Settings.Temperature,
        Samples = Settings.Samples,
        Problems = Problems.Count,
        Accuracy = Accuracy,
        Boxed = Boxed,
        Truncated = Truncated,
        Length = MeanLength,
        Subjects = Subjects,
    };

    /// <summary>All responses as JSON, one a line: problem, answer, response and what was found in it.</summary>
    public string ToJsonLines()
    {
        StringBuilder text = new();
        foreach (EvaluatedResponse r in Responses)
        {
            Problem problem = Problems[r.Problem];
            string finish = r.Finish == FinishReason.Length ? "length" : "stop";
            text.Append(JsonSerializer.Serialize(new
            {
                Suite,
                problem.Id,
                problem.Subject,
                Problem = problem.Text,
                problem.Answer,
                r.Sample,
                Response = r.Text,
                r.Correct,
                r.Verdict,
                r.Extracted,
                r.Tokens,
                Finish = finish,
            }, Json)).Append('\n');
        }
        return text.ToString();
    }

    private double Share(Func<EvaluatedResponse, bool> has) => (double)Responses.Count(has) / Responses.Count;
}
