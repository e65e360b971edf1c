namespace Rlvr.MicroMath.Subjects;

/// <summary>A linear equation with a whole solution: 9x+6=114.</summary>
internal static class Algebra
{
    public static (string Text, Computation Computation) Draw(MicroRandom random)
    {
        var (a, x, b) = (random.Next(2, 9), random.Next(2, 15), random.Next(2, 60));
        var c = (a * x) + b;
        var text = random.Next(0, 2) switch
        {
            0 => Formula(a, b, c),
            1 => $"If {a}x+{b}={c}, what is x?",
            _ => $"{a} times a number plus {b} is {c}. What is the number?",
        };
        return (text, Of(a, b, c));
    }

    public static string Formula(int a, int b, int c) => $"Solve {a}x+{b}={c} for x.";

    public static Computation Of(int a, int b, int c) =>
        new(new Step(c, Operation.Subtract, b), new Step(Operand.Result(0), Operation.Divide, a));
}
