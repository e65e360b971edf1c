using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;

namespace Rlvr.Text.Jinja;

/// <summary>Runs a template's statements.</summary>
internal sealed partial class JinjaEvaluator(JinjaBudget budget)
{
    private enum Flow
    {
        /// <summary>On to the next statement.</summary>
        Next,

        /// <summary>Out of the loop.</summary>
        Break,

        /// <summary>On to the loop's next pass.</summary>
        Continue,
    }

    public JinjaBudget Budget { get; } = budget;

    /// <summary>The line of the statement or expression that runs, for messages.</summary>
    public int Line { get; private set; }

    /// <summary>Renders a template.</summary>
    /// <param name="template">Its statements.</param>
    /// <param name="variables">What it sees.</param>
    /// <exception cref="JinjaException">The template fails or does too much; <see cref="Line"/> says where.</exception>
    public string Render(IReadOnlyList<Statement> template, JinjaScope variables)
    {
        try
        {
            return Text(template, new(variables));
        }
        catch (InsufficientExecutionStackException)
        {
            throw new JinjaException("the template calls itself too deeply");
        }
        catch (InvalidOperationException error) when (error.InnerException is JinjaException inner)
        {
            throw inner; // sorting wraps what a comparison throws
        }
    }

    private string Text(IReadOnlyList<Statement> body, JinjaScope scope)
    {
        StringBuilder output = new();
        Run(body, scope, output);
        Budget.Spend(output.Length);
        return output.ToString();
    }

    private Flow Run(IReadOnlyList<Statement> body, JinjaScope scope, StringBuilder output)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        foreach (Statement statement in body)
        {
            Line = statement.Line;
            Flow flow = Run(statement, scope, output);
            if (flow != Flow.Next) return flow;
        }
        return Flow.Next;
    }

    private Flow Run(Statement statement, JinjaScope scope, StringBuilder output)
    {
        switch (statement)
        {
            case TextStatement text:
                Write(text.Text, output);
                return Flow.Next;
            case OutputStatement value:
                object? shown = Evaluate(value.Value, scope);
                Budget.SpendItems(Values.Size(shown));
                Write(Values.ToText(shown), output);
                return Flow.Next;
            case IfStatement branch:
                return Run(Values.IsTrue(Evaluate(branch.Condition, scope)) ? branch.Then : branch.Else, scope, output);
            case ForStatement loop:
                RunLoop(loop, Evaluate(loop.Items, scope), scope, output, depth: 0);
                return Flow.Next;
            case BreakStatement:
                return Flow.Break;
            case ContinueStatement:
                return Flow.Continue;
            case SetStatement set:
                Assign(set.Target, Evaluate(set.Value, scope), scope);
                return Flow.Next;
            case SetBlockStatement set:
                string content = Text(set.Body, new(scope));
                Assign(set.Target, set.Filter is null ? content : ApplyFilters(set.Filter, content, scope), scope);
                return Flow.Next;
            case FilterBlockStatement filter:
                Write(Values.ToText(ApplyFilters(filter.Filter, Text(filter.Body, new(scope)), scope)), output);
                return Flow.Next;
            case WithStatement with:
                JinjaScope inner = new(scope);
                foreach (var (target, value) in with.Assignments) Assign(target, Evaluate(value, scope), inner);
                return Run(with.Body, inner, output);
            case MarkStatement mark:
                return Run(mark.Body, scope, output);
            case MacroStatement macro:
                scope[macro.Macro.Name] = Macro(macro.Macro, scope);
                return Flow.Next;
            case CallStatement call:
                object? function = Evaluate(call.Call.Function, scope);
                CallArguments arguments = Arguments(function, call.Call.Arguments, scope, ("caller", Macro(call.Caller, scope)));
                Write(Values.ToText(Call(function, arguments)), output);
                return Flow.Next;
            default:
                throw new InvalidOperationException(statement.GetType().Name);
        }
    }

    private void Write(string text, StringBuilder output)
    {
        Budget.Spend(text.Length);
        Budget.CheckLength(output.Length + (long)text.Length);
        output.Append(text);
    }

    private void RunLoop(ForStatement loop, object? iterable, JinjaScope scope, StringBuilder output, int depth)
    {
        IReadOnlyList<object?> items = Values.Iterate(iterable, Budget);
        Budget.SpendItems(items.Count);
        if (loop.Filter is not null)
        {
            items = [.. items.Where(item =>
            {
                JinjaScope tested = new(scope);
                Assign(loop.Target, item, tested);
                return Values.IsTrue(Evaluate(loop.Filter, tested));
            })];
        }
        LoopState state = new(this, loop, items, scope, depth);
        for (state.Index = 0; state.Index < items.Count; state.Index++)
        {
            Budget.SpendItems(4);
            JinjaScope pass = new(scope);
            pass["loop"] = state.Variable;
            Assign(loop.Target, items[state.Index], pass);
            if (Run(loop.Body, pass, output) == Flow.Break) break;
        }
        if (items.Count == 0) Run(loop.Else, new(scope), output);
    }

    // What "loop" is in a loop's body.
    private sealed class LoopState
    {
        private readonly IReadOnlyList<object?> items;
        private readonly int depth;
        private object? last = new Undefined("nothing yet");

        public LoopState(JinjaEvaluator evaluator, ForStatement loop, IReadOnlyList<object?> items, JinjaScope scope, int depth)
        {
            this.items = items;
            this.depth = depth;
            Variable = new("loop", Attribute, loop.IsRecursive ? arguments =>
            {
                RuntimeHelpers.EnsureSufficientExecutionStack();
                StringBuilder output = new();
                evaluator.RunLoop(loop, arguments.Take("iterable"), scope, output, depth + 1);
                return output.ToString();
            }
            : null);
        }

        public int Index { get; set; }

        public JinjaObject Variable { get; }

        private object? Attribute(string name) => name switch
        {
            "index" => Number(Index + 1),
            "index0" => Number(Index),
            "revindex" => Number(items.Count - Index),
            "revindex0" => Number(items.Count - Index - 1),
            "first" => Index == 0,
            "last" => Index == items.Count - 1,
            "length" => Number(items.Count),
            "depth" => Number(depth + 1),
            "depth0" => Number(depth),
            "previtem" => Index > 0 ? items[Index - 1] : new Undefined("there is no previous item"),
            "nextitem" => Index + 1 < items.Count ? items[Index + 1] : new Undefined("there is no next item"),
            "cycle" => new JinjaFunction("cycle", arguments => arguments.Positional.Count > 0 ? arguments.Positional[Index % arguments.Positional.Count] : throw new JinjaException("no items for cycling given")),
            "changed" => new JinjaFunction("changed", arguments =>
            {
                JinjaList now = new(arguments.Positional, isTuple: true);
                bool changed = !Values.AreEqual(now, last);
                last = now;
                return changed;
            }),
            _ => new Undefined($"'loop object' has no attribute '{name}'"),
        };

        private static BigInteger Number(int number) => number;
    }

    private static void Assign(Expression target, object? value, JinjaScope scope)
    {
        switch (target)
        {
            case NameExpression name:
                scope[name.Name] = value;
                break;
            case AttributeExpression { Value: NameExpression space } attribute:
                if (!scope.TryGet(space.Name, out object? found) || found is not JinjaNamespace names) throw new JinjaException("cannot assign attribute on non-namespace object");
                names.Attributes[attribute.Name] = value;
                break;
            case ListExpression list:
                IReadOnlyList<object?> items = Values.Iterate(value);
                if (items.Count != list.Items.Count) throw new JinjaException($"expected {list.Items.Count} values to unpack, found {items.Count}");
                for (int i = 0; i < items.Count; i++) Assign(list.Items[i], items[i], scope);
                break;
            default:
                throw new InvalidOperationException(target.GetType().Name);
        }
    }

    private JinjaFunction Macro(MacroDefinition macro, JinjaScope definedIn) => new(macro.Name, arguments =>
    {
        JinjaScope scope = new(definedIn);
        scope["caller"] = new Undefined("'caller' is undefined");
        int line = Line;
        foreach (var (name, byDefault) in macro.Parameters)
        {
            scope[name] = arguments.TryTake(name, out object? value) ? value
                : byDefault is not null ? Evaluate(byDefault, scope) : new Undefined($"parameter '{name}' was not provided");
        }
        scope["varargs"] = new JinjaList([.. arguments.Positional.Skip(macro.Parameters.Count)], isTuple: true);
        JinjaDictionary others = new();
        foreach (var (name, value) in arguments.Named)
        {
            if (name == "caller") scope["caller"] = value;
            else if (!macro.Parameters.Any(parameter => parameter.Name == name)) others.Items[name] = value;
        }
        scope["kwargs"] = others;
        string text = Text(macro.Body, scope);
        Line = line;
        return text;
    });
}
