namespace Rlvr.Rollouts.Speculation;

/// <summary>How often guesses have come true so far, by their class (<see cref="DraftGuess.Class"/>).</summary>
internal sealed class DraftRecord
{
    /// <summary>Guesses that the first estimate counts for.</summary>
    private const double PriorWeight = 4;

    private readonly (int True, int All)[] classes = new (int, int)[DraftGuess.Classes];

    /// <summary>Probability that a guess comes true: the share among those of its class so far; before there are any, that of the places that speak for it.</summary>
    public double ProbabilityOf(DraftGuess guess)
    {
        (int right, int all) = classes[guess.Class];
        double prior = guess.Votes / (guess.Places + 1.0);
        return (right + (PriorWeight * prior)) / (all + PriorWeight);
    }

    /// <summary>Learns what became of a guess.</summary>
    public void Learn(DraftGuess guess, bool cameTrue)
    {
        ref (int True, int All) entry = ref classes[guess.Class];
        entry = (entry.True + (cameTrue ? 1 : 0), entry.All + 1);
    }
}
