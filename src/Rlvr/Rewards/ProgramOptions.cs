namespace Rlvr.Rewards;

/// <summary>An external program that scores responses, and how much patience to have with it.</summary>
public sealed record ProgramOptions
{
    /// <summary>The program and its arguments: <c>["python3", "reward.py"]</c>. No shell is between.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Longest wait for one answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Most processes of it at a time; 0 takes one for each processor. They are started as they are needed.</summary>
    public int Workers { get; init; }

    /// <summary>How often a response is tried again, each time with a process just started, before it counts as failed.</summary>
    public int Retries { get; init; } = 1;

    /// <summary>After so many failed responses in a row the program counts as broken, and scoring ends with an error.</summary>
    public int GiveUpAfter { get; init; } = 20;
}
