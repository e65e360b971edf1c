namespace Rlvr.MicroMath;

/// <summary>The four operations of arithmetic, and the remainder.</summary>
internal enum Operation
{
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// <summary>An input of a step: a number of the problem's text, or the result of an earlier step.</summary>
internal readonly record struct Operand(int Value, bool IsStep)
{
    public static implicit operator Operand(int value) => new(value, false);

    public static Operand Result(int step) => new(step, true);
}

/// <summary>One line of a worked solution. <paramref name="IsPosition"/>: it only turns "term n" into n - 1 (see <see cref="Computation.Key"/>).</summary>
internal readonly record struct Step(Operand Left, Operation Operation, Operand Right, bool IsPosition = false);
