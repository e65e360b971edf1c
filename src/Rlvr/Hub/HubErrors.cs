using System.Globalization;
using System.Text.RegularExpressions;

namespace Rlvr.Hub;

/// <summary>
/// What to tell the user of an answer that says no. Addresses lose their query, which may be a key to a private file, and what a server says is cut
/// and has the token taken out.
/// </summary>
internal sealed partial class HubErrors(HubSettings settings)
{
    public const string CheckEndpoint = "Check HF_ENDPOINT, and whether a proxy or a login page of the network stands between.";

    private const int MaxServerText = 200;

    /// <summary>Scheme, host and path of an address.</summary>
    public static string Place(Uri uri) => OneLine($"{uri.Scheme}://{uri.Authority}{uri.AbsolutePath}");

    /// <summary>What a body is, for messages: a web page, or its media type.</summary>
    public static string ContentName(HttpResponseMessage response) => response.Content.Headers.ContentType?.MediaType switch
    {
        "text/html" or "application/xhtml+xml" => "a web page",
        { Length: > 0 and < 100 } type => type,
        _ => "something else",
    };

    /// <summary>An answer that is neither success nor a redirect.</summary>
    public HubException Refusal(HubRequest request, Uri uri, HttpResponseMessage response)
    {
        HubId id = request.Id;
        int status = (int)response.StatusCode;
        string repository = $"the {id.KindName} '{id.Repository}'", code = Header(response, "X-Error-Code"), said = Said(response);
        string page = $"{settings.Endpoint}/{(id.Kind == HubKind.Dataset ? "datasets/" : "")}{id.Repository}";
        string withToken = settings.Token is { } token ? $"the token in {token.Source}" : "";
        HubException Error(HubFailure failure, string message, TimeSpan? wait = null) => new(failure, message) { RetryAfter = wait };

        switch (code)
        {
            case "GatedRepo":
                return Error(HubFailure.Gated, settings.Token is null
                    ? $"{repository} is gated ({status}): accept its conditions at {page}, then set HF_TOKEN to a token of your account."
                    : $"{repository} is gated ({status}), and the account of {withToken} has no access: accept its conditions at {page}.");
            case "RepoNotFound" when status is 404 or 403 || settings.Token is not null:
                return Error(HubFailure.RepositoryNotFound, $"there is no {id.KindName} '{id.Repository}' at {settings.Endpoint} ({status})"
                    + (settings.Token is null ? ", or it is private and needs a token in HF_TOKEN." : $", or {withToken} has no access to it."));
            case "RevisionNotFound":
                return Error(HubFailure.RevisionNotFound, $"{repository} has no revision '{id.Revision}' ({status}).");
            case "EntryNotFound":
                return Error(HubFailure.FileNotFound, $"{request.What} is not in {repository} at {id.Revision} ({status}).");
        }
        switch (status)
        {
            case 401 when settings.Token is null:
                return Error(HubFailure.Unauthorized, $"{settings.Endpoint} wants a token for {repository} (401): it does not exist, or it is private or gated. Check the name, or set HF_TOKEN.");
            case 401:
                return Error(HubFailure.Unauthorized, $"{settings.Endpoint} does not accept {withToken} (401){said}. Make a new one at {settings.Endpoint}/settings/tokens.");
            case 403:
                return Error(HubFailure.Forbidden, $"access to {request.What} of {repository} is refused (403){said}. Check the permissions of {(withToken.Length > 0 ? withToken : "your account, and set HF_TOKEN")}.");
            case 404:
                return Error(request.IsFile ? HubFailure.FileNotFound : HubFailure.RepositoryNotFound,
                    $"{request.What} of {repository} at {id.Revision} is not at {Place(uri)} (404){said}. Check the name and HF_ENDPOINT.");
            case 416:
                return Error(HubFailure.Range, $"{request.What} has no bytes from {request.Offset} on (416).");
            case 429:
                return Error(HubFailure.Throttled, $"{settings.Endpoint} takes no more requests for now (429){said}.{(settings.Token is null ? " A token in HF_TOKEN raises the limit." : "")}", Wait(response));
            case 408 or >= 500:
                return Error(HubFailure.Server, $"{uri.Host} fails ({status} {response.ReasonPhrase}){said}: {request.What} is not to be had for now.", Wait(response));
            default:
                return Error(HubFailure.Protocol, $"{Place(uri)} answers {status} {response.ReasonPhrase}{said}, which is not expected for {request.What}. {CheckEndpoint}");
        }
    }

    /// <summary>Where a redirect leads.</summary>
    /// <exception cref="HubException">Nowhere that is safe.</exception>
    public static Uri Redirect(HubRequest request, Uri from, Uri? location)
    {
        if (location is null || !Uri.TryCreate(from, location, out Uri? to)) throw new HubException(HubFailure.Protocol, $"{Place(from)} redirects to no address. {CheckEndpoint}");
        if (to.Scheme == Uri.UriSchemeHttps || (to.Scheme == Uri.UriSchemeHttp && from.Scheme == Uri.UriSchemeHttp)) return to;
        throw new HubException(HubFailure.Protocol, $"{Place(from)} redirects {request.What} from {from.Scheme} to {to.Scheme}, which is not followed. {CheckEndpoint}");
    }

    /// <summary>A connection that was not made, broke, or went silent.</summary>
    public HubException Connection(HubRequest request, Uri uri, Exception error)
    {
        string host = uri.IsDefaultPort ? uri.Host : uri.Authority;
        return error switch
        {
            HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => new(HubFailure.Unreachable, $"there is no host {host}, or no network. Check the network and HF_ENDPOINT.", error),
            HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => new(HubFailure.Protocol, $"the connection to {host} is not secure: {Reason(error)}. Check the machine's clock and certificates, and the proxy.", error),
            HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.ProxyTunnelError } => new(HubFailure.Unreachable, $"{host} cannot be reached: {Reason(error)}. Check the network, HF_ENDPOINT and the proxy.", error),
            OperationCanceledException => new(HubFailure.Unreachable, $"{host} is silent: nothing came for {settings.Timeout.TotalSeconds:0.###} s while waiting for {request.What}.", error),
            _ => new(HubFailure.Broken, $"the connection to {host} broke while {request.What} came: {Reason(error)}.", error),
        };
    }

    private static string Reason(Exception error)
    {
        string text = error.InnerException is { } inner and not OperationCanceledException ? inner.Message : error.Message;
        return OneLine(text).TrimEnd('.');
    }

    private string Said(HttpResponseMessage response) => Header(response, "X-Error-Message") is { Length: > 0 } text ? $": {OneLine(HubToken.Hide(settings.Token, text)).TrimEnd('.')}" : "";

    private static string OneLine(string text)
    {
        string line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= MaxServerText ? line : line[..MaxServerText] + "...";
    }

    private static string Header(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First() : "";

    // Retry-After, in seconds or as a date; else Hugging Face's own RateLimit: "api";r=0;t=55.
    private static TimeSpan? Wait(HttpResponseMessage response)
    {
        TimeSpan? wait = response.Headers.RetryAfter is { } after ? after.Delta ?? after.Date - DateTimeOffset.UtcNow : null;
        if (wait is null && RateLimit().Match(Header(response, "RateLimit")) is { Success: true } limit && limit.Groups[1].Value == "0")
            wait = TimeSpan.FromSeconds(double.Parse(limit.Groups[2].ValueSpan, CultureInfo.InvariantCulture) + 1);
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    [GeneratedRegex(@";\s*r\s*=\s*(\d{1,9})\s*;\s*t\s*=\s*(\d{1,9})")]
    private static partial Regex RateLimit();
}
