using System.Runtime.InteropServices;

namespace Rlvr.Cli;

/// <summary>
/// Ctrl-C, and a scheduler's SIGTERM: the first asks the command to stop cleanly, a second of the same kind ends the process at once. One of each
/// is one wish: a terminal sends Ctrl-C to a process that its parent asks to stop at the same moment.
/// </summary>
internal sealed class StopSignal : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly PosixSignalRegistration[] registrations;
    private readonly HashSet<PosixSignal> seen = [];
    private readonly TextWriter error;

    public StopSignal(TextWriter error)
    {
        this.error = error;
        void Handle(PosixSignalContext context)
        {
            lock (seen)
            {
                if (!seen.Add(context.Signal)) return; // the default action ends the process
            }
            context.Cancel = true;
            Stop();
        }
        registrations = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle)];
    }

    public CancellationToken Token => source.Token;

    /// <summary>Asks the command to stop.</summary>
    public void Stop()
    {
        if (source.IsCancellationRequested) return;
        error.WriteLine();
        error.WriteLine("stopping; again to stop at once");
        source.Cancel();
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in registrations) registration.Dispose();
        source.Dispose();
    }
}
