namespace Rlvr.MicroMath.Subjects;

/// <summary>The everyday wordings with larger numbers, rare in pretraining, and a chain longer than pretraining ever shows.</summary>
internal static class Hard
{
    public static (string Text, Computation Computation) Draw(MicroRandom random) => random.Next(0, 3) switch
    {
        0 => LargeSum(random),
        1 => LargeEquation(random),
        2 => LateTerm(random),
        _ => LongChain(random),
    };

    private static (string Text, Computation Computation) LargeSum(MicroRandom random)
    {
        var (a, b, c) = (random.Next(100, 199), random.Next(3, 9), random.Next(16, 25));
        return (Prealgebra.Formula(a, b, c, productFirst: false), Prealgebra.Of(a, b, c, productFirst: false));
    }

    private static (string Text, Computation Computation) LargeEquation(MicroRandom random)
    {
        var (a, x, b) = (random.Next(3, 9), random.Next(16, 29), random.Next(61, 99));
        var c = (a * x) + b;
        return (Algebra.Formula(a, b, c), Algebra.Of(a, b, c));
    }

    private static (string Text, Computation Computation) LateTerm(MicroRandom random)
    {
        var (start, step, n) = (random.Next(80, 150), random.Next(3, 9), random.Next(13, 25));
        return (Sequences.Formal(start, step, n), Sequences.Of(start, step, n));
    }

    private static (string Text, Computation Computation) LongChain(MicroRandom random)
    {
        while (true)
        {
            var n = new int[8];
            for (var i = 0; i < n.Length; i++)
                n[i] = random.Next(2, 9);
            if ((n[0] * n[1]) + (n[2] * n[3]) + (n[4] * n[5]) <= n[6] * n[7])
                continue;
            return ($"Compute {n[0]}*{n[1]}+{n[2]}*{n[3]}+{n[4]}*{n[5]}-{n[6]}*{n[7]}.", new(
                new Step(n[0], Operation.Multiply, n[1]),
                new Step(n[2], Operation.Multiply, n[3]),
                new Step(n[4], Operation.Multiply, n[5]),
                new Step(n[6], Operation.Multiply, n[7]),
                new Step(Operand.Result(0), Operation.Add, Operand.Result(1)),
                new Step(Operand.Result(4), Operation.Add, Operand.Result(2)),
                new Step(Operand.Result(5), Operation.Subtract, Operand.Result(3))));
        }
    }
}
