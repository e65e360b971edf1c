namespace Rlvr.Math;

/// <summary>What the verifier found out about one answer.</summary>
public enum Verdict
{
    /// <summary>The answer is mathematically the expected one (as the profile understands it).</summary>
    Correct,

    /// <summary>The answer was understood, and is another one.</summary>
    Wrong,

    /// <summary>The response contains no answer at all, or an empty one.</summary>
    NoAnswer,

    /// <summary>There is an answer, but it cannot be read as mathematics or as words.</summary>
    UnparsableAnswer,

    /// <summary>The expected answer itself cannot be read, so that no answer can be judged against it.</summary>
    UnparsableLabel,
}
