using Rlvr.Hub;
using Rlvr.Models;
using Rlvr.Rollouts;

namespace Rlvr.Training;

/// <summary>Training of a low-rank adapter in place of the weights: what section <c>lora</c> of a recipe means for the model.</summary>
internal static class LoraTraining
{
    /// <summary>Rank, scale and layers of a recipe's adapter.</summary>
    public static LoraSettings SettingsOf(Recipe recipe) => new(recipe.Lora.Rank, recipe.Lora.Alpha, LoraSettings.Expand(recipe.Lora.Targets), recipe.Lora.Rslora);

    /// <summary>Checks what depends on several keys.</summary>
    /// <exception cref="RecipeException">The section is set, and off.</exception>
    public static void Check(Recipe recipe)
    {
        LoraOptions usual = new();
        bool same = (recipe.Lora.Alpha, recipe.Lora.Rslora) == (usual.Alpha, usual.Rslora) && recipe.Lora.Targets.SequenceEqual(usual.Targets);
        if (recipe.Lora.Rank == 0 && !same)
            throw new RecipeException("recipe: error: section 'lora' is set, but lora.rank is 0, so all weights are trained; set lora.rank to 1 or more, or remove the section");
    }

    /// <summary>Gives the policy the recipe's adapter, unless it comes with one: then that is trained on.</summary>
    /// <returns>The adapter that the policy starts with, as the reference computes it; null where it starts as its base model.</returns>
    /// <exception cref="RlvrException">The model comes with an adapter of other settings, or the rank is too large for one of the layers.</exception>
    public static LoraAdapter? Attach(LanguageModel model, Recipe recipe)
    {
        LoraSettings settings = SettingsOf(recipe);
        if (model.Network.Adapter is not { } adapter)
        {
            (string name, string? revision) = BaseOf(recipe.Model.Length > 0 ? recipe.Model : model.Folder ?? "");
            model.Network.Attach(LoraAdapter.Create(model.Network.Config, settings, recipe.Seed, name, revision, model.Network.Device));
            return null;
        }
        if (!adapter.Settings.IsLike(settings))
        {
            throw new RlvrException($"the model '{recipe.Model}' is an adapter of {adapter.Settings}, but section 'lora' says {settings}. Say the same there to train it on; "
                + "or set lora.rank: 0, which merges it and trains all weights; or merge it first (rlvr export --merge) to train a new one.");
        }
        return adapter.Clone();
    }

    /// <summary>The reference of a resumed run: the policy's own base weights, with the adapter that the run started from if there was one.</summary>
    /// <param name="policy">The policy, with its adapter.</param>
    /// <param name="start">The folder of the model that the run started from.</param>
    public static Transformer Reference(Transformer policy, string start)
    {
        using ModelFolder folder = ModelFolder.Open(start);
        return policy.Sharing(folder.Adapter?.Load(policy.Device));
    }

    /// <summary>What adapter_config.json calls a model that a recipe names: an id of a hub apart from its revision, and of its cache by its id.</summary>
    internal static (string Name, string? Revision) BaseOf(string model)
    {
        if (Directory.Exists(FileLocator.Find(model))) return (RunCard.HubId(model) ?? model, null);
        return HubId.TryParse(model, HubKind.Model, out HubId? id, out _) && model.Split('@') is [string name, string revision] ? (name, revision) : (model, null);
    }
}
