namespace Rlvr.MicroMath.Subjects;

/// <summary>Pairs of balls of different colours, and choices between two kinds of pairs.</summary>
internal static class Counting
{
    private const int LargestAnswer = 199;

    private static readonly string[] Colours = ["red", "blue", "green"];

    private static readonly string[] Things = ["hats", "coats", "cups", "pens"];

    public static (string Text, Computation Computation) Draw(MicroRandom random) => random.Chance(0.6) ? Pairs(random) : Choices(random);

    private static (string Text, Computation Computation) Pairs(MicroRandom random)
    {
        while (true)
        {
            // At most one of the three numbers has two digits, in any place.
            int[] n = [random.Next(2, 9), random.Next(2, 9), random.Next(2, 9)];
            n[random.Next(0, 2)] = random.Next(2, 15);
            if ((n[0] * n[1]) + (n[0] * n[2]) + (n[1] * n[2]) > LargestAnswer)
                continue;
            var first = random.Next(0, 2);
            var turn = random.Next(1, 2);
            var (p, q, r) = (Colours[first], Colours[(first + turn) % 3], Colours[(first + turn + turn) % 3]);
            var balls = $"{n[0]} {p}, {n[1]} {q} and {n[2]} {r} balls";
            var text = random.Chance(0.5)
                ? $"A box has {balls}. How many pairs of different colours?"
                : $"How many pairs of different colours are in {balls}?";
            return (text, new(
                new Step(n[0], Operation.Multiply, n[1]),
                new Step(n[0], Operation.Multiply, n[2]),
                new Step(n[1], Operation.Multiply, n[2]),
                new Step(Operand.Result(0), Operation.Add, Operand.Result(1)),
                new Step(Operand.Result(3), Operation.Add, Operand.Result(2))));
        }
    }

    private static (string Text, Computation Computation) Choices(MicroRandom random)
    {
        var (a, b, c, d) = (random.Next(2, 9), random.Next(2, 9), random.Next(2, 9), random.Next(2, 9));
        var first = random.Next(0, 3);
        var (p, q, r, s) = (Things[first], Things[(first + 1) % 4], Things[(first + 2) % 4], Things[(first + 3) % 4]);
        var text = random.Chance(0.5)
            ? $"{random.Pick(Words.Names)} picks one of {a} {p} and one of {b} {q}, or one of {c} {r} and one of {d} {s}. How many ways?"
            : $"How many ways to pick one of {a} {p} and one of {b} {q}, or one of {c} {r} and one of {d} {s}?";
        return (text, new(
            new Step(a, Operation.Multiply, b),
            new Step(c, Operation.Multiply, d),
            new Step(Operand.Result(0), Operation.Add, Operand.Result(1))));
    }
}
