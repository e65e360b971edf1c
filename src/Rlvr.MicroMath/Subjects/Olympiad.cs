namespace Rlvr.MicroMath.Subjects;

/// <summary>Three products: 7*4+3*7-2*5. Longer than the everyday subjects, and rare in pretraining.</summary>
internal static class Olympiad
{
    public static (string Text, Computation Computation) Draw(MicroRandom random)
    {
        while (true)
        {
            var (a, b, c, d, e, f) = (random.Next(2, 9), random.Next(2, 9), random.Next(2, 9), random.Next(2, 9), random.Next(2, 9), random.Next(2, 9));
            if ((a * b) + (c * d) <= e * f)
                continue;
            var (name, things, box) = (random.Pick(Words.Names), random.Pick(Words.Things), random.Pick(Words.Containers));
            var text = random.Chance(0.5)
                ? $"Compute {a}*{b}+{c}*{d}-{e}*{f}."
                : $"{name} has {a} {box} of {b} {things} and {c} {box} of {d} {things} and sells {e} {box} of {f} {things}. How many {things} are left?";
            return (text, new(
                new Step(a, Operation.Multiply, b),
                new Step(c, Operation.Multiply, d),
                new Step(e, Operation.Multiply, f),
                new Step(Operand.Result(0), Operation.Add, Operand.Result(1)),
                new Step(Operand.Result(3), Operation.Subtract, Operand.Result(2))));
        }
    }
}
