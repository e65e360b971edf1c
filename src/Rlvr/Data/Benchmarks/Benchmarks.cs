namespace Rlvr.Data;

/// <summary>The benchmarks and training sets that commands and recipes know by name.</summary>
public static class Benchmarks
{
    /// <summary>All of them, in the order of the documentation.</summary>
    public static IReadOnlyList<Benchmark> All { get; } =
    [
        new()
        {
            Name = "math500", Title = "MATH500", Column = "MATH500", Count = 500,
            Sources = [new("HuggingFaceH4/MATH-500", "test.jsonl")],
            LocalFiles = ["math500/test.jsonl"],
        },
        new()
        {
            Name = "aime24", Title = "AIME 2024", Column = "AIME24", Count = 30, Scoring = BenchmarkScoring.Average8,
            Sources = [new("HuggingFaceH4/aime_2024", "data/train-00000-of-00001.parquet")],
            LocalFiles = ["aime24/test.jsonl"],
        },
        new()
        {
            Name = "aime25", Title = "AIME 2025", Column = "AIME25", Count = 30, Scoring = BenchmarkScoring.Average8,
            Sources = [new("math-ai/aime25", "test.jsonl"), new("opencompass/AIME2025", "aime2025-I.jsonl", "aime2025-II.jsonl")],
            LocalFiles = ["aime25/test.jsonl"],
        },
        new()
        {
            Name = "amc23", Title = "AMC 2023", Column = "AMC23", Count = 40, Scoring = BenchmarkScoring.Average8,
            Sources = [new("math-ai/amc23", "test-00000-of-00001.parquet")],
            LocalFiles = ["amc23/test.jsonl"],
        },
        new()
        {
            Name = "minerva", Title = "Minerva Math", Column = "Minerva", Count = 272,
            Sources = [new("math-ai/minervamath", "test.jsonl")],
            LocalFiles = ["minerva/test.jsonl", "minerva_math/test.jsonl"],
        },
        new()
        {
            Name = "olympiadbench", Title = "OlympiadBench", Column = "Olympiad", Count = 675,
            Sources = [new("knoveleng/OlympiadBench", "data/train-00000-of-00001.parquet")],
            LocalFiles = ["olympiadbench/test.jsonl"],
        },
    ];

    /// <summary>The groups: several benchmarks under one name.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Groups { get; } = new Dictionary<string, IReadOnlyList<string>>
    {
        ["six"] = ["math500", "aime24", "aime25", "amc23", "minerva", "olympiadbench"],
    };

    /// <summary>A benchmark by its name, or null.</summary>
    public static Benchmark? Find(string name) => All.FirstOrDefault(benchmark => benchmark.Name == name);

    /// <summary>The benchmarks of a group, or null where there is no such group.</summary>
    public static IReadOnlyList<Benchmark>? Group(string name) => Groups.TryGetValue(name, out IReadOnlyList<string>? names) ? [.. names.Select(n => Find(n)!)] : null;
}
