using Rlvr.Tests.Shared;
using Rlvr.Training;

namespace Rlvr.Tests.Training;

/// <summary>recipes/micro: every run of the experiments at micro scale.</summary>
public class MicroRecipesTests
{
    private static readonly string Folder = Path.Combine(TestFiles.Root, "recipes", "micro");

    private static IEnumerable<string> Files(bool pretraining) => Directory.GetFiles(Folder, "*.yaml").Where(f => Path.GetFileName(f).StartsWith("pretrain", StringComparison.Ordinal) == pretraining);

    [Fact]
    public void Every_run_has_its_problems_and_a_model_that_is_there_or_can_be_made()
    {
        string[] made = [.. Files(pretraining: true).Select(f => RecipeFile.Load<PretrainRecipe>(f, [], PretrainRules.All).Output)];
        foreach (string file in Files(pretraining: false))
        {
            Recipe recipe = RecipeFile.Load(file);
            Assert.Equal("micro-" + Path.GetFileNameWithoutExtension(file), recipe.Name);
            Assert.Contains(recipe.Model, made);
            int problems = TrainingProblems.Load(recipe.Data).Count;
            int expected = recipe.Data.Examples.Count > 0 ? recipe.Data.Examples.Count : recipe.Data.Train switch { "micro:rl-pool" => 600, "micro:pool-large" => 6000, _ => 1 };
            Assert.True(problems == expected, $"{file}: {problems} problems, expected {expected}");
        }
    }

    [Fact]
    public void The_convention_of_names_holds_for_other_bases()
    {
        foreach (string file in Files(pretraining: true).Where(f => Path.GetFileName(f) != "pretrain.yaml"))
        {
            string name = Path.GetFileNameWithoutExtension(file)["pretrain-".Length..];
            PretrainRecipe recipe = RecipeFile.Load<PretrainRecipe>(file, [], PretrainRules.All);
            Assert.Equal(($"micro-{name}", $"runs/reproduce/micro/models/micro-{name}"), (recipe.Name, recipe.Output));
            Assert.Contains(Files(pretraining: false), f => RecipeFile.Load(f).Model == recipe.Output);
        }
    }
}
