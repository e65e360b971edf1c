using Rlvr.Models;
using Rlvr.Rollouts;
using Rlvr.Tests.Models;
using Rlvr.Tests.Shared;
using Rlvr.Tests.Training;
using Rlvr.Text;

namespace Rlvr.Tests.Rollouts;

public sealed class LanguageModelTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_model_made_in_memory_is_saved_with_its_tokenizer()
    {
        using LanguageModel made = TinyLanguage.Create();
        made.Save(folder["once"]);
        using LanguageModel loaded = LanguageModel.Load(folder["once"]);
        loaded.Save(folder["twice"]); // from its folder
        using LanguageModel again = LanguageModel.Load(folder["twice"]);
        Assert.Equal(made.Tokenizer.Encode("How much?"), again.Tokenizer.Encode("How much?"));
        Assert.Equal(made.StopIds, again.StopIds);
        Assert.All(made.Network.Parameters, p => Assert.True(TinyModels.Same(p.Value, again.Network.Parameters[p.Key]), p.Key));
    }

    [Fact]
    public void What_does_not_belong_together_is_refused()
    {
        using Transformer small = TinyModels.Create();
        Tokenizer bytes = Tokenizer.Parse(BpeTrainer.Train([], 257, ["<|end|>"]));
        Assert.Contains("ids up to 256, but the model's vocabulary has 41", Assert.Throws<RlvrException>(() => new LanguageModel(small, bytes)).Message, StringComparison.Ordinal);
        Assert.Contains("no model folder", Assert.Throws<RlvrException>(() => LanguageModel.Load(folder["nowhere"])).Message, StringComparison.Ordinal);
        small.Save(folder["model"]);
        Assert.Contains("tokenizer.json", Assert.Throws<RlvrException>(() => LanguageModel.Load(folder["model"])).Message, StringComparison.Ordinal);
    }
}
