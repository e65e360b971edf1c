using System.Numerics;

namespace Rlvr.Text.Jinja;

/// <summary>The tests behind <c>is</c>.</summary>
internal static class JinjaTests
{
    /// <summary>Whether there is a test of that name.</summary>
    public static bool Exists(string name) => Canonical(name) is not null;

    public static bool Check(string name, object? value, CallArguments arguments)
    {
        bool result = Canonical(name) switch
        {
            "defined" => value is not Undefined,
            "undefined" => value is Undefined,
            "none" => value is null,
            "true" => value is true,
            "false" => value is false,
            "boolean" => value is bool,
            "integer" => value is BigInteger,
            "float" => value is double,
            "number" => Values.IsNumber(value),
            "string" => value is string,
            "mapping" => value is JinjaDictionary,
            "iterable" => value is string or JinjaList or JinjaDictionary or Undefined,
            "sequence" => value is string or JinjaList or JinjaDictionary or Undefined,
            "callable" => value is JinjaFunction or JinjaObject { Call: not null },
            "lower" => Values.ToText(value) is var text && text.Any(char.IsLower) && !text.Any(char.IsUpper),
            "upper" => Values.ToText(value) is var text && text.Any(char.IsUpper) && !text.Any(char.IsLower),
            "odd" => !Integer(value, name).IsEven,
            "even" => Integer(value, name).IsEven,
            "divisibleby" => Integer(arguments.Take("num"), name) is { IsZero: false } divisor ? (Integer(value, name) % divisor).IsZero : throw new JinjaException("division by zero"),
            "eq" => Values.AreEqual(value, arguments.Take("other")),
            "ne" => !Values.AreEqual(value, arguments.Take("other")),
            "lt" => Values.Compare(value, arguments.Take("other"), "<") < 0,
            "le" => Values.Compare(value, arguments.Take("other"), "<=") <= 0,
            "gt" => Values.Compare(value, arguments.Take("other"), ">") > 0,
            "ge" => Values.Compare(value, arguments.Take("other"), ">=") >= 0,
            "in" => Values.Contains(arguments.Take("seq"), value),
            "sameas" => arguments.Take("other") is var other && (ReferenceEquals(value, other) || (value is bool or string or BigInteger && Values.TypeName(value) == Values.TypeName(other) && Values.AreEqual(value, other))),
            "filter" => value is string filter && JinjaFilters.Exists(filter),
            "test" => value is string test && Exists(test),
            "escaped" => false,
            _ => throw new JinjaException($"there is no test named '{name}'"),
        };
        arguments.End();
        return result;
    }

    private static BigInteger Integer(object? value, string test) =>
        Values.AsInteger(value) ?? throw new JinjaException(value is Undefined undefined ? undefined.Message : $"the test '{test}' needs a whole number, found {Values.TypeName(value)}");

    private static string? Canonical(string name) => name switch
    {
        "==" or "equalto" => "eq",
        "!=" => "ne",
        "<" or "lessthan" => "lt",
        "<=" => "le",
        ">" or "greaterthan" => "gt",
        ">=" => "ge",
        "defined" or "undefined" or "none" or "true" or "false" or "boolean" or "integer" or "float" or "number" or "string" or "mapping" or "iterable" or "sequence" or "callable"
            or "lower" or "upper" or "odd" or "even" or "divisibleby" or "eq" or "ne" or "lt" or "le" or "gt" or "ge" or "in" or "sameas" or "filter" or "test" or "escaped" => name,
        _ => null,
    };
}
