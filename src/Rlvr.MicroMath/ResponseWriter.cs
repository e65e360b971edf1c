using System.Globalization;

namespace Rlvr.MicroMath;

/// <summary>Writes the response to a problem in the manner of a habit.</summary>
internal static class ResponseWriter
{
    public static MicroDocument Write(MicroProblem problem, Habit habit, HabitMix mix, MicroRandom random)
    {
        List<string> lines = [];
        if (Habits.DrawOpener(habit, random) is { } opener)
            lines.Add(opener);
        var check = mix.DrawCheck(habit, random);
        var answer = FirstAttempt(problem, habit, random, lines);
        if (check)
        {
            lines.Add(Habits.CheckLine);
            lines.AddRange(problem.Steps);
            answer = problem.Answer;
        }

        lines.Add(habit is Habit.Unboxed ? $"The answer is {answer}." : $"So \\boxed{{{answer}}}.");
        return new MicroDocument(problem, string.Join('\n', lines), habit, check);
    }

    private static string FirstAttempt(MicroProblem problem, Habit habit, MicroRandom random, List<string> lines)
    {
        switch (habit)
        {
            case Habit.Rush:
                lines.AddRange(problem.Steps.SkipLast(1));
                return problem.Computation.Results[^2].ToString(CultureInfo.InvariantCulture);
            case Habit.Slip:
                var (slipped, wrong) = Slip(problem.Computation, random);
                lines.AddRange(slipped);
                return wrong.ToString(CultureInfo.InvariantCulture);
            case Habit.Terse:
                return random.Chance(Habits.TerseWrongShare) ? WrongGuess(problem, random) : problem.Answer;
            default:
                lines.AddRange(problem.Steps);
                return problem.Answer;
        }
    }

    // Any step, off by 1 or 10 either way, of those that end in a wrong answer (9x = 109 would end in a fraction, an error of 10 is lost mod 5).
    private static (IReadOnlyList<string> Lines, int Answer) Slip(Computation computation, MicroRandom random)
    {
        List<(IReadOnlyList<string> Lines, int Answer)> slips = [];
        for (var step = 0; step < computation.Lines.Count; step++)
        {
            foreach (var error in (ReadOnlySpan<int>)[-10, -1, 1, 10])
            {
                if (computation.WithError(step, error) is { } slip && slip.Answer != computation.Answer)
                    slips.Add(slip);
            }
        }

        return random.Pick(slips);
    }

    // The answer to some other problem of the subject.
    private static string WrongGuess(MicroProblem problem, MicroRandom random)
    {
        while (true)
        {
            var guess = MicroWorld.Generate(problem.Subject, random).Answer;
            if (guess != problem.Answer)
                return guess;
        }
    }
}
