using Rlvr.Models;
using Rlvr.Runs;
using Rlvr.Tests.Runs;
using Rlvr.Tests.Shared;
using Rlvr.Training;

namespace Rlvr.Tests.Training;

public sealed class RunCardTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_checkpoint_gets_a_card_of_what_its_run_wrote()
    {
        using RunDirectory run = ExampleRun.Write(folder["run"]);
        TinyLanguage.Save(run.CheckpointPath(60));
        folder.Write("base/README.md", "---\nlicense: other\nlicense_name: \"research\"\nlanguage: en\n---\nlicense: not here\n");
        RunCard.Write(run, 60, folder["base"]);
        string card = File.ReadAllText(Path.Combine(run.CheckpointPath(60), "README.md"));
        Assert.StartsWith("---\nlibrary_name: transformers\npipeline_tag: text-generation\nlicense: other\nlicense_name: research\ntags:\n- rlvr\n- reinforcement-learning\n- grpo\n---\n\n# one-shot\n\nmicro-math, trained for 60 steps", card, StringComparison.Ordinal);
        long parameters = ModelConfig.Read(run.CheckpointPath(60)).ParameterCount;
        Assert.Contains(FormattableString.Invariant($"| parameters | {parameters:N0} |\n| weights | float32 |"), card, StringComparison.Ordinal);
        Assert.Contains("Data: pi-1.\n\n```\nTom has 29 apples", card, StringComparison.Ordinal);
        Assert.Contains("| micro-olympiad | temperature 0.6 | 100 |", card, StringComparison.Ordinal);
        Assert.Contains("temperature: 0.6\n```", card, StringComparison.Ordinal);
        // What is not there gets none, and is not made.
        RunCard.Write(run, 59, null);
        Assert.False(Directory.Exists(run.CheckpointPath(59)));
    }

    [Fact]
    public void A_hub_knows_models_and_data_by_their_ids()
    {
        Directory.CreateDirectory(folder["models/mine"]);
        Assert.Equal("Qwen/Qwen2.5-Math-1.5B", RunCard.HubId("Qwen/Qwen2.5-Math-1.5B@v2"));
        Assert.Equal("HuggingFaceH4/MATH-500", RunCard.HubId("HuggingFaceH4/MATH-500@main:test.jsonl"));
        Assert.Equal("openai/gsm8k", RunCard.HubId("/cache/hub/datasets--openai--gsm8k/snapshots/1/main/train.parquet"));
        Assert.Null(RunCard.HubId("micro:pi-1"));
        Assert.Null(RunCard.HubId("data/problems.jsonl"));
        Assert.Null(RunCard.HubId("recipes/micro/one-shot.yaml")); // a file of this repository
        Assert.Equal("Qwen/Qwen2.5-Math-1.5B", RunCard.HubId("Qwen/Qwen2.5-Math-1.5B"));
        Assert.Equal("Qwen/Qwen2.5-Math-1.5B", RunCard.HubId("/home/me/.cache/huggingface/hub/models--Qwen--Qwen2.5-Math-1.5B/snapshots/4a83/"));
        Assert.Null(RunCard.HubId("models/micro-math")); // a folder of this repository
        Assert.Null(RunCard.HubId(folder["models/mine"]));
        Assert.Null(RunCard.HubId("mine"));
    }

    [Theory]
    [InlineData("no head\nlicense: mit\n")]
    [InlineData("---\nlicenses: mit\nlicense:\n---\n")]
    [InlineData("")]
    public void A_card_without_terms_has_none(string text)
    {
        folder.Write("README.md", text);
        Assert.Empty(RunCard.ReadTerms(folder.Path));
        Assert.Empty(RunCard.ReadTerms(folder["nowhere"]));
        Assert.Empty(RunCard.ReadTerms(null));
    }
}
