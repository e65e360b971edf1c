namespace Rlvr.MicroMath.Subjects;

/// <summary>The remainder of a product plus a number: 9*7+20 divided by 9.</summary>
internal static class NumberTheory
{
    public static (string Text, Computation Computation) Draw(MicroRandom random)
    {
        var (a, b, c, m) = (random.Next(2, 9), random.Next(2, 9), random.Next(2, 30), random.Next(4, 9));
        var text = random.Chance(0.5) ? $"What is the remainder of {a}*{b}+{c} divided by {m}?" : $"Find {a}*{b}+{c} mod {m}.";
        return (text, new(
            new Step(a, Operation.Multiply, b),
            new Step(Operand.Result(0), Operation.Add, c),
            new Step(Operand.Result(1), Operation.Remainder, m)));
    }
}
