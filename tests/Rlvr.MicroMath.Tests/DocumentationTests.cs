using System.Globalization;
using System.Text.RegularExpressions;
using Rlvr.Tests.Shared;

namespace Rlvr.MicroMath.Tests;

/// <summary>docs/micro-math.md shows generated problems; here they are generated again.</summary>
public class DocumentationTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(TestFiles.Root, "docs", "micro-math.md")).ReplaceLineEndings("\n");

    [Fact]
    public void The_table_of_subjects_shows_the_first_problem_of_each()
    {
        foreach (var problem in MicroSuites.Names.Where(n => n.StartsWith("micro", StringComparison.Ordinal)).SelectMany(n => MicroSuites.Get(n).DistinctBy(p => p.Subject)))
            Assert.Matches($@"(?m)^\| {problem.Subject} \| [\d.]+ \| {Regex.Escape($"{problem.Text} | {string.Join(" ; ", problem.Steps)} |")}$", Page);
    }

    [Fact]
    public void The_documents_shown_are_those_of_the_corpus()
    {
        PretrainingCorpus corpus = new(1);
        var shown = Regex.Matches(Page, @"^Document (\d+), (\w+)[^\n]*:\n```\n(.*?)\n```", RegexOptions.Multiline | RegexOptions.Singleline);
        Assert.Equal(5, shown.Count);
        foreach (Match match in shown)
        {
            var document = corpus[int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)];
            Assert.Equal($"{document.Problem.Text}\n{document.Response}", match.Groups[3].Value);
            Assert.Equal(document.Habit.ToString().ToLowerInvariant(), match.Groups[2].Value);
        }
    }

    [Fact]
    public void The_example_of_one_shot_training_is_shown()
    {
        var example = Assert.Single(MicroSuites.Get("pi-1"));
        Assert.Contains($"> {example.Text}\n\nwith the answer {example.Answer}.", Page, StringComparison.Ordinal);
    }
}
