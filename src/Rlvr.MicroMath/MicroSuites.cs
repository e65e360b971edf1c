using System.Globalization;

namespace Rlvr.MicroMath;

/// <summary>The fixed sets of problems: benchmarks, the pool for reinforcement learning, and its single examples.</summary>
public static class MicroSuites
{
    // Part of the world's definition: another value would be another benchmark.
    private const ulong Seed = 20504571;

    private static readonly Lazy<MicroProblem[]> Micro500 =
        new(() => Draw("micro500", MicroSplit.Test, [.. MicroWorld.CoreSubjects.Zip([84, 84, 83, 83, 83, 83])]));

    private static readonly Lazy<MicroProblem[]> MicroOlympiad = new(() => Draw("micro-olympiad", MicroSplit.Test, ("olympiad", 100)));

    private static readonly Lazy<MicroProblem[]> MicroFar = new(() => Draw("micro-far", MicroSplit.Test, ("far", 100)));

    private static readonly Lazy<MicroProblem[]> MicroHard = new(() => Draw("micro-hard", MicroSplit.Test, ("hard", 100)));

    private static readonly Lazy<MicroProblem[]> RlPool =
        new(() => Draw("rl-pool", MicroSplit.RlPool, [.. MicroWorld.CoreSubjects.Select(s => (s, 100))]));

    // There are not so many computations in the pool: here a problem is another one when its text is.
    private static readonly Lazy<MicroProblem[]> PoolLarge =
        new(() => Draw("pool-large", MicroSplit.RlPool, p => p.Text, [.. MicroWorld.CoreSubjects.Select(s => (s, 1000))]));

    private static readonly Lazy<MicroProblem> PiHard =
        new(() => Draw("pi-hard", MicroSplit.RlPool, ("hard", 20)).First(p => p.Steps.Count == 7));

    /// <summary>
    /// micro500 (the six everyday subjects), micro-olympiad, micro-far and micro-hard (100 each), all of the test split; rl-pool (600, 100 of
    /// each everyday subject); one problem of the pool a subject: pi-1 (prealgebra), pi-algebra, pi-number-theory, pi-counting,
    /// pi-geometry, pi-sequences; pool-large (6,000 texts, rl-pool's among them); pi-guessable (its answer is 1) and pi-hard (a chain of seven
    /// steps, of the subject hard).
    /// </summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "micro500", "micro-olympiad", "micro-far", "micro-hard", "rl-pool", "pi-1", .. MicroWorld.CoreSubjects.Skip(1).Select(ExampleName),
        "pool-large", "pi-guessable", "pi-hard",
    ];

    /// <summary>The problems of a suite, always the same in the same order.</summary>
    /// <exception cref="ArgumentException"><paramref name="name"/> is not one of <see cref="Names"/>.</exception>
    public static IReadOnlyList<MicroProblem> Get(string name) => name switch
    {
        "micro500" => Micro500.Value,
        "micro-olympiad" => MicroOlympiad.Value,
        "micro-far" => MicroFar.Value,
        "micro-hard" => MicroHard.Value,
        "rl-pool" => RlPool.Value,
        "pool-large" => PoolLarge.Value,
        "pi-1" => [Example("prealgebra")],
        "pi-guessable" => [RlPool.Value.First(p => p.Subject == "number_theory" && p.Answer == "1")],
        "pi-hard" => [PiHard.Value],
        _ when MicroWorld.CoreSubjects.Skip(1).FirstOrDefault(s => ExampleName(s) == name) is { } subject => [Example(subject)],
        _ => throw new ArgumentException($"Unknown suite '{name}'. The suites are: {string.Join(", ", Names)}.", nameof(name)),
    };

    private static string ExampleName(string subject) => "pi-" + subject.Replace('_', '-');

    // The pool's first problem, in words rather than as a formula, whose answer is hard to guess: two digits from 30 up; a remainder, which has
    // one digit, from 5 up; a solution x, which is at most 15, from 11 up. Examples whose answer was 1 or 2 were seen to stall.
    private static MicroProblem Example(string subject)
    {
        var least = subject switch { "number_theory" => 5, "algebra" => 11, _ => 30 };
        return RlPool.Value.First(p =>
            p.Subject == subject && p.Computation.Answer >= least && p.Computation.Answer <= 99 && !p.Text.StartsWith("Compute", StringComparison.Ordinal));
    }

    // The first so many problems of each subject's stream in the split, each computation once (under its first wording).
    private static MicroProblem[] Draw(string suite, MicroSplit split, params (string Subject, int Count)[] parts) => Draw(suite, split, p => p.Key, parts);

    private static MicroProblem[] Draw(string suite, MicroSplit split, Func<MicroProblem, string> identity, (string Subject, int Count)[] parts)
    {
        HashSet<string> keys = [];
        List<MicroProblem> problems = [];
        foreach (var (subject, count) in parts)
        {
            MicroRandom random = new(Seed, (((ulong)split + 1) * 1000) + (ulong)MicroWorld.Subjects.ToList().IndexOf(subject));
            for (var number = 1; number <= count;)
            {
                var problem = MicroWorld.Generate(subject, split, random);
                if (keys.Add(identity(problem)))
                    problems.Add(problem with { Id = string.Create(CultureInfo.InvariantCulture, $"{suite}/{subject}/{number++:000}") });
            }
        }

        return [.. problems];
    }
}
