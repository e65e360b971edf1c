using System.Collections.ObjectModel;

namespace Rlvr.Runs;

/// <summary>One evaluation of one suite: a line of evals.jsonl.</summary>
public sealed record EvaluationRecord
{
    /// <summary>Training steps before it; 0 is the base model.</summary>
    public required int Step { get; init; }

    /// <summary>Name of the suite.</summary>
    public required string Suite { get; init; }

    /// <summary>Sampling temperature; 0 is greedy.</summary>
    public double Temperature { get; init; }

    /// <summary>Responses per problem; accuracy is the mean over them.</summary>
    public int Samples { get; init; } = 1;

    /// <summary>Number of problems.</summary>
    public required int Problems { get; init; }

    /// <summary>Share of responses whose answer is right, 0 to 1.</summary>
    public required double Accuracy { get; init; }

    /// <summary>Standard error of <see cref="Accuracy"/>, clustered by problem.</summary>
    public double StandardError { get; init; } = double.NaN;

    /// <summary>Share of problems whose most frequent answer is right; NaN for one response a problem.</summary>
    public double Majority { get; init; } = double.NaN;

    /// <summary>Share of responses with a boxed answer, right or wrong.</summary>
    public double Boxed { get; init; } = double.NaN;

    /// <summary>Share of responses cut off at the token limit.</summary>
    public double Truncated { get; init; } = double.NaN;

    /// <summary>Share of responses that go round in circles.</summary>
    public double Repetitive { get; init; } = double.NaN;

    /// <summary>Share of responses with a word of self-reflection.</summary>
    public double Reflection { get; init; } = double.NaN;

    /// <summary>Mean length of the responses in tokens.</summary>
    public double Length { get; init; } = double.NaN;

    /// <summary>Median length of the responses in tokens.</summary>
    public double LengthMedian { get; init; } = double.NaN;

    /// <summary>Length of the longest response in tokens.</summary>
    public double LengthMax { get; init; } = double.NaN;

    /// <summary>Share of responses by verdict: <c>Correct</c>, <c>Wrong</c>, <c>NoAnswer</c>, ...; empty in runs that did not count them.</summary>
    public IReadOnlyDictionary<string, double> Verdicts { get; init; } = ReadOnlyDictionary<string, double>.Empty;

    /// <summary>The same accuracy by subject.</summary>
    public IReadOnlyList<SubjectAccuracy> Subjects { get; init; } = [];
}

/// <summary>Accuracy on the problems of one subject.</summary>
/// <param name="Subject">Its name.</param>
/// <param name="Problems">Number of problems.</param>
/// <param name="Accuracy">Share of right responses, 0 to 1.</param>
public sealed record SubjectAccuracy(string Subject, int Problems, double Accuracy);
