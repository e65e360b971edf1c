using System.Globalization;
using System.Text.RegularExpressions;

namespace Rlvr.MicroMath.Tests;

/// <summary>Shared samples of the world, and a reader of responses that knows nothing of how they were written.</summary>
internal static class Samples
{
    private static readonly Lazy<MicroDocument[]> LazyDocuments = new(() => [.. new PretrainingCorpus(7).Documents().Take(200_000)]);

    public static MicroDocument[] Documents => LazyDocuments.Value;

    public static IEnumerable<MicroProblem> Problems(int each) =>
        MicroWorld.Subjects.SelectMany((subject, i) =>
        {
            MicroRandom random = new(11, (ulong)i);
            return Enumerable.Range(0, each).Select(_ => MicroWorld.Generate(subject, random));
        });

    /// <summary>Whether an equation such as "3*8=24" is true.</summary>
    public static bool IsTrue(string line)
    {
        var match = Regex.Match(line, @"^(\d+)(\+|-|\*|/|mod)(\d+)=(\d+)$");
        Assert.True(match.Success, $"'{line}' is not one step.");
        var (a, b, result) = (Number(match.Groups[1]), Number(match.Groups[3]), Number(match.Groups[4]));
        return match.Groups[2].Value switch
        {
            "+" => a + b == result,
            "-" => a - b == result,
            "*" => a * b == result,
            "/" => b != 0 && a == b * result,
            _ => b != 0 && a % b == result,
        };
    }

    public static bool IsStep(string line) => line.Contains('=', StringComparison.Ordinal);

    /// <summary>The number in a final line, and whether it is boxed.</summary>
    public static (string Answer, bool Boxed) Final(MicroDocument document)
    {
        var match = Regex.Match(document.Response.Split('\n')[^1], @"^(?:So \\boxed\{(\d+)\}|The answer is (\d+))\.$");
        Assert.True(match.Success, $"no final answer in '{document.Response}'.");
        return (match.Groups[1].Value + match.Groups[2].Value, match.Groups[1].Success);
    }

    /// <summary>The pieces into which Qwen2's pre-tokenizer splits a text: its regular expression, as published in tokenizer.json.</summary>
    public static int TokenCount(string text) => Regex.Count(
        text,
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+");

    private static int Number(Group group) => int.Parse(group.Value, CultureInfo.InvariantCulture);
}
