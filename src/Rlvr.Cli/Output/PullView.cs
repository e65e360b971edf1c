using Rlvr.Hub;

namespace Rlvr.Cli.Output;

/// <summary>Shows a download: how much has come, how fast, how long it will take.</summary>
internal sealed class PullView(Terminal terminal) : IPullObserver
{
    private readonly ProgressLine progress = new(terminal);

    public void Progress(PullProgress p)
    {
        if (p.TotalBytes == 0) return;
        string files = p.TotalFiles > 1 ? $", {p.Files} of {p.TotalFiles} files" : "";
        progress.Report($"fetching {p.Repository}", p.Bytes, p.TotalBytes, $"{ByteSize.Text((long)p.BytesPerSecond)}/s{files}", ByteSize.Text);
    }

    public void Note(string text) => progress.Note(SafeText.OneLine(text, 400));

    /// <summary>Takes the progress line away.</summary>
    public void Close() => progress.Clear();
}
