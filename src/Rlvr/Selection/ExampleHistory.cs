namespace Rlvr.Selection;

/// <summary>How one training example went: the share of its rollouts that were right, epoch by epoch.</summary>
/// <param name="Index">The example's name or row in its data set.</param>
/// <param name="Accuracies">
/// s_1 .. s_E, each 0 to 1, at least one. Decimal, so that two histories with the same mathematical score get the same number and their order is
/// that of the input, on every machine.
/// </param>
public sealed record ExampleHistory(string Index, IReadOnlyList<decimal> Accuracies);
