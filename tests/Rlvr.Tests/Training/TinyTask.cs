using Rlvr.Data;
using Rlvr.Rewards;
using Rlvr.Training;

namespace Rlvr.Tests.Training;

/// <summary>A task for <see cref="TinyLanguage"/>: something to learn in a few steps of milliseconds.</summary>
internal static class TinyTask
{
    public static readonly Recipe Recipe = new()
    {
        Data = new DataOptions { Prompt = "plain" },
        Rollout = new RolloutOptions { BatchSize = 4, GroupSize = 4, Temperature = 1, MaxNewTokens = 3 },
        Optimizer = new OptimizerOptions { LearningRate = 5e-3 },
    };

    /// <summary>The response begins with a character of ASCII: for a network that knows nothing about a coin.</summary>
    public static readonly FunctionReward Ascii = new((_, response) => response.Length > 0 && response[0] < 128 ? 1 : 0);

    public static Problem[] Problems(int count) => [.. Enumerable.Range(0, count).Select(i => new Problem($"p{i}", new string((char)('a' + i), 1 + (i % 5)), "1"))];

    public static float[] Values(TorchSharp.torch.Tensor tensor) => tensor.detach().contiguous().data<float>().ToArray();
}
