using Rlvr.Models;
using Rlvr.Tests.Shared;
using Rlvr.Text;
using static TorchSharp.torch;

namespace Rlvr.Cli.Tests;

/// <summary>A folder with a random model of one layer over single bytes, and small things to run it on.</summary>
internal static class TinyModel
{
    public const int Positions = 160;

    public static string Write(TemporaryFolder folder, string name = "model")
    {
        Tokenizer tokenizer = Tokenizer.Parse(BpeTrainer.Train([], 257, ["<|endoftext|>"]));
        int end = tokenizer.IdOf("<|endoftext|>")!.Value;
        ModelConfig config = new()
        {
            Architecture = ModelArchitecture.Qwen2,
            HiddenSize = 16,
            IntermediateSize = 32,
            Layers = 1,
            Heads = 2,
            KeyValueHeads = 1,
            HeadDim = 8,
            VocabularySize = tokenizer.VocabularySize,
            RopeTheta = 10_000,
            TieWordEmbeddings = true,
            MaxPositions = Positions,
            BosTokenId = null,
            EosTokenIds = [end],
            PadTokenId = end,
            TorchDtype = ScalarType.Float32,
        };
        using Transformer network = Transformer.CreateRandom(config, 3);
        network.Save(folder[name]);
        tokenizer.Save(folder[name]);
        return folder[name];
    }

    /// <summary>Two problems of two subjects.</summary>
    public static string Problems(TemporaryFolder folder, string name = "sums.jsonl") => folder.Write(name,
        """{"id": "a", "problem": "1 + 1 =", "answer": "2", "subject": "sums"}""" + "\n" + """{"id": "b", "problem": "2 * 3 =", "answer": "6", "subject": "products"}""" + "\n");

    /// <summary>A recipe that trains the tiny model for two steps.</summary>
    public static string Recipe(TemporaryFolder folder, string? model = null, string? problems = null)
    {
        string data = problems ?? Problems(folder);
        return folder.Write("recipe.yaml", $"""
            name: tiny
            model: {model ?? Write(folder)}
            steps: 2
            data:
              train: {data}
              prompt: plain
            rollout:
              batch_size: 2
              group_size: 2
              max_new_tokens: 8
            evaluation:
              suites: [{data}]
              every: 0
              sampled_temperature: 0.6
            compute:
              device: cpu
              threads: 1
            """);
    }
}
