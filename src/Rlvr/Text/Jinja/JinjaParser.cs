using System.Runtime.CompilerServices;

namespace Rlvr.Text.Jinja;

/// <summary>Parses templates: the grammar of Jinja2 3.1 with the loop controls and the generation block that transformers adds.</summary>
internal sealed partial class JinjaParser
{
    private readonly List<Token> tokens;
    private int at;
    private int loops;

    private JinjaParser(List<Token> tokens) => this.tokens = tokens;

    private Token Current => tokens[at];

    /// <summary>Parses a template.</summary>
    /// <exception cref="JinjaException">With the line.</exception>
    public static IReadOnlyList<Statement> Parse(string template)
    {
        try
        {
            return new JinjaParser(JinjaLexer.Tokenize(template)).ParseBody();
        }
        catch (InsufficientExecutionStackException)
        {
            throw new JinjaException("the template is nested too deeply");
        }
    }

    private JinjaException Fail(string message) => new($"line {Current.Line}: {message}");

    private bool Is(string op) => Current.Kind == TokenKind.Operator && Current.Text == op;

    private bool IsName(string name) => Current.Kind == TokenKind.Name && Current.Text == name;

    private Token Next() => tokens[at++];

    private bool Skip(string op)
    {
        if (!Is(op)) return false;
        at++;
        return true;
    }

    private bool SkipName(string name)
    {
        if (!IsName(name)) return false;
        at++;
        return true;
    }

    private void Expect(string op)
    {
        if (!Skip(op)) throw Fail($"expected '{op}', found '{Current.Text}'");
    }

    private void ExpectName(string name)
    {
        if (!SkipName(name)) throw Fail($"expected '{name}', found '{Current.Text}'");
    }

    private void Expect(TokenKind kind, string expected)
    {
        if (Current.Kind != kind) throw Fail($"expected {expected}, found '{Current.Text}'");
        at++;
    }

    private string Identifier() => Current.Kind == TokenKind.Name ? Next().Text : throw Fail($"expected a name, found '{Current.Text}'");

    // Statements up to a tag with one of the names (which is not consumed, only its "{%"), or to the end of the template.
    private List<Statement> ParseBody(params string[] ends)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        List<Statement> body = [];
        while (true)
        {
            Token token = Current;
            switch (token.Kind)
            {
                case TokenKind.Text:
                    at++;
                    body.Add(new TextStatement(token.Line, token.Text));
                    break;
                case TokenKind.OutputBegin:
                    at++;
                    body.Add(new OutputStatement(token.Line, ParseTuple()));
                    Expect(TokenKind.OutputEnd, "'}}'");
                    break;
                case TokenKind.BlockBegin:
                    at++;
                    if (ends.Any(IsName)) return body;
                    body.Add(ParseStatement());
                    break;
                default:
                    if (ends.Length == 0) return body;
                    throw Fail($"expected '{{% {ends[^1]} %}}', found the end of the template");
            }
        }
    }

    private void EndBlock() => Expect(TokenKind.BlockEnd, "'%}'");

    // A body and its closing tag.
    private List<Statement> ParseBlock(string end)
    {
        EndBlock();
        List<Statement> body = ParseBody(end);
        ExpectName(end);
        EndBlock();
        return body;
    }

    private Statement ParseStatement()
    {
        int line = Current.Line;
        string tag = Identifier();
        switch (tag)
        {
            case "if":
                return ParseIf(line);
            case "for":
                return ParseFor(line);
            case "set":
                return ParseSet(line);
            case "with":
                return ParseWith(line);
            case "macro":
                string name = Identifier();
                return new MacroStatement(line, ParseMacro(line, name, "endmacro"));
            case "call":
                return ParseCall(line);
            case "filter":
                FilterExpression filter = ParseFilters(null) as FilterExpression ?? throw Fail("expected a filter");
                return new FilterBlockStatement(line, filter, ParseBlock("endfilter"));
            case "generation":
                return new MarkStatement(line, ParseBlock("endgeneration"));
            case "break" or "continue":
                if (loops == 0) throw Fail($"'{tag}' is outside of a loop");
                EndBlock();
                return tag == "break" ? new BreakStatement(line) : new ContinueStatement(line);
            default:
                at--;
                throw Fail($"the tag '{tag}' is not supported here");
        }
    }

    private IfStatement ParseIf(int line)
    {
        Expression condition = ParseTuple(withCondition: false);
        EndBlock();
        List<Statement> then = ParseBody("elif", "else", "endif"), otherwise = [];
        int next = Current.Line;
        if (SkipName("elif")) return new(line, condition, then, [ParseIf(next)]);
        if (SkipName("else"))
        {
            EndBlock();
            otherwise = ParseBody("endif");
        }
        ExpectName("endif");
        EndBlock();
        return new(line, condition, then, otherwise);
    }

    private ForStatement ParseFor(int line)
    {
        Expression target = ParseTarget();
        ExpectName("in");
        Expression items = ParseTuple(withCondition: false);
        Expression? filter = SkipName("if") ? ParseExpression() : null;
        bool recursive = SkipName("recursive");
        EndBlock();
        loops++;
        List<Statement> body = ParseBody("else", "endfor"), otherwise = [];
        loops--;
        if (SkipName("else"))
        {
            EndBlock();
            otherwise = ParseBody("endfor");
        }
        ExpectName("endfor");
        EndBlock();
        return new(line, target, items, filter, recursive, body, otherwise);
    }

    private Statement ParseSet(int line)
    {
        Expression target = ParseTarget(withAttribute: true);
        if (Skip("="))
        {
            Expression value = ParseTuple();
            EndBlock();
            return new SetStatement(line, target, value);
        }
        FilterExpression? filter = ParseFilters(null, onlyAfterPipe: true) as FilterExpression;
        return new SetBlockStatement(line, target, filter, ParseBlock("endset"));
    }

    private WithStatement ParseWith(int line)
    {
        List<(Expression, Expression)> assignments = [];
        while (Current.Kind != TokenKind.BlockEnd)
        {
            if (assignments.Count > 0) Expect(",");
            Expression target = ParseTarget();
            Expect("=");
            assignments.Add((target, ParseExpression()));
        }
        return new(line, assignments, ParseBlock("endwith"));
    }

    private CallStatement ParseCall(int line)
    {
        List<(string, Expression?)> parameters = Is("(") ? ParseParameters() : [];
        if (ParseExpression() is not CallExpression call) throw Fail("expected the call of a macro");
        return new(line, call, new(line, "caller", parameters, ParseOutsideLoops("endcall")));
    }

    private MacroDefinition ParseMacro(int line, string name, string end) => new(line, name, ParseParameters(), ParseOutsideLoops(end));

    // A macro's body is a function of its own: a loop around it is not one that it can break.
    private List<Statement> ParseOutsideLoops(string end)
    {
        int around = loops;
        loops = 0;
        List<Statement> body = ParseBlock(end);
        loops = around;
        return body;
    }

    private List<(string, Expression?)> ParseParameters()
    {
        List<(string Name, Expression? Default)> parameters = [];
        Expect("(");
        while (!Skip(")"))
        {
            if (parameters.Count > 0) Expect(",");
            string name = Identifier();
            Expression? value = Skip("=") ? ParseExpression() : null;
            if (value is null && parameters.Exists(parameter => parameter.Default is not null)) throw Fail("a parameter without default follows one with default");
            parameters.Add((name, value));
        }
        return parameters;
    }

    // What a value is assigned to: a name, names separated by commas (nested in parentheses), or an attribute of a namespace.
    private Expression ParseTarget(bool withAttribute = false)
    {
        int line = Current.Line;
        Expression first = ParseTargetPart(withAttribute);
        if (!Is(",")) return first;
        List<Expression> parts = [first];
        while (Skip(","))
        {
            if (Current.Kind != TokenKind.Name && !Is("(")) break;
            if (IsName("in")) break;
            parts.Add(ParseTargetPart(withAttribute));
        }
        return new ListExpression(line, parts, IsTuple: true);
    }

    private Expression ParseTargetPart(bool withAttribute)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        int line = Current.Line;
        if (Skip("("))
        {
            Expression inner = ParseTarget(withAttribute);
            Expect(")");
            return inner;
        }
        string name = Identifier();
        if (name is "true" or "false" or "none" or "True" or "False" or "None") throw Fail($"cannot assign to '{name}'");
        NameExpression target = new(line, name);
        return withAttribute && Skip(".") ? new AttributeExpression(line, target, Identifier()) : target;
    }
}
