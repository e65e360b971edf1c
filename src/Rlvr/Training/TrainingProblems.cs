using System.Globalization;
using Rlvr.Data;
using Rlvr.Hub;

namespace Rlvr.Training;

/// <summary>What a recipe's section <c>data</c> trains on: the problems that it picks of a set, and what it puts in place of a problem's text or label.</summary>
public static class TrainingProblems
{
    /// <summary>Before the number of a row, where an id of the set is that number too.</summary>
    private const string RowPrefix = "row:";

    /// <summary>Loads the set and picks from it.</summary>
    /// <param name="data">The recipe's section.</param>
    /// <param name="observer">Watches a download.</param>
    /// <param name="cancellation">Stops a download.</param>
    /// <exception cref="RlvrException">The set cannot be read.</exception>
    /// <exception cref="RecipeException">It has no such problem, or the section contradicts itself.</exception>
    public static IReadOnlyList<Problem> Load(DataOptions data, IPullObserver? observer = null, CancellationToken cancellation = default) =>
        Choose(data, ProblemSets.Load(data.Train, observer, cancellation));

    /// <summary>Picks problems of a set, in the order that the section names them, and replaces what it replaces.</summary>
    /// <param name="data">The recipe's section.</param>
    /// <param name="problems">All problems of the set.</param>
    /// <exception cref="RecipeException">There is no such problem, one is named twice, or the section contradicts itself.</exception>
    public static IReadOnlyList<Problem> Choose(DataOptions data, IReadOnlyList<Problem> problems)
    {
        if (ProblemOf(data) is { } contradiction) throw Fail(contradiction);
        IReadOnlyList<Problem> chosen = data.Examples.Count > 0 ? Pick(data, problems) : data.Limit > 0 ? [.. problems.Take(data.Limit)] : problems;
        if (data.Label.Length == 0 && data.Problem.Length == 0) return chosen;
        if (chosen.Count != 1)
        {
            throw Fail($"data.{(data.Label.Length > 0 ? "label" : "problem")} stands for the {(data.Label.Length > 0 ? "label" : "text")} of one problem, and there are {chosen.Count} of {data.Train}. "
                + $"Choose one, such as data.examples: [{(chosen.Count > 0 ? chosen[0].Id : "ID")}].");
        }
        return [Replace(chosen[0], data)];
    }

    /// <summary>Where the section contradicts itself, whatever the set; null where it does not.</summary>
    internal static string? ProblemOf(DataOptions data)
    {
        if (data.Examples.Count > 0 && data.Limit > 0) return $"data.examples chooses {data.Examples.Count} problem(s) and data.limit the first {data.Limit}; keep one of the two keys";
        if (data.Label.Length > 0 && data.LabelNoise > 0) return "data.label sets the label, and data.label_noise would put a random one in its place; keep one of the two keys";
        if (data.Examples.Count > 1 && (data.Label.Length > 0 || data.Problem.Length > 0))
            return $"data.{(data.Label.Length > 0 ? "label" : "problem")} stands for the {(data.Label.Length > 0 ? "label" : "text")} of one problem, and data.examples chooses {data.Examples.Count}; name one of them";
        return null;
    }

    private static Problem[] Pick(DataOptions data, IReadOnlyList<Problem> problems)
    {
        Dictionary<string, int> byId = new(StringComparer.Ordinal);
        for (int i = 0; i < problems.Count; i++) byId.TryAdd(problems[i].Id, i);
        Dictionary<int, string> names = [];
        foreach (string example in data.Examples)
        {
            int index = byId.TryGetValue(example, out int found) ? found : Row(example, data.Train, problems);
            if (!names.TryAdd(index, example))
            {
                throw Fail($"data.examples names problem '{problems[index].Id}' twice{(names[index] == example ? "" : $", as '{names[index]}' and as '{example}'")}. "
                    + "Name it once: few problems are repeated to fill the batch by themselves.");
            }
        }
        return [.. names.Keys.Select(i => problems[i])];
    }

    private static int Row(string example, string set, IReadOnlyList<Problem> problems)
    {
        bool prefixed = example.StartsWith(RowPrefix, StringComparison.Ordinal);
        string text = prefixed ? example[RowPrefix.Length..].Trim() : example;
        string expected = $"Expected an id, such as '{problems[0].Id}', or the number of a row from 1 to {problems.Count}.";
        bool number = text.Length > 0 && !text.AsSpan(text[0] == '-' ? 1 : 0).ContainsAnyExceptInRange('0', '9');
        if (!number)
            throw Fail($"data.examples: {set} has no problem '{example}'.{Suggestion.DidYouMean(example, problems.Select(p => p.Id))} {expected}");
        if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int row) || row < 1 || row > problems.Count)
            throw Fail($"data.examples: {set} has {problems.Count} problem(s), and neither a row {text} nor a problem of that id.{(text == "0" ? " The first row is 1." : "")} {expected}");
        return row - 1;
    }

    // A chat that the data set brings has the old text in it: the prompt template frames the new one.
    private static Problem Replace(Problem problem, DataOptions data)
    {
        Problem asked = data.Problem.Length == 0 ? problem : problem with { Text = data.Problem, Chat = [], Solution = null };
        if (data.Label.Length == 0) return asked;
        // The label of another question says nothing about what is right here.
        return asked with { Answer = data.Label, CleanAnswer = data.Problem.Length == 0 && data.Label != problem.Answer ? problem.Answer : null, Solution = null };
    }

    private static RecipeException Fail(string message) => new($"recipe: error: {message}");
}
