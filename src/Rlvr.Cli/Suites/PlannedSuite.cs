using Rlvr.Data;
using Rlvr.Evaluation;

namespace Rlvr.Cli.Suites;

/// <summary>A suite that is to be evaluated.</summary>
/// <param name="Name">Its name in tables and files, unlike that of any other suite of the evaluation.</param>
/// <param name="Benchmark">The published benchmark it is; null for other sets.</param>
/// <param name="Problems">Its problems.</param>
/// <param name="Settings">How it is evaluated.</param>
internal sealed record PlannedSuite(string Name, Benchmark? Benchmark, IReadOnlyList<Problem> Problems, EvaluationSettings Settings)
{
    /// <summary>The heading of its column.</summary>
    public string Heading => Benchmark?.Column ?? Name;
}
