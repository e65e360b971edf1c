namespace Rlvr.Cli;

/// <summary>The command line asks for something that makes no sense. Exit code 2.</summary>
internal sealed class UsageException(string message) : RlvrException(message)
{
    public override int ExitCode => Cli.ExitCode.Usage;
}

/// <summary>What the process exits with.</summary>
internal static class ExitCode
{
    public const int Done = 0, Failed = 1, Usage = 2, Stopped = 130;
}
