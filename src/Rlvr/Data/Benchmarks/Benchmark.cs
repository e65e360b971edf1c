namespace Rlvr.Data;

/// <summary>A published set of problems: where its files are, how many problems there must be, and how arXiv 2504.20571 scores it.</summary>
public sealed record Benchmark
{
    /// <summary>What commands and recipes call it: <c>math500</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Its full name, for reports: <c>MATH500</c>.</summary>
    public required string Title { get; init; }

    /// <summary>The heading of its column in the paper's tables: <c>Olympiad-Bench</c> is <c>Olympiad</c> there.</summary>
    public required string Column { get; init; }

    /// <summary>How many problems it has. A file with another number of them is another set, or a part of this one.</summary>
    public required int Count { get; init; }

    /// <summary>Where it is published, the first choice first; all have the same problems.</summary>
    public required IReadOnlyList<BenchmarkSource> Sources { get; init; }

    /// <summary>
    /// Paths inside a local folder of data sets, tried in order; the names are those that the released evaluation code uses
    /// (<c>math500/test.jsonl</c>, <c>minerva_math/test.jsonl</c>).
    /// </summary>
    public required IReadOnlyList<string> LocalFiles { get; init; }

    /// <summary>The names of its fields, in every published layout.</summary>
    public ProblemFields Fields { get; init; } = new();

    /// <summary>How the paper samples and judges it.</summary>
    public BenchmarkScoring Scoring { get; init; } = BenchmarkScoring.Greedy;

    /// <summary>Whether its problems are multiple choice.</summary>
    public bool IsMultipleChoice { get; init; }
}

/// <summary>One place where a benchmark is published: a data set repository of a hub and the files in it.</summary>
/// <param name="Repository">The data set's id: <c>HuggingFaceH4/MATH-500</c>.</param>
/// <param name="Files">Paths in the repository; of several, the problems follow one another.</param>
public sealed record BenchmarkSource(string Repository, params IReadOnlyList<string> Files);
