using System.Globalization;

namespace Rlvr.MicroMath;

/// <summary>
/// A chain of arithmetic steps: what a problem asks, whatever its words. The last step's result is the answer.
/// All numbers are whole and none is negative.
/// </summary>
public sealed class Computation : IEquatable<Computation>
{
    private readonly Step[] _steps;
    private readonly int[] _results;

    internal Computation(params Step[] steps)
    {
        _steps = steps;
        _results = TryRun(-1, 0) ?? throw new ArgumentException($"a step of {string.Join(", ", steps)} has a negative or fractional result.");
        Lines = Render(_results);
        Key = Term(Operand.Result(steps.Length - 1), foldRemainder: false);
        Split = SplitOf(Term(Operand.Result(steps.Length - 1), foldRemainder: true));
    }

    /// <summary>The worked solution, one true equation a line, as in "3*8=24".</summary>
    public IReadOnlyList<string> Lines { get; }

    /// <summary>The last step's result.</summary>
    public int Answer => _results[^1];

    /// <summary>
    /// The computation's canonical name: the same for every wording and for commuted sums and products, so 29+3*8, 8*3+29 and
    /// "term 4 of the sequence that starts at 29 with step 8" (which is 29+3*8 once 4-1=3 is done) share "29+3*8".
    /// </summary>
    public string Key { get; }

    /// <summary>
    /// By a hash of <see cref="Key"/>: 17% test, 13% pool of reinforcement learning, 70% pretraining. A final remainder is left out of what
    /// is hashed, so (29+3*8) mod 9 always lies in the same part as 29+3*8.
    /// </summary>
    public MicroSplit Split { get; }

    /// <summary>The result of each step.</summary>
    internal IReadOnlyList<int> Results => _results;

    /// <summary>
    /// The lines when step <paramref name="step"/> comes out <paramref name="error"/> too high and all later ones are right for what they
    /// are given; null where a result would be negative or a fraction.
    /// </summary>
    internal (IReadOnlyList<string> Lines, int Answer)? WithError(int step, int error) =>
        TryRun(step, error) is { } results ? (Render(results), results[^1]) : null;

    /// <inheritdoc/>
    public bool Equals(Computation? other) => other is not null && _steps.AsSpan().SequenceEqual(other._steps);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Computation);

    /// <inheritdoc/>
    public override int GetHashCode() => Key.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => string.Join("; ", Lines);

    private int[]? TryRun(int wrongStep, int error)
    {
        var results = new int[_steps.Length];
        for (var i = 0; i < _steps.Length; i++)
        {
            var left = ValueOf(_steps[i].Left, results);
            var right = ValueOf(_steps[i].Right, results);
            if (_steps[i].Operation is Operation.Divide or Operation.Remainder && right == 0)
                return null;
            if (_steps[i].Operation is Operation.Divide && left % right != 0)
                return null;
            results[i] = _steps[i].Operation switch
            {
                Operation.Add => left + right,
                Operation.Subtract => left - right,
                Operation.Multiply => left * right,
                Operation.Divide => left / right,
                _ => left % right,
            } + (i == wrongStep ? error : 0);
            if (results[i] < 0)
                return null;
        }

        return results;
    }

    private string[] Render(int[] results) =>
        [.. _steps.Select((s, i) => $"{ValueOf(s.Left, results)}{Sign(s.Operation)}{ValueOf(s.Right, results)}={results[i]}")];

    private static int ValueOf(Operand operand, int[] results) => operand.IsStep ? results[operand.Value] : operand.Value;

    private static string Sign(Operation operation) => operation switch
    {
        Operation.Add => "+",
        Operation.Subtract => "-",
        Operation.Multiply => "*",
        Operation.Divide => "/",
        _ => "mod",
    };

    // The canonical text of an operand as a whole expression: flattened sums and sorted, flattened products.
    private string Term(Operand operand, bool foldRemainder)
    {
        if (!operand.IsStep)
            return operand.Value.ToString(CultureInfo.InvariantCulture);
        var step = _steps[operand.Value];
        if (step.IsPosition)
            return _results[operand.Value].ToString(CultureInfo.InvariantCulture);
        switch (step.Operation)
        {
            case Operation.Add or Operation.Subtract:
                List<string> plus = [], minus = [];
                CollectTerms(operand, plus, minus);
                plus.Sort(ByNumberThenText);
                minus.Sort(ByNumberThenText);
                return string.Join('+', plus) + string.Concat(minus.Select(t => "-" + t));
            case Operation.Multiply:
                List<string> factors = [];
                CollectFactors(operand, factors);
                factors.Sort(ByNumberThenText);
                return string.Join('*', factors);
            case Operation.Remainder when foldRemainder:
                return Term(step.Left, foldRemainder);
            default:
                return $"{Factor(step.Left)}{Sign(step.Operation)}{Factor(step.Right)}";
        }
    }

    private void CollectTerms(Operand operand, List<string> plus, List<string> minus)
    {
        if (operand.IsStep && _steps[operand.Value] is { Operation: Operation.Add or Operation.Subtract, IsPosition: false } step)
        {
            CollectTerms(step.Left, plus, minus);
            if (step.Operation is Operation.Add)
                CollectTerms(step.Right, plus, minus);
            else
                CollectTerms(step.Right, minus, plus);
        }
        else
        {
            plus.Add(Term(operand, foldRemainder: false));
        }
    }

    private void CollectFactors(Operand operand, List<string> factors)
    {
        if (operand.IsStep && _steps[operand.Value] is { Operation: Operation.Multiply } step)
        {
            CollectFactors(step.Left, factors);
            CollectFactors(step.Right, factors);
        }
        else
        {
            factors.Add(Factor(operand));
        }
    }

    private string Factor(Operand operand)
    {
        var term = Term(operand, foldRemainder: false);
        return term.All(char.IsAsciiDigit) ? term : $"({term})";
    }

    private static int ByNumberThenText(string a, string b) => a.Length != b.Length ? a.Length - b.Length : string.CompareOrdinal(a, b);

    private static MicroSplit SplitOf(string key)
    {
        // FNV-1a over the characters, then a finaliser: FNV alone leaves the high bits of short keys too regular.
        var hash = 14695981039346656037UL;
        foreach (var c in key)
            hash = (hash ^ c) * 1099511628211UL;
        return ((MicroRandom.Mix(hash) >> 11) * (1.0 / (1UL << 53))) switch
        {
            < 0.17 => MicroSplit.Test,
            < 0.30 => MicroSplit.RlPool,
            _ => MicroSplit.Pretraining,
        };
    }
}
