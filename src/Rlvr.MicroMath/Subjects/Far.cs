namespace Rlvr.MicroMath.Subjects;

/// <summary>The remainder of a sequence's term: both parts are in pretraining, the combination never is.</summary>
internal static class Far
{
    public static (string Text, Computation Computation) Draw(MicroRandom random)
    {
        var (start, step, n, m) = (random.Next(2, 30), random.Next(2, 9), random.Next(4, 10), random.Next(4, 9));
        return (
            $"A sequence starts at {start} with step {step}. What is the remainder of term {n} divided by {m}?",
            new([.. Sequences.StepsOf(start, step, n), new(Operand.Result(2), Operation.Remainder, m)]));
    }
}
