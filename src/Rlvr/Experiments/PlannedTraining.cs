namespace Rlvr.Experiments;

/// <summary>A training run that an experiment needs. Experiments that name the same recipe share its runs.</summary>
/// <param name="Recipe">Name of the recipe in the scale's folder, without <c>.yaml</c>: <c>one-shot</c>.</param>
/// <param name="Compared">True where the paper compares it with others: it is made with every seed. Otherwise one seed is enough.</param>
public sealed record PlannedTraining(string Recipe, bool Compared = true);
