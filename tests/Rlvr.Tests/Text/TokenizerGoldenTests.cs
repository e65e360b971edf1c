using System.Text.Json;
using Rlvr.Tests.Shared;
using Rlvr.Text;

namespace Rlvr.Tests.Text;

/// <summary>Ids and texts equal those of Hugging Face's tokenizers library.</summary>
public class TokenizerGoldenTests
{
    private static readonly Dictionary<string, Tokenizer> Loaded = [];

    /// <summary>A tokenizer of the reference data, read once.</summary>
    internal static Tokenizer Load(string name)
    {
        string folder = TestFiles.Golden("tokenizers", name);
        lock (Loaded)
            return Loaded.TryGetValue(name, out Tokenizer? tokenizer) ? tokenizer : Loaded[name] = Tokenizer.Load(folder);
    }

    private static JsonElement Json(params string[] parts) => JsonDocument.Parse(File.ReadAllBytes(TestFiles.Golden(["tokenizers", .. parts]))).RootElement;

    private static int[] Ids(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement ids) ? [.. ids.EnumerateArray().Select(id => id.GetInt32())] : [];

    [Theory]
    [InlineData("qwen2_5")]
    [InlineData("llama3_2")]
    public void Encodings_and_round_trips_are_equal(string name)
    {
        Tokenizer tokenizer = Load(name);
        JsonElement golden = Json(name, "encodings.json"), strings = Json("strings.json");
        Assert.Equal(golden.GetProperty("vocab_size_with_added_tokens").GetInt32(), tokenizer.VocabularySize);
        Assert.Equal(strings.GetArrayLength(), golden.GetProperty("encodings").GetArrayLength());
        foreach (var (source, expected) in strings.EnumerateArray().Zip(golden.GetProperty("encodings").EnumerateArray()))
        {
            string text = source.GetProperty("text").GetString()!;
            int[] ids = Ids(expected, "ids");
            Assert.Equal(ids, tokenizer.Encode(text));
            Assert.Equal([.. Ids(expected, "special"), .. ids], tokenizer.Encode(text, addSpecialTokens: true));

            JsonElement decoded = expected.GetProperty("decoded");
            string all = decoded.ValueKind == JsonValueKind.String ? decoded.GetString()! : decoded.GetInt32() == 0 ? text : Nfc.Normalize(text);
            Assert.Equal(all, tokenizer.Decode(ids, skipSpecialTokens: false));
            string plain = expected.TryGetProperty("decoded_skip_special", out JsonElement skipped) ? skipped.GetString()! : all;
            Assert.Equal(plain, tokenizer.Decode(ids));
            Assert.Equal(all, Stream(tokenizer, ids, skipSpecialTokens: false));
        }
    }

    [Theory]
    [InlineData("qwen2_5")]
    [InlineData("llama3_2")]
    public void Decodings_of_arbitrary_ids_are_equal(string name)
    {
        Tokenizer tokenizer = Load(name);
        foreach (JsonElement expected in Json(name, "encodings.json").GetProperty("decodings").EnumerateArray())
        {
            int[] ids = Ids(expected, "ids");
            string text = expected.GetProperty("text").GetString()!;
            Assert.Equal(text, tokenizer.Decode(ids, skipSpecialTokens: false));
            Assert.Equal(text, Stream(tokenizer, ids, skipSpecialTokens: false));
        }
    }

    [Theory]
    [InlineData("qwen2_5", "qwen2_5")]
    [InlineData("qwen2_5", "qwen2_5-math")]
    [InlineData("llama3_2", "llama3_2")]
    public void Ids_of_rendered_chats_are_equal(string name, string chats)
    {
        Tokenizer tokenizer = Load(name);
        int compared = 0;
        foreach (JsonElement chat in Json(chats, "chat.json").GetProperty("cases").EnumerateArray())
        {
            if (Ids(chat, "ids") is not { Length: > 0 } ids) continue;
            Assert.Equal(ids, tokenizer.Encode(chat.GetProperty("text").GetString()!));
            compared++;
        }
        Assert.NotEqual(0, compared);
    }

    [Theory]
    [InlineData("qwen2_5")]
    [InlineData("llama3_2")]
    public void More_than_two_megabytes_a_second_are_encoded(string name)
    {
        // Measured 20 to 140 MB/s on one core in a release build. The best of some tries, so that a busy machine does not fail this.
        Tokenizer tokenizer = Load(name);
        string[] texts = [.. Json("strings.json").EnumerateArray().Select(text => text.GetProperty("text").GetString()!)];
        int bytes = texts.Sum(System.Text.Encoding.UTF8.GetByteCount);
        double best = 0;
        for (int attempt = 0; attempt < 20 && best <= 2e6; attempt++)
        {
            long start = System.Diagnostics.Stopwatch.GetTimestamp();
            foreach (string text in texts) tokenizer.Encode(text);
            best = double.Max(best, bytes / System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        Assert.True(best > 2e6, $"{best / 1e6:F2} MB/s");
    }

    [Fact]
    public void Save_writes_the_same_bytes()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            Load("qwen2_5").Save(folder);
            string hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, "tokenizer.json"))));
            Assert.Equal("c0382117ea329cdf097041132f6d735924b697924d6f6fc3945713e96ce87539", hash);
            Assert.Single(Directory.GetFiles(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Stream(Tokenizer tokenizer, int[] ids, bool skipSpecialTokens)
    {
        StreamingDecoder stream = tokenizer.CreateStream(skipSpecialTokens);
        string text = "";
        foreach (int id in ids)
        {
            string piece = stream.Append(id);
            Assert.True(piece.Length == 0 || (!char.IsLowSurrogate(piece[0]) && !char.IsHighSurrogate(piece[^1])), "half a surrogate pair");
            text += piece;
        }
        return text + stream.Flush();
    }
}
