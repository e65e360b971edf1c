namespace Rlvr.Rewards;

/// <summary>Section <c>reward</c> of a recipe.</summary>
public sealed record RewardOptions
{
    /// <summary>
    /// A reward, or a weighted sum of several: <c>math</c>, <c>math + 0.1 format - 0.5 repetition</c>. The names are those of
    /// <see cref="RewardCatalog.Names"/>.
    /// </summary>
    public string Kind { get; init; } = "math";

    /// <summary>The verifier's profile for <c>math</c>, <c>format</c> and <c>random</c>: <c>strict</c>, <c>training</c> or <c>evaluation</c>.</summary>
    public string Profile { get; init; } = "training";

    /// <summary>
    /// What becomes of problems whose label the reward cannot read: <c>drop</c> trains without them and lists them, <c>error</c> ends the run before
    /// it starts.
    /// </summary>
    public string UnreadableLabels { get; init; } = "drop";

    /// <summary>Where <c>exact</c>, <c>numeric</c> and <c>choice</c> look for the answer: <c>box</c>, <c>usual</c> (the box, else what looks like an answer) or <c>response</c> (all of it).</summary>
    public string Answer { get; init; } = "box";

    /// <summary><c>exact</c> and <c>regex</c>: capital and small letters are the same.</summary>
    public bool IgnoreCase { get; init; }

    /// <summary><c>exact</c>: white space at the ends does not count.</summary>
    public bool Trim { get; init; } = true;

    /// <summary><c>numeric</c>: absolute tolerance.</summary>
    public double Tolerance { get; init; }

    /// <summary><c>numeric</c>: tolerance as a share of the label's size. The larger of the two tolerances counts.</summary>
    public double RelativeTolerance { get; init; }

    /// <summary><c>regex</c>: the pattern to find in the response; <c>{answer}</c> in it stands for the label.</summary>
    public string Pattern { get; init; } = "";

    /// <summary><c>overlong</c>: tokens up to which a response costs nothing; 0 takes four fifths of <see cref="OverlongTo"/>.</summary>
    public int OverlongFrom { get; init; }

    /// <summary><c>overlong</c>: tokens from which a response costs 1; 0 takes the limit on new tokens.</summary>
    public int OverlongTo { get; init; }

    /// <summary><c>repetition</c>: words of an n-gram.</summary>
    public int RepetitionNgram { get; init; } = 3;

    /// <summary><c>program</c>: the external program and its arguments.</summary>
    public IReadOnlyList<string> Program { get; init; } = [];

    /// <summary><c>program</c>: longest wait for one answer, seconds.</summary>
    public double ProgramTimeout { get; init; } = 10;

    /// <summary><c>program</c>: most processes at a time; 0 takes one for each processor.</summary>
    public int ProgramWorkers { get; init; }

    /// <summary><c>program</c>: how often a response is tried again before it counts as failed.</summary>
    public int ProgramRetries { get; init; } = 1;
}
