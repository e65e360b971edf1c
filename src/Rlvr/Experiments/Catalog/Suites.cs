namespace Rlvr.Experiments.Catalog;

/// <summary>Which suites are evaluated at a scale, by the names they have in a run's evals.jsonl.</summary>
internal static class Suites
{
    /// <summary>The suite of the main claims: MATH500, or what stands for it.</summary>
    public static string Main(ExperimentScale scale) => scale == ExperimentScale.Micro ? "micro500" : "math500";

    /// <summary>All suites of the averages: the paper's six, or the four of the micro world.</summary>
    public static IReadOnlyList<string> All(ExperimentScale scale) => [Main(scale), .. Hard(scale), .. scale == ExperimentScale.Micro ? [] : (string[])["minerva", "olympiadbench"]];

    /// <summary>The small suites of hard problems, on which the paper samples 8 responses each: AIME24, AIME25 and AMC23, or what stands for them.</summary>
    public static IReadOnlyList<string> Hard(ExperimentScale scale) =>
        scale == ExperimentScale.Micro ? ["micro-olympiad", "micro-far", "micro-hard"] : ["aime24", "aime25", "amc23"];

    /// <summary>Suites unlike what is trained on: multiple choice about science, or kinds of problem that the pool does not have.</summary>
    public static IReadOnlyList<string> Transfer(ExperimentScale scale) => scale == ExperimentScale.Micro ? Hard(scale) : ["arc-easy", "arc-challenge"];

    /// <summary>How the averages are named in heads of columns.</summary>
    public static string Average(ExperimentScale scale) => scale == ExperimentScale.Micro ? "mean of 4 suites" : "mean of 6 suites";

    /// <summary>What stands for what, as a paragraph of notes; empty at the paper's scale.</summary>
    public static string Standing(ExperimentScale scale) => scale == ExperimentScale.Micro
        ? "micro500 (the six everyday subjects) stands for MATH500, and micro-olympiad (longer, rare in pretraining), micro-hard (larger numbers, longer chains) and micro-far (a combination never "
            + "seen) stand for the harder benchmarks; the base model is `models/micro-math`, whose habits of answering were chosen so that the effect can be seen (docs/micro-math.md). "
            + "Sizes of effects are those of this world; only their signs and order can be compared with the paper's."
        : "Numbers of ours are of the evaluations during training: greedy, one response a problem, for all suites. The paper samples 8 responses at temperature 0.6 on AIME24, AIME25 and AMC23, "
            + "so only MATH500, Minerva and OlympiadBench compare number by number.";
}
