using Rlvr.Data;
using Rlvr.Models;
using Rlvr.Rollouts;
using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Training;

/// <summary>Says what a run is about to do: facts for a reader, memory, and about how long it takes.</summary>
/// <param name="recipe">The recipe as written.</param>
/// <param name="model">The model.</param>
/// <param name="problems">What it is trained on.</param>
/// <param name="evaluations">How it is evaluated.</param>
/// <param name="trainer">Knows what was decided where the recipe leaves it open.</param>
/// <param name="threads">How many.</param>
internal sealed class TrainingPlanner(Recipe recipe, LanguageModel model, IReadOnlyList<Problem> problems, TrainingEvaluations evaluations, RlTrainer trainer, ThreadPlan threads)
{
    /// <summary>Chosen examples up to this many are named.</summary>
    private const int ShownExamples = 16;

    /// <summary>The facts and the memory plan; the time is not reckoned.</summary>
    public TrainingPlan Plan()
    {
        ModelConfig config = model.Network.Config;
        string type = ComputePrecision.NameOf(model.Network.ComputeType);
        MemoryPlan memory = MemoryPlanner.Of(trainer.Recipe, config, trainer.Workload with
        {
            EvaluationPrompt = evaluations.LongestPrompt,
            EvaluationProblems = evaluations.Suites.Select(s => s.Problems.Count).DefaultIfEmpty(0).Max(),
        });
        long? available = MachineMemory.Total(model.Network.Device);
        return new TrainingPlan(
        [
            ("model", $"{recipe.Model} ({config.ModelType}, {config.ParameterCount:N0} parameters)"),
            ("device", $"{model.Network.Device}, {threads.Threads} thread(s){(threads.Decoding == threads.Threads ? "" : $", {threads.Decoding} while decoding")}" + (threads.Measured.Count > 0 ? $" (measured: {string.Join(", ", threads.Measured.Select(m => $"{m.Threads}: {m.Gflops:F0} GFLOP/s"))})" : "")),
            ("precision", type == "fp32" ? "fp32" : $"{type} products and attention, fp32 master weights{(recipe.Lora.Rank > 0 ? " of the adapter" : "")}"),
            ("train on", problems.Count == 1 ? $"1 problem: {problems[0].Text} (answer {problems[0].Answer})"
                : $"{problems.Count} problems of {recipe.Data.Train}" + (problems.Count <= ShownExamples && recipe.Data.Examples.Count > 0 ? $": {string.Join(", ", problems.Select(p => p.Id))}" : "")),
            ("steps", $"{recipe.Steps} of {recipe.Rollout.BatchSize} x {recipe.Rollout.GroupSize} rollouts, {recipe.Rollout.MaxNewTokens} new tokens at most"),
            ("algorithm", $"{recipe.Loss.Advantage} advantages, {recipe.Loss.PolicyLoss} policy loss{(recipe.Critic.Enabled ? ", critic" : "")}"),
            ("loss", $"{recipe.Loss.Policy} policy - {recipe.Loss.Entropy} entropy + {recipe.Loss.Kl} KL ({recipe.Loss.KlEstimator}){(recipe.Loss.KlInReward == 0 ? "" : $", {recipe.Loss.KlInReward} KL in the reward")}, "
                + $"{recipe.Loss.UpdatesPerStep} update(s) a step{(recipe.Loss.Epochs == 1 ? "" : $" in {recipe.Loss.Epochs} passes")}"),
            ("reward", $"{recipe.Reward.Kind} ({recipe.Reward.Profile})" + (recipe.Reward.Program.Count > 0 ? $", program {string.Join(' ', recipe.Reward.Program)}" : "")),
            ("evaluate", Evaluations()),
            .. Adapter(config),
            ("memory", memory.Summary(available)),
        ], memory, available);
    }

    /// <summary>About how long the run takes: the machine's speed is measured, and where that takes little, responses are sampled to see how long they are.</summary>
    public TimePlan Time()
    {
        const int samples = 16;
        const double seconds = 3;
        ModelConfig config = model.Network.Config;
        CostModel cost = new(config, new SpeedProbe(model.Network.Device, model.Network.ComputeType).Of(config.HiddenSize), elementBytes: model.Network.ComputeType == ScalarType.BFloat16 ? 2 : 4);
        int limit = recipe.Rollout.MaxNewTokens, prompts = trainer.Workload.Prompts;
        bool sampled = cost.Decode([.. Enumerable.Repeat(limit, samples)], samples, trainer.Workload.Prompt, int.Min(prompts, samples)) < seconds;
        IReadOnlyList<int> lengths = sampled ? trainer.SampleLengths(samples) : [limit];
        return TimePlanner.Of(trainer.Recipe, cost, new TimeWorkload(trainer.Workload.Prompt, prompts, lengths)
        {
            Sampled = sampled,
            EvaluationPrompt = evaluations.LongestPrompt,
            EvaluationLengths = sampled ? [.. lengths.Select(length => int.Min(length, evaluations.MaxNewTokens))] : [evaluations.MaxNewTokens],
            Evaluations = [.. TimePlanner.Evaluations(recipe, [.. evaluations.Suites.Select(s => s.Problems.Count)])],
        });
    }

    private string Evaluations() => evaluations.Suites.Count == 0 ? "nothing" : string.Join(", ", evaluations.Suites.Select(s => $"{s.Name} ({s.Problems.Count})")) + $", every {recipe.Evaluation.Every} steps"
        + (evaluations.Demonstration is { } shown ? $", after a demonstration ({shown.Problem.Id})" : "");

    private IEnumerable<(string Name, string Value)> Adapter(ModelConfig config)
    {
        if (recipe.Lora.Rank == 0) yield break;
        LoraSettings settings = LoraTraining.SettingsOf(recipe);
        long trained = settings.ParameterCount(config);
        yield return ("lora", FormattableString.Invariant($"{settings}, scale {settings.Scale:0.###}: {trained:N0} parameters are trained ({100.0 * trained / config.ParameterCount:0.###}% of the model's), the others stay"));
    }
}
