using Rlvr.Data;
using Rlvr.Math;
using Rlvr.Rewards;
using Rlvr.Rollouts;
using Rlvr.Runs;

namespace Rlvr.Evaluation;

/// <summary>What an evaluation of one suite found. docs/evaluation.md defines each number.</summary>
public sealed class EvaluationResult
{
    private readonly int[] correct; // right responses by problem
    private readonly Lazy<double> majority;

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
        majority = new Lazy<double>(CountMajorities);
    }

    /// <summary>Name of the suite.</summary>
    public string Suite { get; }

    /// <summary>How it was evaluated.</summary>
    public EvaluationSettings Settings { get; }

    /// <summary>The problems, in the order of the suite.</summary>
    public IReadOnlyList<Problem> Problems { get; }

    /// <summary>All responses, problem by problem.</summary>
    public IReadOnlyList<EvaluatedResponse> Responses { get; }

    /// <summary>How long it took; of an evaluation that was resumed, the last part.</summary>
    public double Seconds { get; }

    /// <summary>Share of responses that are right, 0 to 1 (pass@1; avg@k with k samples).</summary>
    public double Accuracy => Share(r => r.Correct);

    /// <summary>Standard error of <see cref="Accuracy"/>, clustered by problem; NaN for a single problem.</summary>
    public double StandardError => StandardErrors.OfMean(ByProblem());

    /// <summary>95% confidence interval of <see cref="Accuracy"/>, clustered by problem.</summary>
    public ConfidenceInterval Interval => ConfidenceInterval.ClusteredByProblem(ByProblem(), Settings.Samples);

    /// <summary>
    /// Share of problems whose most frequent answer is right (majority@k over all samples, see <see cref="MajorityVote"/>). NaN where the judge
    /// says which responses are right but not what they answer.
    /// </summary>
    public double Majority => majority.Value;

    /// <summary>Share of responses with a boxed answer, right or wrong.</summary>
    public double Boxed => Share(r => r.Boxed);

    /// <summary>Share of responses cut off at the token limit.</summary>
    public double Truncated => Share(r => r.Finish == FinishReason.Length);

    /// <summary>Share of responses that go round in circles, see <see cref="Repetition"/>.</summary>
    public double Repetitive => Share(r => r.Repetitive);

    /// <summary>Share of responses with a word of self-reflection, see <see cref="Reflection"/>.</summary>
    public double Reflective => Share(r => r.Reflection.Count > 0);

    /// <summary>Mean length of the responses in tokens.</summary>
    public double MeanLength => Responses.Average(r => r.Tokens);

    /// <summary>Median length of the responses in tokens.</summary>
    public double MedianLength
    {
        get
        {
            int[] lengths = [.. Responses.Select(r => r.Tokens).Order()];
            return (lengths[(lengths.Length - 1) / 2] + lengths[lengths.Length / 2]) / 2.0;
        }
    }

    /// <summary>Length of the longest response in tokens.</summary>
    public int MaxLength => Responses.Max(r => r.Tokens);

    /// <summary>Tokens of all responses together.</summary>
    public long Tokens => Responses.Sum(r => (long)r.Tokens);

    /// <summary>Share of responses by verdict, see <see cref="RewardVerdicts"/>.</summary>
    public IReadOnlyDictionary<string, double> Verdicts => RewardVerdicts.Shares(Responses.Select(r => r.Verdict));

    /// <summary>Accuracy by subject, in the order in which the subjects first occur; problems without one are left out.</summary>
    public IReadOnlyList<SubjectAccuracy> Subjects => [.. GroupBy(p => p.Subject).Select(g => new SubjectAccuracy(g.Name, g.Problems, g.Accuracy))];

    /// <summary>Accuracy by level, the lowest first; problems without one are left out.</summary>
    public IReadOnlyList<LevelAccuracy> Levels =>
        [.. GroupBy(p => p.Level).Select(g => new LevelAccuracy(g.Name, g.Problems, g.Accuracy)).OrderBy(l => l.Level.Length).ThenBy(l => l.Level, StringComparer.Ordinal)];

    /// <summary>The chance that at least one of k responses is right (unbiased estimate), k at most the number of samples.</summary>
    public double PassAt(int k) => PassAtK.Mean(correct, Settings.Samples, k);

    /// <summary>The k for which pass@k is told: 1, 2, 4, 8, ... and the number of samples.</summary>
    public IReadOnlyList<int> PassKs
    {
        get
        {
            List<int> ks = [];
            for (int k = 1; k < Settings.Samples; k *= 2) ks.Add(k);
            return [.. ks, Settings.Samples];
        }
    }

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
        StandardError = StandardError,
        Majority = Settings.Samples > 1 ? Majority : double.NaN,
        Boxed = Boxed,
        Truncated = Truncated,
        Repetitive = Repetitive,
        Reflection = Reflective,
        Length = MeanLength,
        LengthMedian = MedianLength,
        LengthMax = MaxLength,
        Verdicts = Verdicts,
        Subjects = Subjects,
    };

    private double[] ByProblem() => [.. correct.Select(c => (double)c / Settings.Samples)];

    private double CountMajorities()
    {
        if (Responses.Any(r => r.Correct) && Responses.All(r => r.Extracted is null)) return double.NaN;
        // Another judge's idea of equal answers is not known: there texts are compared.
        MathVerifier? verifier = Settings.Judge switch { null => new(Settings.Profile), ChoiceReward => new(), _ => null };
        bool Equal(string answer, string other) => verifier is not null && verifier.VerifyAnswer(answer, other).IsCorrect;
        int right = 0, samples = Settings.Samples;
        Parallel.For(0, Problems.Count, p =>
        {
            if (MajorityVote.IsRight([.. Responses.Skip(p * samples).Take(samples).Select(r => (r.Extracted, r.Correct))], Equal)) Interlocked.Increment(ref right);
        });
        return (double)right / Problems.Count;
    }

    private IEnumerable<(string Name, int Problems, double Accuracy)> GroupBy(Func<Problem, string?> name) =>
        Enumerable.Range(0, Problems.Count).Where(i => name(Problems[i]) is not null).GroupBy(i => name(Problems[i])!)
            .Select(g => (g.Key, g.Count(), g.Average(i => (double)correct[i] / Settings.Samples)));

    private double Share(Func<EvaluatedResponse, bool> has) => (double)Responses.Count(has) / Responses.Count;
}

/// <summary>Accuracy on the problems of one level.</summary>
/// <param name="Level">Its name, as the data set has it.</param>
/// <param name="Problems">Number of problems.</param>
/// <param name="Accuracy">Share of right responses, 0 to 1.</param>
public sealed record LevelAccuracy(string Level, int Problems, double Accuracy);
