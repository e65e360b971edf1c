using Rlvr.Math;

namespace Rlvr.Data;

/// <summary>How a benchmark is scored in arXiv 2504.20571: how many responses are drawn, how, and what counts as right.</summary>
/// <param name="Temperature">Sampling temperature; 0 is greedy.</param>
/// <param name="Samples">Responses a problem: 1 gives pass@1, more give avg@k.</param>
/// <param name="MaxNewTokens">Longest response, in tokens.</param>
/// <param name="TopP">Nucleus sampling; 1 is off.</param>
/// <param name="Profile">What the verifier accepts as equal.</param>
public sealed record BenchmarkScoring(
    double Temperature, int Samples, int MaxNewTokens = 3072, double TopP = 1, VerifierProfile Profile = VerifierProfile.Evaluation)
{
    /// <summary>One greedy response: MATH500, Minerva Math, OlympiadBench.</summary>
    public static BenchmarkScoring Greedy { get; } = new(0, 1);

    /// <summary>Eight responses at temperature 0.6: the small sets AIME24, AIME25, AMC23.</summary>
    public static BenchmarkScoring Average8 { get; } = new(0.6, 8);

    /// <summary>What the score is called: <c>pass@1</c>, <c>avg@8</c>.</summary>
    public string Metric => Samples == 1 ? "pass@1" : $"avg@{Samples}";
}
