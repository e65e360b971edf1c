using Rlvr.Math.Answers;
using Rlvr.Math.Expressions;
using Rlvr.Math.Reading;

namespace Rlvr.Math.Equivalence;

/// <content>Equations, inequalities, words and choices.</content>
internal sealed partial class AnswerEquality
{
    private bool CompareEquations(Answer expected, Answer answer, int depth)
    {
        if (expected is RelationAnswer left && answer is RelationAnswer right)
        {
            if (!left.IsEquation || !right.IsEquation) return Decide("relation", CompareInequalities(left, right));
            // x + y = 5 is not x - y = 5, and x = 5 not y = 5; but f(x) = 2x may stand for y = 2x.
            bool sameLabel = left.LabelText == right.LabelText || left.Label == LabelKind.Name || right.Label == LabelKind.Name;
            sameLabel &= left.Label is not (LabelKind.None or LabelKind.Quantity) && right.Label is not (LabelKind.None or LabelKind.Quantity);
            if ((sameLabel || (StatesValue(left) && StatesValue(right) && (left.Label == LabelKind.None || right.Label == LabelKind.None)))
                && AllValues(left, value => AllValues(right, other => AreEqual(value, other, depth + 1))))
                return Decide("labelled-value", true);
            // 3 + 4 = 7 states a value, as 5 + 2 = 7 does.
            if (IsConstant(left) && IsConstant(right)) return Decide("constant-equation", AreEqual(left.Sides[^1], right.Sides[^1], depth + 1));
            return Decide("equation", SameEquation(left, right) || SameSides(left, right, depth) || SameSides(left, Reversed(right), depth));
        }
        if (expected is RelationAnswer { IsEquation: true } label)
            return Decide("label-omitted", HasValue(label) && AllValues(label, value => AreEqual(value, answer, depth + 1)));
        if (answer is RelationAnswer { IsEquation: true } chain)
            return Decide("label-added", HasValue(chain) && AllValues(chain, value => AreEqual(expected, value, depth + 1)));
        return Decide("different-kinds", false);
    }

    private static bool IsConstant(RelationAnswer relation) =>
        Array.TrueForAll(relation.Sides, side => side is ScalarAnswer scalar && ExpressionTraits.Of(scalar.Value).Variables.Count == 0);

    // A label that only names, or an approximation of what stands before it.
    private static bool StatesValue(RelationAnswer relation) =>
        relation.Label is LabelKind.Variable or LabelKind.Name || relation.Operators.Contains(TokenKind.Approximately);

    // x = 5, or a chain of equal values: 3 + 4 = 7
    private static bool HasValue(RelationAnswer relation) => relation.Label != LabelKind.None || relation.Sides.Length >= 2;

    private bool AllValues(RelationAnswer relation, Func<Answer, bool> test) => relation.Values().All(test) && HasPlausibleApproximations(relation);

    // What follows an approximation sign is no further value, but it must not say something else.
    private bool HasPlausibleApproximations(RelationAnswer relation)
    {
        for (int i = 0; i < relation.Operators.Length; i++)
        {
            if (relation.Operators[i] != TokenKind.Approximately || (i == 0 && relation.Label != LabelKind.None)) continue;
            if (relation.Sides[i] is not ScalarAnswer left || relation.Sides[i + 1] is not ScalarAnswer right) return false;
            if (ExpressionTraits.Of(left.Value, right.Value).Variables.Count > 0) continue;
            double x = _expressions.Evaluate(left.Value).ToDouble(), y = _expressions.Evaluate(right.Value).ToDouble();
            if (!(double.Abs(x - y) <= 0.02 * double.Max(double.Abs(x), double.Abs(y)))) return false;
        }
        return true;
    }

    // Equal up to a factor: the difference of the sides is a multiple of the other's.
    private bool SameEquation(RelationAnswer a, RelationAnswer b) =>
        Difference(a) is { } left && Difference(b) is { } right && _expressions.Compare(left, right) != Proportion.Unrelated;

    private bool SameSides(RelationAnswer a, RelationAnswer b, int depth) =>
        a.Sides.Length == b.Sides.Length && a.Operators.SequenceEqual(b.Operators) && SameItems(a.Sides, b.Sides, depth);

    private static RelationAnswer Reversed(RelationAnswer relation) =>
        new([.. relation.Sides.Reverse()], [.. relation.Operators.Reverse().Select(Flip)], LabelKind.None, false);

    private static SumExpression? Difference(RelationAnswer relation) =>
        !relation.Operators.Contains(TokenKind.Approximately) && relation is { Sides: [ScalarAnswer { Unit: null } left, ScalarAnswer { Unit: null } right] } && left.PlusMinusSigns + right.PlusMinusSigns == 0
            ? new SumExpression([left.Value, Expression.Negate(right.Value)])
            : null;

    // Both written as difference < 0, the differences must be positive multiples of each other.
    private bool CompareInequalities(RelationAnswer a, RelationAnswer b)
    {
        if (a.Sides.Length != b.Sides.Length) return Decide("inequality", false);
        if (a.Sides.Length == 2 && Difference(a) is { } left && Difference(b) is { } right)
        {
            (TokenKind opA, bool turnA) = Orient(a.Operators[0]);
            (TokenKind opB, bool turnB) = Orient(b.Operators[0]);
            if (opA != opB) return Decide("inequality", false);
            Proportion proportion = _expressions.Compare(left, right);
            if (proportion != Proportion.Unrelated)
                return Decide("inequality", opA == TokenKind.NotEqual
                    || (turnA == turnB ? proportion is Proportion.Equal or Proportion.Positive : proportion == Proportion.Negative || IsMinusOne(left, right)));
        }
        return Decide("inequality", SameSides(a, b, 1) || SameSides(a, Reversed(b), 1));
    }

    private bool IsMinusOne(Expression a, Expression b) => _expressions.Compare(a, Expression.Negate(b)) == Proportion.Equal;

    private static (TokenKind Operator, bool Turned) Orient(TokenKind op) => op switch
    {
        TokenKind.Greater => (TokenKind.Less, true),
        TokenKind.GreaterEqual => (TokenKind.LessEqual, true),
        _ => (op, false),
    };

    private static TokenKind Flip(TokenKind op) => op switch
    {
        TokenKind.Greater => TokenKind.Less,
        TokenKind.GreaterEqual => TokenKind.LessEqual,
        TokenKind.Less => TokenKind.Greater,
        TokenKind.LessEqual => TokenKind.GreaterEqual,
        _ => op,
    };

    private bool CompareWords(Answer expected, Answer answer, int depth)
    {
        switch (expected, answer)
        {
            case (ChoiceAnswer a, ChoiceAnswer b):
                return Decide("choice", a.Letter == b.Letter && (a.Content is null or TextAnswer || b.Content is null or TextAnswer || AreEqual(a.Content, b.Content, depth + 1)));
            case (ChoiceAnswer a, ScalarAnswer { Value: VariableExpression or ConstantExpression } b):
                return Decide("choice", IsLetter(b, a.Letter));
            case (ScalarAnswer { Value: VariableExpression or ConstantExpression } a, ChoiceAnswer b):
                return Decide("choice", IsLetter(a, b.Letter));
            case (_, RelationAnswer { Label: not LabelKind.None, IsEquation: true } b):
                return Decide("words", AllValues(b, value => AreEqual(expected, value, depth + 1)));
            case (RelationAnswer { Label: not LabelKind.None, IsEquation: true } a, _):
                return Decide("words", AllValues(a, value => AreEqual(value, answer, depth + 1)));
            case (_, ChoiceAnswer { Content: { } content }) when expected is not TextAnswer:
                return Decide("choice-content", AreEqual(expected, content, depth + 1));
            case (ChoiceAnswer { Content: { } content }, _) when answer is not TextAnswer:
                return Decide("choice-content", AreEqual(content, answer, depth + 1));
            case (TextAnswer a, TextAnswer b):
                return Decide("words", a.Text == b.Text || (IsNothing(a.Text) && IsNothing(b.Text)) || (IsUndefined(a.Text) && IsUndefined(b.Text)));
            case (TextAnswer a, CollectionAnswer { Items.Length: 0 }):
                return Decide("empty-set", IsNothing(a.Text));
            case (CollectionAnswer { Items.Length: 0 }, TextAnswer b):
                return Decide("empty-set", IsNothing(b.Text));
            case (TextAnswer a, ScalarAnswer or TupleAnswer):
                return Decide("words", IsSpelled(a.Text, answer));
            case (ScalarAnswer or TupleAnswer, TextAnswer b):
                return Decide("words", IsSpelled(b.Text, expected));
            case (NumberSetAnswer { Name: "R" }, TextAnswer b):
                return Decide("number-set", b.Text is "all real numbers" or "all reals" or "real numbers" or "reals");
            case (TextAnswer a, NumberSetAnswer { Name: "R" }):
                return Decide("number-set", a.Text is "all real numbers" or "all reals" or "real numbers" or "reals");
            case (CollectionAnswer, _) or (_, CollectionAnswer) when AreChoices(expected, answer) || AreChoices(answer, expected):
                return Decide("choices", true);
            case (CollectionAnswer, _) or (_, CollectionAnswer):
                return SameElements(Elements(expected), Elements(answer), depth) && Decide("set", true);
            default:
                return Decide("different-kinds", false);
        }
    }

    // Words that were taken for a product of letters: "II".
    private static bool IsSpelled(string text, Answer product) =>
        product is ScalarAnswer { Value: ProductExpression { Factors: var factors } } && factors.Length <= text.Length
        && Array.TrueForAll(factors, factor => factor is VariableExpression or ConstantExpression)
        && Letters(text) is { Length: > 1 } letters && letters.Length == text.Length && Letters(product.ToString()) == letters;

    // BCD for the choices B, C and D.
    private static bool AreChoices(Answer list, Answer product)
    {
        string letters = product switch
        {
            ScalarAnswer { Unit: null, Value: ProductExpression { Factors: { Length: <= 10 } factors } } when Array.TrueForAll(factors, factor => factor is VariableExpression)
                => string.Concat(factors.Select(factor => factor.ToString())),
            TextAnswer { Text: var text } => text.ToUpperInvariant(),
            _ => "",
        };
        if (letters.Length < 2 || letters.AsSpan().ContainsAnyExceptInRange('A', 'J') || list is not CollectionAnswer { Items: var items }) return false;
        return items.Length == letters.Length && letters.Distinct().Count() == letters.Length && Array.TrueForAll(items, item => item switch
        {
            ChoiceAnswer choice => letters.Contains(choice.Letter),
            ScalarAnswer { Value: VariableExpression variable, Unit: null } => variable.Name.Length == 1 && letters.Contains(variable.Name[0]),
            _ => false,
        });
    }

    private static bool IsLetter(ScalarAnswer scalar, char letter) =>
        scalar.Unit is null && scalar.ToString().Length == 1 && char.ToUpperInvariant(scalar.ToString()[0]) == letter;

    private static bool IsNothing(string text) => text is "no solution" or "no solutions" or "none" or "no real solution" or "no real solutions"
        or "empty set" or "there is no solution" or "no such";

    private static bool IsUndefined(string text) => text is "dne" or "does not exist" or "undefined" or "not defined";

    private static string Letters(string text) => string.Concat(text.Where(char.IsLetter)).ToLowerInvariant();
}
