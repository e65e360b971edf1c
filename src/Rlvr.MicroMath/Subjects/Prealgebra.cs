namespace Rlvr.MicroMath.Subjects;

/// <summary>A two-digit number plus a product of two digits: 29+3*8.</summary>
internal static class Prealgebra
{
    public static (string Text, Computation Computation) Draw(MicroRandom random)
    {
        var (a, b, c) = (random.Next(10, 99), random.Next(2, 9), random.Next(2, 9));
        var productFirst = random.Chance(0.5);
        return (random.Chance(0.4) ? Formula(a, b, c, productFirst) : Story(a, b, c, productFirst, random), Of(a, b, c, productFirst));
    }

    public static string Formula(int a, int b, int c, bool productFirst) => productFirst ? $"Compute {b}*{c}+{a}." : $"Compute {a}+{b}*{c}.";

    public static Computation Of(int a, int b, int c, bool productFirst)
    {
        var product = new Step(b, Operation.Multiply, c);
        return productFirst
            ? new(product, new Step(Operand.Result(0), Operation.Add, a))
            : new(product, new Step(a, Operation.Add, Operand.Result(0)));
    }

    private static string Story(int a, int b, int c, bool productFirst, MicroRandom random)
    {
        var (name, things, containers) = (random.Pick(Words.Names), random.Pick(Words.Things), random.Pick(Words.Containers));
        return productFirst
            ? $"There are {b} {containers} of {c} {things} and {a} more {things}. How many {things} in all?"
            : $"{name} has {a} {things} and {b} {containers} of {c} {things}. How many {things} in all?";
    }
}
