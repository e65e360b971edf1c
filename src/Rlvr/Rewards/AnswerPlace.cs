using Rlvr.Math;

namespace Rlvr.Rewards;

/// <summary>Where a reward looks for the answer in a response.</summary>
public enum AnswerPlace
{
    /// <summary>The last complete <c>\boxed{...}</c>.</summary>
    Box,

    /// <summary>The box; without one "the answer is ...", <c>####</c>, the last mathematics or number.</summary>
    Usual,

    /// <summary>All of the response.</summary>
    Response,
}

/// <summary>Takes answers from responses.</summary>
internal static class AnswerPlaces
{
    /// <summary>The answer; null where there is none.</summary>
    /// <param name="place">Where to look.</param>
    /// <param name="response">The response.</param>
    /// <param name="choices">Whether a letter such as "(B)" is an answer, where <see cref="AnswerPlace.Usual"/> finds no better one.</param>
    public static string? Find(this AnswerPlace place, string response, bool choices = false) => place switch
    {
        AnswerPlace.Box => AnswerExtractor.LastBoxed(response),
        AnswerPlace.Usual => AnswerExtractor.Extract(response, AnswerSources.Usual | (choices ? AnswerSources.ChoiceLetter : 0)),
        _ => response,
    };
}
