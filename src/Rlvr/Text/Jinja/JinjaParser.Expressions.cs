using System.Runtime.CompilerServices;
using System.Text;

namespace Rlvr.Text.Jinja;

internal sealed partial class JinjaParser
{
    // Expressions separated by commas are a tuple.
    private Expression ParseTuple(bool withCondition = true)
    {
        int line = Current.Line;
        Expression first = withCondition ? ParseExpression() : ParseOr();
        if (!Is(",")) return first;
        List<Expression> items = [first];
        while (Skip(","))
        {
            if (Current.Kind is TokenKind.BlockEnd or TokenKind.OutputEnd || Is(")") || IsName("if") || IsName("recursive")) break;
            items.Add(withCondition ? ParseExpression() : ParseOr());
        }
        return new ListExpression(line, items, IsTuple: true);
    }

    private Expression ParseExpression()
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        Expression value = ParseOr();
        while (IsName("if"))
        {
            int line = Next().Line;
            Expression condition = ParseOr();
            value = new ConditionalExpression(line, condition, value, SkipName("else") ? ParseExpression() : null);
        }
        return value;
    }

    private Expression ParseOr() => ParseNames(["or"], ParseAnd);

    private Expression ParseAnd() => ParseNames(["and"], ParseNot);

    private Expression ParseNot()
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        int line = Current.Line;
        return SkipName("not") ? new UnaryExpression(line, "not", ParseNot()) : ParseComparison();
    }

    private Expression ParseComparison()
    {
        int line = Current.Line;
        Expression first = ParseSum();
        List<(string, Expression)> rest = [];
        while (true)
        {
            if (Current.Kind == TokenKind.Operator && Current.Text is "==" or "!=" or "<" or "<=" or ">" or ">=")
            {
                rest.Add((Next().Text, ParseSum()));
            }
            else if (SkipName("in"))
            {
                rest.Add(("in", ParseSum()));
            }
            else if (IsName("not") && tokens[at + 1] is { Kind: TokenKind.Name, Text: "in" })
            {
                at += 2;
                rest.Add(("not in", ParseSum()));
            }
            else
            {
                return rest.Count == 0 ? first : new ComparisonExpression(line, first, rest);
            }
        }
    }

    private Expression ParseSum() => ParseOperators(["+", "-"], ParseConcatenation);

    private Expression ParseConcatenation() => ParseOperators(["~"], ParseProduct);

    private Expression ParseProduct() => ParseOperators(["*", "/", "//", "%"], ParsePower);

    private Expression ParsePower() => ParseOperators(["**"], () => ParseUnary());

    private Expression ParseOperators(string[] operators, Func<Expression> operand)
    {
        Expression left = operand();
        while (Current.Kind == TokenKind.Operator && operators.Contains(Current.Text))
        {
            Token op = Next();
            left = new BinaryExpression(op.Line, op.Text, left, operand());
        }
        return left;
    }

    private Expression ParseNames(string[] names, Func<Expression> operand)
    {
        Expression left = operand();
        while (names.Any(IsName))
        {
            Token op = Next();
            left = new BinaryExpression(op.Line, op.Text, left, operand());
        }
        return left;
    }

    private Expression ParseUnary(bool withFilter = true)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        int line = Current.Line;
        Expression value = Skip("-") ? new UnaryExpression(line, "-", ParseUnary(false)) : Skip("+") ? new UnaryExpression(line, "+", ParseUnary(false)) : ParsePrimary();
        value = ParsePostfix(value);
        return withFilter ? ParseFilters(value) : value;
    }

    private Expression ParsePrimary()
    {
        Token token = Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                at++;
                return token.Text switch
                {
                    "true" or "True" => new Literal(token.Line, true),
                    "false" or "False" => new Literal(token.Line, false),
                    "none" or "None" => new Literal(token.Line, null),
                    _ => new NameExpression(token.Line, token.Text),
                };
            case TokenKind.String:
                StringBuilder text = new();
                while (Current.Kind == TokenKind.String) text.Append(Next().Text); // neighbours are one string
                return new Literal(token.Line, text.ToString());
            case TokenKind.Number:
                at++;
                return new Literal(token.Line, token.Number);
            case TokenKind.Operator when token.Text == "(":
                at++;
                if (Skip(")")) return new ListExpression(token.Line, [], IsTuple: true);
                Expression inner = ParseTuple();
                Expect(")");
                return inner;
            case TokenKind.Operator when token.Text == "[":
                at++;
                return new ListExpression(token.Line, ParseItems("]", ParseExpression), IsTuple: false);
            case TokenKind.Operator when token.Text == "{":
                at++;
                return new DictionaryExpression(token.Line, ParseItems("}", () =>
                {
                    Expression key = ParseExpression();
                    Expect(":");
                    return (key, ParseExpression());
                }));
            default:
                throw Fail($"unexpected '{token.Text}'");
        }
    }

    private List<T> ParseItems<T>(string end, Func<T> parse)
    {
        List<T> items = [];
        while (!Skip(end))
        {
            if (items.Count > 0) Expect(",");
            if (Skip(end)) break;
            items.Add(parse());
        }
        return items;
    }

    private Expression ParsePostfix(Expression value)
    {
        while (true)
        {
            int line = Current.Line;
            if (Skip("."))
            {
                value = Current.Kind == TokenKind.Number ? new ItemExpression(line, value, new Literal(line, Next().Number)) : new AttributeExpression(line, value, Identifier());
            }
            else if (Skip("["))
            {
                Expression index = ParseSubscript();
                Expect("]");
                value = new ItemExpression(line, value, index);
            }
            else if (Is("("))
            {
                value = new CallExpression(line, value, ParseArguments());
            }
            else
            {
                return value;
            }
        }
    }

    private Expression ParseSubscript()
    {
        int line = Current.Line;
        Expression? start = Is(":") ? null : ParseExpression();
        if (!Skip(":")) return start!;
        Expression? stop = Is(":") || Is("]") ? null : ParseExpression();
        Expression? step = Skip(":") && !Is("]") ? ParseExpression() : null;
        return new SliceExpression(line, start, stop, step);
    }

    private ArgumentList ParseArguments()
    {
        Expect("(");
        List<Expression> positional = [];
        List<(string, Expression)> named = [];
        Expression? star = null, doubleStar = null;
        bool first = true;
        while (!Skip(")"))
        {
            if (!first) Expect(",");
            if (Skip(")")) break;
            first = false;
            if (Skip("*"))
            {
                star = ParseExpression();
            }
            else if (Skip("**"))
            {
                doubleStar = ParseExpression();
            }
            else if (Current.Kind == TokenKind.Name && tokens[at + 1] is { Kind: TokenKind.Operator, Text: "=" })
            {
                string name = Identifier();
                at++;
                named.Add((name, ParseExpression()));
            }
            else
            {
                if (named.Count > 0 || doubleStar is not null) throw Fail("a positional argument follows a named one");
                positional.Add(ParseExpression());
            }
        }
        return new(positional, named, star, doubleStar);
    }

    // Filters and tests behind a value. Without a value the first filter has no pipe before it (as in a filter block).
    private Expression ParseFilters(Expression? value, bool onlyAfterPipe = false)
    {
        bool first = value is null && !onlyAfterPipe;
        while (true)
        {
            int line = Current.Line;
            if (first || Skip("|"))
            {
                first = false;
                value = new FilterExpression(line, value, DottedName(), Is("(") ? ParseArguments() : ArgumentList.Empty);
            }
            else if (value is not null && SkipName("is"))
            {
                value = ParseTest(line, value);
            }
            else if (value is not null && Is("("))
            {
                value = new CallExpression(line, value, ParseArguments());
            }
            else
            {
                return value!;
            }
        }
    }

    private string DottedName()
    {
        string name = Identifier();
        while (Skip(".")) name += "." + Identifier();
        return name;
    }

    private Expression ParseTest(int line, Expression value)
    {
        bool negated = SkipName("not");
        string name = DottedName();
        ArgumentList arguments = ArgumentList.Empty;
        if (Is("("))
        {
            arguments = ParseArguments();
        }
        else if (Current.Kind is TokenKind.String or TokenKind.Number || Is("[") || Is("{")
            || (Current.Kind == TokenKind.Name && Current.Text is not ("else" or "or" or "and" or "is" or "if")))
        {
            arguments = new([ParsePostfix(ParsePrimary())], []);
        }
        TestExpression test = new(line, value, name, arguments);
        return negated ? new UnaryExpression(line, "not", test) : test;
    }
}
