namespace Rlvr.Experiments;

/// <summary>What an experiment's page shows below its question.</summary>
public sealed record ExperimentPage
{
    /// <summary>The paper's numbers beside ours.</summary>
    public IReadOnlyList<ResultTable> Tables { get; init; } = [];

    /// <summary>Curves and bars.</summary>
    public IReadOnlyList<ResultFigure> Figures { get; init; } = [];

    /// <summary>What agrees with the paper and what does not.</summary>
    public IReadOnlyList<Finding> Findings { get; init; } = [];

    /// <summary>What a reader must know to judge it: what stands for what at this scale, and why a phenomenon may not appear. Markdown.</summary>
    public string Notes { get; init; } = "";
}

/// <summary>A table.</summary>
/// <param name="Title">What it is: "Accuracy after training, %".</param>
/// <param name="Columns">Heads of the columns; the first is that of the row names.</param>
/// <param name="Rows">Cells as text, as many as there are columns.</param>
public sealed record ResultTable(string Title, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows);

/// <summary>A figure of lines, with a band where several seeds are averaged.</summary>
/// <param name="Name">File name without extension: <c>e4-accuracy</c>.</param>
/// <param name="Title">Above it.</param>
/// <param name="X">Label of the horizontal axis.</param>
/// <param name="Y">Label of the vertical axis.</param>
/// <param name="Series">The lines.</param>
public sealed record ResultFigure(string Name, string Title, string X, string Y, IReadOnlyList<FigureSeries> Series)
{
    /// <summary>Whether both axes are logarithmic; points that are not above 0 are then left out.</summary>
    public bool Logarithmic { get; init; }
}

/// <summary>A line of a figure.</summary>
/// <param name="Name">In the legend.</param>
/// <param name="Points">By x: the mean over seeds, and the least and the greatest seed.</param>
public sealed record FigureSeries(string Name, IReadOnlyList<(double X, double Mean, double Low, double High)> Points)
{
    /// <summary>How it is drawn.</summary>
    public SeriesStyle Style { get; init; }
}

/// <summary>How a series is drawn.</summary>
public enum SeriesStyle
{
    /// <summary>A line through its points.</summary>
    Line,

    /// <summary>Its points alone.</summary>
    Points,

    /// <summary>A line without points, in the colour of the series before it.</summary>
    LineOfPrevious,
}

/// <summary>A claim of the paper, and what these results say of it.</summary>
/// <param name="Claim">The paper's, in a sentence.</param>
/// <param name="Agreement">Whether it holds here.</param>
/// <param name="Detail">The numbers it rests on.</param>
public sealed record Finding(string Claim, Agreement Agreement, string Detail);

/// <summary>How results compare with a claim.</summary>
public enum Agreement
{
    /// <summary>It holds here, by more than noise.</summary>
    Agrees,

    /// <summary>The opposite holds here, or there is no effect where there should be one.</summary>
    Disagrees,

    /// <summary>The difference is within noise.</summary>
    Unclear,

    /// <summary>The results it needs are not there yet.</summary>
    NotMeasured,
}
