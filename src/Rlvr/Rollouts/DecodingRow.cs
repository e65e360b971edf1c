using Rlvr.Models;
using Rlvr.Text;

namespace Rlvr.Rollouts;

/// <summary>A row being decoded.</summary>
/// <param name="index">Its request's number.</param>
/// <param name="request">What was asked for.</param>
/// <param name="options">How.</param>
/// <param name="tokenizer">Decodes the text; needed where there are stop strings.</param>
internal sealed class DecodingRow(int index, GenerationRequest request, SamplingOptions options, Tokenizer? tokenizer)
{
    private readonly List<float> logProbs = [];
    private readonly StreamingDecoder? stream = options.StopStrings.Count > 0 ? tokenizer!.CreateStream() : null;
    private string text = "";

    /// <summary>Its request's number.</summary>
    public int Index => index;

    /// <summary>What was asked for.</summary>
    public GenerationRequest Request => request;

    /// <summary>The tokens drawn so far.</summary>
    public List<int> Tokens { get; } = [];

    /// <summary>Where its prompt and its tokens were recorded; null where nothing is.</summary>
    public (int Prompt, List<int> Rows)? Recorded { get; init; }

    /// <summary>Why it ended; null where it goes on.</summary>
    public FinishReason? Finish { get; private set; }

    /// <summary>Adds a token, and sees whether the row ends with it.</summary>
    public void Append(int token, float logProb, HashSet<int> stopIds)
    {
        Tokens.Add(token);
        logProbs.Add(logProb);
        if (stopIds.Contains(token)) Finish = FinishReason.Stop;
        else if (FindsStopString(token, options.StopStrings)) Finish = FinishReason.StopString;
        else if (Tokens.Count >= options.MaxNewTokens) Finish = FinishReason.Length;
    }

    /// <summary>The response of a row that has ended.</summary>
    /// <param name="tape">What recorded it, if anything.</param>
    public Rollout ToRollout(ActivationTape? tape = null)
    {
        int[] tokens = [.. Tokens];
        string decoded = Finish == FinishReason.StopString ? text : tokenizer?.Decode(tokens) ?? "";
        return new Rollout(request, tokens, [.. logProbs], Finish!.Value, decoded)
        {
            Trace = tape is null || Recorded is not { } recorded ? null : new RolloutTrace(tape, tape.Version, recorded.Prompt, [.. recorded.Rows]),
        };
    }

    private bool FindsStopString(int token, IReadOnlyList<string> stopStrings)
    {
        if (stream is null) return false;
        int before = text.Length;
        text += stream.Append(token);
        int cut = int.MaxValue;
        foreach (string stop in stopStrings)
        {
            // Only where the new text is part of it; earlier text was looked through before.
            int found = text.IndexOf(stop, int.Max(0, before - stop.Length + 1), StringComparison.Ordinal);
            if (found >= 0) cut = int.Min(cut, found);
        }
        if (cut == int.MaxValue) return false;
        text = text[..cut]; // a token can bring several of them: the first in the text counts
        return true;
    }
}
