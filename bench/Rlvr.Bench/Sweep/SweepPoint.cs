using Rlvr.Models;
using Rlvr.Training;

namespace Rlvr.Bench;

/// <summary>A shape that is measured: a model, and the rollouts of a step.</summary>
internal sealed record SweepShape(string Model, ModelConfig Config, int Groups, int GroupSize, int Prompt, int Response)
{
    public int Rows => Groups * GroupSize;

    /// <summary>Responses are all as long as they may be: random weights never end.</summary>
    public int[] Lengths => [.. Enumerable.Repeat(Response, Rows)];

    public UpdateWork Work => new(((double)Rows * Response) + (Groups * Prompt), (double)Rows * Response, Prompt + (Response / 2.0)) { FurtherForwards = 1 };
}

/// <summary>What was measured of a shape, in seconds of the processor.</summary>
internal sealed record SweepPoint(SweepShape Shape, double Rollouts, double Update)
{
    public double Step => Rollouts + Update;

    public double TokensPerSecond => Shape.Rows * Shape.Response / Rollouts;
}
