using System.Collections.Concurrent;
using Rlvr.Data;
using Rlvr.Rewards.External;

namespace Rlvr.Rewards;

/// <summary>
/// A reward that an external program computes, in whatever language. It reads one JSON object a line from its standard input,
/// <c>{"id": 7, "problem": "...", "answer": "...", "response": "..."}</c>, and writes one for each to its standard output,
/// <c>{"id": 7, "reward": 0.5}</c>, where <c>"correct"</c> (true or false; by default whether the reward is at least 1) and <c>"verdict"</c> (a word; by
/// default Correct or Wrong) are optional.
/// </summary>
/// <remarks>
/// A process that does not answer in time, ends, or answers something else is stopped with everything it started, and another is started in
/// its place. A response that was tried in vain is a failure with its reason (<see cref="RewardResult.IsFailure"/>), never a 0. May be called from many
/// threads: each call has a process to itself while it lasts.
/// </remarks>
public sealed class ProgramReward : IReward, IDisposable
{
    private readonly ProgramOptions options;
    private readonly SemaphoreSlim slots;
    private readonly ConcurrentStack<ProgramProcess> idle = new();
    private readonly ConcurrentDictionary<ProgramProcess, bool> running = new();
    private long requests;
    private long failures;
    private int failuresInARow;
    private int restarts;
    private volatile bool disposed;

    /// <summary>Starts the first process, so that a program that is not there is found at once.</summary>
    /// <param name="options">The program.</param>
    /// <exception cref="RlvrException">There is no such program.</exception>
    public ProgramReward(ProgramOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfZero(options.Command.Count);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.Timeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(options.Workers);
        ArgumentOutOfRangeException.ThrowIfNegative(options.Retries);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.GiveUpAfter, 1);
        this.options = options;
        slots = new SemaphoreSlim(options.Workers > 0 ? options.Workers : Environment.ProcessorCount);
        idle.Push(Start());
    }

    /// <summary>How many responses could not be scored so far.</summary>
    public long Failures => Interlocked.Read(ref failures);

    /// <summary>How many processes were given up so far.</summary>
    public int Restarts => Volatile.Read(ref restarts);

    /// <inheritdoc/>
    /// <exception cref="RlvrException">The program failed <see cref="ProgramOptions.GiveUpAfter"/> times in a row.</exception>
    public RewardResult Score(Problem problem, string response, RewardContext context = default)
    {
        string reason = "", lastWords = "";
        slots.Wait();
        try
        {
            for (int attempt = 0; attempt <= options.Retries; attempt++)
            {
                ObjectDisposedException.ThrowIf(disposed, this);
                if (Ask(problem, response, out RewardResult result, ref reason, ref lastWords))
                {
                    Interlocked.Exchange(ref failuresInARow, 0);
                    return result;
                }
            }
        }
        finally
        {
            slots.Release();
        }
        ObjectDisposedException.ThrowIf(disposed, this);
        Interlocked.Increment(ref failures);
        if (Interlocked.Increment(ref failuresInARow) >= options.GiveUpAfter)
        {
            throw new RlvrException($"the reward program '{string.Join(' ', options.Command)}' failed on {options.GiveUpAfter} responses in a row; the last time: {reason}. "
                + $"{(lastWords.Length == 0 ? "It wrote nothing to its standard error" : $"Its standard error ends with: {lastWords}")}. "
                + "Try it by hand with one line of input, or give it more time.");
        }
        return RewardResult.Failed(lastWords.Length == 0 ? reason : $"{reason} (its standard error ends with: {lastWords})");
    }

    private bool Ask(Problem problem, string response, out RewardResult result, ref string reason, ref string lastWords)
    {
        long id = Interlocked.Increment(ref requests);
        ProgramProcess process = idle.TryPop(out ProgramProcess? waiting) ? waiting : Start();
        string? answer = process.Ask(ProgramProtocol.Request(id, problem, response), options.Timeout, out reason);
        if (answer is not null && ProgramProtocol.TryRead(answer, id, out result, out reason))
        {
            idle.Push(process);
            if (disposed) Stop(process);
            return true;
        }
        result = default;
        // What it would say next is anybody's guess.
        Stop(process);
        lastWords = process.LastWords;
        Interlocked.Increment(ref restarts);
        return false;
    }

    private ProgramProcess Start()
    {
        ProgramProcess process = new(options.Command);
        running[process] = true;
        if (disposed) Stop(process);
        return process;
    }

    private void Stop(ProgramProcess process)
    {
        running.TryRemove(process, out _);
        process.Dispose();
    }

    /// <summary>Ends all processes: those that wait by the end of their input, with a moment to leave, then by force.</summary>
    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        ProgramProcess[] all = [.. running.Keys];
        foreach (ProgramProcess process in all) process.EndInput();
        DateTimeOffset deadline = DateTimeOffset.UtcNow + ProgramProcess.Grace;
        foreach (ProgramProcess process in all) process.WaitForExit(deadline - DateTimeOffset.UtcNow);
        foreach (ProgramProcess process in all) Stop(process);
    }
}
