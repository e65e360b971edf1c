using System.Threading.Channels;
using Rlvr.Data;

namespace Rlvr.Evaluation.Endpoint;

/// <summary>
/// Has the responses of an evaluation written by a server that speaks OpenAI's interface: vLLM, SGLang, llama.cpp and others. Nothing here needs
/// libtorch. What a server draws is its own affair: with a seed most promise the same response to the same request, and the greedy choice
/// may still differ from that of a model in this process where two tokens are equally likely up to rounding.
/// </summary>
public sealed class EndpointResponder : IResponder, IDisposable
{
    private readonly EndpointOptions options;
    private readonly EndpointClient client;
    private readonly ServedModel model;

    private EndpointResponder(EndpointOptions options, EndpointClient client, ServedModel model)
    {
        this.options = options;
        this.client = client;
        this.model = model;
    }

    /// <inheritdoc/>
    public string Name => $"{model.Name} at {Url}";

    /// <summary>The server's address.</summary>
    public string Url => options.Url.AbsoluteUri.TrimEnd('/');

    /// <inheritdoc/>
    public string Fingerprint => $"{Name} ({EndpointRequest.Route(options.Api)}{(options.Extra is { Count: > 0 } extra ? " " + extra.ToJsonString() : "")})";

    /// <summary>The model's name as the server lists it.</summary>
    public string Model => model.Name;

    /// <summary>Asks the server which models it has, and chooses one.</summary>
    /// <param name="options">The server.</param>
    /// <param name="cancellation">Stops at once.</param>
    /// <exception cref="RlvrException">The server is not there or refuses, the model is not among those it serves (which are listed), or none was named and there are several.</exception>
    public static EndpointResponder Connect(EndpointOptions options, CancellationToken cancellation = default) => Connect(options, null, cancellation);

    /// <summary>The same with another way to wait between attempts.</summary>
    internal static EndpointResponder Connect(EndpointOptions options, Func<TimeSpan, CancellationToken, Task>? pause, CancellationToken cancellation)
    {
        EndpointClient client = new(options, pause);
        try
        {
            return new EndpointResponder(options, client, ChooseModel(client, options, cancellation));
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    private static ServedModel ChooseModel(EndpointClient client, EndpointOptions options, CancellationToken cancellation)
    {
        const string Route = "models";
        try
        {
            // A server that is busy loading its model (503) is worth waiting for; one that is not there is not.
            Task<IReadOnlyList<ServedModel>> list = client.SendAsync(Route, null, ServedModel.ReadList, failure => failure.Kind == FailureKind.Busy, 0, CancellationToken.None, cancellation);
            return ServedModel.Choose(list.GetAwaiter().GetResult(), options.Model, options.Url);
        }
        catch (EndpointFailure failure) when (failure.Kind == FailureKind.NotThere && options.Model is { } name)
        {
            return new ServedModel(name); // a gateway without a list
        }
        catch (EndpointFailure failure)
        {
            throw new RlvrException($"{options.Url}{Route}: {failure.Sentence}", failure);
        }
    }

    /// <inheritdoc/>
    public EvaluationSettings Prepare(string suite, IReadOnlyList<Problem> problems, EvaluationSettings settings) =>
        settings with { MaxNewTokens = EndpointRequest.MaxNewTokens(settings, model) };

    /// <inheritdoc/>
    public void Respond(IReadOnlyList<ResponseRequest> requests, EvaluationSettings settings, Action<int, ModelResponse> onResponse, CancellationToken cancellation)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Channel<(int Index, ModelResponse Response)> answers = Channel.CreateUnbounded<(int, ModelResponse)>();
        using Round round = new(this, requests, settings, answers.Writer, stop.Token);
        Task work = round.RunAsync();
        try
        {
            // On the caller's thread, one after the other, whatever the requests do meanwhile.
            while (answers.Reader.WaitToReadAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult())
                while (answers.Reader.TryRead(out (int Index, ModelResponse Response) answer)) onResponse(answer.Index, answer.Response);
        }
        catch
        {
            stop.Cancel();
            Task.WaitAny([work], CancellationToken.None);
            throw;
        }
        work.GetAwaiter().GetResult();
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    /// <summary>
    /// One call of <see cref="Respond"/>. When a request has failed for good, none is begun and none is sent again; those under way are waited for, so that
    /// their responses are not lost.
    /// </summary>
    private sealed class Round(EndpointResponder responder, IReadOnlyList<ResponseRequest> requests, EvaluationSettings settings, ChannelWriter<(int, ModelResponse)> answers, CancellationToken cancellation) : IDisposable
    {
        private readonly EndpointOptions options = responder.options;
        private readonly CancellationTokenSource giveUp = new();
        private int next = -1;
        private RlvrException? failed;

        public void Dispose() => giveUp.Dispose();

        public async Task RunAsync()
        {
            try
            {
                await Task.WhenAll(Enumerable.Range(0, int.Min(options.Concurrency, requests.Count)).Select(_ => WorkAsync())).ConfigureAwait(false);
            }
            finally
            {
                answers.Complete();
            }
            if (failed is not null) throw failed;
        }

        private async Task WorkAsync()
        {
            while (!giveUp.IsCancellationRequested && Interlocked.Increment(ref next) is int index && index < requests.Count)
            {
                try
                {
                    await answers.WriteAsync((index, await AskAsync(requests[index]).ConfigureAwait(false)), CancellationToken.None).ConfigureAwait(false);
                }
                catch (EndpointFailure failure)
                {
                    ResponseRequest request = requests[index];
                    string where = failure.OfTheRequest ? $"problem '{EndpointText.OneLine(request.Problem.Id)}'{(settings.Samples > 1 ? $", sample {request.Sample}" : "")}: " : "";
                    Interlocked.CompareExchange(ref failed, new RlvrException($"{options.Url}{EndpointRequest.Route(options.Api)}: {where}{failure.Sentence}", failure), null);
                    giveUp.Cancel();
                }
            }
        }

        private Task<ModelResponse> AskAsync(ResponseRequest request)
        {
            int limit = EndpointRequest.MaxNewTokens(settings, responder.model);
            return responder.client.SendAsync(EndpointRequest.Route(options.Api), EndpointRequest.Write(request, settings, options, responder.model),
                json => EndpointAnswer.Read(json, options.Api, limit), _ => true,
                (ulong)EndpointRequest.Seed(settings.Seed, request.Index, request.Sample), giveUp.Token, cancellation);
        }
    }
}
