using Rlvr.Data;
using Rlvr.Math;

namespace Rlvr.Rewards;

/// <summary>
/// Wrong labels on purpose, after the label-noise experiment of arXiv 2504.20571: a share of the problems gets a random wrong label, made from the right
/// one (<see cref="LabelCorruption"/>). All of it is a pure function of the problems, the share and the seed. With one seed, the problems that a
/// small share changes are changed, in the same way, by every larger one.
/// </summary>
public static class LabelNoise
{
    // Stands where training has its step. Training's permutations have small and very large streams.
    private const ulong Stream = 0x4C61_6265_6C4E_6F69;

    // Most candidates for a label that are tried of each kind. One is nearly always enough.
    private const int Attempts = 64;

    // Not that of evaluation, unless the reward is: it takes large numbers for equal that differ by 10.
    private static readonly MathVerifier[] Verifiers = [new(VerifierProfile.Training), new(VerifierProfile.Strict)];

    /// <summary>Makes labels wrong.</summary>
    /// <param name="problems">Problems with right labels that the reward can read.</param>
    /// <param name="share">Share of them, 0 to 1: exactly the nearest whole number of problems is changed, a half rounded up.</param>
    /// <param name="seed">Which, and how.</param>
    /// <param name="reward">Must be able to read the new labels.</param>
    /// <returns>The problems in their order; those that were changed have the right label as <see cref="Problem.CleanAnswer"/>.</returns>
    /// <exception cref="RlvrException">For some problem there is no wrong label that the reward can read.</exception>
    public static IReadOnlyList<Problem> Apply(IReadOnlyList<Problem> problems, double share, ulong seed, IReward reward)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(share);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);
        int count = (int)System.Math.Round(share * problems.Count, MidpointRounding.AwayFromZero);
        Problem[] noisy = [.. problems];
        foreach (int i in CounterRandom.Permutation(problems.Count, seed, Stream).Take(count))
            noisy[i] = problems[i] with { Answer = WrongLabel(problems, i, seed, reward), CleanAnswer = problems[i].Answer };
        return noisy;
    }

    private static string WrongLabel(IReadOnlyList<Problem> problems, int index, ulong seed, IReward reward)
    {
        Problem problem = problems[index];
        foreach (Func<Func<int, int>, string?> kind in new Func<Func<int, int>, string?>[] { OfItsOwn, OfAnother, ANumber })
        {
            for (int attempt = 0; attempt < Attempts; attempt++)
            {
                ulong position = (ulong)attempt << 8;
                // A whole number from 0 to bound - 1, another one with each call.
                int Draw(int bound) => (int)(CounterRandom.Uniform(seed, Stream, (ulong)index, position++) * bound);
                if (kind(Draw) is { } label && IsWrong(label, problem, reward) && reward.LabelProblem(problem with { Answer = label }) is null) return label;
            }
        }
        throw new RlvrException($"data.label_noise: no wrong label was found for problem '{problem.Id}' with the label '{problem.Answer}': the reward cannot read any of those that were tried. "
            + "Leave the problem out, or choose another reward.");

        string? OfItsOwn(Func<int, int> draw) => problem.Choices.Count > 1
            ? MultipleChoice.Letter(draw(problem.Choices.Count)) : problem.Choices.Count == 1 ? null : LabelCorruption.Corrupt(problem.Answer, draw);

        string? OfAnother(Func<int, int> draw) => problem.Choices.Count > 0 ? null : problems[draw(problems.Count)].Answer;

        string? ANumber(Func<int, int> draw) => (1 + draw(LabelCorruption.Most)).ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Whether neither the verifier nor a mathematical reward takes the label for the right one, whichever of the two is the expected one.</summary>
    private static bool IsWrong(string label, Problem problem, IReward reward) =>
        label != problem.Answer && Verifiers.All(v => !v.VerifyAnswer(label, problem.Answer).IsCorrect && !v.VerifyAnswer(problem.Answer, label).IsCorrect)
            && (reward is not MathReward math || (!Accepts(math, label, problem) && !Accepts(math, problem.Answer, problem with { Answer = label })));

    private static bool Accepts(MathReward reward, string answer, Problem problem) => reward.Score(problem, $@"\boxed{{{answer}}}").Correct;
}
