using System.Numerics;

namespace Rlvr.Text.Jinja;

/// <summary>The arguments of a call of a function, method, filter or test, taken by name and place.</summary>
internal sealed class CallArguments(string function, IReadOnlyList<object?> positional, IReadOnlyDictionary<string, object?> named)
{
    private readonly HashSet<string> taken = new(StringComparer.Ordinal);
    private int places;

    public string Function { get; } = function;

    public IReadOnlyList<object?> Positional { get; } = positional;

    public IReadOnlyDictionary<string, object?> Named { get; } = named;

    /// <summary>How much there is to read in them.</summary>
    public long Size => Positional.Sum(Values.Size) + Named.Values.Sum(Values.Size);

    /// <summary>Whether the next argument is given; null for None where it is.</summary>
    public bool TryTake(string name, out object? value)
    {
        int place = places++;
        taken.Add(name);
        if (place < Positional.Count)
        {
            if (Named.ContainsKey(name)) throw new JinjaException($"{Function}() got multiple values for argument '{name}'");
            value = Positional[place];
            return true;
        }
        return Named.TryGetValue(name, out value);
    }

    /// <summary>The next argument, or a default.</summary>
    public object? Take(string name, object? otherwise) => TryTake(name, out object? value) ? value : otherwise;

    /// <summary>The next argument, which must be given.</summary>
    public object? Take(string name) => TryTake(name, out object? value) ? value : throw new JinjaException($"{Function}() needs the argument '{name}'");

    public string TakeText(string name) => Take(name) as string ?? throw Wrong(name, "text");

    public string? TakeText(string name, string? otherwise) => Take(name, otherwise) switch { null => null, string text => text, _ => throw Wrong(name, "text") };

    public int TakeInteger(string name, int otherwise) => Values.AsInteger(Take(name, (BigInteger)otherwise)) is { } number && number >= int.MinValue && number <= int.MaxValue
        ? (int)number : throw Wrong(name, "whole number");

    public bool TakeFlag(string name, bool otherwise) => Values.IsTrue(Take(name, otherwise));

    /// <summary>All positional arguments that are left, and leaves the named ones to whom they are passed on.</summary>
    public IReadOnlyList<object?> TakeRest()
    {
        List<object?> rest = [.. Positional.Skip(places)];
        places = int.Max(places, Positional.Count);
        taken.UnionWith(Named.Keys);
        return rest;
    }

    /// <summary>Checks that nothing else was given.</summary>
    public void End()
    {
        if (Positional.Count > places) throw new JinjaException($"{Function}() takes {places} arguments, found {Positional.Count}");
        string? unknown = Named.Keys.FirstOrDefault(name => !taken.Contains(name));
        if (unknown is not null) throw new JinjaException($"{Function}() has no argument '{unknown}'");
    }

    private JinjaException Wrong(string name, string expected) => new($"the argument '{name}' of {Function}() is not a {expected}");
}
