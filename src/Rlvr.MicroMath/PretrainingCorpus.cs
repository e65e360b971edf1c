namespace Rlvr.MicroMath;

/// <summary>
/// An endless corpus of problems answered by habit. Document i is a pure function of (seed, i); every problem is of
/// <see cref="MicroSplit.Pretraining"/>.
/// </summary>
/// <param name="seed">Another seed, other documents of the same world.</param>
public sealed class PretrainingCorpus(ulong seed)
{
    /// <summary>Document <paramref name="index"/>, counted from 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="index"/> is negative.</exception>
    public MicroDocument this[long index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            MicroRandom random = new(seed, (ulong)index);
            var subject = MicroWorld.DrawSubject(random);
            var habit = Habits.Draw(subject, random);
            return ResponseWriter.Write(MicroWorld.Generate(subject, MicroSplit.Pretraining, random), habit, random);
        }
    }

    /// <summary>The documents 0, 1, 2, ... without end.</summary>
    public IEnumerable<MicroDocument> Documents()
    {
        for (var i = 0L; ; i++)
            yield return this[i];
    }
}
