using Rlvr.Rollouts;
using Rlvr.Runs;
using Rlvr.Training;

namespace Rlvr.Tests.Training;

/// <summary>The evaluations of a run.</summary>
public sealed class TrainingEvaluationsTests : TrainingRunTest
{
    [Fact]
    public void Runs_that_start_alike_share_their_evaluation_before_training()
    {
        EvaluationRecord[] Before(string run, Recipe of, out Observer observer)
        {
            TrainingRun.Start(of, Folder[run], observer = new Observer(), CancellationToken.None, Folder["shared"]);
            using RunDirectory directory = RunDirectory.Open(Folder[run]);
            return [.. directory.ReadEvaluations().Where(e => e.Step == 0)];
        }

        int Files() => Directory.GetFiles(Folder["shared"]).Length;
        EvaluationRecord[] first = Before("first", Recipe, out Observer one);
        Assert.Equal((2, 2), (first.Length, Files())); // greedy and sampled
        Assert.DoesNotContain(one.Notes, n => n.Contains("another run", StringComparison.Ordinal));
        // Another way of training: nothing is evaluated again, and the same is written.
        EvaluationRecord[] second = Before("second", Recipe with { Loss = Recipe.Loss with { Kl = 0 } }, out Observer two);
        Assert.Equal(2, two.Notes.Count(n => n.Contains("another run", StringComparison.Ordinal)));
        Assert.Equal(first.Select(e => (e.Suite, e.Temperature, e.Accuracy, e.Length)), second.Select(e => (e.Suite, e.Temperature, e.Accuracy, e.Length)));
        // A marked record shows that it is really taken from there.
        foreach (string file in Directory.GetFiles(Folder["shared"])) File.WriteAllText(file, File.ReadAllText(file).Replace("\"length\": ", "\"length\": 7", StringComparison.Ordinal));
        Assert.All(Before("third", Recipe, out _), e => Assert.StartsWith("7", $"{e.Length}", StringComparison.Ordinal));
        // Another seed, other problems, another model or a broken file: evaluated anew.
        Before("seed", Recipe with { Seed = 2 }, out _);
        Assert.Equal(4, Files());
        Folder.Write("suite.jsonl", """{"id": "s", "problem": "5 + 6?", "answer": "11"}""");
        Before("problems", Recipe, out _);
        Assert.Equal(6, Files());
        foreach (string file in Directory.GetFiles(Folder["shared"])) File.WriteAllText(file, "{");
        Assert.All(Before("broken", Recipe, out _), e => Assert.InRange(e.Length, 0, 6));
        using (LanguageModel trained = LanguageModel.Load(Folder["model"]))
        {
            using (TorchSharp.torch.no_grad()) trained.Network.Parameters.Values.First().mul_(1.5);
            trained.Save(Folder["other"]);
        }
        Before("model", Recipe with { Model = Folder["other"] }, out _);
        Assert.Equal(8, Files());
    }

    [Fact]
    public void A_demonstration_stands_before_the_questions_of_the_evaluations()
    {
        Recipe shown = Recipe with { Evaluation = Recipe.Evaluation with { InContext = Folder["train.jsonl"] } };
        Assert.Contains(TrainingRun.Plan(shown).Facts, f => f.Name == "evaluate" && f.Value.EndsWith(", after a demonstration (a)", StringComparison.Ordinal));
        Assert.DoesNotContain(TrainingRun.Plan(Recipe).Facts, f => f.Value.Contains("demonstration", StringComparison.Ordinal));
        // It needs its room.
        Folder.Write("long.jsonl", $$"""{"id": "long", "problem": "{{new string('x', 5000)}}", "answer": "1"}""" + "\n");
        string message = Assert.Throws<RlvrException>(() => TrainingRun.Plan(Recipe with { Evaluation = Recipe.Evaluation with { InContext = Folder["long.jsonl"] } })).Message;
        Assert.Contains("problem 's': its prompt of ", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sampled_evaluations_can_be_had_during_training_too()
    {
        Recipe often = Recipe with { Evaluation = Recipe.Evaluation with { SampledDuring = true, Limit = 1 } };
        TrainingRun.Start(often, Folder["run"], new Observer(), CancellationToken.None);
        using RunDirectory run = RunDirectory.Open(Folder["run"]);
        Assert.Equal([(0, 0, 2), (0, 1, 2), (2, 0, 1), (2, 1, 1), (4, 0, 1), (4, 1, 1), (5, 0, 2), (5, 1, 2)], run.ReadEvaluations().Select(e => (e.Step, e.Temperature, e.Problems)));
    }

    [Fact]
    public void A_run_stopped_in_an_evaluation_goes_on_with_it()
    {
        TrainingRun.Start(Recipe, Folder["straight"], new Observer(), CancellationToken.None);
        using CancellationTokenSource source = new();
        int after = 0;
        Observer stopping = new() { OnStep = step => after = step, OnEvaluation = () => { if (after == 4) source.Cancel(); } };
        Assert.True(TrainingRun.Start(Recipe, Folder["run"], stopping, source.Token).Stopped);
        TrainingRun.Resume(Folder["run"], new Observer(), CancellationToken.None);
        Same(Folder["straight"], Folder["run"]);
    }
}
