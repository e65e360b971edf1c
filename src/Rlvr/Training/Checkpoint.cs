using System.Text.Json;
using Rlvr.Runs;
using Rlvr.Tensors;

namespace Rlvr.Training;

/// <summary>
/// A checkpoint: a Hugging Face folder with the policy in float32 (or its adapter, where one is trained, as PEFT has it), and beside it the optimiser's moments, the step, and where there is one the
/// critic with its own moments. Random numbers need no state (<see cref="CounterRandom"/>), so a run that goes on from here takes exactly the
/// steps it would have taken.
/// </summary>
public static class Checkpoint
{
    private const string OptimizerFile = "optimizer.safetensors", StateFile = "trainer_state.json";
    private const string CriticFolder = "critic", CriticOptimizerFile = "critic_optimizer.safetensors";

    private sealed record State(int Step, long OptimizerSteps, long CriticOptimizerSteps = 0, double? KlCoefficient = null, string? Reference = null);

    /// <summary>Writes a checkpoint, whole or not at all.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="trainer">Whose state.</param>
    /// <param name="step">Steps done.</param>
    public static void Save(string folder, RlTrainer trainer, int step)
    {
        AtomicFile.WriteFolder(folder, temporary =>
        {
            string model = Path.Combine(temporary, "model");
            trainer.Model.Save(model);
            foreach (string file in Directory.EnumerateFiles(model)) File.Move(file, Path.Combine(temporary, Path.GetFileName(file)));
            Directory.Delete(model);
            SafeTensorsWriter.Write(Path.Combine(temporary, OptimizerFile), trainer.Optimizer.State());
            if (trainer.Critic is { } critic)
            {
                critic.Model.Save(Path.Combine(temporary, CriticFolder));
                SafeTensorsWriter.Write(Path.Combine(temporary, CriticOptimizerFile), critic.Optimizer.State());
            }
            State state = new(step, trainer.Optimizer.StepCount, trainer.Critic?.Optimizer.StepCount ?? 0, trainer.KlCoefficient.Value, trainer.ReferenceSource?.Fingerprint);
            File.WriteAllText(Path.Combine(temporary, StateFile), JsonSerializer.Serialize(state));
        });
    }

    /// <summary>Continues the optimiser, and the critic where there is one, from a checkpoint. (The policy is loaded from the same folder.)</summary>
    /// <returns>Steps done.</returns>
    /// <exception cref="RlvrException">The folder is no checkpoint, or belongs to another model, or the reference's folder holds another one than it did.</exception>
    public static int Restore(string folder, RlTrainer trainer)
    {
        string statePath = Path.Combine(folder, StateFile);
        if (!File.Exists(statePath)) throw new RlvrException($"{folder} is not a checkpoint of a training run: it has no {StateFile}.");
        State state = ReadState(statePath);
        if (trainer.ReferenceSource is var (source, fingerprint) && state.Reference is { } expected && fingerprint != expected)
        {
            throw new RlvrException($"{folder}: the reference of the KL terms was a model that {source} no longer holds: its configuration and weights had the fingerprint {expected}, "
                + $"{fingerprint} found. Put that model back, or start a new run with this one.");
        }
        Restore(trainer.Optimizer, state.OptimizerSteps, Path.Combine(folder, OptimizerFile));
        if (trainer.Critic is { } critic)
        {
            critic.Model.Restore(Path.Combine(folder, CriticFolder));
            Restore(critic.Optimizer, state.CriticOptimizerSteps, Path.Combine(folder, CriticOptimizerFile));
        }
        if (state.KlCoefficient is { } coefficient) trainer.KlCoefficient.Value = coefficient;
        return state.Step;
    }

    private static void Restore(FusedAdamW optimizer, long steps, string path)
    {
        using SafeTensorsFile file = new(path);
        optimizer.Restore(steps, file);
    }

    private static State ReadState(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<State>(File.ReadAllText(path)) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new RlvrException($"{path} is not the state of a training run: {e.Message}", e);
        }
    }
}
