using Rlvr.Data;

namespace Rlvr.Rewards;

/// <summary>A term of a <see cref="WeightedSum"/>.</summary>
/// <param name="Name">Its name in metrics: small letters, digits and underscores.</param>
/// <param name="Weight">What its value is multiplied by; negative for a cost.</param>
/// <param name="Reward">The reward.</param>
public readonly record struct RewardTerm(string Name, double Weight, IReward Reward);

/// <summary>
/// A sum of rewards, each times its weight. The verdict, and with it training accuracy, is that of the first term that judges answers at all.
/// Where one term fails, the whole fails: a response is never scored by half. Where one cannot read the label, the sum is 0.
/// </summary>
public sealed class WeightedSum : IReward, IDisposable
{
    private readonly RewardTerm[] terms;

    /// <summary>Makes the sum, which takes over its terms: they are disposed of with it.</summary>
    /// <param name="terms">At least one, with names of their own and finite weights.</param>
    /// <exception cref="ArgumentException">There is no term, or a name or weight cannot be used.</exception>
    public WeightedSum(params IReadOnlyList<RewardTerm> terms)
    {
        if (terms.Count == 0) throw new ArgumentException("A sum needs at least one term.", nameof(terms));
        foreach (RewardTerm term in terms)
        {
            if (term.Name.Length == 0 || !term.Name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_'))
                throw new ArgumentException($"The name of a term is of small letters, digits and underscores, found '{term.Name}'.", nameof(terms));
            if (!double.IsFinite(term.Weight)) throw new ArgumentException($"The weight of '{term.Name}' is {term.Weight}, expected a finite number.", nameof(terms));
        }
        if (terms.Select(t => t.Name).Distinct(StringComparer.Ordinal).Count() < terms.Count) throw new ArgumentException("Two terms have the same name.", nameof(terms));
        this.terms = [.. terms];
        ComponentNames = [.. terms.Select(t => t.Name)];
    }

    /// <summary>The terms.</summary>
    public IReadOnlyList<RewardTerm> Terms => terms;

    /// <inheritdoc/>
    public IReadOnlyList<string> ComponentNames { get; }

    /// <inheritdoc/>
    public RewardResult Score(Problem problem, string response, RewardContext context = default)
    {
        (string Name, double Value)[] values = new (string, double)[terms.Length];
        RewardResult? judged = null, failed = null, unreadable = null;
        double sum = 0;
        for (int i = 0; i < terms.Length; i++)
        {
            RewardResult result = terms[i].Reward.Score(problem, response, context).Checked();
            values[i] = (terms[i].Name, result.Value);
            sum += terms[i].Weight * result.Value;
            if (result.IsFailure) failed ??= result with { Reason = $"{terms[i].Name}: {result.Reason}" };
            else if (result.Verdict == RewardVerdicts.UnparsableLabel) unreadable ??= result with { Value = 0 };
            else if (result.Verdict != RewardVerdicts.Unjudged) judged ??= result;
        }
        RewardResult whole = failed ?? unreadable ?? (judged ?? RewardResult.Measured(0)) with { Value = sum };
        return whole with { Components = values };
    }

    /// <inheritdoc/>
    public string? LabelProblem(Problem problem)
    {
        foreach (RewardTerm term in terms)
            if (term.Reward.LabelProblem(problem) is { } reason) return reason;
        return null;
    }

    /// <summary>Disposes of the terms.</summary>
    public void Dispose()
    {
        foreach (RewardTerm term in terms) (term.Reward as IDisposable)?.Dispose();
    }
}
