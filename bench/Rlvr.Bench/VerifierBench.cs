using System.Diagnostics;
using System.Text.Json;
using Rlvr.Math;

namespace Rlvr.Bench;

/// <summary>Pairs and responses a second on one core: each profile over the reference pairs, or over the hand-written ones where those are missing.</summary>
internal static class VerifierBench
{
    private const int ResponseLength = 2_000;
    private const string Prose = "We look at the terms one after the other, and write what is known so far: $x + y = 12$ and $xy = 35$. Next, the sum of both sides is taken. This leaves \\frac{1}{2} of the total, which was to be shown. ";

    public static void Run(int repeats)
    {
        (string source, List<(string Answer, string Expected)> pairs) = Pairs();
        Console.WriteLine($"{pairs.Count:N0} pairs of {source}; one thread, the best of {repeats} passes");
        foreach (VerifierProfile profile in Enum.GetValues<VerifierProfile>())
        {
            MathVerifier verifier = new(profile);
            Print($"pairs, {profile.ToString().ToLowerInvariant()}", pairs, pair => verifier.VerifyAnswer(pair.Answer, pair.Expected), pair => $"{pair.Answer} for {pair.Expected}", repeats);
        }
        List<(string Response, string Expected)> responses = Responses(pairs);
        Console.WriteLine($"{responses.Count:N0} responses of {ResponseLength:N0} characters");
        foreach (AnswerSources sources in new[] { AnswerSources.Box, AnswerSources.Usual, AnswerSources.Usual | AnswerSources.ChoiceLetter })
            Print($"extraction, {(sources == AnswerSources.Box ? "box" : sources == AnswerSources.Usual ? "usual" : "all")}", responses, r => AnswerExtractor.Extract(r.Response, sources), r => r.Response[^60..], repeats);
        foreach (VerifierProfile profile in Enum.GetValues<VerifierProfile>())
        {
            MathVerifier verifier = new(profile);
            Print($"responses, {profile.ToString().ToLowerInvariant()}", responses, r => verifier.VerifyResponse(r.Response, r.Expected), r => $"...{r.Response[^60..]} for {r.Expected}", repeats);
        }
    }

    private static void Print<T>(string name, List<T> items, Func<T, object?> work, Func<T, string> describe, int repeats)
    {
        double[] best = new double[items.Count];
        Array.Fill(best, double.MaxValue);
        for (int pass = 0; pass < repeats + 2; pass++) // the first ones are compiled on the way
        {
            for (int i = 0; i < items.Count; i++)
            {
                long start = Stopwatch.GetTimestamp();
                object? result = work(items[i]);
                double microseconds = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
                GC.KeepAlive(result);
                if (pass >= 2) best[i] = double.Min(best[i], microseconds);
            }
        }
        int slowest = Array.IndexOf(best, best.Max());
        double[] sorted = [.. best.Order()];
        string what = describe(items[slowest]);
        Console.WriteLine($"{name,-22} {items.Count / sorted.Sum() * 1e6,11:N0} /s   median {sorted[sorted.Length / 2],7:F2} us   p99 {sorted[sorted.Length * 99 / 100],8:F1} us   slowest {sorted[^1] / 1e3,6:F2} ms: {(what.Length > 80 ? what[..80] + "..." : what).ReplaceLineEndings(" ")}");
    }

    private static (string, List<(string, string)>) Pairs()
    {
        string root = Root(), golden = Path.Combine(root, "..", "shared", "golden", "grading", "pairs.jsonl");
        if (File.Exists(golden))
        {
            return ("the reference data", [.. File.ReadLines(golden).Select(line =>
            {
                using JsonDocument row = JsonDocument.Parse(line);
                return (row.RootElement.GetProperty("candidate").GetString()!, row.RootElement.GetProperty("truth").GetString()!);
            })]);
        }
        return ("the hand-written cases", [.. File.ReadLines(Path.Combine(root, "tests", "fixtures", "grading", "strict-cases.txt"))
            .Where(line => line.Length > 0 && !line.StartsWith('#')).Select(line => line.Split(" ||| ")).Select(parts => (parts[1], parts[2]))]);
    }

    // Prose, then the answer, most often in a box.
    private static List<(string, string)> Responses(List<(string Answer, string Expected)> pairs) => [.. pairs.Where(pair => pair.Answer.Length < 500).Take(3_000).Select((pair, i) =>
    {
        string end = (i % 8) switch { 0 => $"The answer is ${pair.Answer}$.", 1 => $"#### {pair.Answer}", _ => $"The final answer is $\\boxed{{{pair.Answer}}}$." };
        string prose = string.Concat(Enumerable.Repeat(Prose, 12));
        return (prose[..(ResponseLength - end.Length)] + end, pair.Expected);
    })];

    private static string Root()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Rlvr.slnx"))) return folder.FullName;
        throw new InvalidOperationException("Rlvr.slnx was not found above " + AppContext.BaseDirectory);
    }
}
