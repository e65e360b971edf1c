using Rlvr.Models;
using Rlvr.Tests.Models;
using Rlvr.Tests.Shared;
using Rlvr.Training;

namespace Rlvr.Tests.Training;

public class PretrainerTests
{
    private static readonly PretrainRecipe Recipe = new()
    {
        Steps = 25,
        Model = new PretrainModelOptions { HiddenSize = 32, Layers = 2, Heads = 2, KvHeads = 1, IntermediateSize = 64, MaxVocabulary = 400 },
        Data = new PretrainDataOptions { BatchSize = 6, BucketBatches = 4 },
        Optimizer = new OptimizerOptions { LearningRate = 1e-2, Schedule = "constant", Beta2 = 0.95 },
        Compute = new ComputeOptions { Threads = 1 },
    };

    [Fact]
    public void The_loss_falls_and_the_model_is_a_function_of_the_seed()
    {
        Pretrainer pretrainer = new(Recipe);
        double start = 0, mean = 0;
        long tokens = 0;
        new Pretrainer(Recipe with { Steps = 1 }).Train(p => start = p.Loss).Dispose();
        using Transformer model = pretrainer.Train(p => (mean, tokens) = (p.Loss, p.Tokens));
        Assert.Equal(double.Log(pretrainer.Config.VocabularySize), start, 0.1); // it knows nothing yet
        Assert.True(mean < start - 1, $"mean of 25 steps {mean}, start {start}");
        Assert.True(tokens > 25 * 6 * 20);
        Assert.All(model.Parameters.Values, p => Assert.False(p.requires_grad));

        using Transformer same = new Pretrainer(Recipe).Train(), again = pretrainer.Train();
        Assert.All(model.Parameters, p => Assert.True(TinyModels.Same(p.Value, same.Parameters[p.Key]) && TinyModels.Same(p.Value, again.Parameters[p.Key]), p.Key));
    }

    [Theory]
    [InlineData("qwen2", "Qwen2ForCausalLM")]
    [InlineData("llama", "LlamaForCausalLM")]
    [InlineData("qwen3", "Qwen3ForCausalLM")]
    public void Every_family_is_saved_as_one_and_loads_as_one(string architecture, string name)
    {
        using TemporaryFolder folder = new();
        PretrainRecipe recipe = Recipe with { Steps = 2, Model = Recipe.Model with { Architecture = architecture } };
        using Transformer trained = new Pretrainer(recipe).Train();
        trained.Save(folder["model"]);
        Assert.Contains($"\"{name}\"", File.ReadAllText(folder["model/config.json"]), StringComparison.Ordinal);
        using Transformer loaded = Transformer.Load(folder["model"]);
        Assert.Equal(architecture, loaded.Config.ModelType);
        Assert.All(trained.Parameters, p => Assert.True(TinyModels.Same(p.Value, loaded.Parameters[p.Key]), p.Key));
    }

    [Fact]
    public void The_corpus_answers_as_the_recipe_says()
    {
        PretrainRecipe terse = Recipe with { Steps = 5, Data = Recipe.Data with { Habits = ["careful=0", "unboxed=0", "rush=0", "slip=0"] } };
        long usual = 0, short_ = 0;
        new Pretrainer(Recipe with { Steps = 5 }).Train(p => usual = p.Tokens).Dispose();
        new Pretrainer(terse).Train(p => short_ = p.Tokens).Dispose();
        Assert.True(short_ < usual * 0.8, $"{short_} tokens of guesses, {usual} of all habits");
    }

    [Fact]
    public void The_tokenizer_is_the_corpus_and_ends_with_the_end_token()
    {
        Pretrainer pretrainer = new(Recipe);
        Assert.Equal(400, pretrainer.Config.VocabularySize);
        int end = pretrainer.Tokenizer.IdOf(Pretrainer.EndToken)!.Value;
        Assert.Equal([end], pretrainer.Config.EosTokenIds);
        Assert.True(pretrainer.Tokenizer.Encode("Problem: ").Length < 5);
    }

    [Fact]
    public void It_stops_when_asked_and_where_the_loss_is_not_finite()
    {
        Pretrainer pretrainer = new(Recipe);
        using CancellationTokenSource source = new();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => pretrainer.Train(cancellation: source.Token));
        PretrainRecipe wild = Recipe with { Optimizer = Recipe.Optimizer with { LearningRate = 1e30, WeightDecay = 0 } };
        Assert.Contains("pretraining loss is NaN at step", Assert.Throws<RlvrException>(() => new Pretrainer(wild).Train()).Message, StringComparison.Ordinal);
        Assert.Contains("unknown corpus", Assert.Throws<RlvrException>(() => new Pretrainer(Recipe with { Data = new PretrainDataOptions { Corpus = "x" } })).Message, StringComparison.Ordinal);
    }
}
