using Fractions;
using Rlvr.Math.Answers;
using Rlvr.Math.Expressions;
using Rlvr.Math.Numerics;
using Rlvr.Math.Reading;

namespace Rlvr.Math.Equivalence;

/// <summary>Compares answers with an expected one, by the rules of the strict profile. <see cref="Rule"/> tells which rule decided.</summary>
internal sealed partial class AnswerEquality(WorkBudget budget)
{
    private readonly ExpressionEquality _expressions = new(budget);

    /// <summary>The rule that decided last.</summary>
    public string Rule { get; private set; } = "none";

    /// <summary>Whether <paramref name="answer"/> is <paramref name="expected"/>.</summary>
    public bool AreEqual(Answer expected, Answer answer) => AreEqual(expected, answer, 0);

    private bool Decide(string rule, bool equal)
    {
        Rule = rule;
        return equal;
    }

    private bool AreEqual(Answer expected, Answer answer, int depth)
    {
        if (depth > 32 || !budget.Spend(1_000)) return Decide("too-much-work", false);
        if (expected is ChoiceAnswer or TextAnswer || answer is ChoiceAnswer or TextAnswer) return CompareWords(expected, answer, depth);
        if (expected is ScalarAnswer x && answer is ScalarAnswer y) return CompareScalars(x, y);
        // D = [0, 1) names a set.
        if (WithoutName(expected) is { } named && answer is not RelationAnswer { IsEquation: true }) return AreEqual(named, answer, depth + 1);
        if (WithoutName(answer) is { } given && expected is not RelationAnswer { IsEquation: true }) return AreEqual(expected, given, depth + 1);
        if (RealSet.IsSetNotation(expected) || RealSet.IsSetNotation(answer))
        {
            if (RealSet.TryRead(expected, _expressions) is { } set && RealSet.TryRead(answer, _expressions) is { } other) return Decide("real-set", set.SetEquals(other));
            if (expected is RelationAnswer { IsEquation: false } || answer is RelationAnswer { IsEquation: false })
                return expected is RelationAnswer r && answer is RelationAnswer s ? CompareInequalities(r, s) : Decide("different-kinds", false);
            if (expected is SetOperationAnswer p && answer is SetOperationAnswer q)
                return Decide("set-operation", p.Operation == q.Operation
                    && ((AreEqual(p.Left, q.Left, depth + 1) && AreEqual(p.Right, q.Right, depth + 1))
                        || (p.Operation != TokenKind.SetMinus && AreEqual(p.Left, q.Right, depth + 1) && AreEqual(p.Right, q.Left, depth + 1))));
        }
        if (expected is RelationAnswer || answer is RelationAnswer) return CompareEquations(expected, answer, depth);
        if (expected is CollectionAnswer || answer is CollectionAnswer) return CompareCollections(expected, answer, depth);
        return (expected, answer) switch
        {
            (TupleAnswer a, TupleAnswer b) => CompareTuples(a, b, depth),
            (MatrixAnswer a, MatrixAnswer b) => Decide("matrix", SameEntries(a.Rows, b.Rows)),
            (MatrixAnswer a, TupleAnswer b) => Decide("vector", SameVector(a, b, depth)),
            (TupleAnswer a, MatrixAnswer b) => Decide("vector", SameVector(b, a, depth)),
            (BaseAnswer a, BaseAnswer b) => Decide("base", a.Radix == b.Radix && a.Digits == b.Digits),
            (BaseAnswer a, ScalarAnswer b) => Decide("base-ten", a.Radix == 10 && IsDigits(b, a.Digits)),
            (ScalarAnswer a, BaseAnswer b) => Decide("base-ten", b.Radix == 10 && IsDigits(a, b.Digits)),
            (RatioAnswer a, RatioAnswer b) => Decide("ratio", SameRatio(a, b)),
            (RatioAnswer a, ScalarAnswer b) => Decide("ratio", IsRatio(a, b)),
            (ScalarAnswer a, RatioAnswer b) => Decide("ratio", IsRatio(b, a)),
            (TimeAnswer a, TimeAnswer b) => Decide("time", a.Seconds == b.Seconds && (a.Afternoon is null || b.Afternoon is null || a.Afternoon == b.Afternoon)),
            (TimeAnswer a, RatioAnswer b) => Decide("time", IsTime(a, b)),
            (RatioAnswer a, TimeAnswer b) => Decide("time", IsTime(b, a)),
            (NumberSetAnswer a, NumberSetAnswer b) => Decide("number-set", a.Name == b.Name),
            _ => Decide("different-kinds", false),
        };
    }

    private static Answer? WithoutName(Answer answer) =>
        answer is RelationAnswer { Label: not LabelKind.None, LabelIsLast: false, Operators: [TokenKind.Equal] } relation
        && relation.Sides[1] is SetOperationAnswer or NumberSetAnswer or TupleAnswer { HasSquare: true }
            ? relation.Sides[1]
            : null;

    private bool CompareScalars(ScalarAnswer expected, ScalarAnswer answer)
    {
        if (expected.PlusMinusSigns > 0 || answer.PlusMinusSigns > 0)
            return SameElements(Signs(expected), Signs(answer), 0) && Decide("plus-minus", true);
        Fraction left = Fraction.One, right = Fraction.One;
        string rule = expected.Value is RationalExpression && answer.Value is RationalExpression ? "rational" : "value";
        if (expected.Unit is { } a && answer.Unit is { } b)
        {
            if (a.IsDegreeOf(b) || b.IsDegreeOf(a)) rule = "degree";
            else if (!a.HasSameDimensions(b)) return Decide("other-unit", false);
            else (left, right) = (a.Scale, b.Scale);
            if (rule != "degree") rule = "quantity";
        }
        if (expected.IsPercent == answer.IsPercent || expected.Unit is not null || answer.Unit is not null)
            return Decide(rule, Equal(expected, left, answer, right));
        Fraction hundred = new(100);
        return Decide("percent", Equal(expected, left, answer, right)
            || (expected.IsPercent ? Equal(expected, left, answer, right * hundred) : Equal(expected, left * hundred, answer, right)));
    }

    private bool Equal(ScalarAnswer a, Fraction left, ScalarAnswer b, Fraction right) => _expressions.AreEqual(
        new(a.Value, a.Signs, a.SignsTogether), left, new(b.Value, b.Signs, b.SignsTogether), right);

    // 1 \pm \sqrt{2} stands for two values.
    private static List<Answer> Signs(Answer answer)
    {
        // (\pm 1, 2) stands for two tuples.
        if (answer is TupleAnswer tuple && Array.FindIndex(tuple.Items, IsTwofold) is >= 0 and var at && Array.FindLastIndex(tuple.Items, IsTwofold) == at)
            return [.. Signs(tuple.Items[at]).Select(item => new TupleAnswer(tuple.Open, tuple.Close, [.. tuple.Items.Select((old, i) => i == at ? item : old)]))];
        if (answer is not ScalarAnswer { PlusMinusSigns: > 0 and <= 6 } scalar) return [answer];
        bool together = ExpressionTraits.Of(scalar.Value).HasMinusPlus;
        int choices = together ? 2 : 1 << scalar.PlusMinusSigns;
        List<Answer> values = [];
        for (int signs = 0; signs < choices; signs++)
            values.Add(new ScalarAnswer(scalar.Value) { Unit = scalar.Unit, IsPercent = scalar.IsPercent, Signs = signs, SignsTogether = together });
        return values;
    }

    private static bool IsTwofold(Answer answer) => answer is ScalarAnswer { PlusMinusSigns: > 0 };

    private bool CompareCollections(Answer expected, Answer answer, int depth)
    {
        if (AreChoices(expected, answer) || AreChoices(answer, expected)) return Decide("choices", true);
        // A tuple without its parentheses keeps its order.
        if (expected is TupleAnswer tuple && !Array.Exists(tuple.Items, IsTwofold) && answer is CollectionAnswer { Joining: Joining.Comma } bare)
            return Decide("tuple", !IsInterval(tuple) && SameItems(tuple.Items, bare.Items, depth));
        if (answer is TupleAnswer given && !Array.Exists(given.Items, IsTwofold) && expected is CollectionAnswer { Joining: Joining.Comma } list)
            return Decide("tuple", !IsInterval(given) && SameItems(list.Items, given.Items, depth));
        // a = 0, b = 0 answers two questions.
        if ((expected is CollectionAnswer { IsAssignment: true } && answer is ScalarAnswer) || (answer is CollectionAnswer { IsAssignment: true } && expected is ScalarAnswer))
            return Decide("assignment", false);
        List<Answer> left = Elements(expected), right = Elements(answer);
        if (!SameElements(left, right, depth)) return false;
        // A list that names a value twice is another than one that names it once.
        bool lists = expected is CollectionAnswer { Joining: Joining.Comma or Joining.And } && answer is CollectionAnswer { Joining: Joining.Comma or Joining.And };
        return Decide("set", !lists || SameRepetitions(left, right, depth));
    }

    // [0, 1], but not [8, 2] or [1, 2, 3].
    private bool IsInterval(TupleAnswer tuple) => tuple is { HasSquare: true, Items: [ScalarAnswer low, ScalarAnswer high] }
        && (_expressions.Evaluate(low.Value) is not { IsFinite: true, IsReal: true } a || _expressions.Evaluate(high.Value) is not { IsFinite: true, IsReal: true } b || Number.Compare(a, b) <= 0);

    // Of two lists with the same elements.
    private bool SameRepetitions(List<Answer> expected, List<Answer> answers, int depth)
    {
        if (expected.Count != answers.Count) return false;
        List<Answer> rest = [.. expected];
        foreach (Answer answer in answers)
        {
            int at = rest.FindIndex(candidate => AreEqual(candidate, answer, depth + 1));
            if (at < 0) return false;
            rest.RemoveAt(at);
        }
        return true;
    }

    private static List<Answer> Elements(Answer answer) =>
        answer is CollectionAnswer collection ? [.. collection.Items.SelectMany(Elements)] : Signs(answer);

    // Each is in the other: so repetitions do not matter, and equal forms of one value are one.
    private bool SameElements(List<Answer> expected, List<Answer> answers, int depth)
    {
        if (expected.Count == 0 || answers.Count == 0) return Decide("set", expected.Count == answers.Count);
        if (RationalSet(expected) is { } left && RationalSet(answers) is { } right) return Decide("set", left.SetEquals(right));
        _expressions.RememberValues();
        foreach (Answer answer in answers)
            if (!expected.Exists(candidate => AreEqual(candidate, answer, depth + 1))) return Decide("set", false);
        foreach (Answer value in expected)
            if (!answers.Exists(candidate => AreEqual(value, candidate, depth + 1))) return Decide("set", false);
        return Decide("set", true);
    }

    private static HashSet<Fraction>? RationalSet(List<Answer> answers)
    {
        HashSet<Fraction> values = [];
        foreach (Answer answer in answers)
        {
            if (answer is not ScalarAnswer { Value: RationalExpression rational, Unit: null, IsPercent: false }) return null;
            values.Add(rational.Value.Reduce());
        }
        return values;
    }

    private bool SameItems(Answer[] expected, Answer[] answer, int depth)
    {
        if (expected.Length != answer.Length) return false;
        for (int i = 0; i < expected.Length; i++)
            if (!AreEqual(expected[i], answer[i], depth + 1)) return false;
        return true;
    }

    private bool CompareTuples(TupleAnswer expected, TupleAnswer answer, int depth)
    {
        bool sameBrackets = expected.HasSquare == answer.HasSquare
            && (!expected.HasSquare || (expected.Open == answer.Open && expected.Close == answer.Close));
        if (!sameBrackets && expected.Items.Length == 2) return Decide("interval-ends", false);
        return Decide("tuple", SameItems(expected.Items, answer.Items, depth));
    }

    private bool SameEntries(Expression[][] a, Expression[][] b)
    {
        if (a.Length != b.Length) return false;
        for (int i = 0; i < a.Length; i++)
        {
            if (a[i].Length != b[i].Length) return false;
            for (int j = 0; j < a[i].Length; j++)
                if (!_expressions.AreEqual(a[i][j], b[i][j])) return false;
        }
        return true;
    }

    private bool SameVector(MatrixAnswer matrix, TupleAnswer tuple, int depth)
    {
        Expression[]? entries = Array.TrueForAll(matrix.Rows, row => row.Length == 1) ? [.. matrix.Rows.Select(row => row[0])]
            : matrix.Rows.Length == 1 ? matrix.Rows[0] : null;
        return entries is not null && SameItems([.. entries.Select(entry => new ScalarAnswer(entry))], tuple.Items, depth);
    }

    private static bool IsDigits(ScalarAnswer scalar, string digits) =>
        scalar is { Value: RationalExpression { Value.Denominator.IsOne: true } value, Unit: null } && value.Value.Numerator.GetBitLength() <= 4 * digits.Length + 4 && value.Value.Numerator.ToString() == digits;

    private bool SameRatio(RatioAnswer a, RatioAnswer b)
    {
        if (a.Parts.Length != b.Parts.Length) return false;
        if (a.LooksLikeTime && b.LooksLikeTime) return _expressions.AreEqual(a.Parts[0], b.Parts[0]) && _expressions.AreEqual(a.Parts[1], b.Parts[1]);
        for (int i = 1; i < a.Parts.Length; i++)
        {
            Expression left = new ProductExpression([a.Parts[0], b.Parts[i]]), right = new ProductExpression([a.Parts[i], b.Parts[0]]);
            if (!_expressions.AreEqual(left, right)) return false;
        }
        return true;
    }

    private bool IsRatio(RatioAnswer ratio, ScalarAnswer scalar) => ratio.Parts.Length == 2 && scalar.Unit is null && scalar.PlusMinusSigns == 0
        && !scalar.IsPercent && _expressions.AreEqual(new QuotientExpression(ratio.Parts[0], ratio.Parts[1]), scalar.Value);

    private bool IsTime(TimeAnswer time, RatioAnswer ratio)
    {
        if (ratio.Parts.Length != 2) return false;
        Number hours = _expressions.Evaluate(ratio.Parts[0]), minutes = _expressions.Evaluate(ratio.Parts[1]);
        if (!hours.IsExactInteger || !minutes.IsExactInteger) return false;
        Fraction seconds = ((hours.Exact * 60) + minutes.Exact) * 60;
        return seconds.Equals(new Fraction(time.Seconds)) || seconds.Equals(new Fraction(time.Seconds + 43200));
    }
}
