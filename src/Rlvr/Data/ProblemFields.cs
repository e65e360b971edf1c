namespace Rlvr.Data;

/// <summary>
/// The names of the fields that hold the parts of a problem. The first name that a row has, with a value that is not null, counts. A dot
/// goes into a field: <c>reward_model.ground_truth</c>. The defaults are the names of the published benchmarks (docs/data.md).
/// </summary>
public sealed record ProblemFields
{
    private static readonly string[] Parts = ["text", "answer", "solution", "choices", "id", "subject", "level", "source"];

    /// <summary>The problem's text, or the whole chat as a list of messages with role and content.</summary>
    public IReadOnlyList<string> Text { get; init; } = ["problem", "question", "prompt", "question.stem"];

    /// <summary>
    /// The label: a text, a number, or a list of final answers. Of a text with a box the content of the last one, of a text with a
    /// <c>####</c> what follows it (GSM8K).
    /// </summary>
    public IReadOnlyList<string> Answer { get; init; } = ["answer", "final_answer", "answerKey", "label", "reward_model.ground_truth"];

    /// <summary>A worked solution, whose last <c>\boxed{...}</c> is the label where no field of <see cref="Answer"/> exists.</summary>
    public IReadOnlyList<string> Solution { get; init; } = ["solution"];

    /// <summary>
    /// The choices of a multiple-choice problem: a list of texts, a list of objects with label and text, an object with a list of each,
    /// or an object with a text for each letter.
    /// </summary>
    public IReadOnlyList<string> Choices { get; init; } = ["choices", "options", "question.choices"];

    /// <summary>The name, text or a number; without one a problem is named after its file and row, and one that occurred before is numbered.</summary>
    public IReadOnlyList<string> Id { get; init; } = ["id", "unique_id", "idx", "extra_info.index"];

    /// <summary>The subject.</summary>
    public IReadOnlyList<string> Subject { get; init; } = ["subfield", "subject", "type", "extra_info.subject"];

    /// <summary>The level: a text or a number; <c>Level 5</c> is 5.</summary>
    public IReadOnlyList<string> Level { get; init; } = ["level", "difficulty", "extra_info.level"];

    /// <summary>The source.</summary>
    public IReadOnlyList<string> Source { get; init; } = ["source", "data_source"];

    /// <summary>Names that were asked for one by one (<see cref="Parse"/>): some row must have each.</summary>
    internal IReadOnlyList<string> Requested { get; private init; } = [];

    /// <summary>Reads which field holds what: <c>text=question&amp;answer=final_answer</c>. What is not named keeps its default names.</summary>
    /// <param name="assignments">
    /// Pairs of a part (text, answer, solution, choices, id, subject, level, source) and a field's name. A named answer is the only place
    /// where the label is looked for, and so is a named solution.
    /// </param>
    /// <param name="where">What is read, for the message.</param>
    /// <exception cref="RlvrException">A part is unknown, or a pair is none.</exception>
    public static ProblemFields Parse(string assignments, string where)
    {
        ProblemFields fields = new();
        Dictionary<string, string> names = new(StringComparer.Ordinal);
        foreach (string assignment in assignments.Split('&', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] pair = assignment.Split('=', 2, StringSplitOptions.TrimEntries);
            if (pair.Length < 2 || pair[1].Length == 0)
                throw new RlvrException($"{where}: error: '{assignment}' names no field. Expected PART=FIELD with & between several, such as text=question&answer=final_answer.");
            if (!Parts.Contains(pair[0]))
                throw new RlvrException($"{where}: error: there is no part '{pair[0]}' of a problem.{Suggestion.DidYouMean(pair[0], Parts)} Expected one of {string.Join(", ", Parts)}.");
            names[pair[0]] = pair[1];
        }
        bool label = names.ContainsKey("answer") || names.ContainsKey("solution");
        return fields with
        {
            Text = Named("text", fields.Text),
            Answer = Named("answer", label ? [] : fields.Answer),
            Solution = Named("solution", label ? [] : fields.Solution),
            Choices = Named("choices", fields.Choices),
            Id = Named("id", fields.Id),
            Subject = Named("subject", fields.Subject),
            Level = Named("level", fields.Level),
            Source = Named("source", fields.Source),
            Requested = [.. names.Values],
        };

        IReadOnlyList<string> Named(string part, IReadOnlyList<string> otherwise) => names.TryGetValue(part, out string? name) ? [name] : otherwise;
    }
}
