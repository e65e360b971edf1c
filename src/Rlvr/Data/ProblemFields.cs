namespace Rlvr.Data;

/// <summary>
/// The names of the fields that hold the parts of a problem. The first name that a line has counts.
/// </summary>
public sealed record ProblemFields
{
    /// <summary>The problem's text.</summary>
    public IReadOnlyList<string> Text { get; init; } = ["problem", "question", "prompt"];

    /// <summary>The label: text or a number.</summary>
    public IReadOnlyList<string> Answer { get; init; } = ["answer", "label"];

    /// <summary>A worked solution, whose last <c>\boxed{...}</c> is the label where no field of <see cref="Answer"/> exists.</summary>
    public IReadOnlyList<string> Solution { get; init; } = ["solution"];

    /// <summary>The name, text or a number; without one a problem is named after its file and line.</summary>
    public IReadOnlyList<string> Id { get; init; } = ["id", "unique_id"];

    /// <summary>The subject.</summary>
    public IReadOnlyList<string> Subject { get; init; } = ["subject"];

    /// <summary>The level.</summary>
    public IReadOnlyList<string> Level { get; init; } = ["level"];

    /// <summary>The source.</summary>
    public IReadOnlyList<string> Source { get; init; } = ["source"];
}
