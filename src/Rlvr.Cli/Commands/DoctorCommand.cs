using System.CommandLine;
using System.Text.Json.Nodes;
using Rlvr.Cli.Health;
using Rlvr.Cli.Output;
using Spectre.Console;

namespace Rlvr.Cli.Commands;

/// <summary><c>rlvr doctor</c>: what this machine has, and what to do where something is wrong.</summary>
internal static class DoctorCommand
{
    public static Command Create(Terminal terminal)
    {
        Option<bool> json = new("--json") { Description = "one JSON object on standard output" };
        ExampleCommand command = new("doctor", "Check this machine: libtorch, processor, threads, bf16 speed, CUDA, memory, disk, and what to do about each problem.", "rlvr doctor") { json };
        command.SetAction(result =>
        {
            if (!result.GetValue(json)) terminal.Error.WriteLine("looking at this machine, a few seconds ...");
            List<Finding> findings = [.. SystemChecks.Run(), .. NativeChecks.Run(out bool loaded)];
            if (loaded) findings.AddRange(SpeedChecks.Run());
            if (result.GetValue(json)) JsonOutput.Write(terminal, ToJson(findings, loaded));
            else Show(terminal, findings, loaded);
            return loaded ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    private static void Show(Terminal terminal, List<Finding> findings, bool loaded)
    {
        Grid grid = new();
        grid.AddColumn(new GridColumn().NoWrap());
        grid.AddColumn(new GridColumn().NoWrap());
        grid.AddColumn();
        foreach (Finding finding in findings)
        {
            string mark = finding.Level switch { Level.Good => "[green]ok[/]", Level.Note => "[grey]--[/]", Level.Warning => "[yellow]!![/]", _ => "[red]XX[/]" };
            grid.AddRow(mark, Markup.Escape(finding.Name), Markup.Escape(SafeText.Clean(finding.Value)));
        }
        terminal.Tables.Write(grid);
        List<Finding> advice = [.. findings.Where(f => f.Advice is not null)];
        if (advice.Count > 0) terminal.Out.WriteLine();
        foreach (Finding finding in advice) terminal.Out.WriteLine($"{finding.Name}: {SafeText.Clean(finding.Advice!)}");
        terminal.Out.WriteLine();
        terminal.Out.WriteLine(loaded ? "Ready: rlvr demo" : "Not ready: libtorch does not load, and nothing that needs a model can run.");
    }

    private static JsonObject ToJson(List<Finding> findings, bool loaded)
    {
        JsonObject all = [];
        foreach (Finding finding in findings)
        {
            JsonObject one = new() { ["level"] = finding.Level.ToString().ToLowerInvariant(), ["value"] = finding.Value };
            if (finding.Advice is not null) one["advice"] = finding.Advice;
            foreach ((string name, double number) in finding.Numbers) one[name] = JsonOutput.Number(number);
            all[Key(finding.Name)] = one;
        }
        return new JsonObject { ["ready"] = loaded, ["findings"] = all };
    }

    /// <summary>cpu_features, disk_working_folder.</summary>
    private static string Key(string name) =>
        string.Join('_', string.Concat(name.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) || c == '+' ? c : ' ')).Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
