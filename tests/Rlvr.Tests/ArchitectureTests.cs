using System.Text.RegularExpressions;
using Rlvr.Tests.Shared;

namespace Rlvr.Tests;

/// <summary>
/// Dependencies between the parts run one way. The table says what each part may name; whatever else it names is an arrow against
/// the direction, and fails with file and line.
/// </summary>
public sealed partial class ArchitectureTests
{
    private const string Torch = "TorchSharp";

    /// <summary>A part (a project of no folders, or a folder of src/Rlvr) and the parts it may name.</summary>
    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        // Mathematics, without tensors.
        ["Math"] = [],
        ["MicroMath"] = [],
        ["Data"] = ["Math", "MicroMath", "Text", "Hub"],
        ["Rewards"] = ["Math", "MicroMath", "Data"],

        // The model.
        ["Tensors"] = [Torch],
        ["Text"] = [],
        ["Models"] = [Torch, "Tensors", "Text", "Hub"], // an adapter names its base model, which may be one of a hub
        ["Rollouts"] = [Torch, "Tensors", "Text", "Models"],

        // Formulas see tensors, never a model.
        ["Algorithms"] = [Torch, "Tensors"],

        // Plain records: what is watched, and what is computed from what was watched.
        ["Runs"] = [],
        ["Hub"] = ["Runs"], // for its atomic files
        ["Selection"] = [],

        // What puts the parts together.
        ["Evaluation"] = [Torch, "Math", "MicroMath", "Data", "Rewards", "Tensors", "Text", "Models", "Rollouts", "Runs"],
        ["Training"] = [Torch, "Math", "MicroMath", "Data", "Rewards", "Tensors", "Text", "Models", "Rollouts", "Algorithms", "Runs",
            "Selection", "Evaluation", "Hub"],
        ["Experiments"] = ["Math", "Data", "Rewards", "Models", "Hub", "Runs", "Selection", "Evaluation", "Training"], // runs and their files; no tensors

        // Errors and words that everyone uses.
        [""] = [],

        // Files are the interface between a run and whoever watches it.
        ["Dashboard"] = ["Runs"],
    };

    [Fact]
    public void Every_arrow_runs_in_the_direction_of_the_house()
    {
        var sources = Sources().ToList();
        Assert.Contains(sources, s => s.Part == "Runs");
        var unknown = sources.Select(s => s.Part).Distinct().Where(p => !Arrows.ContainsKey(p));
        Assert.True(!unknown.Any(), $"src/Rlvr/{unknown.FirstOrDefault()} is not in the table of {nameof(ArchitectureTests)}: say what it may depend on.");

        var types = sources.ToLookup(s => s.Part, s => Path.GetFileNameWithoutExtension(s.File));
        var wrong = sources.SelectMany(s => Violations(s.Part, s.File, File.ReadAllText(Path.Combine(TestFiles.Root, s.File)), types)).ToList();
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    [Fact]
    public void The_table_itself_has_no_cycle()
    {
        foreach (var part in Arrows.Keys)
            Visit(part, []);

        static void Visit(string part, List<string> path)
        {
            Assert.False(path.Contains(part), $"cycle: {string.Join(" -> ", path)} -> {part}");
            foreach (var next in Arrows.GetValueOrDefault(part, []))
                Visit(next, [.. path, part]);
        }
    }

    [Theory]
    [InlineData("using Rlvr.Models;", "src/Rlvr/Runs/X.cs(1): Runs may not depend on Models.")]
    [InlineData("\nusing static Rlvr.Training.Recipe;", "src/Rlvr/Runs/X.cs(2): Runs may not depend on Training.")]
    [InlineData("using R = Rlvr.Models.Transformer;", "src/Rlvr/Runs/X.cs(1): Runs may not depend on Models.")]
    [InlineData("using TorchSharp;", "src/Rlvr/Runs/X.cs(1): Runs may not depend on TorchSharp.")]
    [InlineData("var x = new global::Rlvr.Models.Transformer();", "src/Rlvr/Runs/X.cs(1): Runs may not depend on Models.")]
    [InlineData("var x = Models.Transformer.Load();", "src/Rlvr/Runs/X.cs(1): Runs may not depend on Models.")]
    [InlineData("var x = $\"{Models.Transformer.Load()}\";", "src/Rlvr/Runs/X.cs(1): Runs may not depend on Models.")]
    [InlineData("global using Rlvr;", "src/Rlvr/Runs/X.cs(1): global usings hide arrows.")]
    [InlineData("// using Rlvr.Models;")]
    [InlineData("/* using\nRlvr.Models; */")]
    [InlineData("/// <see cref=\"Rlvr.Models.Transformer\"/>")]
    [InlineData("using Rlvr.Runs;")]
    [InlineData("using System.Text;")]
    [InlineData("var x = recipe.Models.Transformer;")]
    [InlineData("var x = Models.Count;")]
    public void A_wrong_arrow_is_found_and_named(string text, params string[] expected)
    {
        var types = new[] { ("Models", "Transformer") }.ToLookup(t => t.Item1, t => t.Item2);
        Assert.Equal(expected, Violations("Runs", "src/Rlvr/Runs/X.cs", text, types));
    }

    private static IEnumerable<(string Part, string File)> Sources()
    {
        var source = Path.Combine(TestFiles.Root, "src");
        foreach (var file in Directory.EnumerateFiles(source, "*.cs", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var parts = Path.GetRelativePath(source, file).Split(Path.DirectorySeparatorChar);
            if (parts.Contains("bin") || parts.Contains("obj") || parts[1] is "buildTransitive")
                continue;
            var part = parts[0] switch
            {
                "Rlvr" => parts.Length > 2 ? parts[1] : "",
                "Rlvr.Cli" => null, // the outermost part sees everything
                var project => project["Rlvr.".Length..],
            };
            if (part is not null)
                yield return (part, string.Join('/', parts.Prepend("src")));
        }
    }

    /// <param name="part">The part that the file belongs to.</param>
    /// <param name="file">For the message.</param>
    /// <param name="text">The file's text.</param>
    /// <param name="types">Types of each part, to tell <c>Models.Transformer</c> the type from <c>Models.Count</c> the property.</param>
    private static IEnumerable<string> Violations(string part, string file, string text, ILookup<string, string> types)
    {
        var lines = Comments().Replace(text, m => new string('\n', m.Value.Count(c => c == '\n'))).Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith("global using", StringComparison.Ordinal))
                yield return $"{file}({i + 1}): global usings hide arrows.";
            var named = Names().Matches(lines[i])
                .Where(m => m.Groups["full"].Success || types[m.Groups["part"].Value].Contains(m.Groups["type"].Value))
                .Select(m => m.Groups["part"].Value)
                .Concat(TorchName().IsMatch(lines[i]) ? [Torch] : [])
                .Distinct()
                .Where(other => other != part && (other == Torch || Arrows.ContainsKey(other)));
            foreach (var other in named.Where(other => !Arrows[part].Contains(other)))
                yield return $"{file}({i + 1}): {(part.Length == 0 ? "the root of Rlvr" : part)} may not depend on {other}.";
        }
    }

    // Rlvr.Part, or Part.Type: inside namespace Rlvr.X the name Part alone finds the namespace Rlvr.Part.
    [GeneratedRegex(@"(?<full>\bRlvr\.)(?<part>[A-Z]\w*)|(?<![\w.])(?<part>[A-Z]\w*)\.(?<type>[A-Z]\w*)")]
    private static partial Regex Names();

    [GeneratedRegex(@"\bTorchSharp\b")]
    private static partial Regex TorchName();

    [GeneratedRegex(@"//[^\n]*|/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comments();
}
