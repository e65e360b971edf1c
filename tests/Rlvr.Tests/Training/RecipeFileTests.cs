using CsCheck;
using Rlvr.Tests.Shared;
using Rlvr.Training;

namespace Rlvr.Tests.Training;

public sealed class RecipeFileTests : IDisposable
{
    private const string Minimal = "model: models/micro-math\ndata:\n  train: micro:pi-1\n";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private Recipe Load(string yaml, params string[] sets) => RecipeFile.Load(_folder.Write("recipe.yaml", yaml), sets);

    /// <summary>The message, with the folder of the test taken off.</summary>
    private string ErrorOf(string yaml, params string[] sets)
    {
        var error = Assert.Throws<RecipeException>(() => Load(yaml, sets));
        Assert.Equal(2, error.ExitCode);
        return error.Message.Replace(_folder.Path + Path.DirectorySeparatorChar, "");
    }

    [Fact]
    public void What_is_not_set_has_the_default()
    {
        var recipe = Load(Minimal);
        Assert.Equal(new Recipe().Rollout, recipe.Rollout);
        Assert.Equal("models/micro-math", recipe.Model);
        Assert.Equal("micro:pi-1", recipe.Data.Train);
        Assert.Equal(1024, recipe.Data.MaxPromptTokens);
    }

    [Fact]
    public void Every_type_of_value_is_read()
    {
        var recipe = Load("""
            # A comment.
            name: "a: b"
            model: m
            seed: 18446744073709551615
            data: {train: x.jsonl, shuffle: false}   # the short form
            optimizer:
              learning_rate: 1e-6
            evaluation:
              suites: [micro500, 'hard, er']
            checkpoint:
              # every: 3
            """);
        Assert.Equal("a: b", recipe.Name);
        Assert.Equal(ulong.MaxValue, recipe.Seed);
        Assert.False(recipe.Data.Shuffle);
        Assert.Equal(1e-6, recipe.Optimizer.LearningRate);
        Assert.Equal(["micro500", "hard, er"], recipe.Evaluation.Suites);
        Assert.Equal(20, recipe.Checkpoint.Every);
    }

    [Fact]
    public void Extends_is_relative_to_the_file_and_forms_a_chain()
    {
        _folder.Write("root.yaml", Minimal + "steps: 1\nseed: 1\nloss:\n  kl: 1\n  entropy: 1\nevaluation:\n  suites: [a, b]\n");
        _folder.Write("sub/middle.yaml", "extends: ../root.yaml\nseed: 2\nloss:\n  entropy: 2\nevaluation:\n  suites: [c]\n");
        var recipe = RecipeFile.Load(_folder.Write("sub/leaf.yaml", "extends: middle.yaml\nname: leaf\n"));
        Assert.Equal(("leaf", 1, 2ul), (recipe.Name, recipe.Steps, recipe.Seed));
        Assert.Equal((1.0, 2.0), (recipe.Loss.Kl, recipe.Loss.Entropy));
        Assert.Equal(["c"], recipe.Evaluation.Suites);
    }

    [Fact]
    public void An_error_in_an_extended_file_names_that_file()
    {
        _folder.Write("root.yaml", "stepps: 1\n");
        Assert.Equal("root.yaml(1,1): error: unknown key 'stepps'. Did you mean 'steps'?", ErrorOf("extends: root.yaml\n"));
    }

    [Fact]
    public void A_cycle_of_extends_is_an_error()
    {
        _folder.Write("other.yaml", "extends: recipe.yaml\n");
        Assert.Equal("other.yaml(1,10): error: 'recipe.yaml' extends itself, in the end; remove one 'extends'.", ErrorOf("extends: other.yaml\n"));
    }

    [Fact]
    public void Sets_go_over_the_file_and_the_last_one_wins()
    {
        var recipe = Load(Minimal + "steps: 3\n", "steps=4", "steps=5", "data.prompt=Q: {problem} = ?", "evaluation.suites=a, b", "rollout.temperature=1");
        Assert.Equal(5, recipe.Steps);
        Assert.Equal("Q: {problem} = ?", recipe.Data.Prompt);
        Assert.Equal(["a", "b"], recipe.Evaluation.Suites);
        Assert.Equal(1, recipe.Rollout.Temperature);
        Assert.Equal(["c"], Load(Minimal, "evaluation.suites=[c]").Evaluation.Suites);
        Assert.Empty(Load(Minimal + "evaluation:\n  suites: [c]\n", "evaluation.suites=").Evaluation.Suites);
    }

    [Theory]
    [InlineData("loss:\n  kl_coeff: 1\n", "recipe.yaml(2,3): error: unknown key 'kl_coeff' in 'loss'. Did you mean 'kl'?")]
    [InlineData("rollout:\n  temprature: 1\n", "recipe.yaml(2,3): error: unknown key 'temprature' in 'rollout'. Did you mean 'temperature'?")]
    [InlineData("rollouts:\n  temperature: 1\n", "recipe.yaml(1,1): error: unknown key 'rollouts'. Did you mean 'rollout'?")]
    [InlineData("temperature: 1\n", "recipe.yaml(1,1): error: unknown key 'temperature'. Did you mean 'rollout.temperature'?")]
    [InlineData("checkpoint:\n  zzz: 1\n", "recipe.yaml(2,3): error: unknown key 'zzz' in 'checkpoint'. The keys there are every, keep.")]
    [InlineData("steps: abc\n", "recipe.yaml(1,8): error: 'steps': expected a whole number, found 'abc'.")]
    [InlineData("steps: 1.5\n", "recipe.yaml(1,8): error: 'steps': expected a whole number, found '1.5'.")]
    [InlineData("steps:\n", "recipe.yaml(1,7): error: 'steps': expected a whole number, found nothing.")]
    [InlineData("steps: [1]\n", "recipe.yaml(1,8): error: 'steps': expected a whole number, found a list.")]
    [InlineData("steps:\n  a: 1\n", "recipe.yaml(1,1): error: 'steps' is a key, not a section: expected a value, found keys below it.")]
    [InlineData("loss: 3\n", "recipe.yaml(1,7): error: 'loss' is a section: expected keys such as 'loss.advantage', found '3'.")]
    [InlineData("loss:\n  kl: .nan\n", "recipe.yaml(2,7): error: 'loss.kl': expected a number, found '.nan'.")]
    [InlineData("loss:\n  kl: NaN\n", "recipe.yaml(2,7): error: 'loss.kl': expected a number, found 'NaN'.")]
    [InlineData("data:\n  shuffle: yes\n", "recipe.yaml(2,12): error: 'data.shuffle': expected true or false, found 'yes'.")]
    [InlineData("evaluation:\n  suites: micro500\n", "recipe.yaml(2,11): error: 'evaluation.suites': expected a list like [a, b], each text, found 'micro500'.")]
    [InlineData("steps: 1\nsteps: 2\n", "recipe.yaml(2,1): error: 'steps' is set twice; remove one of them.")]
    [InlineData("loss:\n  kl: 1\n  kl: 1\n", "recipe.yaml(3,3): error: 'kl' is set twice in 'loss'; remove one of them.")]
    [InlineData("loss:\n  kl:\n    a: 1\n", "recipe.yaml(3,5): error: 'loss.kl' holds a section; recipes have two levels.")]
    [InlineData("- a\n", "recipe.yaml(1,1): error: expected 'key: value' lines, found a list.")]
    [InlineData("hello\n", "recipe.yaml(1,1): error: expected 'key: value' lines, found 'hello'.")]
    [InlineData("extends: [a]\n", "recipe.yaml(1,10): error: 'extends' takes one file beside this one, found a list.")]
    [InlineData("extends: nowhere.yaml\n", "recipe.yaml(1,10): error: there is no recipe 'nowhere.yaml'.")]
    [InlineData("rollout:\n  temperature: -1\n", "recipe.yaml(2,16): error: 'rollout.temperature' must be at least 0; found -1.")]
    [InlineData("rollout:\n  top_p: 0\n", "recipe.yaml(2,10): error: 'rollout.top_p' must be above 0 and at most 1; found 0.")]
    [InlineData("rollout:\n  group_size: 0\n", "recipe.yaml(2,15): error: 'rollout.group_size' must be at least 1; found 0.")]
    [InlineData("loss:\n  kl_estimator: k33\n", "recipe.yaml(2,17): error: 'loss.kl_estimator' must be 'k1', 'abs', 'k2' or 'k3'; found 'k33'. Did you mean 'k3'?")]
    [InlineData("compute:\n  reference: maped\n", "recipe.yaml(2,14): error: 'compute.reference' must be 'auto', 'memory' or 'mapped'; found 'maped'. Did you mean 'mapped'?")]
    [InlineData("reward:\n  kind: maths\n", "recipe.yaml(2,9): error: 'reward.kind': there is no reward 'maths'. Did you mean 'math'? The rewards are math, format, random, exact, numeric, choice, regex, program, overlong, tokens, characters, repetition.")]
    [InlineData("reward:\n  kind: math + repetition\n", "recipe.yaml(2,9): error: 'reward.kind': 'repetition' is a cost, from 0 to 1: expected it to be subtracted, '- repetition', found it added.")]
    [InlineData("reward:\n  kind: regex\n  pattern: (a\n", "recipe.yaml(3,12): error: 'reward.pattern': at character 2: InsufficientClosingParentheses.")]
    [InlineData("reward:\n  paterns: a\n", "recipe.yaml(2,3): error: unknown key 'paterns' in 'reward'. Did you mean 'pattern'?")]
    [InlineData("reward:\n  program: python3 reward.py\n", "recipe.yaml(2,12): error: 'reward.program': expected a list like [a, b], each text, found 'python3 reward.py'.")]
    [InlineData("reward:\n  unreadable_labels: keep\n", "recipe.yaml(2,22): error: 'reward.unreadable_labels' must be 'drop' or 'error'; found 'keep'.")]
    [InlineData("model: \"\"\n", "recipe.yaml(1,8): error: 'model' must be set: the folder of the model to start from, such as models/micro-math; found nothing.")]
    [InlineData("", "recipe.yaml: error: 'model' must be set: the folder of the model to start from, such as models/micro-math; found nothing.")]
    public void A_mistake_is_named_with_its_place(string yaml, string message)
    {
        // Keys that are missing are complained about last, so give the required ones where the mistake is in a range.
        var full = (message.Contains("must be") || message.Contains("'reward.")) && !message.Contains("'model'") ? yaml + Minimal : yaml;
        Assert.Equal(message, ErrorOf(full));
    }

    [Fact]
    public void Rewards_that_lack_a_setting_are_named()
    {
        Assert.Equal("recipe: error: 'regex' needs a pattern: set reward.pattern, such as '\\\\boxed\\{\\s*{answer}\\s*\\}'",
            Assert.Throws<RecipeException>(() => RecipeRules.CheckTogether(Load(Minimal, "reward.kind=math + regex"))).Message);
        Assert.Contains("set reward.program", Assert.Throws<RecipeException>(() => RecipeRules.CheckTogether(Load(Minimal, "reward.kind=program"))).Message);
        var recipe = Load(Minimal, "reward.kind=math - 0.5 program", "reward.program=python3,reward.py");
        RecipeRules.CheckTogether(recipe);
        Assert.Equal(["python3", "reward.py"], recipe.Reward.Program);
        Assert.Equal(RecipeFile.ToYaml(recipe), RecipeFile.ToYaml(Load(RecipeFile.ToYaml(recipe))));
    }

    [Theory]
    [InlineData("loss.kl_coeff=1", "unknown key 'kl_coeff' in 'loss'. Did you mean 'kl'?")]
    [InlineData("los.kl=1", "unknown key 'los'. Did you mean 'loss'?")]
    [InlineData("steps.kl=1", "'steps' is a key, not a section: expected a value, found 'steps.kl'.")]
    [InlineData("loss=1", "'loss' is a section: expected keys such as 'loss.advantage', found '1'.")]
    [InlineData("steps=many", "'steps': expected a whole number, found 'many'.")]
    [InlineData("rollout.top_p=1.1", "'rollout.top_p' must be above 0 and at most 1; found 1.1.")]
    [InlineData("steps", "expected section.key=value, such as --set rollout.temperature=0.6.")]
    [InlineData("extends=x.yaml", "'extends' belongs in the recipe's file.")]
    public void A_mistake_in_a_set_names_the_set(string set, string message) =>
        Assert.Equal($"--set {set}: error: {message}", ErrorOf(Minimal, set));

    [Theory]
    [InlineData("steps: 'open\n")]
    [InlineData("steps: 1\n bad indent: 2\n")]
    [InlineData("{steps: 1\n")]
    [InlineData("loss:\n\tkl: 1\n")]
    public void What_is_not_yaml_is_named_with_its_place(string yaml) =>
        Assert.Matches(@"^recipe\.yaml\(\d+,\d+\): error: this is not YAML: .*[^.]\.$", ErrorOf(yaml));

    [Fact]
    public void A_missing_file_suggests_its_neighbour()
    {
        _folder.Write("one-shot.yaml", Minimal);
        var error = Assert.Throws<RecipeException>(() => RecipeFile.Load(_folder["oneshot.yaml"]));
        Assert.Equal($"{_folder["oneshot.yaml"]}: error: there is no recipe '{_folder["oneshot.yaml"]}'. Did you mean 'one-shot.yaml'?", error.Message);
    }

    [Fact]
    public void The_resolved_recipe_has_every_key_in_order_and_reads_back_equal()
    {
        var yaml = RecipeFile.ToYaml(Load(Minimal, "optimizer.learning_rate=1e-6", "evaluation.suites=micro500,a b"));
        Assert.StartsWith("name: run\nmodel: models/micro-math\nseed: 1\nsteps: 2000\ndata:\n  train: \"micro:pi-1\"\n  examples: []\n  limit: 0\n  problem: \"\"\n", yaml);
        Assert.Contains("\n  learning_rate: 1e-6\n", yaml);
        Assert.Contains("\n  suites: [micro500, \"a b\"]\n", yaml);
        Assert.Equal(yaml, RecipeFile.ToYaml(Load(yaml)));
    }

    [Fact]
    public void Any_values_survive_writing_and_reading() =>
        Gen.Select(Gen.String, Gen.Double.Where(double.IsFinite), Gen.String.Array, Gen.ULong, Gen.Bool, (text, number, list, seed, flag) => new Free
        {
            Text = text.ReplaceLineEndings("\n"),
            Seed = seed,
            Part = new FreePart { Number = number, List = [.. list.Select(t => t.ReplaceLineEndings("\n"))], Flag = flag },
        }).Sample(before =>
        {
            // Unpaired surrogates are no text that a file can hold.
            if (!IsText(before.Text) || !before.Part.List.All(IsText))
                return;
            var path = _folder.Write(Guid.NewGuid() + ".yaml", RecipeFile.ToYaml(before));
            var after = RecipeFile.Load<Free>(path);
            Assert.Equal((before.Text, before.Seed, before.Part.Number, before.Part.Flag), (after.Text, after.Seed, after.Part.Number, after.Part.Flag));
            Assert.Equal(before.Part.List, after.Part.List);
        }, iter: 300);

    [Theory]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("~")]
    [InlineData("")]
    [InlineData("1e3")]
    [InlineData("- a")]
    [InlineData("a: b # c")]
    [InlineData(" edge ")]
    [InlineData("two\nlines\twith \"quotes\" and \\boxed{}\r")]
    [InlineData("π ≠ 𝑥 \u0085\u2028\ufeff\0")]
    public void Awkward_texts_survive_writing_and_reading(string text)
    {
        var path = _folder.Write("free.yaml", RecipeFile.ToYaml(new Free { Text = text }));
        Assert.Equal(text, RecipeFile.Load<Free>(path).Text);
    }

    [Fact]
    public void Every_number_has_a_range_and_every_rule_a_key()
    {
        Check<Recipe>(RecipeRules.Training);
        Check<PretrainRecipe>(PretrainRules.All);

        static void Check<T>(IReadOnlyList<RecipeRule> rules) where T : class, new()
        {
            var schema = RecipeSchema.Of<T>();
            var ruled = rules.Select(r => r.Key).ToHashSet();
            var numbers = schema.Paths().Where(p => schema.Get(new T(), p) is int or double).ToHashSet();
            Assert.Empty(numbers.Except(ruled));
            Assert.Empty(ruled.Except(schema.Paths()));
        }
    }

    [Fact]
    public void Every_recipe_of_the_repository_can_be_used()
    {
        var files = Directory.GetFiles(Path.Combine(TestFiles.Root, "recipes"), "*.yaml", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        foreach (var file in files)
        {
            if (Path.GetFileName(file).StartsWith("pretrain", StringComparison.Ordinal))
                RecipeFile.Load<PretrainRecipe>(file, [], PretrainRules.All);
            else
                RecipeRules.CheckTogether(RecipeFile.Load(file));
        }
    }

    [Fact]
    public void Every_default_is_in_its_range()
    {
        RecipeRules.Check(new Recipe { Model = "m", Data = new() { Train = "t" } });
        var pretraining = RecipeFile.Load<PretrainRecipe>(_folder.Write("pretrain.yaml", "output: o\n"), [], PretrainRules.All);
        Assert.Equal(3e-3, pretraining.Optimizer.LearningRate);
        var error = Assert.Throws<RecipeException>(() => RecipeFile.Load<PretrainRecipe>(_folder["pretrain.yaml"], ["model.layers=0"], PretrainRules.All));
        Assert.Equal("--set model.layers=0: error: 'model.layers' must be at least 1; found 0.", error.Message);
        error = Assert.Throws<RecipeException>(() => RecipeFile.Load<PretrainRecipe>(_folder["pretrain.yaml"], ["data.habits=[careful=0.5, lazy=1]"], PretrainRules.All));
        Assert.Equal("--set data.habits=[careful=0.5, lazy=1]: error: 'data.habits': there is no habit 'lazy'. Expected careful, unboxed, rush, slip or terse.", error.Message);
        error = Assert.Throws<RecipeException>(() => RecipeFile.Load<PretrainRecipe>(_folder["pretrain.yaml"], ["model.architecture=gpt"], PretrainRules.All));
        Assert.Equal("--set model.architecture=gpt: error: 'model.architecture' must be 'qwen2', 'llama' or 'qwen3'; found 'gpt'.", error.Message);
    }

    [Fact]
    public void A_recipe_made_in_code_is_checked_too()
    {
        var good = new Recipe { Model = "m", Data = new() { Train = "t" } };
        RecipeRules.Check(good);
        var error = Assert.Throws<RecipeException>(() => RecipeRules.Check(good with { Steps = -1 }));
        Assert.Equal("recipe: error: 'steps' must be at least 0; found -1.", error.Message);
    }

    private static bool IsText(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                i++;
            else if (char.IsSurrogate(text[i]))
                return false;
        }
        return true;
    }

    internal sealed record Free
    {
        public string Text { get; init; } = "";

        public ulong Seed { get; init; }

        public FreePart Part { get; init; } = new();
    }

    internal sealed record FreePart
    {
        public double Number { get; init; }

        public IReadOnlyList<string> List { get; init; } = [];

        public bool Flag { get; init; }
    }
}
