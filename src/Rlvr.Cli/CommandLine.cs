using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Rlvr.Cli.Commands;
using Rlvr.Cli.Output;

namespace Rlvr.Cli;

/// <summary>The commands, and what happens around each: wrong usage, errors, exit codes.</summary>
internal static class CommandLine
{
    /// <summary>Runs a command.</summary>
    /// <returns>0 done, 1 failed, 2 wrong usage or recipe, 130 stopped.</returns>
    public static int Run(string[] args, Terminal terminal)
    {
        RootCommand root = Build(terminal);
        // A text from a model may begin with @: it names no file of further arguments.
        ParseResult result = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (args.Length == 0)
        {
            root.Parse("--help").Invoke(new InvocationConfiguration { Output = terminal.Error, Error = terminal.Error });
            return ExitCode.Usage;
        }
        if (result.Action is ParseErrorAction || (result.Errors.Count > 0 && result.Action is null)) return WrongUsage(result, terminal);
        try
        {
            return result.Invoke(new InvocationConfiguration { Output = terminal.Out, Error = terminal.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (Exception e)
        {
            return Failure.Report(e, terminal);
        }
    }

    internal static RootCommand Build(Terminal terminal)
    {
        RootCommand root = new("Reinforcement learning with verifiable rewards (RLVR) for language models. Start with: rlvr demo")
        {
            DemoCommand.Create(terminal),
            TrainCommand.Create(terminal),
            EvalCommand.Create(terminal),
            CompareCommand.Create(terminal),
            GenerateCommand.Create(terminal),
            PullCommand.Create(terminal),
            PretrainCommand.Create(terminal),
            ExportCommand.Create(terminal),
            SelectCommand.Create(terminal),
            ReproduceCommand.Create(terminal, terminal.Experiments),
            ReportCommand.Create(terminal),
            VerifyCommand.Create(terminal),
            DoctorCommand.Create(terminal),
        };
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!, terminal);
        return root;
    }

    /// <summary>The usual help, and below it the command's examples.</summary>
    private sealed class HelpWithExamples(HelpAction usual, Terminal terminal) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            int code = usual.Invoke(parseResult);
            if (parseResult.CommandResult.Command is ExampleCommand { Examples: { Count: > 0 } examples })
            {
                terminal.Out.WriteLine(examples.Count == 1 ? "Example:" : "Examples:");
                foreach (string example in examples) terminal.Out.WriteLine("  " + example);
                terminal.Out.WriteLine();
            }
            return code;
        }
    }

    private static int WrongUsage(ParseResult result, Terminal terminal)
    {
        Command command = result.CommandResult.Command;
        string message = SafeText.OneLine(string.Join(' ', result.Errors[0].Message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), 400).TrimEnd('.');
        string hint = "";
        if (result.UnmatchedTokens is [{ } unknown, ..])
        {
            IEnumerable<string> names = command.Subcommands.Select(c => c.Name).Concat(command.Options.Select(o => o.Name));
            message = $"unknown {(unknown.StartsWith('-') ? "option" : command.Subcommands.Count > 0 ? "command" : "argument")} '{SafeText.OneLine(unknown, 80)}'";
            hint = Suggestion.DidYouMean(unknown, names);
        }
        string name = command is RootCommand ? "rlvr" : $"rlvr {command.Name}";
        terminal.Error.WriteLine($"error: {char.ToLowerInvariant(message[0])}{message[1..]}.{hint} See '{name} --help'.");
        return ExitCode.Usage;
    }
}
