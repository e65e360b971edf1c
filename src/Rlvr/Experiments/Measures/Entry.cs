namespace Rlvr.Experiments.Measures;

/// <summary>A model whose numbers stand in a table: a recipe's after training, the one it starts from, or none at this scale.</summary>
/// <param name="Recipe">The recipe; null for none.</param>
/// <param name="IsBase">True for the model that the recipe starts from.</param>
internal readonly record struct Entry(string? Recipe, bool IsBase = false)
{
    /// <summary>Nothing stands for this row at this scale.</summary>
    public static Entry None => default;

    /// <summary>The model that a recipe ends with.</summary>
    public static Entry After(string? recipe) => new(recipe);

    /// <summary>The model that a recipe starts from.</summary>
    public static Entry Before(string? recipe) => new(recipe, IsBase: true);
}
