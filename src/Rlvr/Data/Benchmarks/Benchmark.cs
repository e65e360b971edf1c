namespace Rlvr.Data;

/// <summary>A published set of problems: where its files are, how many problems there must be, and how arXiv 2504.20571 scores it.</summary>
public sealed record Benchmark
{
    /// <summary>What commands and recipes call it: <c>math500</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Its full name, for reports: <c>MATH500</c>.</summary>
    public required string Title { get; init; }

    /// <summary>The heading of its column, that of the paper's tables where it has one: <c>Olympiad</c>.</summary>
    public required string Column { get; init; }

    /// <summary>How many problems it has. A file with another number of them is another set, or a part of this one.</summary>
    public required int Count { get; init; }

    /// <summary>Where it is published, the first choice first; all have the same problems.</summary>
    public required IReadOnlyList<BenchmarkSource> Sources { get; init; }

    /// <summary>Which part of the set: <c>test</c>, or <c>train</c>. It names the file in a local folder.</summary>
    public string Split { get; init; } = "test";

    /// <summary>Its folder among local data sets, where that is not <see cref="Name"/>: the released evaluation has <c>minerva_math</c>.</summary>
    public string? Folder { get; init; }

    /// <summary>The names of its fields.</summary>
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
