using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Rlvr.Runs;

/// <summary>
/// Turns a run into one self-contained page: no network, no other file. Nothing that a model or a data set wrote can become
/// markup (<see cref="Html"/> escapes it), and the page's own policy lets no other script run.
/// </summary>
public static class Report
{
    /// <summary>Writes report.html of a run, finished or not, and returns its path.</summary>
    /// <exception cref="RlvrException">The run's files cannot be read, or the page cannot be written.</exception>
    public static string Write(RunDirectory run)
    {
        AtomicFile.WriteAllText(run.ReportPath, Render(ReportData.Read(run)));
        return run.ReportPath;
    }

    internal static string Render(ReportData data)
    {
        var charts = ReportCharts.Make(data);
        string[] scripts = [Asset("uPlot.iife.min.js"), Asset("report.js")];
        // Only these scripts may run, and nothing may be fetched: even a hole in the escaping would stay without effect.
        var policy = $"default-src 'none'; style-src 'unsafe-inline'; script-src {string.Join(' ', scripts.Select(Hash))}; base-uri 'none'; form-action 'none'";

        return Html.Of($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="{Html.Trusted(policy)}">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>{data.Name} · training report</title>
            <!-- Charts by uPlot, https://github.com/leeoniya/uPlot
            {Html.Trusted(Asset("uPlot.LICENSE.txt"))}
            -->
            <style>{Html.Trusted(Asset("uPlot.min.css"))}</style>
            <style>{Html.Trusted(Asset("report.css"))}</style>
            </head>
            <body>
            <main>
            {ReportSections.Header(data)}
            {ReportSections.Headline(data)}
            {ReportSections.TrainedOn(data)}
            {ReportSections.Curves(charts)}
            {ReportSections.Subjects(data)}
            {ReportSections.Rollouts(data)}
            {ReportSections.Speed(data)}
            {ReportSections.Recipe(data)}
            {ReportSections.Environment(data)}
            </main>
            <script type="application/json" id="charts">{Html.Trusted(ReportCharts.ToJson(charts))}</script>
            <script>{Html.Trusted(scripts[0])}</script>
            <script>{Html.Trusted(scripts[1])}</script>
            </body>
            </html>

            """).ToString();
    }

    // Source list of a content security policy: the hash of the element's text.
    private static string Hash(string script) => $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)))}'";

    private static string Asset(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"Rlvr.Runs.Assets/{name}")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        // A browser reads every end of line as one line feed, and hashes that.
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
