using System.Text.Json;
using Rlvr.Runs;
using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Training;

/// <summary>
/// A checkpoint: a Hugging Face folder with the policy in float32, and beside it the optimiser's moments and the step. Random numbers need
/// no state (<see cref="CounterRandom"/>), so a run that goes on from here takes exactly the steps it would have taken.
/// </summary>
public static class Checkpoint
{
    private const string OptimizerFile = "optimizer.safetensors", StateFile = "trainer_state.json";

    private sealed record State(int Step, long OptimizerSteps);

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
            File.WriteAllText(Path.Combine(temporary, StateFile), JsonSerializer.Serialize(new State(step, trainer.Optimizer.StepCount)));
        });
    }

    /// <summary>Continues the optimiser from a checkpoint. (The policy is loaded from the same folder.)</summary>
    /// <returns>Steps done.</returns>
    /// <exception cref="RlvrException">The folder is no checkpoint, or belongs to another model.</exception>
    public static int Restore(string folder, RlTrainer trainer)
    {
        string statePath = Path.Combine(folder, StateFile);
        if (!File.Exists(statePath)) throw new RlvrException($"{folder} is not a checkpoint of a training run: it has no {StateFile}.");
        State state = ReadState(statePath);
        using SafeTensorsFile file = new(Path.Combine(folder, OptimizerFile));
        using var scope = NewDisposeScope();
        trainer.Optimizer.Restore(state.OptimizerSteps, file.Entries.Keys.ToDictionary(name => name, name => file.Load(name), StringComparer.Ordinal));
        return state.Step;
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
