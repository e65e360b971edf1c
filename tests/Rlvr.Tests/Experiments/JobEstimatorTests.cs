using Rlvr.Experiments;
using Rlvr.Runs;
using Rlvr.Tests.Shared;
using Rlvr.Training;

namespace Rlvr.Tests.Experiments;

public sealed class JobEstimatorTests : IDisposable
{
    private static readonly MachineSpeed Speed = new(1e12, 1e11, 1e-6);

    private readonly TemporaryFolder folder = new();

    public JobEstimatorTests() => folder.Write("sums.jsonl", string.Concat(Enumerable.Range(0, 10).Select(i => $$"""{"id": "p{{i}}", "problem": "1 + {{i}} =", "answer": "{{1 + i}}"}""" + "\n")));

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Work_is_counted_from_the_recipe()
    {
        TrainingJob job = Job(Plan("Qwen/Qwen2.5-Math-1.5B"), 1);
        // 10 problems: before and after both greedily and sampled, and 4 of them after steps 2 and 4.
        Assert.Equal(new JobWork(6, 6 * 2 * 4, (4 * 10) + (2 * 4), 100), JobWork.Of(job, _ => 10));
        EvaluationJob evaluation = new()
        {
            Recipe = "one",
            RecipePath = "",
            Folder = "",
            Seed = 1,
            Settings = job.Settings,
            Model = "",
            Evaluation = new PlannedEvaluation("x", "one", ["a", "b"]) { Samples = 8, Limit = 7 },
        };
        Assert.Equal(8 * (7 + 7), JobWork.Of(evaluation, _ => 10).Evaluated);
    }

    [Fact]
    public void Without_runs_the_time_is_a_bound_from_the_arithmetic_of_the_models_published_sizes()
    {
        ReproductionPlan plan = Plan("Qwen/Qwen2.5-Math-1.5B");
        JobEstimate estimate = new JobEstimator(plan, _ => Speed, _ => 10).Of(plan.Jobs[0]);
        Assert.True(estimate.IsBound);
        Assert.Equal((EstimateSource.Arithmetic, (48 + 48) * 100.0), (estimate.Source, estimate.Tokens));
        // 1.54 billion parameters: 2 operations a token to sample, and 8 to learn from (forward, backward, reference), prompts included.
        double sampled = 2 * 1.5437e9 * 9600 / 1e12, learned = 8 * 1.5437e9 * ((48 * 100) + (6 * 2 * 256)) / 1e12;
        Assert.InRange(estimate.Seconds, sampled + learned, 3 * (sampled + learned)); // attention, norms and what the program loses come on top
        Assert.InRange(estimate.MemoryBytes, 5 * 4 * 1.54e9, 60e9); // policy, gradient, moments, reference
        Assert.Equal(EstimateSource.Unknown, new JobEstimator(Plan("some/model"), _ => Speed, _ => 10).Of(Plan("some/model").Jobs[0]).Source);
    }

    [Fact]
    public void Finished_runs_say_it_better()
    {
        ReproductionPlan plan = Plan("Qwen/Qwen2.5-Math-1.5B");
        TrainingJob done = Job(plan, 1);
        JobFiles.Prepare(done, resumes: false);
        using (RunDirectory run = RunDirectory.Create(done.Folder))
        {
            run.WriteRecipe(RecipeFile.ToYaml(done.Settings));
            for (int step = 1; step <= 6; step++) run.Append(new StepMetrics(step, [("response_length_mean", 20), ("tokens_per_second", 50), ("memory_bytes", 3e9)]));
            run.Append(new EvaluationRecord { Step = 6, Suite = "s", Problems = 48, Accuracy = 1, Length = 10 });
        }
        JobFiles.Record(done, 30, 2, finished: true);
        JobEstimator estimator = new(plan, _ => Speed, _ => 10);
        JobEstimate same = estimator.Of(Job(plan, 2)), other = estimator.Of(plan.Jobs.Single(j => j.Name == "two seed 1"));
        Assert.Equal((EstimateSource.Runs, false, 30.0, 3e9), (same.Source, same.IsBound, same.Seconds, same.MemoryBytes));
        Assert.Equal((48 * 20) + (48 * 10.0), same.Tokens);
        // Twice the steps: twice the rollouts, and evaluations after steps 2, 4, 6, 8 and 10.
        Assert.Equal((96 * 20) + ((40 + (5 * 4)) * 10.0), other.Tokens);
        Assert.Equal((EstimateSource.Siblings, other.Tokens!.Value * 30 / same.Tokens!.Value), (other.Source, other.Seconds));
        // Another model: lengths as seen, and the arithmetic scaled by how it compared with the clock.
        ReproductionPlan larger = Plan("Qwen/Qwen2.5-Math-7B", "larger");
        JobEstimate scaled = new JobEstimator(larger, _ => Speed, _ => 10).Of(larger.Jobs[0]);
        Assert.Equal((EstimateSource.Arithmetic, false, same.Tokens), (scaled.Source, scaled.IsBound, scaled.Tokens));
        Assert.InRange(scaled.Seconds, 2 * 30, 6 * 30);
    }

    [Fact]
    public void Sizes_of_sets_are_those_known_without_a_download()
    {
        ProblemSizes sizes = new();
        Assert.Equal([10, 500, 1, 0, 0], new[] { folder["sums.jsonl"], "math500", "micro:pi-1", "owner/name", "data/none.parquet" }.Select(sizes.Of));
        Assert.Equal(["owner/name", "data/none.parquet"], sizes.Missing);
        Assert.Contains("micro501", Assert.Throws<RlvrException>(() => sizes.Of("micro501")).Message, StringComparison.Ordinal);
    }

    private static TrainingJob Job(ReproductionPlan plan, int seed) => (TrainingJob)plan.Jobs.Single(j => j.Name == $"one seed {seed}");

    private ReproductionPlan Plan(string model, string prefix = "")
    {
        string data = folder["sums.jsonl"];
        string Text(string name, int steps) => $"name: {name}\nmodel: {model}\nsteps: {steps}\ndata:\n  train: {data}\nrollout:\n  batch_size: 2\n  group_size: 4\n  max_new_tokens: 100\nevaluation:\n  suites: [{data}]\n  every: 2\n  limit: 4\n  sampled_temperature: 0.6\n";
        folder.Write($"recipes/{prefix}one.yaml", Text("one", 6));
        folder.Write($"recipes/{prefix}two.yaml", Text("two", 12));
        return ReproductionPlanner.Make([new ProbeExperiment("E1") { Needs = [new(prefix + "one"), new(prefix + "two", Compared: false)] }], new PlanOptions { Folder = new ReproductionFolder(folder["out"], ExperimentScale.Micro), Seeds = 2, Recipes = folder["recipes"] });
    }
}
