using Rlvr.Data;
using Rlvr.Math;
using Rlvr.Rewards;

namespace Rlvr.Evaluation;

/// <summary>How a model is evaluated.</summary>
public sealed record EvaluationSettings
{
    /// <summary>The longest response where nothing else is asked for (arXiv 2504.20571).</summary>
    public const int DefaultMaxNewTokens = 3072;

    /// <summary>Responses of one problem are fewer than this.</summary>
    internal const int MaxSamples = 1_000_000;

    /// <summary>How a problem is put to the model, and the strings that end a response.</summary>
    public required PromptTemplate Prompt { get; init; }

    /// <summary>Responses per problem (avg@k and pass@k); accuracy is the mean over them.</summary>
    public int Samples { get; init; } = 1;

    /// <summary>Sampling temperature; 0 is greedy.</summary>
    public double Temperature { get; init; }

    /// <summary>Nucleus sampling; 1 is off.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Keep the k likeliest tokens; 0 is off.</summary>
    public int TopK { get; init; }

    /// <summary>Drop tokens with less than this share of the likeliest token's probability; 0 is off.</summary>
    public double MinP { get; init; }

    /// <summary>Most tokens of a response; 0 takes what fits the model's positions, at most <see cref="DefaultMaxNewTokens"/>.</summary>
    public int MaxNewTokens { get; init; }

    /// <summary>Most rows decoded at once; as rows finish, waiting ones enter.</summary>
    public int MaxRows { get; init; } = 128;

    /// <summary>Seed of the draws. With the same seed a problem's samples are the same whatever the limit and whatever else is evaluated.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Which answers count as right.</summary>
    public VerifierProfile Profile { get; init; } = VerifierProfile.Evaluation;

    /// <summary>Judges responses instead of the mathematical verifier; null uses <see cref="Profile"/>.</summary>
    public IReward? Judge { get; init; }

    /// <summary>The judge of a suite: its letters, where all its problems are multiple choice; else null, the mathematical verifier.</summary>
    public static IReward? JudgeOf(IReadOnlyList<Problem> problems) => problems.All(p => p.Choices.Count > 0) ? new ChoiceReward(AnswerPlace.Usual) : null;

    /// <summary>Words that count as self-reflection; see <see cref="Reflection"/>.</summary>
    public IReadOnlyList<string> ReflectionWords { get; init; } = Reflection.Words;

    /// <summary>Use only the first so many problems, spread over the suite so that every subject keeps its share; 0 uses all.</summary>
    public int Limit { get; init; }
}
