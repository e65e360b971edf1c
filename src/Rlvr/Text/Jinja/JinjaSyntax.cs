namespace Rlvr.Text.Jinja;

// The syntax tree of a template. Lines are those of the template, for messages.

internal abstract record Expression(int Line);

internal sealed record Literal(int Line, object? Value) : Expression(Line);

internal sealed record NameExpression(int Line, string Name) : Expression(Line);

internal sealed record ListExpression(int Line, IReadOnlyList<Expression> Items, bool IsTuple) : Expression(Line);

internal sealed record DictionaryExpression(int Line, IReadOnlyList<(Expression Key, Expression Value)> Items) : Expression(Line);

internal sealed record UnaryExpression(int Line, string Operator, Expression Operand) : Expression(Line);

/// <summary>An arithmetic operator, <c>~</c>, <c>and</c> or <c>or</c>.</summary>
internal sealed record BinaryExpression(int Line, string Operator, Expression Left, Expression Right) : Expression(Line);

/// <summary>A chain of comparisons: a &lt; b &lt; c.</summary>
internal sealed record ComparisonExpression(int Line, Expression First, IReadOnlyList<(string Operator, Expression Operand)> Rest) : Expression(Line);

internal sealed record ConditionalExpression(int Line, Expression Condition, Expression Then, Expression? Else) : Expression(Line);

internal sealed record AttributeExpression(int Line, Expression Value, string Name) : Expression(Line);

internal sealed record ItemExpression(int Line, Expression Value, Expression Index) : Expression(Line);

internal sealed record SliceExpression(int Line, Expression? Start, Expression? Stop, Expression? Step) : Expression(Line);

internal sealed record CallExpression(int Line, Expression Function, ArgumentList Arguments) : Expression(Line);

/// <summary>A filter; without a value it is applied to a block's text.</summary>
internal sealed record FilterExpression(int Line, Expression? Value, string Name, ArgumentList Arguments) : Expression(Line);

internal sealed record TestExpression(int Line, Expression Value, string Name, ArgumentList Arguments) : Expression(Line);

internal sealed record ArgumentList(
    IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named, Expression? Star = null, Expression? DoubleStar = null)
{
    public static ArgumentList Empty { get; } = new([], []);
}

internal abstract record Statement(int Line);

internal sealed record TextStatement(int Line, string Text) : Statement(Line);

internal sealed record OutputStatement(int Line, Expression Value) : Statement(Line);

internal sealed record IfStatement(int Line, Expression Condition, IReadOnlyList<Statement> Then, IReadOnlyList<Statement> Else) : Statement(Line);

internal sealed record ForStatement(
    int Line, Expression Target, Expression Items, Expression? Filter, bool IsRecursive, IReadOnlyList<Statement> Body, IReadOnlyList<Statement> Else) : Statement(Line);

internal sealed record BreakStatement(int Line) : Statement(Line);

internal sealed record ContinueStatement(int Line) : Statement(Line);

internal sealed record SetStatement(int Line, Expression Target, Expression Value) : Statement(Line);

/// <summary>A block whose text is assigned, after filters.</summary>
internal sealed record SetBlockStatement(int Line, Expression Target, FilterExpression? Filter, IReadOnlyList<Statement> Body) : Statement(Line);

internal sealed record FilterBlockStatement(int Line, FilterExpression Filter, IReadOnlyList<Statement> Body) : Statement(Line);

internal sealed record WithStatement(int Line, IReadOnlyList<(Expression Target, Expression Value)> Assignments, IReadOnlyList<Statement> Body) : Statement(Line);

/// <summary>A part that only marks its text (transformers' generation block).</summary>
internal sealed record MarkStatement(int Line, IReadOnlyList<Statement> Body) : Statement(Line);

internal sealed record MacroDefinition(int Line, string Name, IReadOnlyList<(string Name, Expression? Default)> Parameters, IReadOnlyList<Statement> Body);

internal sealed record MacroStatement(int Line, MacroDefinition Macro) : Statement(Line);

/// <summary>A call of a macro that gets a block as its <c>caller</c>.</summary>
internal sealed record CallStatement(int Line, CallExpression Call, MacroDefinition Caller) : Statement(Line);
