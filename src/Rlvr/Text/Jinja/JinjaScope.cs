namespace Rlvr.Text.Jinja;

/// <summary>The variables of a template, a loop's pass, a macro's call: inner ones hide outer ones and vanish at their end.</summary>
internal sealed class JinjaScope(JinjaScope? outer)
{
    private readonly Dictionary<string, object?> variables = new(StringComparer.Ordinal);

    public object? this[string name]
    {
        set => variables[name] = value;
    }

    public bool TryGet(string name, out object? value)
    {
        for (JinjaScope? scope = this; scope is not null; scope = scope.Outer)
            if (scope.variables.TryGetValue(name, out value)) return true;
        value = null;
        return false;
    }

    private JinjaScope? Outer { get; } = outer;
}
