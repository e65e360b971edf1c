namespace Rlvr.Experiments;

/// <summary>
/// An evaluation that an experiment needs beyond those that training makes itself (each suite of the recipe greedily before, during and
/// after training, and at <c>evaluation.sampled_temperature</c> before and after). Its responses are kept.
/// </summary>
/// <param name="Name">Its name, unique among all experiments of a scale: <c>pass8-one-shot</c>.</param>
/// <param name="Recipe">The recipe whose model is evaluated, with the recipe's own prompt and limits, once for each seed it is trained with.</param>
/// <param name="Suites">Suites by name, or data such as <c>micro:pi-1</c>.</param>
public sealed record PlannedEvaluation(string Name, string Recipe, IReadOnlyList<string> Suites)
{
    /// <summary>True for the model that the recipe starts from: no training is needed, and there is one evaluation, of seed 1.</summary>
    public bool Base { get; init; }

    /// <summary>Responses a problem.</summary>
    public int Samples { get; init; } = 1;

    /// <summary>Sampling temperature; 0 is greedy.</summary>
    public double Temperature { get; init; }

    /// <summary>Most problems of a suite; 0 uses all.</summary>
    public int Limit { get; init; }

    /// <summary>The verifier's profile; empty takes the recipe's.</summary>
    public string Profile { get; init; } = "";

    /// <summary>A data set whose first problem stands solved before each question (<c>--in-context</c>); empty for none.</summary>
    public string InContext { get; init; } = "";
}
