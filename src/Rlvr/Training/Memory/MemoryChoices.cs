using Rlvr.Models;

namespace Rlvr.Training;

/// <summary>
/// Decides what a recipe leaves to the memory there is: how many rows are decoded at once (<c>rollout.max_rows: 0</c>), whether the reference is mapped
/// (<c>compute.reference: auto</c>), which costs least and so comes first, whether the update computes layers again (<c>compute.recompute: auto</c>), and whether it goes back through what decoding has computed
/// (<c>compute.reuse_forward: auto</c>). A function of recipe, model, data and machine, not of what is free at the moment, so that a run that is
/// resumed or repeated decides alike; none of them changes results beyond rounding.
/// </summary>
public static class MemoryChoices
{
    /// <summary>The share of the machine's memory that a run may plan with.</summary>
    private const double Share = 0.85;

    /// <summary>Decides.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="model">The model's sizes.</param>
    /// <param name="workload">Of the run.</param>
    /// <param name="memory">Bytes of the device; null where they are not known.</param>
    /// <returns>The recipe with a number of rows, or 0 where all fit, and with <c>auto</c> decided.</returns>
    public static Recipe Decide(Recipe recipe, ModelConfig model, MemoryWorkload workload, long? memory)
    {
        long available = memory is { } bytes ? (long)(Share * bytes) : long.MaxValue;
        if (recipe.Compute.Reference == ReferenceModel.Auto)
        {
            bool maps = workload.MappableElement is not null && MemoryPlanner.CopiesReference(recipe) && !workload.OnGpu && !UpdateFits();
            recipe = recipe with { Compute = recipe.Compute with { Reference = maps ? ReferenceModel.Mapped : ReferenceModel.InMemory } };
        }
        if (recipe.Compute.Recompute == "auto") recipe = recipe with { Compute = recipe.Compute with { Recompute = UpdateFits() ? "false" : "true" } };
        if (recipe.Compute.ReuseForward != "false")
        {
            Recipe reuses = recipe with { Compute = recipe.Compute with { ReuseForward = "true" } };
            bool asked = recipe.Compute.ReusesForward, possible = ReusedForward.IsPossible(recipe, model, workload);
            recipe = possible && (asked || MemoryPlanner.Of(reuses, model, workload).Total <= available) ? reuses : recipe with { Compute = recipe.Compute with { ReuseForward = "false" } };
        }
        if (memory is null) return recipe;
        if (recipe.Rollout.MaxRows > 0) return recipe;
        MemoryPlan plan = MemoryPlanner.Of(recipe, model, workload);
        int rows = MemoryPlanner.RowsThatFit(plan, available);
        return rows >= plan.Rows ? recipe : recipe with { Rollout = recipe.Rollout with { MaxRows = rows } };

        bool UpdateFits()
        {
            MemoryPlan now = MemoryPlanner.Of(recipe, model, workload);
            return now.KeptBytes + now.Phases[1].Bytes <= available;
        }
    }
}
