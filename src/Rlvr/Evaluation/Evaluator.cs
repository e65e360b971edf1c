using System.Diagnostics;
using Rlvr.Data;
using Rlvr.Math;
using Rlvr.Models;
using Rlvr.Rewards;
using Rlvr.Rollouts;

namespace Rlvr.Evaluation;

/// <summary>
/// Evaluates a model on a suite of problems. All responses are generated in one call, so that the batch stays full; the draws depend on
/// the seed, the problem's place in the suite and the number of the sample only.
/// </summary>
/// <param name="model">The model; it stays the caller's.</param>
public sealed class Evaluator(LanguageModel model)
{
    /// <summary>Stands where training has its step, so that evaluation never draws the same numbers as training.</summary>
    private const ulong DrawStep = 0xE7A1_0000_0000_0000;

    /// <summary>Responses of one problem are numbered below this.</summary>
    private const int MaxSamples = 1_000_000;

    /// <summary>The longest response where nothing else is asked for (arXiv 2504.20571).</summary>
    private const int DefaultMaxNewTokens = 3072;

    /// <summary>Evaluates.</summary>
    /// <param name="suite">The suite's name, for the result.</param>
    /// <param name="problems">Its problems.</param>
    /// <param name="settings">How.</param>
    /// <param name="progress">Called as responses finish, with their number and the number of all.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    /// <exception cref="RlvrException">There are no problems, a prompt does not fit the model, or the settings contradict each other.</exception>
    public EvaluationResult Evaluate(
        string suite, IReadOnlyList<Problem> problems, EvaluationSettings settings, Action<int, int>? progress = null, CancellationToken cancellation = default)
    {
        long start = Stopwatch.GetTimestamp();
        Check(suite, problems, settings);
        int[] chosen = Choose(problems.Count, settings.Limit);
        int[][] prompts = [.. chosen.Select(i => model.Tokenizer.Encode(settings.Prompt.Render(problems[i])))];
        int maxNewTokens = FitNewTokens(suite, [.. chosen.Select(i => problems[i])], prompts, settings.MaxNewTokens);
        GenerationRequest[] requests = [.. chosen.SelectMany((problem, p) =>
            Enumerable.Range(0, settings.Samples).Select(sample => new GenerationRequest(prompts[p], ((ulong)problem * MaxSamples) + (ulong)sample)))];
        SamplingOptions options = Options(settings, maxNewTokens);
        int finished = 0;
        Action<int, int>? onToken = progress is null ? null : CountFinished(requests.Length, options, (done, total) => progress(finished = done, total));
        IReadOnlyList<Rollout> rollouts = new Generator(model.Network, model.Tokenizer).Generate(requests, options, onToken, cancellation);
        if (finished < requests.Length) progress?.Invoke(requests.Length, requests.Length);

        IReward judge = settings.Judge ?? new MathReward(settings.Profile);
        EvaluatedResponse[] responses = new EvaluatedResponse[rollouts.Count];
        Parallel.For(0, rollouts.Count, new ParallelOptions { CancellationToken = cancellation }, i =>
        {
            Rollout rollout = rollouts[i];
            int p = i / settings.Samples;
            RewardResult result = judge.Score(problems[chosen[p]], rollout.Text);
            responses[i] = new EvaluatedResponse(p, i % settings.Samples, rollout.Text, result.Correct, result.Verdict, result.Extracted,
                AnswerExtractor.LastBoxed(rollout.Text) is not null, rollout.Tokens.Length, rollout.Finish);
        });
        return new EvaluationResult(suite, settings, [.. chosen.Select(i => problems[i])], responses, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private SamplingOptions Options(EvaluationSettings settings, int maxNewTokens)
    {
        // A stop string that is a token of its own ends the response as one: special tokens never show up in the decoded text.
        List<string> strings = [.. settings.Prompt.StopStrings.Where(s => model.Tokenizer.IdOf(s) is null)];
        IEnumerable<int> ids = settings.Prompt.StopStrings.Select(model.Tokenizer.IdOf).OfType<int>();
        return new SamplingOptions
        {
            Temperature = settings.Temperature,
            TopP = settings.TopP,
            TopK = settings.TopK,
            MinP = settings.MinP,
            MaxNewTokens = maxNewTokens,
            StopIds = [.. model.StopIds.Union(ids)],
            StopStrings = strings,
            Seed = settings.Seed,
            Step = DrawStep,
            MaxRows = settings.MaxRows,
        };
    }

    /// <summary>Counts ends of responses in the stream of tokens. Those ended by a stop string are seen at the very end only.</summary>
    private static Action<int, int> CountFinished(int total, SamplingOptions options, Action<int, int> progress)
    {
        int[] lengths = new int[total];
        HashSet<int> stopIds = [.. options.StopIds];
        int done = 0;
        return (index, token) =>
        {
            if (++lengths[index] == options.MaxNewTokens || stopIds.Contains(token)) progress(++done, total);
        };
    }

    private static void Check(string suite, IReadOnlyList<Problem> problems, EvaluationSettings settings)
    {
        if (problems.Count == 0) throw new RlvrException($"the suite '{suite}' has no problems.");
        if (settings.Samples is < 1 or >= MaxSamples) throw new RlvrException($"{settings.Samples} samples a problem were asked for; expected 1 to {MaxSamples - 1}.");
        if (settings.Samples > 1 && settings.Temperature == 0)
            throw new RlvrException($"{settings.Samples} greedy samples of a problem would all be the same. Set a temperature, such as 0.6, or take one sample.");
    }

    /// <summary>So many indices spread evenly over the suite, whose problems often come sorted by subject.</summary>
    private static int[] Choose(int count, int limit)
    {
        int number = limit > 0 ? int.Min(limit, count) : count;
        return [.. Enumerable.Range(0, number).Select(i => (int)((long)i * count / number))];
    }

    private int FitNewTokens(string suite, List<Problem> problems, int[][] prompts, int requested)
    {
        ModelConfig config = model.Network.Config;
        int longest = Enumerable.Range(0, prompts.Length).MaxBy(i => prompts[i].Length);
        int room = config.MaxPositions - prompts[longest].Length;
        if (room < int.Max(1, requested))
        {
            throw new RlvrException($"suite '{suite}': the prompt of problem '{problems[longest].Id}' has {prompts[longest].Length} tokens, and with "
                + $"{int.Max(1, requested)} new ones it does not fit the model's {config.MaxPositions} positions. Lower the limit on new tokens, or leave the problem out.");
        }
        return requested > 0 ? requested : int.Min(room, DefaultMaxNewTokens);
    }
}
