using Rlvr.Experiments;
using Rlvr.Runs;
using Rlvr.Tests.Shared;
using Rlvr.Training;

namespace Rlvr.Tests.Experiments;

public sealed class ReproductionPlannerTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public ReproductionPlannerTests()
    {
        Problems("2");
        Recipe("one", "");
        Recipe("two", "loss:\n  kl: 0\n");
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void What_several_experiments_need_is_planned_once_with_all_seeds_where_one_compares_it()
    {
        ProbeExperiment a = new("E1") { Needs = [new("one"), new("two", Compared: false)] }, b = new("E2") { Needs = [new("one", Compared: false)] };
        ReproductionPlan plan = Plan(a, b);
        Assert.Equal(["one seed 1", "one seed 2", "two seed 1"], plan.Jobs.Select(j => j.Name));
        Assert.Equal(["E1", "E2"], plan.Jobs[0].Experiments);
        Assert.Equal(["E1"], plan.Jobs[2].Experiments);
        TrainingJob second = (TrainingJob)plan.Jobs[1];
        Assert.Equal((2UL, 1), (second.Settings.Seed, second.Settings.Compute.Threads));
        Assert.All(plan.Jobs, j => Assert.Equal(JobState.New, j.State));
        Assert.Equal(["one seed 1"], Plan(b).Jobs.Select(j => j.Name));
    }

    [Fact]
    public void An_evaluation_follows_its_training_and_that_of_a_base_model_stands_alone()
    {
        ProbeExperiment a = new("E1") { Needs = [new("one")], Asks = [new("sampled", "one", [Data]) { Samples = 4, Temperature = 0.6 }, new("base", "one", [Data]) { Base = true }] };
        ReproductionPlan plan = Plan(a);
        Assert.Equal(["one seed 1", "one seed 2", "sampled seed 1", "sampled seed 2", "base seed 1"], plan.Jobs.Select(j => j.Name));
        Assert.Equal(["one seed 2"], plan.Jobs[3].After);
        Assert.Empty(plan.Jobs[4].After);
        Assert.Equal(plan.Jobs[1].Folder, ((EvaluationJob)plan.Jobs[3]).Model);
        Assert.Equal("nowhere/model", ((EvaluationJob)plan.Jobs[4]).Model);

        ProbeExperiment other = new("E2") { Asks = [new("base", "one", [Data]) { Base = true, Samples = 2 }] };
        Assert.Contains("E1 and E2", Assert.Throws<RlvrException>(() => Plan(a, other)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_recipe_and_an_unknown_experiment_say_what_may_be_meant()
    {
        ExperimentException recipe = Assert.Throws<ExperimentException>(() => Plan(new ProbeExperiment("E7") { Needs = [new("onee")] }));
        Assert.Contains("E7", recipe.Message, StringComparison.Ordinal);
        Assert.Contains("Did you mean 'one'?", recipe.Message, StringComparison.Ordinal);
        Experiment[] known = [new ProbeExperiment("E1"), new ProbeExperiment("E10"), new ProbeExperiment("E2")];
        Assert.Equal(["E1", "E2"], ExperimentNames.Find(["e2", "E1", "E2"], known).Select(e => e.Id));
        Assert.Equal(3, ExperimentNames.Find(["ALL"], known).Count);
        ExperimentException experiment = Assert.Throws<ExperimentException>(() => ExperimentNames.Find(["E1", "E100"], known));
        Assert.Equal(2, experiment.ExitCode);
        Assert.Contains("'E100'. Did you mean 'E10'?", experiment.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_done_is_skipped_and_what_was_stopped_goes_on()
    {
        ProbeExperiment a = new("E1") { Needs = [new("one")] };
        Run(Plan(a), "one seed 1", steps: 3);
        Run(Plan(a), "one seed 2", steps: 2);
        Assert.Equal([JobState.Done, JobState.Unfinished], Plan(a).Jobs.Select(j => j.State));
        Assert.Equal(["one seed 2"], Plan(a).ToDo.Select(j => j.Name));
        // The last step alone is not the end of a run: the evaluations after it count.
        TrainingJob first = (TrainingJob)Plan(a).Jobs[0];
        File.Delete(Path.Combine(first.Folder, "evals.jsonl"));
        Assert.Equal(JobState.Unfinished, Plan(a).Jobs[0].State);
    }

    [Fact]
    public void A_recipe_that_has_changed_is_an_error_that_names_the_keys_unless_it_is_to_be_done_again()
    {
        ProbeExperiment a = new("E1") { Needs = [new("one", Compared: false)], Asks = [new("base", "one", [Data]) { Base = true }] };
        Run(Plan(a), "one seed 1", steps: 3);
        Recipe("one", "checkpoint:\n  every: 1\n"); // says nothing about the result
        Assert.Equal(JobState.Done, Plan(a).Jobs[0].State);
        Recipe("one", "loss:\n  entropy: 0\n  kl: 0.5\n");
        string message = Assert.Throws<RlvrException>(() => Plan(a)).Message;
        Assert.Contains("one seed 1: loss.entropy was 0.001, now 0, loss.kl was 0.001, now 0.5", message, StringComparison.Ordinal);
        Assert.Contains("--redo", message, StringComparison.Ordinal);
        ReproductionPlan again = Plan(redo: true, a);
        Assert.Equal([JobState.Again, JobState.New], again.Jobs.Select(j => j.State));
        JobFiles.Prepare(again.Jobs[0], resumes: false); // the old run gives way
        Assert.Equal(JobState.New, Plan(a).Jobs[0].State);
    }

    [Fact]
    public void Of_the_checkpoints_of_a_finished_run_the_last_remains()
    {
        ReproductionPlan plan = Plan(new ProbeExperiment("E1") { Needs = [new("one", Compared: false)] });
        Run(plan, "one seed 1", steps: 3);
        TrainingJob job = (TrainingJob)plan.Jobs[0];
        using RunDirectory run = RunDirectory.Open(job.Folder);
        foreach (int step in new[] { 1, 2, 3 }) Directory.CreateDirectory(run.CheckpointPath(step));
        JobFiles.KeepLastCheckpoint(job);
        Assert.Equal([3], run.CheckpointSteps());
        Assert.Equal(JobState.Done, Plan(new ProbeExperiment("E1") { Needs = [new("one", Compared: false)] }).Jobs[0].State);
    }

    [Fact]
    public void Problems_that_have_changed_under_the_same_name_are_noticed()
    {
        ProbeExperiment a = new("E1") { Needs = [new("one", Compared: false)] };
        Run(Plan(a), "one seed 1", steps: 3);
        Problems("3");
        Assert.Contains("its problems have changed", Assert.Throws<RlvrException>(() => Plan(a)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_is_missing_is_made_where_a_recipe_makes_it_and_a_run_still_needs_it()
    {
        string model = folder["models/own"];
        folder.Write("recipes/pretrain-own.yaml", $"name: own\noutput: {model}\nsteps: 1\n");
        Recipe("one", "", model);
        ProbeExperiment a = new("E1") { Needs = [new("one", Compared: false)] };
        ReproductionPlan plan = Plan(a);
        Assert.Equal(["pretrain-own", "one seed 1"], plan.Jobs.Select(j => j.Name));
        Assert.Equal(["pretrain-own"], plan.Jobs[1].After);
        Run(plan, "one seed 1", steps: 3);
        Assert.Equal(["one seed 1"], Plan(a).Jobs.Select(j => j.Name)); // nobody needs the model any more
    }

    private string Data => folder["sums.jsonl"];

    private void Problems(string answer) => folder.Write("sums.jsonl", $$"""{"id": "a", "problem": "1 + 1 =", "answer": "{{answer}}"}""" + "\n");

    private void Recipe(string name, string more, string model = "nowhere/model") =>
        folder.Write($"recipes/{name}.yaml", $"name: {name}\nmodel: {model}\nsteps: 3\ndata:\n  train: {Data}\nevaluation:\n  suites: [{Data}]\n{more}");

    private ReproductionPlan Plan(params Experiment[] experiments) => Plan(false, experiments);

    private ReproductionPlan Plan(bool redo, params Experiment[] experiments) => ReproductionPlanner.Make(experiments, new PlanOptions
    {
        Folder = new ReproductionFolder(folder["out"], ExperimentScale.Micro),
        Seeds = 2,
        Recipes = folder["recipes"],
        Sets = ["compute.threads=1"],
        Redo = redo,
    });

    /// <summary>What a training leaves.</summary>
    private static void Run(ReproductionPlan plan, string name, int steps)
    {
        TrainingJob job = (TrainingJob)plan.Jobs.Single(j => j.Name == name);
        JobFiles.Prepare(job, resumes: false);
        using RunDirectory run = RunDirectory.Create(job.Folder);
        run.WriteRecipe(RecipeFile.ToYaml(job.Settings));
        for (int step = 1; step <= steps; step++) run.Append(new StepMetrics(step, [("reward_mean", 0.5), ("response_length_mean", 7), ("tokens_per_second", 100)]));
        if (steps == job.Settings.Steps) run.Append(new EvaluationRecord { Step = steps, Suite = job.Settings.Evaluation.Suites[0], Problems = 1, Accuracy = 1, Length = 5 });
        JobFiles.Record(job, 30, 2, steps == job.Settings.Steps);
    }
}
