using Rlvr.Data;
using Rlvr.Models;
using Rlvr.Rollouts;

namespace Rlvr.Evaluation;

/// <summary>
/// A model in this process answers. All responses are generated in one call, so that the batch stays full; the draws depend on the seed, the
/// problem's place in the suite and the number of the sample only.
/// </summary>
public sealed class ModelResponder : IResponder, IDisposable
{
    /// <summary>Stands where training has its step, so that evaluation never draws the same numbers as training.</summary>
    private const ulong DrawStep = 0xE7A1_0000_0000_0000;

    private readonly Lazy<LanguageModel> model;
    private readonly Lazy<string> fingerprint;
    private readonly bool owned;

    /// <summary>Answers with a model.</summary>
    /// <param name="model">The model; it stays the caller's.</param>
    public ModelResponder(LanguageModel model) : this(model.Folder, new Lazy<LanguageModel>(model), owned: false) { }

    /// <summary>Answers with a model that is loaded when it is needed: an evaluation that is complete already does without.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="load">Loads it; the model then belongs to this object.</param>
    public ModelResponder(string folder, Func<LanguageModel> load) : this(folder, new Lazy<LanguageModel>(load), owned: true) { }

    private ModelResponder(string? folder, Lazy<LanguageModel> model, bool owned)
    {
        this.model = model;
        this.owned = owned;
        Name = folder ?? "a model in memory";
        fingerprint = new Lazy<string>(() => folder is null ? Name : ModelFingerprint.Of(folder));
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public string Fingerprint => fingerprint.Value;

    /// <inheritdoc/>
    public EvaluationSettings Prepare(string suite, IReadOnlyList<Problem> problems, EvaluationSettings settings)
    {
        ModelConfig config = model.Value.Network.Config;
        (Problem longest, int tokens) = problems.Select(p => (p, Encode(settings, p).Length)).MaxBy(p => p.Length);
        int room = config.MaxPositions - tokens, wanted = int.Max(1, settings.MaxNewTokens);
        if (room < wanted)
        {
            throw new RlvrException($"suite '{suite}': the prompt of problem '{longest.Id}' has {tokens} tokens, and with "
                + $"{wanted} new ones it does not fit the model's {config.MaxPositions} positions. Lower the limit on new tokens, or leave the problem out.");
        }
        return settings.MaxNewTokens > 0 ? settings : settings with { MaxNewTokens = int.Min(room, EvaluationSettings.DefaultMaxNewTokens) };
    }

    /// <inheritdoc/>
    public void Respond(IReadOnlyList<ResponseRequest> requests, EvaluationSettings settings, Action<int, ModelResponse> onResponse, CancellationToken cancellation)
    {
        Dictionary<int, int[]> prompts = [];
        GenerationRequest[] generation = [.. requests.Select(request =>
        {
            if (!prompts.TryGetValue(request.Index, out int[]? prompt)) prompts[request.Index] = prompt = Encode(settings, request.Problem);
            return new GenerationRequest(prompt, ((ulong)request.Index * EvaluationSettings.MaxSamples) + (ulong)request.Sample);
        })];
        new Generator(model.Value.Network, model.Value.Tokenizer).Generate(generation, Options(settings),
            onRollout: (index, rollout) => onResponse(index, new ModelResponse(rollout.Text, rollout.Tokens.Length, rollout.Finish)), cancellation: cancellation);
    }

    private int[] Encode(EvaluationSettings settings, Problem problem) => model.Value.Tokenizer.Encode(settings.Prompt.Render(problem));

    private SamplingOptions Options(EvaluationSettings settings)
    {
        // A stop string that is a token of its own ends the response as one: special tokens never show up in the decoded text.
        IEnumerable<int> ids = settings.Prompt.StopStrings.Select(model.Value.Tokenizer.IdOf).OfType<int>();
        return new SamplingOptions
        {
            Temperature = settings.Temperature,
            TopP = settings.TopP,
            TopK = settings.TopK,
            MinP = settings.MinP,
            MaxNewTokens = settings.MaxNewTokens,
            StopIds = [.. model.Value.StopIds.Union(ids)],
            StopStrings = [.. settings.Prompt.StopStrings.Where(s => model.Value.Tokenizer.IdOf(s) is null)],
            Seed = settings.Seed,
            Step = DrawStep,
            MaxRows = settings.MaxRows,
        };
    }

    /// <summary>Lets go of a model that was loaded here.</summary>
    public void Dispose()
    {
        if (owned && model.IsValueCreated) model.Value.Dispose();
    }
}
