using System.CommandLine;
using Rlvr.Cli.Output;
using Rlvr.Runs;

namespace Rlvr.Cli.Commands;

/// <summary><c>rlvr report</c>: writes a run's page again.</summary>
internal static class ReportCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> run = new("RUN") { Description = "folder of a run, finished or not" };
        ExampleCommand command = new("report", "Write report.html of a run again, and print its path.", "rlvr report runs/one-shot-20260101-120000") { run };
        command.SetAction(result =>
        {
            using RunDirectory directory = RunDirectory.Open(FileLocator.Find(result.GetRequiredValue(run)));
            terminal.Out.WriteLine(Report.Write(directory));
            return ExitCode.Done;
        });
        return command;
    }
}
