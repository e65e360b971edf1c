namespace Rlvr.MicroMath.Subjects;

/// <summary>A term of an arithmetic sequence: starts at 24 with step 6, term 7.</summary>
internal static class Sequences
{
    public static (string Text, Computation Computation) Draw(MicroRandom random)
    {
        var (start, step, n) = (random.Next(2, 79), random.Next(2, 9), random.Next(4, 12));
        return (random.Chance(0.5) ? Formal(start, step, n) : $"Start at {start} and add {step} each time. What is term {n}?", Of(start, step, n));
    }

    public static string Formal(int start, int step, int n) => $"A sequence starts at {start} with step {step}. Find term {n}.";

    public static Computation Of(int start, int step, int n) => new(StepsOf(start, step, n));

    public static Step[] StepsOf(int start, int step, int n) =>
    [
        new(n, Operation.Subtract, 1, IsPosition: true),
        new(Operand.Result(0), Operation.Multiply, step),
        new(start, Operation.Add, Operand.Result(1)),
    ];
}
