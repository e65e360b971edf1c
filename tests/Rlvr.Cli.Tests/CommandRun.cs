using System.Text.Json;
using Rlvr.Cli.Output;

namespace Rlvr.Cli.Tests;

/// <summary>A command that ran in this process: what it wrote and its exit code.</summary>
internal sealed record CommandRun(int Code, string Out, string Error)
{
    public static CommandRun Of(params string[] args) => Of(CancellationToken.None, args);

    public static CommandRun Of(CancellationToken cancellation, params string[] args)
    {
        using StringWriter output = new(), error = new();
        int code = CommandLine.Run(args, Terminal.Plain(output, error, cancellation));
        return new CommandRun(code, output.ToString(), error.ToString());
    }

    /// <summary>Standard output as the one JSON object it must be.</summary>
    public JsonElement Json => JsonDocument.Parse(Out).RootElement;

    /// <summary>Asserts success.</summary>
    public CommandRun Succeeded()
    {
        Assert.True(Code == 0, $"exit code {Code}: {Error}");
        return this;
    }

    /// <summary>Asserts a failure that is told in one line on standard error, with nothing on standard output.</summary>
    public void FailedWith(int code, string expected)
    {
        Assert.True(Code == code, $"exit code {Code}: {Error}");
        Assert.Equal("", Out);
        string line = Assert.Single(Error.TrimEnd().Split('\n'), l => l.Contains("error: ", StringComparison.Ordinal));
        Assert.Contains(expected, line, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", Error, StringComparison.Ordinal);
    }
}
