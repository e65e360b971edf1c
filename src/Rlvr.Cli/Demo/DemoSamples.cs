using Rlvr.Data;
using Rlvr.Evaluation;
using Rlvr.Hub;
using Rlvr.Rewards;
using Rlvr.Rollouts;
using Rlvr.Runs;
using Rlvr.Tensors;
using Rlvr.Training;

namespace Rlvr.Cli.Demo;

/// <summary>The answers of the base model and of the trained one to the same problem.</summary>
/// <param name="Problem">The problem.</param>
/// <param name="Before">The base model's greedy response.</param>
/// <param name="After">The trained model's.</param>
internal sealed record DemoSample(Problem Problem, EvaluatedResponse Before, EvaluatedResponse After);

/// <summary>Finds a few telling problems.</summary>
internal static class DemoSamples
{
    private const int Looked = 36, Shown = 2;

    /// <summary>Problems of subjects that were not trained on, each of another one, preferably those that only training made right.</summary>
    public static IReadOnlyList<DemoSample> Find(Recipe recipe, RunDirectory run, Problem example, CancellationToken cancellation)
    {
        if (run.CheckpointSteps() is not [.., int last] || recipe.Evaluation.Suites is not [{ } suite, ..]) return [];
        EvaluationResult before = Answers(HubLocator.FindModel(recipe.Model, cancellation: cancellation), suite, recipe, cancellation), after = Answers(run.CheckpointPath(last), suite, recipe, cancellation);
        IEnumerable<DemoSample> all = before.Responses.Zip(after.Responses, (b, a) => new DemoSample(before.Problems[b.Problem], b, a));
        return [.. all.Where(s => s.Problem.Subject != example.Subject)
            .OrderByDescending(s => s.After.Correct && !s.Before.Correct).ThenByDescending(s => s.After.Correct)
            .DistinctBy(s => s.Problem.Subject).Take(Shown)];
    }

    private static EvaluationResult Answers(string folder, string suite, Recipe recipe, CancellationToken cancellation)
    {
        using LanguageModel model = LanguageModel.Load(folder, ComputeDevice.Choose(recipe.Compute.Device), recipe.Compute.Precision, frozen: true);
        return new Evaluator(model).Evaluate(suite, ProblemSets.Load(suite, cancellation: cancellation), new EvaluationSettings
        {
            Prompt = PromptTemplate.Get(recipe.Evaluation.Prompt.Length > 0 ? recipe.Evaluation.Prompt : recipe.Data.Prompt, folder),
            MaxNewTokens = recipe.Evaluation.MaxNewTokens > 0 ? recipe.Evaluation.MaxNewTokens : recipe.Rollout.MaxNewTokens,
            Profile = RewardCatalog.ParseProfile(recipe.Evaluation.Profile),
            Limit = Looked,
        }, cancellation: cancellation);
    }
}
