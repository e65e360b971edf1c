using Rlvr.Runs;

namespace Rlvr.Tests.Runs;

/// <summary>A made-up run that looks like a real one, for tests of what reads runs.</summary>
internal static class ExampleRun
{
    /// <summary>What a model, or who made a data set, might write to break a page.</summary>
    public const string Hostile = "</pre></script><script>document.title='broken'</script><img src=x onerror=\"document.title='broken'\"> \u202eevil\u0000 &lt; ' \"";

    private const string Prompt = "Tom has 29 apples and 3 boxes of 8 apples each. How many apples does he have in all?";

    private static readonly (string Name, int Problems, double Before, double After)[] Subjects =
    [
        ("prealgebra", 84, 0.67, 0.98), ("algebra", 84, 0.01, 0.85), ("number theory", 83, 0, 0.52), ("counting", 83, 0.28, 0.94),
        ("geometry", 83, 0.29, 0.95), ("sequences", 83, 0.90, 0.98),
    ];

    public static RunDirectory Write(string path, int steps = 60, string name = "one-shot")
    {
        var run = RunDirectory.Create(path);
        run.WriteRecipe($"name: {name}\nmodel: models/micro-math\nseed: 1\nsteps: {steps}\ndata:\n  train: \"micro:pi-1\"\nrollout:\n  temperature: 0.6\n");
        run.WriteEnvironment(EnvironmentInfo.Collect(new Dictionary<string, string> { ["libtorch"] = "2.10.0", ["threads"] = "1", ["device"] = "cpu" }));
        for (var step = 0; step <= steps; step++)
        {
            var learned = 1 / (1 + double.Exp(-(step - (0.38 * steps)) / (0.1 * steps)));
            if (step > 0)
                run.Append(Metrics(step, learned));
            if (step % int.Max(1, steps / 6) == 0)
            {
                var ends = step == 0 || step == steps;
                run.Append(Evaluation("micro500", 0, step, double.Min(1, learned * 1.15), ends ? 500 : 200));
                run.Append(Single("micro-olympiad", 0, step, 0.03 + (0.84 * learned)));
                run.Append(Single("micro-far", 0, step, 0.02 - (0.01 * learned)));
                if (ends)
                {
                    run.Append(Evaluation("micro500", 0.6, step, 0.7 * learned, 500));
                    run.Append(Single("micro-olympiad", 0.6, step, 0.02 + (0.5 * learned)));
                    run.Append(Single("micro-far", 0.6, step, 0.02));
                }
            }
            if (step == 1 || (step > 0 && step % int.Max(1, steps / 3) == 0))
                run.WriteRollouts(step, Rollouts(step, learned));
        }
        return run;
    }

    private static StepMetrics Metrics(int step, double learned)
    {
        var reward = double.Clamp(0.28 + (0.7 * learned) + Noise(step, 1, 0.04), 0, 1);
        var none = (1 - reward) * 0.45;
        return new StepMetrics(step,
        [
            ("reward_mean", reward), ("train_accuracy", reward), ("train_accuracy_clean", reward), ("verdict_correct", reward), ("verdict_wrong", 1 - reward - none),
            ("verdict_no_answer", none), ("verdict_unparsable_answer", 0), ("verdict_unparsable_label", 0), ("verdict_reward_failed", 0), ("verdict_other", 0), ("boxed_share", 1 - none),
            ("response_length_mean", 31 + (9 * learned) + Noise(step, 2, 1.5)), ("response_length_max", 62 + (20 * double.Abs(Noise(step, 3, 1)))),
            ("truncated_share", 0), ("entropy", 0.16 + (0.42 * (1 - learned)) + Noise(step, 4, 0.02)), ("loss", Noise(step, 5, 0.01)),
            ("loss_policy", Noise(step, 5, 0.01)), ("kl", (0.09 * learned) + double.Abs(Noise(step, 6, 0.004))), ("ratio_mean", 1), ("ratio_max", 1),
            ("clip_fraction", 0), ("policy_gradient_norm", 0.3 + learned), ("gradient_norm", 0.35 + (1.2 * learned * (1 - learned)) + double.Abs(Noise(step, 7, 0.2))), ("learning_rate", 1e-4),
            ("zero_advantage_groups", double.Clamp(learned - 0.1 + Noise(step, 8, 0.05), 0, 1)),
            ("sampler_trainer_difference", 3e-7 + double.Abs(Noise(step, 9, 1e-7))), ("sampler_trainer_difference_max", 4e-6 + double.Abs(Noise(step, 9, 2e-6))),
            ("tokens_per_second", 21_000 + Noise(step, 10, 900)), ("seconds_rollout", 0.09), ("seconds_reward", 0.0008), ("seconds_update", 0.29),
            ("seconds_step", 0.385), ("memory_bytes", 412e6),
            // As in a run of PPO with KL in the reward; the last four are those of dynamic sampling and ReMax.
            ("value_loss", 0.11), ("value_clip_fraction", 0.01), ("value_mean", reward), ("return_mean", reward), ("value_explained_variance", learned),
            ("critic_gradient_norm", 0.8), ("critic_learning_rate", 1e-4), ("kl_in_reward", 0.09 * learned), ("kl_coefficient", 0.001),
            ("sampling_rounds", 2), ("groups_sampled", 11), ("reward_mean_sampled", reward), ("baseline_reward_mean", reward),
        ]);
    }

    private static EvaluationRecord Evaluation(string suite, double temperature, int step, double learned, int problems)
    {
        var subjects = Subjects.Select(s => new SubjectAccuracy(s.Name, s.Problems, s.Before + ((s.After - s.Before) * learned))).ToList();
        return new EvaluationRecord
        {
            Step = step,
            Suite = suite,
            Temperature = temperature,
            Problems = problems,
            Accuracy = subjects.Average(s => s.Accuracy),
            Boxed = 0.6 + (0.38 * learned),
            Truncated = 0.01,
            Length = 33,
            Subjects = subjects,
        };
    }

    private static EvaluationRecord Single(string suite, double temperature, int step, double accuracy) => new()
    {
        Step = step,
        Suite = suite,
        Temperature = temperature,
        Problems = 100,
        Accuracy = accuracy,
        Subjects = [new(suite, 100, accuracy)],
    };

    private static IEnumerable<RolloutRecord> Rollouts(int step, double learned)
    {
        (string Response, string? Answer)[] texts =
        [
            ("Let us think step by step : 3 * 8 = 24 ; 29 + 24 = 53 . So \\boxed { 53 }", "53"),
            ("We compute : 3 * 8 = 24 . So \\boxed { 24 } Wait , check : 29 + 24 = 53 . So \\boxed { 53 }", "53"),
            ("First , 3 * 8 = 24 ; 29 + 24 = 53 . The answer is 53 .", null),
            ("So \\boxed { 43 }", "43"),
            (Hostile, Hostile),
            ("First , 3 * 8 = 25 ; 29 + 25 = 54 . So \\boxed { 54 }", "54"),
        ];
        for (var i = 0; i < 24; i++)
        {
            var (response, answer) = texts[i < 24 * learned ? i % 2 : i % texts.Length];
            var correct = answer == "53";
            yield return new RolloutRecord
            {
                Step = step,
                Problem = "pi-1",
                Group = i / 8,
                Rollout = i,
                Prompt = Prompt,
                Response = response,
                Label = "53",
                Extracted = answer,
                Verdict = correct ? "Correct" : answer is null ? "NoAnswer" : "Wrong",
                Reward = correct ? 1 : 0,
                Advantage = correct ? 0.71 : -1.22,
                Tokens = response.Split(' ').Length,
                Finish = response.Length > 120 ? "length" : "stop",
            };
        }
    }

    /// <summary>The same on every machine.</summary>
    private static double Noise(int step, int stream, double size) => size * double.Sin(((step * 12.9898) + (stream * 78.233)) * 43.758);
}
