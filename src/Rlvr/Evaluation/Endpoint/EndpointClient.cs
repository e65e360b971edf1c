using System.Net;
using System.Net.Http.Headers;
using System.Net.Mime;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Rlvr.Evaluation.Endpoint;

/// <summary>Sends requests to a server, again where that may help, each attempt bounded in time and in the size of its answer.</summary>
internal sealed class EndpointClient : IDisposable
{
    /// <summary>Largest answer, bytes. A response of 100,000 tokens has less than 1 MB.</summary>
    private const long MaxAnswer = 32 << 20;

    /// <summary>Longest wait that a server may ask for; with a longer one it is better to come back another time.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.5), LongestPause = TimeSpan.FromSeconds(30);

    private readonly EndpointOptions options;
    private readonly HttpClient http;
    private readonly Func<TimeSpan, CancellationToken, Task> pause;

    /// <param name="options">The server.</param>
    /// <param name="pause">Waits between attempts; tests do not wait.</param>
    public EndpointClient(EndpointOptions options, Func<TimeSpan, CancellationToken, Task>? pause = null)
    {
        this.options = options;
        this.pause = pause ?? Task.Delay;
        SocketsHttpHandler handler = new()
        {
            // A redirect could carry the key, or turn a POST into a GET; whoever runs the evaluation shall see it.
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.All,
            ConnectTimeout = TimeSpan.FromSeconds(20),
            MaxConnectionsPerServer = options.Concurrency,
            UseCookies = false,
            // A proxy from the environment (HTTP_PROXY, HTTPS_PROXY, NO_PROXY) is for the world outside this machine.
            UseProxy = !options.Url.IsLoopback,
        };
        http = new HttpClient(handler) { BaseAddress = options.Url, Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = MaxAnswer };
        http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("rlvr", typeof(EndpointClient).Assembly.GetName().Version?.ToString(3)));
        http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue(MediaTypeNames.Application.Json));
        if (options.ApiKey is { } key)
        {
            if (key.Length == 0 || key.Any(c => c is <= ' ' or > '~')) throw new RlvrException("the server's key is empty or has spaces or other characters in it that cannot be sent. Is the environment variable right?");
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }
    }

    /// <summary>Sends a request until it succeeds, the failure is for good, or there are no attempts left.</summary>
    /// <param name="route">Below the server's address.</param>
    /// <param name="body">What to post; null gets.</param>
    /// <param name="read">Reads the answer; throws <see cref="EndpointFailure"/> where it makes no sense.</param>
    /// <param name="worthwhile">Whether a failed request shall be sent again.</param>
    /// <param name="draw">Tells this request's jitter from those of others.</param>
    /// <param name="giveUp">Sends nothing again; an attempt under way goes on.</param>
    /// <param name="cancellation">Stops at once.</param>
    /// <exception cref="EndpointFailure">It did not succeed.</exception>
    public async Task<T> SendAsync<T>(string route, JsonObject? body, Func<JsonElement, T> read, Func<EndpointFailure, bool> worthwhile, ulong draw, CancellationToken giveUp, CancellationToken cancellation)
    {
        byte[]? bytes = body is null ? null : Encoding.UTF8.GetBytes(body.ToJsonString());
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                return await AttemptAsync(route, bytes, read, cancellation).ConfigureAwait(false);
            }
            catch (EndpointFailure failure)
            {
                if (failure.RetryAfter is { } wait && wait > LongestWait)
                    throw new EndpointFailure(FailureKind.Busy, $"{failure.Sentence} It asks to wait {wait.TotalSeconds:F0} s, more than the {LongestWait.TotalSeconds:F0} s that are waited for. Run this again later.", inner: failure);
                if (!failure.Passing || attempt >= options.Retries || giveUp.IsCancellationRequested || !worthwhile(failure))
                    throw attempt == 0 ? failure : new EndpointFailure(failure.Kind, $"after {attempt + 1} attempts: {failure.Message}", inner: failure);
                await PauseAsync(Wait(attempt, draw, failure.RetryAfter), giveUp, cancellation).ConfigureAwait(false);
                if (giveUp.IsCancellationRequested) throw;
            }
        }
    }

    public void Dispose() => http.Dispose();

    /// <summary>
    /// Doubles from half a second up to 30 s, between half of that and all of it at random, so that requests that failed together do not come back
    /// together. What the server asks for comes first.
    /// </summary>
    internal static TimeSpan Wait(int attempt, ulong draw, TimeSpan? retryAfter)
    {
        double uniform = CounterRandom.Uniform(draw, 0, 0, (ulong)attempt);
        if (retryAfter is { } asked) return asked + (0.1 * uniform * (asked + FirstPause));
        TimeSpan whole = FirstPause * double.Min(double.Pow(2, attempt), LongestPause / FirstPause);
        return whole * (0.5 + (0.5 * uniform));
    }

    private async Task PauseAsync(TimeSpan wait, CancellationToken giveUp, CancellationToken cancellation)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(giveUp, cancellation);
        try
        {
            await pause(wait, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // Whoever waits looks why.
        }
    }

    private async Task<T> AttemptAsync<T>(string route, byte[]? body, Func<JsonElement, T> read, CancellationToken cancellation)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(options.Timeout);
        using HttpRequestMessage request = new(body is null ? HttpMethod.Get : HttpMethod.Post, route);
        if (body is not null) request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(MediaTypeNames.Application.Json, "utf-8") } };
        try
        {
            using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseContentRead, limit.Token).ConfigureAwait(false);
            byte[] answer = await response.Content.ReadAsByteArrayAsync(limit.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode) throw EndpointErrors.OfStatus(response, answer, options);
            using JsonDocument json = Parse(answer);
            if (json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("error", out JsonElement error) && error.ValueKind != JsonValueKind.Null)
                throw EndpointErrors.OfBody(error, options);
            return read(json.RootElement);
        }
        catch (HttpRequestException e)
        {
            throw EndpointErrors.OfConnection(e, options.Url);
        }
        catch (IOException e)
        {
            throw new EndpointFailure(FailureKind.Broken, $"the connection broke in the middle ({EndpointText.OneLine(e.Message)})", inner: e);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new EndpointFailure(FailureKind.Broken, $"no answer within {options.Timeout.TotalSeconds:0.###} s. Raise --request-timeout, or lower --max-new-tokens or --concurrency", inner: e);
        }
        catch (InvalidOperationException e) // the JSON has half a character in a text
        {
            throw new EndpointFailure(FailureKind.Malformed, $"a text of the answer is not valid Unicode ({EndpointText.OneLine(e.Message)})", inner: e);
        }
    }

    private static JsonDocument Parse(byte[] answer)
    {
        try
        {
            return JsonDocument.Parse(answer);
        }
        catch (JsonException e)
        {
            throw EndpointErrors.OfNoJson(answer, e);
        }
    }
}
