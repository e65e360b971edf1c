using Rlvr.Cli;
using Rlvr.Cli.Output;

using StopSignal stop = new(Console.Error);
using ParentWatch parent = new(stop.Stop);
return CommandLine.Run(args, Terminal.OfProcess(stop.Token));
