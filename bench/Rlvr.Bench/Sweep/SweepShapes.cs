using Rlvr.Models;

namespace Rlvr.Bench;

/// <summary>What is varied, one thing at a time, around one shape.</summary>
/// <param name="Name">Of the figures' files.</param>
/// <param name="Label">Of the axis.</param>
/// <param name="Value">Of a shape on the axis.</param>
/// <param name="Shapes">In order.</param>
internal sealed record SweepAxis(string Name, string Label, Func<SweepShape, double> Value, IReadOnlyList<SweepShape> Shapes);

/// <summary>The shapes of the sweep: micro to 0.1 billion parameters, so that all of it takes minutes.</summary>
internal static class SweepShapes
{
    private static readonly SweepShape Base = new("2m", Model(192, 512, 6, 6, 512), Groups: 8, GroupSize: 8, Prompt: 64, Response: 64);

    public static IReadOnlyList<SweepAxis> Axes { get; } =
    [
        new("batch", "rollouts of a step (groups of 8)", s => s.Rows, [.. new[] { 1, 2, 4, 8, 16, 32 }.Select(groups => Base with { Groups = groups })]),
        new("prompt", "tokens of a prompt", s => s.Prompt, [.. new[] { 16, 64, 256, 768 }.Select(prompt => Base with { Prompt = prompt })]),
        new("response", "tokens of a response", s => s.Response, [.. new[] { 16, 32, 64, 128, 256 }.Select(response => Base with { Response = response })]),
        new("size", "parameters of the model, in millions", s => s.Config.ParameterCount / 1e6,
        [
            Base with { Model = "micro", Config = Model(128, 384, 3, 4, 518), Groups = 4, Response = 32 },
            Base with { Groups = 4, Response = 32 },
            Base with { Model = "9m", Config = Model(256, 1024, 8, 4, 4096), Groups = 4, Response = 32 },
            Base with { Model = "33m", Config = Model(512, 2048, 6, 8, 16_384), Groups = 4, Response = 32 },
            Base with { Model = "110m", Config = Model(768, 3072, 10, 12, 32_000), Groups = 4, Response = 32 },
        ]),
    ];

    private static ModelConfig Model(int hidden, int intermediate, int layers, int heads, int vocabulary) => new()
    {
        Architecture = ModelArchitecture.Qwen2,
        HiddenSize = hidden,
        IntermediateSize = intermediate,
        Layers = layers,
        Heads = heads,
        KeyValueHeads = 2,
        HeadDim = hidden / heads,
        VocabularySize = vocabulary,
        TieWordEmbeddings = true,
        MaxPositions = 2048,
    };
}
