namespace Rlvr.Rollouts.Speculation;

/// <summary>How often guesses have come true so far, by their class (<see cref="DraftGuess.Class"/>) and the number of rollouts that must draw them.</summary>
internal sealed class DraftRecord
{
    /// <summary>Guesses that the first estimate counts for.</summary>
    private const double PriorWeight = 4;

    private readonly (int True, int All)[] classes = new (int, int)[DraftGuess.Classes * 3];

    /// <summary>Probability that a guess comes true: the share among those of its class so far; before there are any, that of the places that speak for it.</summary>
    /// <param name="guess">The guess.</param>
    /// <param name="members">Rollouts that must draw it.</param>
    public double ProbabilityOf(DraftGuess guess, int members)
    {
        (int right, int all) = Entry(guess, members);
        double prior = double.Pow(guess.Votes / (guess.Places + 2.0), int.Min(members, 4));
        return (right + (PriorWeight * prior)) / (all + PriorWeight);
    }

    /// <summary>Learns what became of a guess.</summary>
    /// <param name="guess">The guess.</param>
    /// <param name="members">Rollouts that had to draw it.</param>
    /// <param name="cameTrue">Whether all of them did.</param>
    public void Learn(DraftGuess guess, int members, bool cameTrue)
    {
        ref (int True, int All) entry = ref Entry(guess, members);
        entry = (entry.True + (cameTrue ? 1 : 0), entry.All + 1);
    }

    private ref (int True, int All) Entry(DraftGuess guess, int members) => ref classes[(guess.Class * 3) + (members switch { 1 => 0, <= 4 => 1, _ => 2 })];
}
