using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Rlvr.TestHub;

/// <summary>Sends an answer, with what its fault does to it.</summary>
internal sealed class Answer(HttpContext context, Fault fault, int speed)
{
    /// <summary>Long enough for what was sent to arrive before the connection breaks.</summary>
    private static readonly TimeSpan BeforeCut = TimeSpan.FromMilliseconds(100);

    public HttpContext Context => context;

    public Fault Fault => fault;

    public async Task WaitAsync()
    {
        if (fault.Delay > TimeSpan.Zero) await Task.Delay(fault.Delay, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    public Task JsonAsync(JsonNode json) => SendAsync(200, json.ToJsonString(), ("Content-Type", "application/json; charset=utf-8"));

    public async Task SendAsync(int status, string body, params (string Name, string Value)[] headers)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(fault.Body ?? body);
        Head(status, headers);
        context.Response.ContentLength ??= bytes.Length;
        await BodyAsync(new MemoryStream(bytes), bytes.Length);
    }

    public async Task FileAsync(ServedFile file, params (string Name, string Value)[] headers)
    {
        long start = 0;
        string? range = fault.IgnoreRange ? null : context.Request.Headers.Range.FirstOrDefault();
        if (range is not null && range.StartsWith("bytes=", StringComparison.Ordinal) && range.EndsWith('-')) start = long.Parse(range["bytes=".Length..^1]);
        if (start > 0 && start >= file.Size)
        {
            await SendAsync(416, "", ("Content-Range", $"bytes */{file.Size}"));
            return;
        }
        if (start > 0) context.Response.Headers.ContentRange = $"bytes {start}-{file.Size - 1}/{file.Size}";
        context.Response.Headers.AcceptRanges = "bytes";
        context.Response.ContentType = "application/octet-stream";
        Head(start > 0 ? 206 : 200, headers);
        context.Response.ContentLength ??= file.Size - start;
        using Stream content = file.Open();
        content.Seek(start, SeekOrigin.Begin);
        await BodyAsync(content, file.Size - start);
    }

    private void Head(int status, (string Name, string Value)[] headers)
    {
        context.Response.StatusCode = status;
        foreach ((string name, string value) in headers) context.Response.Headers[name] = value;
        foreach ((string name, string value) in fault.Headers) context.Response.Headers[name] = value;
    }

    private async Task BodyAsync(Stream content, long length)
    {
        if (HttpMethods.IsHead(context.Request.Method)) return;
        byte[] buffer = new byte[1 << 16];
        long left = long.Min(length, fault.CutAfter ?? long.MaxValue);
        bool corrupt = fault.Corrupt;
        try
        {
            while (left > 0 && await content.ReadAsync(buffer.AsMemory(0, (int)long.Min(buffer.Length, left)), context.RequestAborted) is > 0 and int count)
            {
                if (corrupt) buffer[count / 2] ^= 1;
                corrupt = false;
                await context.Response.Body.WriteAsync(buffer.AsMemory(0, count), context.RequestAborted);
                left -= count;
                if (speed > 0) await Task.Delay(TimeSpan.FromSeconds((double)count / speed), context.RequestAborted);
            }
            if (fault.CutAfter is null) return;
            await context.Response.Body.FlushAsync();
            await Task.Delay(BeforeCut);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The other side has gone.
        }
        context.Abort();
    }
}
