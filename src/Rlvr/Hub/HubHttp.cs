using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Rlvr.Hub;

/// <summary>
/// Talks to a hub: follows redirects, sends the token to the hub alone, turns whatever goes wrong into a <see cref="HubException"/>, and tries again
/// where that may help.
/// </summary>
internal sealed class HubHttp : IDisposable
{
    /// <summary>How often something is tried that fails again and again.</summary>
    private const int Tries = 5;

    /// <summary>How often a hub is tried that has not answered once: whoever has no network should not wait long for being told so.</summary>
    private const int FirstTries = 2;

    private const int MaxRedirects = 10, MaxJsonBytes = 64 << 20;

    /// <summary>The longest wait that a hub may ask for. Hugging Face counts requests in windows of five minutes.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(310);

    private static readonly ProductInfoHeaderValue Agent = new("rlvr", typeof(HubHttp).Assembly.GetName().Version?.ToString(3));

    private readonly HubSettings settings;
    private readonly HubErrors errors;
    private readonly IPullObserver? observer;
    private readonly HttpClient client;
    private readonly string origin;
    private volatile bool answered;

    public HubHttp(HubSettings settings, IPullObserver? observer)
    {
        this.settings = settings;
        this.observer = observer;
        errors = new HubErrors(settings);
        origin = Origin(new Uri(settings.Endpoint));
        client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, ConnectTimeout = settings.Timeout, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    public void Dispose() => client.Dispose();

    /// <summary>Sends a request and follows redirects; the body is still to be read.</summary>
    /// <exception cref="HubException">There is no answer, or it says no.</exception>
    public async Task<HttpResponseMessage> GetAsync(HubRequest request, CancellationToken cancellation)
    {
        Uri uri = new(request.Address);
        bool atHub = true;
        for (int hop = 0; hop <= MaxRedirects; hop++)
        {
            // Once a redirect has left the hub the token stays behind, wherever the next one leads.
            atHub &= Origin(uri) == origin;
            HttpResponseMessage response = await SendAsync(request, uri, atHub, cancellation);
            try
            {
                request.Inspect?.Invoke(response);
                if (response.IsSuccessStatusCode) return response;
                if (response.StatusCode is not (HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect))
                    throw errors.Refusal(request, uri, response);
                uri = HubErrors.Redirect(request, uri, response.Headers.Location);
            }
            catch
            {
                response.Dispose();
                throw;
            }
            response.Dispose();
        }
        throw new HubException(HubFailure.Protocol, $"{request.What} is not to be had: more than {MaxRedirects} redirects from {HubErrors.Place(new Uri(request.Address))}. {HubErrors.CheckEndpoint}");
    }

    /// <summary>Gets JSON, trying again where that may help.</summary>
    /// <returns>The document, and the query of the next page if there is one.</returns>
    /// <exception cref="HubException">It cannot be had.</exception>
    public async Task<(JsonDocument Json, string? NextQuery)> GetJsonAsync(HubRequest request, CancellationToken cancellation)
    {
        for (int failures = 1; ; failures++)
        {
            try
            {
                return await GetJsonOnceAsync(request, cancellation);
            }
            catch (HubException e) when (e.MayPass)
            {
                await WaitAsync(e, failures, cancellation);
            }
        }
    }

    /// <summary>Gets JSON, or fails at once.</summary>
    /// <inheritdoc cref="GetJsonAsync"/>
    public async Task<(JsonDocument Json, string? NextQuery)> GetJsonOnceAsync(HubRequest request, CancellationToken cancellation)
    {
        using HttpResponseMessage response = await GetAsync(request, cancellation);
        using MemoryStream body = new();
        await foreach (ReadOnlyMemory<byte> piece in ReadAsync(request, response, 1 << 16, cancellation))
        {
            if (body.Length + piece.Length > MaxJsonBytes) throw new HubException(HubFailure.Protocol, $"{request.What} is longer than {MaxJsonBytes >> 20} MiB, which no hub's is. {HubErrors.CheckEndpoint}");
            body.Write(piece.Span);
        }
        try
        {
            return (JsonDocument.Parse(body.GetBuffer().AsMemory(0, (int)body.Length)), NextQuery(response));
        }
        catch (JsonException e)
        {
            throw new HubException(HubFailure.Protocol, $"{request.What} should be JSON, but {HubErrors.Place(response.RequestMessage!.RequestUri!)} sends {HubErrors.ContentName(response)}. {HubErrors.CheckEndpoint}", e);
        }
    }

    /// <summary>Reads a body in pieces; each is valid until the next is asked for.</summary>
    /// <exception cref="HubException">The connection breaks, or nothing comes for a while.</exception>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(HubRequest request, HttpResponseMessage response, int pieceSize, [EnumeratorCancellation] CancellationToken cancellation)
    {
        byte[] buffer = new byte[pieceSize];
        using Stream stream = await response.Content.ReadAsStreamAsync(cancellation);
        while (true)
        {
            int count = await GuardedAsync(request, response.RequestMessage!.RequestUri!, token => stream.ReadAsync(buffer, token).AsTask(), cancellation);
            if (count == 0) yield break;
            yield return buffer.AsMemory(0, count);
        }
    }

    /// <summary>Waits before the next try: as long as the hub asks, else 1, 2, 4, 8 seconds.</summary>
    /// <exception cref="HubException">It has failed too often, or the hub asks for too long a wait.</exception>
    public async Task WaitAsync(HubException failure, int failures, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (failures >= (answered ? Tries : FirstTries)) throw new HubException(failure.Failure, $"{failure.Message} (Tried {failures} times.)", failure);
        if (failure.RetryAfter > LongestWait) throw new HubException(failure.Failure, $"{failure.Message} It asks to wait {failure.RetryAfter.Value.TotalMinutes:0} minutes.", failure);
        TimeSpan pause = failure.RetryAfter ?? TimeSpan.FromSeconds(1 << (failures - 1));
        observer?.Note($"{failure.Message} Trying again in {double.Ceiling(pause.TotalSeconds):0} s.");
        await settings.Pause(pause, cancellation);
    }

    private async Task<HttpResponseMessage> SendAsync(HubRequest request, Uri uri, bool withToken, CancellationToken cancellation)
    {
        using HttpRequestMessage message = new(HttpMethod.Get, uri);
        message.Headers.UserAgent.Add(Agent);
        // What is compressed on the way has neither the listed length nor ranges.
        message.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
        if (request.Offset > 0) message.Headers.Range = new RangeHeaderValue(request.Offset, null);
        if (withToken && settings.Token is { } token) message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Value);
        HttpResponseMessage response = await GuardedAsync(request, uri, inTime => client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, inTime), cancellation);
        answered = true;
        return response;
    }

    private async Task<T> GuardedAsync<T>(HubRequest request, Uri uri, Func<CancellationToken, Task<T>> action, CancellationToken cancellation)
    {
        using CancellationTokenSource inTime = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        inTime.CancelAfter(settings.Timeout);
        try
        {
            return await action(inTime.Token);
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw errors.Connection(request, uri, e);
        }
    }

    private static string Origin(Uri uri) => $"{uri.Scheme}://{uri.Authority}";

    // Link: <https://hub/api/models/a/b/tree/main?cursor=x>; rel="next". Only the query is taken: the address stays the one that was asked.
    private static string? NextQuery(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues("Link", out IEnumerable<string>? links)) return null;
        foreach (string link in links.SelectMany(l => l.Split(',')))
        {
            int open = link.IndexOf('<', StringComparison.Ordinal), close = link.IndexOf('>', StringComparison.Ordinal), query = link.IndexOf('?', StringComparison.Ordinal);
            if (open >= 0 && query > open && close > query && link[close..].Replace(" ", "", StringComparison.Ordinal).Contains(";rel=\"next\"", StringComparison.OrdinalIgnoreCase)) return link[query..close];
        }
        return null;
    }
}
