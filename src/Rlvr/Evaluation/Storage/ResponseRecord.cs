using System.Text.Json;
using Rlvr.Data;
using Rlvr.Rollouts;
using Rlvr.Runs;

namespace Rlvr.Evaluation;

/// <summary>One response of an evaluation with all that is known of it: a line of SUITE.jsonl.</summary>
public sealed record ResponseRecord
{
    /// <summary>Name of the suite.</summary>
    public required string Suite { get; init; }

    /// <summary>Id of the problem, unique in its suite.</summary>
    public required string Id { get; init; }

    /// <summary>Its subject.</summary>
    public string? Subject { get; init; }

    /// <summary>Its level.</summary>
    public string? Level { get; init; }

    /// <summary>The problem as its author wrote it, with its choices.</summary>
    public required string Problem { get; init; }

    /// <summary>The label.</summary>
    public required string Answer { get; init; }

    /// <summary>Number of the response among those of the problem, from 0.</summary>
    public required int Sample { get; init; }

    /// <summary>What the model was given.</summary>
    public string Prompt { get; init; } = "";

    /// <summary>What it wrote. Untrusted.</summary>
    public required string Response { get; init; }

    /// <summary>The answer found in it; null where there is none.</summary>
    public string? Extracted { get; init; }

    /// <summary>The verifier's word.</summary>
    public required string Verdict { get; init; }

    /// <summary>The rule that decided.</summary>
    public string? Rule { get; init; }

    /// <summary>Whether the answer is right.</summary>
    public required bool Correct { get; init; }

    /// <summary>Length in tokens, the end token included.</summary>
    public int Tokens { get; init; }

    /// <summary><c>stop</c>: it ended by itself; <c>stop_string</c>: at a stop string; <c>length</c>: it was cut off.</summary>
    public string Finish { get; init; } = "";

    /// <summary>Whether there is a boxed answer.</summary>
    public bool Boxed { get; init; }

    /// <summary>Whether it goes round in circles.</summary>
    public bool Repetitive { get; init; }

    /// <summary>The words of self-reflection in it.</summary>
    public IReadOnlyList<string> Reflection { get; init; } = [];

    internal static ResponseRecord Of(string suite, Problem problem, string prompt, EvaluatedResponse response) => new()
    {
        Suite = suite,
        Id = problem.Id,
        Subject = problem.Subject,
        Level = problem.Level,
        Problem = problem.Statement,
        Answer = problem.Answer,
        Sample = response.Sample,
        Prompt = prompt,
        Response = response.Text,
        Extracted = response.Extracted,
        Verdict = response.Verdict,
        Rule = response.Rule,
        Correct = response.Correct,
        Tokens = response.Tokens,
        Finish = response.Finish switch { FinishReason.Stop => "stop", FinishReason.StopString => "stop_string", _ => "length" },
        Boxed = response.Boxed,
        Repetitive = response.Repetitive,
        Reflection = response.Reflection,
    };

    /// <param name="problem">The problem's index among those evaluated.</param>
    internal EvaluatedResponse ToResponse(int problem) =>
        new(problem, Sample, Response, Correct, Verdict, Extracted, Boxed, Tokens, Finish switch { "stop" => FinishReason.Stop, "stop_string" => FinishReason.StopString, _ => FinishReason.Length })
        {
            Rule = Rule,
            Repetitive = Repetitive,
            Reflection = Reflection,
        };

    /// <summary>The JSON object, on one line.</summary>
    internal string ToJson() => JsonSerializer.Serialize(this, RunJson.Line);

    /// <summary>Reads a line.</summary>
    /// <exception cref="RlvrException">It is no such record; the message names file and line.</exception>
    internal static ResponseRecord Parse(string path, int number, ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize<ResponseRecord>(line, RunJson.Line) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new RlvrException($"{path}({number}): error: this line is not a response of an evaluation: {e.Message.Split(" Path:")[0]} Remove the line to have the response written again.", e);
        }
    }
}
