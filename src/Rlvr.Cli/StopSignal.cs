using System.Runtime.InteropServices;

namespace Rlvr.Cli;

/// <summary>Ctrl-C, and a scheduler's SIGTERM: the first asks the command to stop cleanly, the second ends the process at once.</summary>
internal sealed class StopSignal : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly PosixSignalRegistration[] registrations;

    public StopSignal(TextWriter error)
    {
        void Handle(PosixSignalContext context)
        {
            if (source.IsCancellationRequested) return; // the default action ends the process
            context.Cancel = true;
            error.WriteLine();
            error.WriteLine("stopping; again to stop at once");
            source.Cancel();
        }
        registrations = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle)];
    }

    public CancellationToken Token => source.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in registrations) registration.Dispose();
        source.Dispose();
    }
}
