namespace Rlvr.MicroMath.Subjects;

/// <summary>The area of a rectangle with a hole; for 30% the perimeter of a rectangle.</summary>
internal static class Geometry
{
    public static (string Text, Computation Computation) Draw(MicroRandom random) => random.Chance(0.3) ? Perimeter(random) : Hole(random);

    private static (string Text, Computation Computation) Hole(MicroRandom random)
    {
        var (width, height) = (random.Next(4, 9), random.Next(4, 15));
        var (w, h) = (random.Next(2, width - 1), random.Next(2, int.Min(9, height - 1)));
        // The same quarter turn for both, so that the hole fits.
        var turned = random.Chance(0.5);
        var (a, b) = turned ? (height, width) : (width, height);
        var (c, d) = turned ? (h, w) : (w, h);
        var text = random.Chance(0.5)
            ? $"A rectangle of {a} by {b} has a hole of {c} by {d}. What is the area left?"
            : $"Cut a hole of {c} by {d} from a rectangle of {a} by {b}. What is the area left?";
        return (text, new(
            new Step(a, Operation.Multiply, b),
            new Step(c, Operation.Multiply, d),
            new Step(Operand.Result(0), Operation.Subtract, Operand.Result(1))));
    }

    private static (string Text, Computation Computation) Perimeter(MicroRandom random)
    {
        var (a, b) = (random.Next(5, 49), random.Next(5, 49));
        var text = random.Chance(0.5)
            ? $"What is the perimeter of a rectangle of {a} by {b}?"
            : $"{random.Pick(Words.Names)} walks around a rectangle of {a} by {b}. How long is the way?";
        return (text, new(new Step(a, Operation.Add, b), new Step(2, Operation.Multiply, Operand.Result(0))));
    }
}
