namespace Rlvr.MicroMath;

/// <summary>
/// An endless corpus of problems answered by habit. Document i is a pure function of (seed, mixture, i); every problem is of
/// <see cref="MicroSplit.Pretraining"/>.
/// </summary>
/// <param name="seed">Another seed, other documents of the same world.</param>
/// <param name="mix">How often each habit occurs; null for the embedded base model's mixture.</param>
public sealed class PretrainingCorpus(ulong seed, HabitMix? mix = null)
{
    /// <summary>The most steps that a problem of pretraining has: longer chains are for the suites alone.</summary>
    public const int LongestChain = 5;

    private readonly HabitMix _mix = mix ?? HabitMix.Default;

    /// <summary>Document <paramref name="index"/>, counted from 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="index"/> is negative.</exception>
    public MicroDocument this[long index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            MicroRandom random = new(seed, (ulong)index);
            var subject = MicroWorld.DrawSubject(random);
            var habit = _mix.Draw(subject, random);
            var document = Draw(subject, habit, random);
            return random.Chance(Habits.PairShare) ? document with { Earlier = DrawEarlier(habit, random) } : document;
        }
    }

    /// <summary>The documents 0, 1, 2, ... without end.</summary>
    public IEnumerable<MicroDocument> Documents()
    {
        for (var i = 0L; ; i++)
            yield return this[i];
    }

    private MicroDocument DrawEarlier(Habit habit, MicroRandom random)
    {
        var subject = MicroWorld.DrawSubject(random);
        return Draw(subject, random.Chance(Habits.SameHabitShare) ? habit : _mix.Draw(subject, random), random);
    }

    private MicroDocument Draw(string subject, Habit habit, MicroRandom random)
    {
        while (true)
        {
            var problem = MicroWorld.Generate(subject, MicroSplit.Pretraining, random);
            if (problem.Steps.Count <= LongestChain)
                return ResponseWriter.Write(problem, habit, _mix, random);
        }
    }
}
