namespace Rlvr.Data;

/// <summary>The benchmarks and training sets that commands and recipes know by name.</summary>
public static class Benchmarks
{
    private static readonly string[] MathSubjects =
        ["algebra", "counting_and_probability", "geometry", "intermediate_algebra", "number_theory", "prealgebra", "precalculus"];

    /// <summary>All of them, the six of the paper first.</summary>
    public static IReadOnlyList<Benchmark> All { get; } =
    [
        new()
        {
            Name = "math500", Title = "MATH500", Column = "MATH500", Count = 500,
            Sources = [new("HuggingFaceH4/MATH-500", "test.jsonl")],
        },
        new()
        {
            Name = "aime24", Title = "AIME 2024", Column = "AIME24", Count = 30, Scoring = BenchmarkScoring.Average8,
            Sources = [new("HuggingFaceH4/aime_2024", "data/train-00000-of-00001.parquet"), new("math-ai/aime24", "test-00000-of-00001.parquet")],
        },
        new()
        {
            Name = "aime25", Title = "AIME 2025", Column = "AIME25", Count = 30, Scoring = BenchmarkScoring.Average8,
            Sources = [new("math-ai/aime25", "test.jsonl"), new("opencompass/AIME2025", "aime2025-I.jsonl", "aime2025-II.jsonl")],
        },
        new()
        {
            Name = "amc23", Title = "AMC 2023", Column = "AMC23", Count = 40, Scoring = BenchmarkScoring.Average8,
            Sources = [new("math-ai/amc23", "test-00000-of-00001.parquet")],
        },
        new()
        {
            Name = "minerva", Title = "Minerva Math", Column = "Minerva", Count = 272, Folder = "minerva_math",
            Sources = [new("math-ai/minervamath", "test.jsonl")],
        },
        new()
        {
            // The hub's other copies lack one of the problems that the paper's evaluation has.
            Name = "olympiadbench", Title = "OlympiadBench", Column = "Olympiad", Count = 675,
            Sources = [new("knoveleng/OlympiadBench", "data/train-00000-of-00001.parquet")],
        },
        new()
        {
            Name = "math", Title = "MATH (test)", Column = "MATH", Count = 5000, Sources = MathSources("test"),
        },
        new()
        {
            Name = "math-train", Title = "MATH (train)", Column = "MATH train", Count = 7500, Split = "train", Folder = "math",
            Sources = MathSources("train"),
        },
        new()
        {
            Name = "gsm8k", Title = "GSM8K (test)", Column = "GSM8K", Count = 1319,
            Sources = [new("openai/gsm8k", "main/test-00000-of-00001.parquet")],
        },
        new()
        {
            Name = "gsm8k-train", Title = "GSM8K (train)", Column = "GSM8K train", Count = 7473, Split = "train", Folder = "gsm8k",
            Sources = [new("openai/gsm8k", "main/train-00000-of-00001.parquet")],
        },
        new()
        {
            Name = "arc-easy", Title = "ARC-Easy (test)", Column = "ARC-E", Count = 2376, IsMultipleChoice = true, Folder = "ARC-Easy",
            Sources = [new("allenai/ai2_arc", "ARC-Easy/test-00000-of-00001.parquet")],
        },
        new()
        {
            Name = "arc-challenge", Title = "ARC-Challenge (test)", Column = "ARC-C", Count = 1172, IsMultipleChoice = true, Folder = "ARC-Challenge",
            Sources = [new("allenai/ai2_arc", "ARC-Challenge/test-00000-of-00001.parquet")],
        },
        new()
        {
            Name = "deepscaler", Title = "DeepScaleR", Column = "DeepScaleR", Count = 40315, Split = "train",
            Sources = [new("agentica-org/DeepScaleR-Preview-Dataset", "deepscaler.json")],
        },
    ];

    /// <summary>Several benchmarks under one name: <c>six</c> are those of the paper's tables in their order, <c>arc</c> its other two.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Groups { get; } = new Dictionary<string, IReadOnlyList<string>>
    {
        ["six"] = ["math500", "aime24", "amc23", "minerva", "olympiadbench", "aime25"],
        ["arc"] = ["arc-easy", "arc-challenge"],
    };

    /// <summary>A benchmark by its name, or null.</summary>
    public static Benchmark? Find(string name) => All.FirstOrDefault(benchmark => benchmark.Name == name);

    /// <summary>The benchmarks of a group, or null where there is no such group.</summary>
    public static IReadOnlyList<Benchmark>? Group(string name) => Groups.TryGetValue(name, out IReadOnlyList<string>? names) ? [.. names.Select(n => Find(n)!)] : null;

    /// <summary>Names of sets of problems with the groups among them replaced by their members, each once.</summary>
    public static IReadOnlyList<string> Expand(IEnumerable<string> names) => [.. names.SelectMany(name => Groups.GetValueOrDefault(name, [name])).Distinct()];

    private static BenchmarkSource[] MathSources(string split) =>
    [
        new("EleutherAI/hendrycks_math", [.. MathSubjects.Select(subject => $"{subject}/{split}-00000-of-00001.parquet")]),
        new("DigitalLearningGmbH/MATH-lighteval", $"data/{split}-00000-of-00001.parquet"),
    ];
}
