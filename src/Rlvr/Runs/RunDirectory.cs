using System.Globalization;
using System.Text.Json;

namespace Rlvr.Runs;

/// <summary>
/// A run is a folder of plain files, the interface between a run and whoever watches it:
/// <code>
/// recipe.yaml               the resolved recipe
/// environment.json          machine and versions
/// accuracy.jsonl            how each training example went, one line a step
/// labels.jsonl              problems whose label cannot be read, where there are any
/// metrics.jsonl             one line a step
/// evals.jsonl               one line an evaluation
/// rollouts/step-000020.jsonl
/// checkpoints/step-000020/  a Hugging Face folder with a model card, optimiser and state
/// evaluations/step-000020/  all responses of an evaluation of that checkpoint, where one was made
/// tensorboard/              the metrics, mirrored
/// report.html
/// </code>
/// Files that are written once are there whole or not at all; files of lines grow by whole lines, and a line that a crash
/// tore is left out by readers and cut off by the next writer.
/// </summary>
public sealed class RunDirectory : IDisposable
{
    private TensorBoardWriter? _tensorBoard;
    private int _resumedAfter;

    private RunDirectory(string path) => Path = path;

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>The resolved recipe, YAML.</summary>
    public string RecipePath => In("recipe.yaml");

    /// <summary>Machine and versions, JSON.</summary>
    public string EnvironmentPath => In("environment.json");

    /// <summary>One JSON object a step: how its examples went.</summary>
    public string AccuracyPath => In("accuracy.jsonl");

    /// <summary>One JSON object for each label that cannot be read; missing where all can.</summary>
    public string LabelsPath => In("labels.jsonl");

    /// <summary>One JSON object for each label of a training problem that was changed on purpose; missing where none was.</summary>
    public string ChangedLabelsPath => In("changed_labels.jsonl");

    /// <summary>One JSON object a step.</summary>
    public string MetricsPath => In("metrics.jsonl");

    /// <summary>One JSON object an evaluation.</summary>
    public string EvaluationsPath => In("evals.jsonl");

    /// <summary>The page that shows it all.</summary>
    public string ReportPath => In("report.html");

    /// <summary>Folder of the saved rollouts.</summary>
    public string RolloutsFolder => In("rollouts");

    /// <summary>Folder of the checkpoints.</summary>
    public string CheckpointsFolder => In("checkpoints");

    /// <summary>Folder of the evaluations that were made of the checkpoints, with all responses: a folder for each step.</summary>
    public string StoredEvaluationsFolder => In("evaluations");

    /// <summary>Folder of TensorBoard's files.</summary>
    public string TensorBoardFolder => In("tensorboard");

    /// <summary>The checkpoint after a step.</summary>
    public string CheckpointPath(int step) => System.IO.Path.Combine(CheckpointsFolder, StepName(step));

    /// <summary>The rollouts of a step.</summary>
    public string RolloutsPath(int step) => System.IO.Path.Combine(RolloutsFolder, StepName(step) + ".jsonl");

    /// <summary>Steps that have a checkpoint, in order.</summary>
    public IReadOnlyList<int> CheckpointSteps() => StepsIn(CheckpointsFolder);

    /// <summary>Steps whose rollouts are saved, in order.</summary>
    public IReadOnlyList<int> RolloutSteps() =>
        Directory.Exists(RolloutsFolder) ? StepsOf(Directory.EnumerateFiles(RolloutsFolder, "*.jsonl")) : [];

    /// <summary>Makes the folder of a new run, after really writing and removing a file there.</summary>
    /// <param name="path">A folder that is missing, or holds no run yet.</param>
    /// <param name="neededBytes">About how much the run will write (checkpoints above all); checked against the free space.</param>
    /// <exception cref="RlvrException">There is a run in it, or it cannot be written, or there is too little space. Nothing is left behind.</exception>
    public static RunDirectory Create(string path, long neededBytes = 0)
    {
        var run = new RunDirectory(path);
        if (run.FindRun() is { } found)
            throw new RlvrException($"'{path}' holds a run already ({found}). Choose another folder with --run, or delete this one.");
        RunProbe.Check(path, neededBytes);
        return run;
    }

    /// <summary>Opens a run to read it, or to go on with it after <see cref="TruncateAfter"/>.</summary>
    /// <exception cref="RlvrException">There is no run.</exception>
    public static RunDirectory Open(string path)
    {
        var run = new RunDirectory(path);
        if (!Directory.Exists(path))
            throw new RlvrException($"there is no run '{path}': no such folder.");
        return run.FindRun() is null
            ? throw new RlvrException($"'{path}' is no run: it has no recipe.yaml and no metrics.jsonl.")
            : run;
    }

    /// <summary>True when the folder holds a run.</summary>
    public static bool Exists(string path) => new RunDirectory(path).FindRun() is not null;

    /// <summary>Saves the resolved recipe.</summary>
    public void WriteRecipe(string yaml) => AtomicFile.WriteAllText(RecipePath, yaml);

    /// <summary>Saves what is known of the machine.</summary>
    public void WriteEnvironment(EnvironmentInfo environment) =>
        AtomicFile.WriteAllText(EnvironmentPath, JsonSerializer.Serialize(environment, RunJson.Indented) + "\n");

    /// <summary>Saves which labels cannot be read; writes nothing where all can.</summary>
    public void WriteLabels(IReadOnlyList<LabelRecord> labels)
    {
        if (labels.Count > 0) AtomicFile.WriteAllText(LabelsPath, string.Concat(labels.Select(l => JsonSerializer.Serialize(l, RunJson.Line) + "\n")));
    }

    /// <summary>Saves which labels were changed on purpose; writes nothing where none was.</summary>
    public void WriteChangedLabels(IReadOnlyList<ChangedLabelRecord> labels)
    {
        if (labels.Count > 0) AtomicFile.WriteAllText(ChangedLabelsPath, string.Concat(labels.Select(l => JsonSerializer.Serialize(l, RunJson.Line) + "\n")));
    }

    /// <summary>Adds the line of a step, and mirrors it to TensorBoard.</summary>
    public void Append(StepMetrics metrics)
    {
        JsonLines.Append(MetricsPath, metrics.ToJson());
        Mirror(metrics.Step, metrics.Values.Select(v => ($"train/{v.Name}", v.Value)));
    }

    /// <summary>Adds the line of an evaluation, and mirrors its accuracy to TensorBoard.</summary>
    public void Append(EvaluationRecord evaluation)
    {
        JsonLines.Append(EvaluationsPath, JsonSerializer.Serialize(evaluation, RunJson.Line));
        var name = $"eval/{evaluation.Suite}{(evaluation.Temperature == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"-t{evaluation.Temperature}"))}";
        Mirror(evaluation.Step, evaluation.Subjects.Select(s => ($"{name}/{s.Subject}", s.Accuracy)).Prepend(($"{name}/accuracy", evaluation.Accuracy)));
    }

    /// <summary>Adds how the examples of a step went.</summary>
    public void Append(ExampleAccuracyRecord accuracy) => JsonLines.Append(AccuracyPath, JsonSerializer.Serialize(accuracy, RunJson.Line));

    /// <summary>Saves rollouts of a step, in place of what was saved of it before.</summary>
    public void WriteRollouts(int step, IEnumerable<RolloutRecord> rollouts)
    {
        Directory.CreateDirectory(RolloutsFolder);
        AtomicFile.WriteAllText(RolloutsPath(step), string.Concat(rollouts.Select(r => JsonSerializer.Serialize(r, RunJson.Line) + "\n")));
    }

    /// <summary>
    /// Forgets what came after a step, so that a run goes on from the checkpoint of that step: lines of metrics and evaluations,
    /// rollouts, checkpoints and the report, and what a killed process left half-written.
    /// </summary>
    public void TruncateAfter(int step)
    {
        JsonLines.Filter(MetricsPath, (number, line) => RunJson.ParseMetrics(MetricsPath, number, line).Step <= step);
        JsonLines.Filter(AccuracyPath, (number, line) => RunJson.Parse<ExampleAccuracyRecord>(AccuracyPath, number, line).Step <= step);
        JsonLines.Filter(EvaluationsPath, (number, line) => RunJson.Parse<EvaluationRecord>(EvaluationsPath, number, line).Step <= step);
        foreach (var later in RolloutSteps().Where(s => s > step))
            File.Delete(RolloutsPath(later));
        foreach (var later in CheckpointSteps().Where(s => s > step))
            Directory.Delete(CheckpointPath(later), recursive: true);
        File.Delete(ReportPath);
        AtomicFile.DeleteLeftovers(Path);
        AtomicFile.DeleteLeftovers(CheckpointsFolder);
        AtomicFile.DeleteLeftovers(RolloutsFolder);
        _tensorBoard?.Dispose();
        _tensorBoard = null;
        _resumedAfter = step;
    }

    /// <summary>The lines of metrics.jsonl so far.</summary>
    public IReadOnlyList<StepMetrics> ReadMetrics() =>
        [.. JsonLines.Read(MetricsPath).Select(l => RunJson.ParseMetrics(MetricsPath, l.Number, l.Line))];

    /// <summary>How the training examples went, step by step.</summary>
    public IReadOnlyList<ExampleAccuracyRecord> ReadAccuracies() => Read<ExampleAccuracyRecord>(AccuracyPath);

    /// <summary>The labels that cannot be read.</summary>
    public IReadOnlyList<LabelRecord> ReadLabels() => Read<LabelRecord>(LabelsPath);

    /// <summary>The labels that were changed on purpose.</summary>
    public IReadOnlyList<ChangedLabelRecord> ReadChangedLabels() => Read<ChangedLabelRecord>(ChangedLabelsPath);

    /// <summary>The lines of evals.jsonl so far.</summary>
    public IReadOnlyList<EvaluationRecord> ReadEvaluations() => Read<EvaluationRecord>(EvaluationsPath);

    /// <summary>The saved rollouts of a step.</summary>
    public IReadOnlyList<RolloutRecord> ReadRollouts(int step) => Read<RolloutRecord>(RolloutsPath(step));

    /// <summary>The resolved recipe's text; empty when it is missing.</summary>
    public string ReadRecipe() => File.Exists(RecipePath) ? File.ReadAllText(RecipePath) : "";

    /// <summary>What is known of the machine; null when it is missing.</summary>
    public EnvironmentInfo? ReadEnvironment() =>
        File.Exists(EnvironmentPath) ? RunJson.Parse<EnvironmentInfo>(EnvironmentPath, 1, File.ReadAllText(EnvironmentPath)) : null;

    /// <summary>Closes the TensorBoard file. Everything else is on disk at once.</summary>
    public void Dispose()
    {
        _tensorBoard?.Dispose();
        _tensorBoard = null;
    }

    private static List<T> Read<T>(string path) =>
        [.. JsonLines.Read(path).Select(l => RunJson.Parse<T>(path, l.Number, l.Line))];

    private void Mirror(int step, IEnumerable<(string, double)> values)
    {
        try
        {
            (_tensorBoard ??= new TensorBoardWriter(TensorBoardFolder, _resumedAfter)).Scalars(step, values);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RlvrException($"'{TensorBoardFolder}' cannot be written: {IoReason.Of(e)}.", e);
        }
    }

    private string In(string name) => System.IO.Path.Combine(Path, name);

    private string? FindRun() => new[] { RecipePath, MetricsPath, EvaluationsPath, CheckpointsFolder }
        .Where(p => File.Exists(p) || Directory.Exists(p)).Select(p => System.IO.Path.GetFileName(p)).FirstOrDefault();

    /// <summary>The name of what belongs to a step: <c>step-000020</c>.</summary>
    public static string StepName(int step) => $"step-{step:D6}";

    /// <summary>The steps that have a folder of that name in <paramref name="folder"/>, in order.</summary>
    public static IReadOnlyList<int> StepsIn(string folder) => Directory.Exists(folder) ? StepsOf(Directory.EnumerateDirectories(folder)) : [];

    private static List<int> StepsOf(IEnumerable<string> paths) =>
        [.. paths.Select(p => System.IO.Path.GetFileNameWithoutExtension(p)!)
            .Where(n => n.StartsWith("step-", StringComparison.Ordinal))
            .Select(n => int.TryParse(n.AsSpan("step-".Length), out var step) ? step : -1)
            .Where(step => step >= 0).Order()];
}
