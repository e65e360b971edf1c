using System.CommandLine;
using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Cli;

/// <summary>The options <c>--device</c>, <c>--precision</c> and <c>--threads</c>.</summary>
internal sealed class ComputeSettings
{
    private readonly Option<string> device = new("--device") { Description = "auto (CUDA if there is one), cpu or cuda", DefaultValueFactory = _ => "auto", HelpName = "DEVICE" };
    private readonly Option<string> precision = new("--precision") { Description = "auto (bf16 where the hardware has it and the model is not tiny), fp32 or bf16", DefaultValueFactory = _ => "auto", HelpName = "TYPE" };
    private readonly Option<int> threads = new("--threads") { Description = "threads of the tensor library; 0 measures which number is fastest", HelpName = "N" };

    public void AddTo(Command command)
    {
        device.AcceptOnlyFromAmong("auto", "cpu", "cuda");
        command.Add(device);
        precision.AcceptOnlyFromAmong("auto", "fp32", "bf16");
        command.Add(precision);
        command.Add(threads);
    }

    /// <summary>Loads libtorch and chooses the device.</summary>
    /// <exception cref="RlvrException">libtorch does not load, or CUDA was asked for and is not there.</exception>
    public Device Choose(ParseResult result) => ComputeDevice.Choose(result.GetValue(device)!);

    /// <summary>The name of the precision to compute in.</summary>
    public string Precision(ParseResult result) => result.GetValue(precision)!;

    /// <summary>Sets the number of threads for matrices of this width.</summary>
    public void ApplyThreads(ParseResult result, int width) => ThreadChoice.Apply(result.GetValue(threads), width);
}
