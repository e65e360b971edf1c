using Rlvr.Cli;
using Rlvr.Cli.Output;

using StopSignal stop = new(Console.Error);
return CommandLine.Run(args, Terminal.OfProcess(stop.Token));
