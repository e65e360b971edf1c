using System.Text.Json;
using Rlvr.Models;
using Rlvr.Rollouts;
using Rlvr.Tests.Models;
using Rlvr.Tests.Shared;
using Generator = Rlvr.Rollouts.Generator;

namespace Rlvr.Tests.Rollouts;

/// <summary>Greedy continuations against Hugging Face transformers.</summary>
public class GreedyGoldenTests
{
    private static readonly int[] Prompt = [5, 17, 42, 99, 123];

    public static TheoryData<string> Folders => GoldenModelTests.Folders();

    [Theory]
    [MemberData(nameof(Folders))]
    public void Greedy_tokens_are_those_of_transformers(string name)
    {
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllText(Path.Combine(TestFiles.Golden("models", name), "expected.json")));
        JsonElement greedy = expected.RootElement.GetProperty("greedy");
        Check(TestFiles.Golden("models", name), Integers(greedy.GetProperty("prompt")), Integers(greedy.GetProperty("new_tokens")));
    }

    // The same numbers for the models that are part of this repository. The best two logits are at least 0.006 apart everywhere.
    [Theory]
    [InlineData("qwen2-bf16", new[] { 142, 142, 142, 142, 115, 284, 79, 182, 182, 182, 132, 182 })]
    [InlineData("qwen2-fp16-mqa", new[] { 236, 41, 95, 79, 2, 13, 122, 172, 37, 133, 138, 270 })]
    public void Greedy_tokens_of_the_fixtures_are_those_of_transformers(string name, int[] expected) => Check(TestFiles.Fixture("models", name), Prompt, expected);

    private static void Check(string folder, int[] prompt, int[] expected)
    {
        using Transformer model = Transformer.Load(folder);
        SamplingOptions options = new() { Temperature = 0, MaxNewTokens = expected.Length };
        // Alone, and among others.
        Assert.Equal(expected, new Generator(model).Generate([new GenerationRequest(prompt, 0)], options)[0].Tokens);
        Assert.Equal(expected, new Generator(model).Generate([new GenerationRequest([1, 2], 0), new GenerationRequest(prompt, 1), new GenerationRequest([9], 2)], options)[1].Tokens);
    }

    private static int[] Integers(JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt32())];
}
