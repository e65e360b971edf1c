using System.Runtime.CompilerServices;

namespace Rlvr.Text.Jinja;

internal sealed partial class JinjaEvaluator
{
    private object? Evaluate(Expression expression, JinjaScope scope)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        Budget.Spend();
        Line = expression.Line;
        switch (expression)
        {
            case Literal literal:
                return literal.Value;
            case NameExpression name:
                return scope.TryGet(name.Name, out object? variable) ? variable : new Undefined($"'{name.Name}' is undefined");
            case ListExpression list:
                return new JinjaList([.. list.Items.Select(item => Evaluate(item, scope))], list.IsTuple);
            case DictionaryExpression dictionary:
                JinjaDictionary made = new();
                foreach (var (key, value) in dictionary.Items) made.Items[Values.CheckKey(Evaluate(key, scope))] = Evaluate(value, scope);
                return made;
            case UnaryExpression { Operator: "not" } not:
                return !Values.IsTrue(Evaluate(not.Operand, scope));
            case UnaryExpression unary:
                return JinjaOperators.Unary(unary.Operator, Evaluate(unary.Operand, scope));
            case BinaryExpression { Operator: "and" or "or" } logic:
                object? first = Evaluate(logic.Left, scope);
                return Values.IsTrue(first) == (logic.Operator == "or") ? first : Evaluate(logic.Right, scope);
            case BinaryExpression binary:
                return JinjaOperators.Binary(binary.Operator, Evaluate(binary.Left, scope), Evaluate(binary.Right, scope), Budget);
            case ComparisonExpression comparison:
                return Compare(comparison, scope);
            case ConditionalExpression conditional:
                if (Values.IsTrue(Evaluate(conditional.Condition, scope))) return Evaluate(conditional.Then, scope);
                return conditional.Else is null ? new Undefined("the inline if-expression evaluated to false and no else section was defined.") : Evaluate(conditional.Else, scope);
            case AttributeExpression attribute:
                return JinjaOperators.Attribute(Evaluate(attribute.Value, scope), attribute.Name, Budget);
            case ItemExpression { Index: SliceExpression slice } item:
                return JinjaOperators.Slice(Evaluate(item.Value, scope), Bound(slice.Start, scope), Bound(slice.Stop, scope), Bound(slice.Step, scope), Budget);
            case ItemExpression item:
                return JinjaOperators.Item(Evaluate(item.Value, scope), Evaluate(item.Index, scope), Budget);
            case CallExpression call:
                object? function = Evaluate(call.Function, scope);
                return Call(function, Arguments(function, call.Arguments, scope));
            case FilterExpression filter:
                return ApplyFilters(filter, null, scope);
            case TestExpression test:
                object? tested = Evaluate(test.Value, scope);
                return JinjaTests.Check(test.Name, tested, Arguments(test.Name, test.Arguments, scope));
            default:
                throw new InvalidOperationException(expression.GetType().Name);
        }
    }

    private object? Bound(Expression? bound, JinjaScope scope) => bound is null ? null : Evaluate(bound, scope);

    private bool Compare(ComparisonExpression comparison, JinjaScope scope)
    {
        object? left = Evaluate(comparison.First, scope);
        foreach (var (op, operand) in comparison.Rest)
        {
            object? right = Evaluate(operand, scope);
            Budget.SpendItems(op is "in" or "not in" ? Values.Size(right) : long.Min(Values.Size(left), Values.Size(right)));
            bool holds = op switch
            {
                "==" => Values.AreEqual(left, right),
                "!=" => !Values.AreEqual(left, right),
                "in" => Values.Contains(right, left),
                "not in" => !Values.Contains(right, left),
                "<" => Values.Compare(left, right, op) < 0,
                "<=" => Values.Compare(left, right, op) <= 0,
                ">" => Values.Compare(left, right, op) > 0,
                _ => Values.Compare(left, right, op) >= 0,
            };
            if (!holds) return false;
            left = right;
        }
        return true;
    }

    // A chain of filters; the innermost of a block's chain has no value and takes the block's text.
    private object? ApplyFilters(FilterExpression filter, string? text, JinjaScope scope)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        object? value = filter.Value switch
        {
            null => text,
            FilterExpression inner => ApplyFilters(inner, text, scope),
            _ => Evaluate(filter.Value, scope),
        };
        CallArguments arguments = Arguments(filter.Name, filter.Arguments, scope);
        Line = filter.Line;
        return JinjaFilters.Apply(filter.Name, value, arguments, this);
    }

    /// <summary>Calls a function, method, macro or object.</summary>
    public object? Call(object? function, CallArguments arguments)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        Budget.SpendItems(arguments.Size);
        object? result = function switch
        {
            JinjaFunction callable => callable.Call(arguments),
            JinjaObject { Call: { } call } => call(arguments),
            Undefined undefined => throw new JinjaException(undefined.Message),
            _ => throw new JinjaException($"'{Values.TypeName(function)}' object is not callable"),
        };
        if (result is string text) Budget.Spend(text.Length);
        return result;
    }

    private CallArguments Arguments(object? function, ArgumentList list, JinjaScope scope, (string Name, object? Value)? extra = null)
    {
        List<object?> positional = [.. list.Positional.Select(argument => Evaluate(argument, scope))];
        Dictionary<string, object?> named = new(StringComparer.Ordinal);
        foreach (var (name, value) in list.Named) named[name] = Evaluate(value, scope);
        if (list.Star is not null) positional.AddRange(Values.Iterate(Evaluate(list.Star, scope), Budget));
        if (list.DoubleStar is not null)
        {
            JinjaDictionary others = Evaluate(list.DoubleStar, scope) as JinjaDictionary ?? throw new JinjaException("the argument after ** must be a dictionary");
            foreach (var (name, value) in others.Items) named[Values.ToText(name)] = value;
        }
        if (extra is { } added) named[added.Name] = added.Value;
        string called = function switch { string name => name, JinjaFunction callable => callable.Name, JinjaObject o => o.Name, _ => Values.TypeName(function) };
        return new(called, positional, named);
    }
}
