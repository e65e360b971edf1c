using Rlvr.Data;
using Rlvr.Rewards;
using Rlvr.Runs;

namespace Rlvr.Training;

/// <summary>What a run does about labels that cannot be read, and those it makes wrong on purpose: decided before it starts and told to whoever watches.</summary>
/// <param name="Problems">What is trained on.</param>
/// <param name="Unreadable">The labels that cannot be read, for the run's labels.jsonl.</param>
/// <param name="Changed">The labels that are not the data set's, for the run's changed_labels.jsonl.</param>
/// <param name="Notes">A warning for each data set that has some.</param>
internal sealed record TrainingLabels(IReadOnlyList<Problem> Problems, IReadOnlyList<LabelRecord> Unreadable, IReadOnlyList<ChangedLabelRecord> Changed, IReadOnlyList<string> Notes)
{
    /// <summary>Looks at the labels of the problems and of the suites, and makes the recipe's share of the problems' labels wrong.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="reward">Reads the labels of what is trained on.</param>
    /// <param name="problems">What is to be trained on.</param>
    /// <param name="suites">What is to be evaluated.</param>
    /// <exception cref="RlvrException">No label of a set can be read, or some cannot and the recipe wants an error.</exception>
    public static TrainingLabels Check(Recipe recipe, IReward reward, IReadOnlyList<Problem> problems, IReadOnlyList<(string Name, IReadOnlyList<Problem> Problems)> suites)
    {
        List<LabelRecord> records = [];
        List<string> notes = [];
        LabelReport training = LabelReport.Of(problems, reward);
        training.RequireSome(recipe.Data.Train);
        if (recipe.Reward.UnreadableLabels == "error")
            training.RequireAll(recipe.Data.Train, "Correct or remove these problems, or set reward.unreadable_labels to drop.");
        Add(recipe.Data.Train, training, "dropped", "left out of training");

        // A suite keeps its problems: a score is a share of all of them, whoever computes it.
        MathReward judge = new(RewardCatalog.ParseProfile(recipe.Evaluation.Profile));
        foreach ((string name, IReadOnlyList<Problem> of) in suites)
        {
            LabelReport suite = LabelReport.Of(of, judge);
            suite.RequireSome($"suite {name}");
            Add(name, suite, "kept", "kept, and no response to them is right");
        }
        IReadOnlyList<Problem> trained = recipe.Data.LabelNoise > 0 ? LabelNoise.Apply(training.Readable, recipe.Data.LabelNoise, recipe.Seed, reward) : training.Readable;
        ChangedLabelRecord[] changed = [.. trained.Where(p => p.CleanAnswer is not null).Select(p => new ChangedLabelRecord { Problem = p.Id, Label = p.Answer, Clean = p.CleanAnswer! })];
        if (changed.Length > 0) notes.Add($"{recipe.Data.Train}: {changed.Length} of {trained.Count} labels are changed on purpose, the first one from {changed[0].Clean} to {changed[0].Label} ({changed[0].Problem})");
        return new TrainingLabels(trained, records, changed, notes);

        void Add(string set, LabelReport check, string action, string words)
        {
            if (check.Unreadable.Count == 0) return;
            records.AddRange(check.Unreadable.Select(u => new LabelRecord { Set = set, Problem = u.Problem.Id, Label = u.Problem.Answer, Reason = u.Reason, Action = action }));
            notes.Add($"warning: {set}: {check.Unreadable.Count} of {check.Readable.Count + check.Unreadable.Count} labels cannot be read ({words}): {check.List()}");
        }
    }
}
