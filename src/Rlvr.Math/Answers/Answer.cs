using Fractions;
using Rlvr.Math.Expressions;
using Rlvr.Math.Reading;

namespace Rlvr.Math.Answers;

/// <summary>An answer as it was understood: a value, a set, a relation, words. <see cref="object.ToString"/> gives its normal form.</summary>
internal abstract class Answer : IForm
{
    public abstract void Write(FormWriter form);

    /// <summary>The normal form.</summary>
    public sealed override string ToString() => FormWriter.Of(this);
}

/// <summary>A value, perhaps with a unit or a percent sign.</summary>
internal sealed class ScalarAnswer(Expression value) : Answer
{
    public Expression Value { get; } = value;
    public Unit? Unit { get; init; }
    public bool IsPercent { get; init; }

    /// <summary>The number of plus-minus signs that are still open.</summary>
    public int PlusMinusSigns { get; init; }

    /// <summary>The choice of signs, where they have been chosen.</summary>
    public int Signs { get; init; }

    public bool SignsTogether { get; init; }

    public override void Write(FormWriter form)
    {
        form.Append(Value).Append(IsPercent ? "%" : "");
        if (Unit is not null) form.Append(" ").Append(Unit.ToString());
    }
}

/// <summary>A product of powers of units.</summary>
internal sealed class Unit(SortedDictionary<string, int> dimensions, Fraction scale)
{
    /// <summary>Exponents of base units; nouns that are no units ("pens") have names that begin with '#'.</summary>
    public SortedDictionary<string, int> Dimensions { get; } = dimensions;

    /// <summary>How many base units one of it is.</summary>
    public Fraction Scale { get; } = scale;

    public bool HasSameDimensions(Unit other)
    {
        if (Dimensions.Count == other.Dimensions.Count && Dimensions.All(pair => other.Dimensions.TryGetValue(pair.Key, out int power) && power == pair.Value))
            return true;
        // "red pens" and "pens"
        return Nouns.All(noun => noun) && other.Nouns.All(noun => noun)
            && (Dimensions.Keys.All(other.Dimensions.ContainsKey) || other.Dimensions.Keys.All(Dimensions.ContainsKey));
    }

    /// <summary>Whether this is the bare degree sign of a temperature.</summary>
    public bool IsDegreeOf(Unit other) => Dimensions.Count == 1 && Dimensions.ContainsKey("degree") && Scale.Equals(Fraction.One)
        && other.Dimensions.Count == 1 && (other.Dimensions.ContainsKey("celsius") || other.Dimensions.ContainsKey("fahrenheit"));

    private IEnumerable<bool> Nouns => Dimensions.Keys.Select(key => key[0] == '#');

    /// <summary>Base units, with how many of them it is: 3 kilometers are <c>3 [1000 m]</c>.</summary>
    public override string ToString() => "[" + (Scale.Equals(Fraction.One) ? "" : Scale + " ") + string.Join(' ', Dimensions.Select(pair => pair.Key + (pair.Value == 1 ? "" : "^" + pair.Value))) + "]";
}

/// <summary>Words.</summary>
internal sealed class TextAnswer(string text) : Answer
{
    public string Text { get; } = text;

    /// <summary>Whether this is what is left where nothing was understood, and may only be repeated.</summary>
    public bool IsProse { get; init; }

    public override void Write(FormWriter form) => form.Append("\"").Append(Text).Append("\"");
}

/// <summary>A letter of a multiple-choice question, perhaps with what it stands for.</summary>
internal sealed class ChoiceAnswer(char letter, Answer? content) : Answer
{
    public char Letter { get; } = letter;
    public Answer? Content { get; } = content;
    public override void Write(FormWriter form)
    {
        form.Append($"choice {Letter}");
        if (Content is not null) form.Append(" ").Append(Content);
    }
}

/// <summary>A tuple, point, vector in brackets, or an interval.</summary>
internal sealed class TupleAnswer(TokenKind open, TokenKind close, Answer[] items) : Answer
{
    public TokenKind Open { get; } = open;
    public TokenKind Close { get; } = close;
    public Answer[] Items { get; } = items;
    public bool HasSquare => Open == TokenKind.LeftBracket || Close == TokenKind.RightBracket;
    public override void Write(FormWriter form) =>
        form.Append(Open == TokenKind.LeftBracket ? "[" : "(").Join(", ", Items).Append(Close == TokenKind.RightBracket ? "]" : ")");
}

/// <summary>How the items of a collection are joined.</summary>
internal enum Joining { Comma, And, Or, Braces }

/// <summary>A set, or a list of answers: the order does not matter.</summary>
internal sealed class CollectionAnswer(Joining joining, Answer[] items) : Answer
{
    public Joining Joining { get; } = joining;
    public Answer[] Items { get; } = items;

    /// <summary>Whether it assigns values to different names: <c>x = 1, y = 2</c>.</summary>
    public bool IsAssignment => Items.Length > 1 && Array.TrueForAll(Items, item => item is RelationAnswer { Label: not LabelKind.None, IsEquation: true, Sides.Length: 2 })
        && Items.Select(item => ((RelationAnswer)item).LabelText).Distinct().Count() == Items.Length;

    public override void Write(FormWriter form) => form.Append("{").Join(Joining == Joining.Or ? " or " : ", ", Items).Append("}");
}

/// <summary>A union, intersection or difference of sets.</summary>
internal sealed class SetOperationAnswer(TokenKind operation, Answer left, Answer right) : Answer
{
    public TokenKind Operation { get; } = operation;
    public Answer Left { get; } = left;
    public Answer Right { get; } = right;
    public override void Write(FormWriter form) => form.Append("(").Append(Left).Append($" {Operation.ToString().ToLowerInvariant()} ").Append(Right).Append(")");
}

/// <summary>The real numbers, the integers, and so on.</summary>
internal sealed class NumberSetAnswer(string name) : Answer
{
    public string Name { get; } = name;
    public override void Write(FormWriter form) => form.Append("all ").Append(Name);
}

/// <summary>What the first side of an equation is good for.</summary>
internal enum LabelKind
{
    /// <summary>It is mathematics.</summary>
    None,
    /// <summary>A variable: <c>x = 5</c>, which may also be a curve: <c>y = 2x + 3</c>.</summary>
    Variable,
    /// <summary>A combination of letters: <c>m + n =</c>, <c>AB =</c>, which may also be an equation: <c>x + y = 5</c>.</summary>
    Quantity,
    /// <summary>Something that only names the value: <c>f(x) =</c>, <c>P(A) =</c>, <c>\angle ABC =</c>, "Probability =".</summary>
    Name,
}

/// <summary>A chain of equations and inequalities.</summary>
internal sealed class RelationAnswer(Answer[] sides, TokenKind[] operators, LabelKind label, bool labelIsLast) : Answer
{
    private string? _labelText;

    public Answer[] Sides { get; } = sides;
    public TokenKind[] Operators { get; } = operators;
    public LabelKind Label { get; } = label;

    /// <summary><c>5 = x</c></summary>
    public bool LabelIsLast { get; } = labelIsLast;

    public bool IsEquation { get; } = Array.TrueForAll(operators, op => op is TokenKind.Equal or TokenKind.Approximately);

    public Answer LabelSide => LabelIsLast ? Sides[^1] : Sides[0];

    /// <summary>The normal form of <see cref="LabelSide"/>.</summary>
    public string LabelText => _labelText ??= LabelSide.ToString();

    /// <summary>The sides that state the value; what follows an approximation sign is not it.</summary>
    public IEnumerable<Answer> Values()
    {
        for (int i = 0; i < Sides.Length; i++)
        {
            if (Label != LabelKind.None && i == (LabelIsLast ? Sides.Length - 1 : 0)) continue;
            bool first = i == 0 || (i == 1 && Label != LabelKind.None && !LabelIsLast);
            if (!first && Operators[i - 1] == TokenKind.Approximately) continue;
            yield return Sides[i];
        }
    }

    public override void Write(FormWriter form)
    {
        form.Append(Sides[0]);
        for (int i = 0; i < Operators.Length; i++) form.Append($" {Symbol(Operators[i])} ").Append(Sides[i + 1]);
    }

    private static string Symbol(TokenKind op) => op switch
    {
        TokenKind.Equal => "=",
        TokenKind.NotEqual => "!=",
        TokenKind.Less => "<",
        TokenKind.LessEqual => "<=",
        TokenKind.Greater => ">",
        TokenKind.GreaterEqual => ">=",
        _ => "~",
    };
}

/// <summary>A matrix or column.</summary>
internal sealed class MatrixAnswer(Expression[][] rows) : Answer
{
    public Expression[][] Rows { get; } = rows;
    public override void Write(FormWriter form) => form.Append("[").Rows(Rows).Append("]");
}

/// <summary>Digits in a base: <c>101_2</c>.</summary>
internal sealed class BaseAnswer(string digits, int radix) : Answer
{
    public string Digits { get; } = digits;
    public int Radix { get; } = radix;
    public override void Write(FormWriter form) => form.Append(Digits).Append(" base ").Append(Radix);
}

/// <summary>A ratio <c>3:5:7</c>, which may also be a time of day.</summary>
internal sealed class RatioAnswer(Expression[] parts, bool looksLikeTime) : Answer
{
    public Expression[] Parts { get; } = parts;

    /// <summary>Whether it is written like a time, whose parts mean hours and minutes.</summary>
    public bool LooksLikeTime { get; } = looksLikeTime;

    public override void Write(FormWriter form) => form.Join(":", Parts);
}

/// <summary>A time of day.</summary>
internal sealed class TimeAnswer(int seconds, bool? afternoon) : Answer
{
    /// <summary>Seconds on the dial.</summary>
    public int Seconds { get; } = seconds;

    /// <summary>p.m. or a.m., null where it is not said.</summary>
    public bool? Afternoon { get; } = afternoon;

    public override void Write(FormWriter form) => form.Append($"{Seconds / 3600}:{Seconds / 60 % 60:00}").Append(Afternoon is null ? "" : Afternoon.Value ? " pm" : " am");
}
