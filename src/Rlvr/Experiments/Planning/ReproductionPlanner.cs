using System.Globalization;
using System.Text.Json;
using Rlvr.Data;
using Rlvr.Runs;
using Rlvr.Training;

namespace Rlvr.Experiments;

/// <summary>
/// Turns experiments into jobs: what several need is done once, what is done is left alone, and what was made in another way than it would be now
/// is an error, or made again.
/// </summary>
public sealed class ReproductionPlanner
{
    private const int Shown = 3; // of the jobs that have changed

    private readonly PlanOptions options;
    private readonly RecipeFolder recipes;
    private readonly LocalModel models = new();
    private readonly ProblemFingerprint problems = new();
    private readonly JobInspection inspection;
    private readonly OrderedDictionary<string, ReproductionJob> jobs = [];

    private ReproductionPlanner(PlanOptions options)
    {
        this.options = options;
        recipes = new RecipeFolder(options.Recipes ?? Path.Combine("recipes", options.Folder.ScaleName), options.Sets);
        inspection = new JobInspection(models);
    }

    /// <summary>Plans.</summary>
    /// <param name="experiments">What is asked for.</param>
    /// <param name="options">How.</param>
    /// <exception cref="RlvrException">A recipe is missing or wrong, or results that are there were made in another way; the message says which.</exception>
    public static ReproductionPlan Make(IReadOnlyList<Experiment> experiments, PlanOptions options)
    {
        ReproductionPlanner planner = new(options);
        foreach (Experiment experiment in experiments) planner.Add(experiment, experiments);
        return new ReproductionPlan(experiments, options.Folder, planner.Inspect());
    }

    private ExperimentScale Scale => options.Folder.Scale;

    private void Add(Experiment experiment, IReadOnlyList<Experiment> all)
    {
        foreach (PlannedTraining training in experiment.Trainings(Scale))
            foreach (int seed in Seeds(training.Recipe, all)) AddTraining(training.Recipe, seed, experiment);
        foreach (PlannedEvaluation evaluation in experiment.Evaluations(Scale))
            foreach (int seed in evaluation.Base ? [1] : Seeds(evaluation.Recipe, all)) AddEvaluation(evaluation, seed, experiment);
    }

    /// <summary>The seeds of a recipe: all of them where one of the experiments compares it.</summary>
    private IEnumerable<int> Seeds(string recipe, IReadOnlyList<Experiment> all) =>
        Enumerable.Range(1, all.SelectMany(e => e.Trainings(Scale)).Any(t => t.Recipe == recipe && t.Compared) ? options.Seeds : 1);

    private TrainingJob AddTraining(string name, int seed, Experiment experiment)
    {
        (string path, IReadOnlyList<string> sets, Recipe recipe) = recipes.Load(name, seed, experiment);
        return Add(new TrainingJob
        {
            Recipe = name,
            RecipePath = path,
            Folder = options.Folder.Run(name, seed),
            Seed = seed,
            Settings = recipe,
            Sets = sets,
            After = ModelsFor(recipe, experiment),
            Definition = problems.Of([recipe.Data.Train, .. Benchmarks.Expand(recipe.Evaluation.Suites)]),
        }, experiment);
    }

    private void AddEvaluation(PlannedEvaluation evaluation, int seed, Experiment experiment)
    {
        (string path, _, Recipe recipe) = recipes.Load(evaluation.Recipe, seed, experiment);
        if (jobs.GetValueOrDefault($"{evaluation.Name} seed {seed}") is EvaluationJob other && !Same(other.Evaluation, evaluation))
            throw new RlvrException($"two experiments, {other.Experiments[0]} and {experiment.Id}, have different evaluations of the name '{evaluation.Name}'. Name one of them otherwise.");
        string[] after = evaluation.Base ? [.. ModelsFor(recipe, experiment)] : [AddTraining(evaluation.Recipe, seed, experiment).Name];
        Add(new EvaluationJob
        {
            Recipe = evaluation.Recipe,
            RecipePath = path,
            Folder = options.Folder.Evaluation(evaluation.Name, seed),
            Seed = seed,
            Evaluation = evaluation,
            Settings = recipe,
            Model = evaluation.Base ? recipe.Model : options.Folder.Run(evaluation.Recipe, seed),
            After = after,
            Definition = JsonSerializer.Serialize(new
            {
                evaluation.Recipe,
                evaluation.Base,
                evaluation.Suites,
                evaluation.Samples,
                evaluation.Temperature,
                evaluation.Limit,
                evaluation.Profile,
                evaluation.InContext,
                Problems = problems.Of([.. Benchmarks.Expand(evaluation.Suites), .. evaluation.InContext.Length > 0 ? [evaluation.InContext] : Array.Empty<string>()]),
                Prompt = recipe.Evaluation.Prompt.Length > 0 ? recipe.Evaluation.Prompt : recipe.Data.Prompt,
                Tokens = recipe.Evaluation.MaxNewTokens > 0 ? recipe.Evaluation.MaxNewTokens : recipe.Rollout.MaxNewTokens,
                Judge = recipe.Evaluation.Profile,
            }, RunJson.Line),
        }, experiment);
    }

    /// <summary>The pretrainings of models that a recipe names and that are not there.</summary>
    private List<string> ModelsFor(Recipe recipe, Experiment experiment)
    {
        List<string> names = [];
        foreach (string model in new[] { recipe.Model, recipe.Critic.Model, recipe.Loss.Reference }.Where(m => m.Length > 0).Distinct())
        {
            if (recipes.PretrainingOf(model) is not { } pretraining) continue;
            (string name, string path, PretrainRecipe settings) = pretraining;
            names.Add(Add(new PretrainingJob { Recipe = name, RecipePath = path, Folder = settings.Output, Settings = settings }, experiment).Name);
        }
        return names;
    }

    private T Add<T>(T job, Experiment experiment) where T : ReproductionJob
    {
        ReproductionJob known = jobs.GetValueOrDefault(job.Name) ?? job;
        if (!known.Experiments.Contains(experiment.Id)) known = known with { Experiments = [.. known.Experiments, experiment.Id] };
        jobs[job.Name] = known;
        return (T)known;
    }

    private List<ReproductionJob> Inspect()
    {
        List<(ReproductionJob Job, string Why)> changed = [];
        foreach (ReproductionJob job in jobs.Values.ToList())
        {
            (JobState state, IReadOnlyList<string> changes) = inspection.Of(job);
            // A result that stands on one that will be made again, or that has gone, is none.
            if (state != JobState.New && changes.Count == 0)
                changes = [.. job.After.Select(name => jobs[name]).Where(before => before.State == JobState.Again || (before is TrainingJob && job is EvaluationJob && before.State != JobState.Done)).Select(before => $"{before.Name} is made anew")];
            if (changes.Count > 0)
            {
                changed.Add((job, string.Join(", ", changes)));
                state = JobState.Again;
            }
            jobs[job.Name] = job with { State = state };
        }
        if (changed.Count > 0 && !options.Redo)
        {
            string list = string.Join("; ", changed.Take(Shown).Select(c => $"{c.Job.Name}: {c.Why}")) + (changed.Count > Shown ? $"; and {changed.Count - Shown} more" : "");
            throw new RlvrException(string.Create(CultureInfo.InvariantCulture, $"{changed.Count} result(s) in '{options.Folder.Path}' were made in another way than they would be now. {list}. ")
                + "Make these again with --redo, or choose another folder with --out.");
        }
        return [.. jobs.Values.Where(job => job is not PretrainingJob || job.State != JobState.New || jobs.Values.Any(other => other.State != JobState.Done && other.After.Contains(job.Name)))];
    }

    private static bool Same(PlannedEvaluation a, PlannedEvaluation b) => a with { Suites = [] } == b with { Suites = [] } && a.Suites.SequenceEqual(b.Suites);
}
