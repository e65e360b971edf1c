using System.Diagnostics;
using System.Text.Json;
using Rlvr.Tests.Shared;
using Rlvr.Text;

namespace Rlvr.Tests.Text;

public class JinjaRenderingTests
{
    private static readonly DateTimeOffset Now = new(2024, 7, 6, 5, 4, 3, TimeSpan.Zero);

    private static string Render(string template, IReadOnlyDictionary<string, JsonElement>? variables = null) =>
        ChatTemplate.Parse(template).Render(JsonSerializer.SerializeToElement(Array.Empty<string>()), addGenerationPrompt: false, variables: variables, now: Now);

    [Fact]
    public void Templates_render_as_Jinja2_renders_them()
    {
        JsonElement fixture = JsonSerializer.Deserialize<JsonElement>(File.ReadAllText(TestFiles.Fixture("jinja", "cases.json")));
        Dictionary<string, JsonElement> variables = fixture.GetProperty("variables").Deserialize<Dictionary<string, JsonElement>>()!;
        List<string> wrong = [];
        foreach (JsonElement entry in fixture.GetProperty("cases").EnumerateArray())
        {
            string template = entry.GetProperty("template").GetString()!;
            string? expected = entry.TryGetProperty("text", out JsonElement text) ? text.GetString() : null, actual;
            try
            {
                actual = Render(template, variables);
            }
            catch (RlvrException)
            {
                actual = null;
            }
            if (actual != expected) wrong.Add($"{template}\n  expected {expected ?? "an error"}\n  found    {actual ?? "an error"}");
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Theory]
    [InlineData("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}", "too much work")]
    [InlineData("{% for a in range(100000) %}{% for b in range(100000) %}xxxxxxxxxxxxxxxxxxxxxxxxxxxx{% endfor %}{% endfor %}", "characters")]
    [InlineData("{{ 'a' * 1000000000 }}", "characters")]
    [InlineData("{{ [1] * 1000000000 }}", "too much work")]
    [InlineData("{% set ns = namespace(s='a') %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s }}", "characters")]
    [InlineData("{% set ns = namespace(s='a' * 1000000) %}{% for i in range(100000) %}{% if 'b' in ns.s %}x{% endif %}{% endfor %}", "too much work")]
    [InlineData("{% set ns = namespace(s='a' * 1000000) %}{% for i in range(100000) %}{% set x = ns.s|upper %}{% endfor %}", "too much work")]
    [InlineData("{% set ns = namespace(s=10) %}{% for i in range(60) %}{% set ns.s = ns.s * ns.s %}{% endfor %}", "too large")]
    [InlineData("{{ 10 ** 1000000000 }}", "too large")]
    [InlineData("{{ ('%' ~ '999999999d') % 1 }}", "too large")]
    [InlineData("{{ 'a'.ljust(1000000000) }}", "characters")]
    [InlineData("{{ 'a'|center(1000000000) }}", "characters")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "too deeply")]
    [InlineData("{% for x in [[1]] recursive %}{{ loop([[1]]) }}{% endfor %}", "too deeply")]
    [InlineData("{% set ns = namespace(l=[]) %}{% for i in range(100000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}", "too deeply")]
    [InlineData("{% set ns = namespace(l=[1]) %}{% for i in range(80) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}", "too much work")]
    [InlineData("{% set ns = namespace(l=[1]) %}{% for i in range(80) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l|tojson }}", "too much work")]
    [InlineData("{% set ns = namespace(l=[1], m=[1]) %}{% for i in range(80) %}{% set ns.l = [ns.l, ns.l] %}{% set ns.m = [ns.m, ns.m] %}{% endfor %}{{ ns.l == ns.m }}", "too much work")]
    [InlineData("{% set ns = namespace(l=[]) %}{% for i in range(100000) %}{% set ns.l = ns.l + [i] %}{% endfor %}", "too much work")]
    [InlineData("{% for i in range(100000) %}{{ range(100000)|list|length }}{% endfor %}", "too much work")]
    [InlineData("{% for i in range(100000) %}{{ range(100000)|sort|length }}{% endfor %}", "too much work")]
    [InlineData("{% for i in range(100000) %}{{ ('ab' * 100000)|list|length }}{{ ('ab' * 100000)[5] }}{% endfor %}", "too much work")]
    [InlineData("{% for i in range(100000) %}{{ ('ab' * 1000000).replace('a', 'c')|length }}{% endfor %}", "too much work")]
    [InlineData("{% macro m(n) %}{% if n > 0 %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(50) }}", "too much work")]
    public void A_hostile_template_is_stopped(string template, string expected)
    {
        long start = Stopwatch.GetTimestamp();
        RlvrException error = Assert.Throws<RlvrException>(() => Render(template));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 120); // a second on a quiet machine; without a bound, for ever
    }

    [Theory]
    [InlineData("(", ")")]
    [InlineData("[", "]")]
    [InlineData("-", "")]
    [InlineData("not ", "")]
    [InlineData("1 if 1 else ", "")]
    [InlineData("1 + ", "")]
    public void A_template_nested_deeply_is_an_error_not_a_crash(string open, string close)
    {
        RlvrException error = Assert.Throws<RlvrException>(() => Render("{{ " + string.Concat(Enumerable.Repeat(open, 200_000)) + "1" + string.Concat(Enumerable.Repeat(close, 200_000)) + " }}"));
        Assert.Contains("too deeply", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Blocks_nested_deeply_are_an_error_not_a_crash() =>
        Assert.Contains("too deeply", Assert.Throws<RlvrException>(() => Render(string.Concat(Enumerable.Repeat("{% if true %}", 200_000)))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("a\n\n{{ 1 / 0 }}", "chat template(3): error: the chat template failed: division by zero")]
    [InlineData("\n{% if x %}", "chat template: error in the chat template: line 2: expected '{% endif %}', found the end of the template")]
    [InlineData("{{ raise_exception('Only one system message!') }}", "chat template(1): error: the chat template failed: Only one system message!")]
    [InlineData("{% extends 'x' %}", "chat template: error in the chat template: line 1: the tag 'extends' is not supported here")]
    [InlineData("{% for x in y %}\n{{ x }}{% endfor %}{{ z.a }}", "chat template(2): error: the chat template failed: 'z' is undefined")]
    public void Errors_name_the_line(string template, string expected) => Assert.Equal(expected, Assert.Throws<RlvrException>(() => Render(template)).Message);
}
