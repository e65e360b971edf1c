using Rlvr.Evaluation;
using Rlvr.Experiments;
using Rlvr.Experiments.Catalog;
using Rlvr.Runs;

namespace Rlvr.Tests.Experiments;

/// <summary>Invents results for everything that an experiment plans, and nothing else, from a few accuracies.</summary>
internal sealed class SyntheticWorld
{
    private const int Steps = 100, Saturated = 20;

    /// <summary>Accuracy after training by recipe, whatever the suite.</summary>
    public required Func<string, double> After { get; init; }

    /// <summary>Accuracy of the model that a recipe starts from.</summary>
    public required Func<string, double> Before { get; init; }

    /// <summary>Share of the way from before to after that accuracy has gone by a step of a recipe.</summary>
    public Func<string, int, double> Progress { get; init; } = (_, step) => double.Min(1, step / (double)Steps);

    /// <summary>Share of boxed responses: by recipe, and whether before training.</summary>
    public Func<string, bool, double> Boxed { get; init; } = (_, isBase) => isBase ? 0.6 : 0.97;

    /// <summary>Accuracy of a planned evaluation; null takes that of its recipe.</summary>
    public Func<PlannedEvaluation, double>? Planned { get; init; }

    /// <summary>Share of responses with a word of self-reflection at a step; the model of <c>one-shot</c> has gone a fifth of the way.</summary>
    public Func<int, double> Reflection { get; init; } = step => 0.1 * step * step / (Steps * Steps);

    /// <summary>Mean length of rollouts at a step.</summary>
    public Func<int, double> Length { get; init; } = _ => 50;

    /// <summary>Norm of the gradient at a step.</summary>
    public Func<int, double> Norm { get; init; } = step => step <= Saturated ? 1 : 0.4;

    /// <summary>Answer that the base gives to the example most often, where the label is 79.</summary>
    public string FrequentAnswer { get; init; } = "79";

    /// <summary>Problems of a suite; few make everything unclear.</summary>
    public int Problems { get; init; } = 100_000;

    public int Seeds { get; init; } = 3;

    /// <summary>Step from which training accuracy is 100%.</summary>
    public int SaturatedAt { get; init; } = Saturated;

    public ExperimentResults Of(Experiment experiment, ExperimentScale scale) => new(
        scale,
        [.. from training in experiment.Trainings(scale) from seed in Enumerable.Range(1, Seeds) select Run(training.Recipe, seed, scale)],
        [.. from planned in experiment.Evaluations(scale) from seed in Enumerable.Range(1, planned.Base ? 1 : Seeds) select Evaluate(planned, seed)]);

    private TrainedRun Run(string recipe, int seed, ExperimentScale scale)
    {
        // All six suites of the paper, all four of the micro world.
        IEnumerable<EvaluationRecord> records =
            from step in Enumerable.Range(0, 11).Select(i => i * Steps / 10)
            from suite in Suites.All(scale)
            from temperature in scale == ExperimentScale.Micro ? [0, 0.6] : new[] { 0.0 }
            let accuracy = Before(recipe) + ((After(recipe) - Before(recipe)) * (step == 0 ? 0 : Progress(recipe, step)))
            select Record(suite, step, temperature, accuracy, Boxed(recipe, step == 0), Reflection(step), scale);
        StepMetrics[] metrics = [.. Enumerable.Range(1, Steps).Select(step => new StepMetrics(step,
        [
            ("train_accuracy", step >= SaturatedAt ? 1 : 0.5), ("response_length_mean", Length(step) + (0.01 * (step % 2))), ("gradient_norm", Norm(step)), ("zero_advantage_groups", Norm(step) > 0 ? 0.5 : 1), ("entropy", 0.3),
        ]))];
        return new TrainedRun(recipe, seed, metrics, [.. records], 10);
    }

    private EvaluationRecord Record(string suite, int step, double temperature, double accuracy, double boxed, double reflection, ExperimentScale scale) => new()
    {
        Step = step,
        Suite = suite,
        Temperature = temperature,
        Problems = Problems,
        Accuracy = accuracy,
        StandardError = double.Sqrt(accuracy * (1 - accuracy) / Problems),
        Boxed = boxed,
        Reflection = reflection,
        Length = 50,
        Subjects = [.. Examples.Subjects(scale).Select(s => new SubjectAccuracy(s.Subject, Problems / 6, accuracy))],
    };

    private EvaluatedRun Evaluate(PlannedEvaluation planned, int seed)
    {
        double accuracy = Planned?.Invoke(planned) ?? (planned.Base ? Before(planned.Recipe) : After(planned.Recipe));
        int problems = planned.Limit > 0 ? planned.Limit : int.Min(Problems, 4000);
        double reflection = planned.Base ? Reflection(0) : planned.Recipe == "one-shot" ? Reflection(Steps / 5) : Reflection(Steps);
        List<ResponseRecord> responses = [];
        foreach (string suite in planned.Suites)
            foreach (int i in Enumerable.Range(0, problems))
                for (int sample = 0; sample < planned.Samples; sample++) responses.Add(Response(planned, suite, i, sample, problems, accuracy, reflection));
        return new EvaluatedRun(planned.Name, seed, [.. planned.Suites.Select(s => Record(s, 0, planned.Temperature, accuracy, 1, reflection, ExperimentScale.Micro))], responses);
    }

    private ResponseRecord Response(PlannedEvaluation planned, string suite, int problem, int sample, int problems, double accuracy, double reflection)
    {
        bool correct = problem < accuracy * problems, reflects = problem < reflection * problems;
        string answer = planned.Limit > 0 ? sample % 3 == 0 ? "5" : FrequentAnswer : correct ? "79" : "12";
        return new ResponseRecord
        {
            Suite = suite,
            Id = $"{problem}",
            Problem = "?",
            Answer = "79",
            Sample = sample,
            Response = (reflects ? "Wait, check. recheck " : "") + $"So \\boxed{{{answer}}}.",
            Extracted = answer,
            Verdict = answer == "79" ? "Correct" : "Wrong",
            Correct = answer == "79",
            Boxed = true,
        };
    }
}
