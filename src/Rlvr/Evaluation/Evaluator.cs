using System.Diagnostics;
using Rlvr.Data;
using Rlvr.Rollouts;

namespace Rlvr.Evaluation;

/// <summary>Evaluates a model, or whatever else answers, on a suite of problems.</summary>
/// <param name="responder">Who answers; it stays the caller's.</param>
public sealed class Evaluator(IResponder responder)
{
    /// <summary>Evaluates a model in this process.</summary>
    /// <param name="model">The model; it stays the caller's.</param>
    public Evaluator(LanguageModel model) : this(new ModelResponder(model)) { }

    /// <summary>Evaluates.</summary>
    /// <param name="suite">The suite's name, for the result.</param>
    /// <param name="problems">Its problems.</param>
    /// <param name="settings">How.</param>
    /// <param name="progress">Called as responses finish, with their number and the number of all.</param>
    /// <param name="folder">Keeps the responses as they come; those that it has already are not asked for again. Null keeps nothing.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    /// <exception cref="RlvrException">There are no problems, one cannot be answered, the settings contradict each other or those of the folder, or it cannot be written.</exception>
    public EvaluationResult Evaluate(string suite, IReadOnlyList<Problem> problems, EvaluationSettings settings,
        Action<int, int>? progress = null, EvaluationFolder? folder = null, CancellationToken cancellation = default)
    {
        long start = Stopwatch.GetTimestamp();
        Check(suite, problems, settings);
        int[] places = Choose(problems.Count, settings.Limit);
        Problem[] chosen = [.. places.Select(i => problems[i])];
        EvaluatedResponse?[] responses = new EvaluatedResponse?[chosen.Length * settings.Samples];
        using SuiteFile? file = folder?.Begin(suite, responder, settings, chosen);
        foreach (EvaluatedResponse done in file?.Responses ?? []) responses[(done.Problem * settings.Samples) + done.Sample] = done;
        int[] missing = [.. Enumerable.Range(0, responses.Length).Where(i => responses[i] is null)];
        int finished = responses.Length - missing.Length;
        if (finished > 0) progress?.Invoke(finished, responses.Length);
        if (missing.Length > 0)
        {
            ResponseJudge judge = new(settings);
            ResponseRequest[] requests = [.. missing.Select(i => new ResponseRequest(chosen[i / settings.Samples], places[i / settings.Samples], i % settings.Samples))];
            // All problems, not only those that are missing: what is filled in must not depend on where an evaluation was stopped.
            responder.Respond(requests, responder.Prepare(suite, chosen, settings), (request, response) =>
            {
                int i = missing[request], problem = i / settings.Samples;
                if (responses[i] is not null) throw new InvalidOperationException($"{responder.Name} answered a request twice.");
                responses[i] = judge.Judge(chosen[problem], problem, i % settings.Samples, response);
                file?.Append(responses[i]!);
                finished++;
                progress?.Invoke(finished, responses.Length);
            }, cancellation);
            if (finished < responses.Length) throw new RlvrException($"suite '{suite}': {responder.Name} left {responses.Length - finished} of {responses.Length} requests without a response.");
        }
        EvaluationResult result = new(suite, settings, chosen, responses!, Stopwatch.GetElapsedTime(start).TotalSeconds);
        file?.Complete();
        return result;
    }

    private static void Check(string suite, IReadOnlyList<Problem> problems, EvaluationSettings settings)
    {
        if (problems.Count == 0) throw new RlvrException($"the suite '{suite}' has no problems.");
        if (settings.Samples is < 1 or >= EvaluationSettings.MaxSamples)
            throw new RlvrException($"{settings.Samples} samples a problem were asked for; expected 1 to {EvaluationSettings.MaxSamples - 1}.");
        if (settings.Samples > 1 && settings.Temperature == 0)
            throw new RlvrException($"{settings.Samples} greedy samples of a problem would all be the same. Set a temperature, such as 0.6, or take one sample.");
    }

    /// <summary>So many indices spread evenly over the suite, whose problems often come sorted by subject.</summary>
    private static int[] Choose(int count, int limit)
    {
        int number = limit > 0 ? int.Min(limit, count) : count;
        return [.. Enumerable.Range(0, number).Select(i => (int)((long)i * count / number))];
    }
}
