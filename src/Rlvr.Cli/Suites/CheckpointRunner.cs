using System.Text.Json.Nodes;
using Rlvr.Cli.Output;
using Rlvr.Evaluation;
using Rlvr.Runs;

namespace Rlvr.Cli.Suites;

/// <summary>Evaluates every checkpoint of a run. What was evaluated before is not evaluated again, and counts even where its checkpoint is gone.</summary>
internal sealed class CheckpointRunner
{
    private const string CurveFile = "curve.json";

    private readonly Terminal terminal;
    private readonly string run;
    private readonly IReadOnlyList<int> steps;

    /// <summary>Finds the checkpoints.</summary>
    /// <param name="terminal">For progress, and the wish to stop.</param>
    /// <param name="name">A run.</param>
    /// <param name="output">Where the evaluations go; null keeps them with the run.</param>
    /// <exception cref="RlvrException">There is no such run, or it has no checkpoint.</exception>
    public CheckpointRunner(Terminal terminal, string name, string? output)
    {
        this.terminal = terminal;
        run = FileLocator.Find(name);
        using RunDirectory directory = RunDirectory.Open(run);
        steps = directory.CheckpointSteps();
        if (steps.Count == 0) throw new RlvrException($"the run '{name}' has no checkpoint yet; wait for the first one (checkpoint.every in its recipe), or evaluate a model folder.");
        Folder = output ?? directory.StoredEvaluationsFolder;
        if (ModelSource.Find(directory.CheckpointPath(steps[^1]), terminal).Recipe is { Checkpoint.Keep: > 0 and int keep } && steps.Count == keep)
            terminal.Error.WriteLine($"the run keeps its newest {keep} checkpoints (checkpoint.keep in its recipe; 0 keeps all): the curve has these, and those that were evaluated before");
    }

    /// <summary>Where the evaluations are kept, in a folder for each step.</summary>
    public string Folder { get; }

    /// <summary>Evaluates all checkpoints.</summary>
    /// <param name="plan">The suites of a checkpoint.</param>
    /// <param name="responder">Loads a checkpoint, when it is needed.</param>
    public CheckpointCurve Run(Func<ModelSource, IReadOnlyList<PlannedSuite>> plan, Func<ModelSource, ModelResponder> responder)
    {
        List<CheckpointPoint> points = [];
        EvaluationFolder? like = null;
        using RunDirectory directory = RunDirectory.Open(run);
        foreach (int step in steps)
        {
            ModelSource source = ModelSource.Find(directory.CheckpointPath(step), terminal);
            like = EvaluationFolder.Open(Path.Combine(Folder, RunDirectory.StepName(step)));
            using ModelResponder model = responder(source);
            points.Add(new CheckpointPoint(step, [.. SuiteRunner.Run(terminal, model, plan(source), like, $"step {step}:").Select(SuiteScore.Of)]));
        }
        points.AddRange(Earlier(like!, points[0]));
        CheckpointCurve curve = new([.. points.OrderBy(p => p.Step)]);
        AtomicFile.WriteAllText(Path.Combine(Folder, CurveFile), CurveTables.ToJson(curve).ToJsonString(new() { WriteIndented = true }) + "\n");
        return curve;
    }

    /// <summary>Evaluations of checkpoints that are gone, if they were made in the same way.</summary>
    private IEnumerable<CheckpointPoint> Earlier(EvaluationFolder like, CheckpointPoint point)
    {
        foreach (int step in RunDirectory.StepsIn(Folder).Except(steps))
        {
            string path = Path.Combine(Folder, RunDirectory.StepName(step));
            if (!EvaluationFolder.Exists(path)) continue;
            EvaluationFolder folder = EvaluationFolder.Open(path);
            SuiteScore[] scores = [.. folder.ReadScores().Where(s => point.Scores.Any(p => p.Suite == s.Suite))];
            bool alike = scores.Length == point.Scores.Count && scores.All(s => folder.SettingsOf(s.Suite).OrderBy(k => k.Key).SequenceEqual(like.SettingsOf(s.Suite).OrderBy(k => k.Key)));
            if (alike) yield return new CheckpointPoint(step, [.. point.Scores.Select(p => scores.First(s => s.Suite == p.Suite))]);
            else terminal.Error.WriteLine($"step {step} is left out: its checkpoint is gone, and it was evaluated in another way, or not to the end");
        }
    }

    /// <summary>The curve with where it comes from, for a script.</summary>
    public JsonObject ToJson(CheckpointCurve curve)
    {
        JsonObject json = new() { ["run"] = run, ["out"] = Folder };
        foreach ((string key, JsonNode? value) in CurveTables.ToJson(curve)) json[key] = value?.DeepClone();
        return json;
    }
}
