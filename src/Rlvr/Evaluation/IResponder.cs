using Rlvr.Data;
using Rlvr.Rollouts;

namespace Rlvr.Evaluation;

/// <summary>Whoever writes the responses of an evaluation: a model in this process, or a server.</summary>
public interface IResponder
{
    /// <summary>What it is, for records and messages: a model folder, or an endpoint and a model's name.</summary>
    string Name { get; }

    /// <summary>Tells two responders apart whose responses differ, wherever they lie; recorded with an evaluation that can be resumed. The name, unless there is something better.</summary>
    string Fingerprint => Name;

    /// <summary>
    /// Called once with all problems of an evaluation before any of them is answered: finds out what cannot be answered, and fills in what the
    /// settings leave to the responder (a limit of 0 new tokens).
    /// </summary>
    /// <param name="suite">The suite's name, for messages.</param>
    /// <param name="problems">All its problems that are evaluated.</param>
    /// <param name="settings">As asked for.</param>
    /// <returns>The settings to answer with.</returns>
    /// <exception cref="RlvrException">A prompt does not fit; the message says which.</exception>
    EvaluationSettings Prepare(string suite, IReadOnlyList<Problem> problems, EvaluationSettings settings) =>
        settings.MaxNewTokens > 0 ? settings : settings with { MaxNewTokens = EvaluationSettings.DefaultMaxNewTokens };

    /// <summary>Answers all requests, in any order.</summary>
    /// <param name="requests">What is asked.</param>
    /// <param name="settings">The prompt template and how to sample. Draws depend on the seed, the problem and the sample only, as far as the responder can promise it.</param>
    /// <param name="onResponse">
    /// Called once for each request as soon as its response is whole, with the request's index; never from two threads at once. What has been
    /// handed over stays valid if a later request fails.
    /// </param>
    /// <param name="cancellation">Stops as soon as possible.</param>
    /// <exception cref="RlvrException">A request cannot be answered; the message says which and why.</exception>
    void Respond(IReadOnlyList<ResponseRequest> requests, EvaluationSettings settings, Action<int, ModelResponse> onResponse, CancellationToken cancellation);
}

/// <summary>One response that is wanted.</summary>
/// <param name="Problem">The problem.</param>
/// <param name="Index">The problem's place in its suite, whatever part of the suite is evaluated.</param>
/// <param name="Sample">Number of the response among those of the problem, from 0.</param>
public sealed record ResponseRequest(Problem Problem, int Index, int Sample);

/// <summary>A response.</summary>
/// <param name="Text">The text without special tokens, cut before a stop string. Untrusted.</param>
/// <param name="Tokens">Length in tokens, the end token included.</param>
/// <param name="Finish">Why it ended.</param>
public sealed record ModelResponse(string Text, int Tokens, FinishReason Finish);
