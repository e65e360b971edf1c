using Rlvr.Models;
using Rlvr.Rollouts;
using Rlvr.Tests.Models;
using Rlvr.Text;
using ScalarType = TorchSharp.torch.ScalarType;

namespace Rlvr.Tests.Training;

/// <summary>A random network over single bytes and an end token.</summary>
internal static class TinyLanguage
{
    public const string EndToken = "<|endoftext|>";

    private static readonly byte[] TokenizerJson = BpeTrainer.Train([], 257, [EndToken]);

    public static LanguageModel Create(ulong seed = 1, int maxPositions = 128, ScalarType computeType = ScalarType.Float32)
    {
        Tokenizer tokenizer = Tokenizer.Parse(TokenizerJson);
        int end = tokenizer.IdOf(EndToken)!.Value;
        ModelConfig config = TinyModels.Config("qwen2 GQA") with { VocabularySize = tokenizer.VocabularySize, MaxPositions = maxPositions, EosTokenIds = [end], PadTokenId = end };
        return new LanguageModel(TinyModels.Create(config, seed, computeType), tokenizer);
    }

    /// <summary>Writes a model folder, tokenizer included.</summary>
    public static string Save(string folder, ulong seed = 1, int maxPositions = 128)
    {
        using LanguageModel model = Create(seed, maxPositions);
        model.Save(folder);
        return folder;
    }
}
