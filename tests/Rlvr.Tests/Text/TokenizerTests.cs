using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Rlvr.Tests.Shared;
using Rlvr.Text;

namespace Rlvr.Tests.Text;

public class TokenizerTests
{
    private static string Fixture(string name) => TestFiles.Fixture("tokenizers", name);

    [Theory]
    [InlineData("qwen-like")]
    [InlineData("llama-like")]
    [InlineData("gpt2-like-added")]
    public void Small_tokenizers_encode_and_decode_as_Hugging_Face_does(string name)
    {
        Tokenizer tokenizer = Tokenizer.Load(Fixture(name + ".json"));
        string[] strings = JsonSerializer.Deserialize<string[]>(File.ReadAllText(Fixture("strings.json")))!;
        JsonElement[] expected = JsonSerializer.Deserialize<JsonElement[]>(File.ReadAllText(Fixture(name + ".expected.json")))!;
        Assert.Equal(strings.Length, expected.Length);
        foreach (var (text, golden) in strings.Zip(expected))
        {
            int[] ids = golden.GetProperty("ids").Deserialize<int[]>()!;
            Assert.Equal(ids, tokenizer.Encode(text));
            Assert.Equal(golden.GetProperty("special").Deserialize<int[]>()!, tokenizer.Encode(text, addSpecialTokens: true));
            Assert.Equal(golden.GetProperty("decoded").GetString(), tokenizer.Decode(ids, skipSpecialTokens: false));
            Assert.Equal(golden.GetProperty("decodedSkip").GetString(), tokenizer.Decode(ids));
        }
    }

    [Fact]
    public void Any_text_comes_back_in_form_C_and_streams_to_the_same()
    {
        Tokenizer tokenizer = Tokenizer.Load(Fixture("qwen-like.json"));
        Gen.String[Gen.Char["ab1 '\n<|>\u0301\u00e9\u1100\u1161\u4f60\ud835\udc00\ud83d\ude00\uffff"], 0, 60].Sample(text =>
        {
            // Lone surrogates, which the alphabet makes often, count as U+FFFD.
            string valid = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
            int[] ids = tokenizer.Encode(text);
            Assert.Equal(Nfc.Normalize(valid), tokenizer.Decode(ids));
            Assert.Equal(ids, tokenizer.Encode(valid));
        });
        Gen.Int[-2, 430].Array[0, 40].Sample(ids =>
        {
            StreamingDecoder stream = tokenizer.CreateStream();
            StringBuilder text = new();
            foreach (int id in ids)
            {
                string piece = stream.Append(id);
                Assert.False(piece.Length > 0 && (char.IsHighSurrogate(piece[^1]) || char.IsLowSurrogate(piece[0])));
                text.Append(piece);
            }
            Assert.Equal(tokenizer.Decode(ids), text + stream.Flush());
        });
    }

    [Fact]
    public void A_character_in_pieces_streams_when_it_is_whole()
    {
        Tokenizer tokenizer = Tokenizer.Load(Fixture("gpt2-like-added.json"));
        StreamingDecoder stream = tokenizer.CreateStream();
        int[] bytes = [.. Encoding.UTF8.GetBytes("é😀").Select(b => tokenizer.IdOf(ByteLevel.ToChar(b).ToString())!.Value)];
        Assert.Equal(["", "é", "", "", "", "😀"], bytes.Select(stream.Append));
        Assert.Equal("", stream.Flush());
        Assert.Equal(["", "é"], bytes[..2].Select(stream.Append));
        Assert.Equal("", stream.Append(bytes[2]));
        Assert.Equal("\uFFFD", stream.Flush());
    }

    [Fact]
    public void Long_words_merge_as_short_ones_do()
    {
        // Above 64 bytes a queue finds the merges. Llama's words have at most three digits, so only letters make long ones.
        Tokenizer tokenizer = Tokenizer.Load(Fixture("qwen-like.json"));
        BytePairModel model = TokenizerJson.Read(Fixture("qwen-like.json")).Model;
        Gen.String[Gen.Char["aehlpst"], 65, 300].Sample(word => Assert.Equal(MergeTheSlowWay(model, word), tokenizer.Encode(word)));
        Assert.Equal(200_000, tokenizer.Decode(tokenizer.Encode(new string('a', 200_000))).Length);
    }

    private static int[] MergeTheSlowWay(BytePairModel model, string word)
    {
        List<int> ids = [.. word.Select(c => model.Vocabulary[c.ToString()])];
        foreach (var (left, right, merged) in model.Merges)
        {
            for (int i = 0; i + 1 < ids.Count; i++)
            {
                if (ids[i] != left || ids[i + 1] != right) continue;
                ids[i] = merged;
                ids.RemoveAt(i + 1);
            }
        }
        return [.. ids];
    }

    [Fact]
    public void Tokens_have_names_and_ids()
    {
        Tokenizer tokenizer = Tokenizer.Load(Fixture("qwen-like.json"));
        int end = tokenizer.IdOf("<|im_end|>")!.Value;
        Assert.Equal("<|im_end|>", tokenizer.TokenOf(end));
        Assert.True(tokenizer.IsSpecial(end));
        Assert.False(tokenizer.IsSpecial(0));
        Assert.Equal(end + 1, tokenizer.VocabularySize);
        Assert.Null(tokenizer.IdOf("no such token"));
        Assert.Null(tokenizer.TokenOf(-1));
        Assert.Null(tokenizer.TokenOf(tokenizer.VocabularySize));
        Assert.False(tokenizer.IsSpecial(tokenizer.VocabularySize));
        Assert.Equal("", tokenizer.Decode([-5, 1 << 30, end]));
    }

    [Fact]
    public void Threads_share_a_tokenizer()
    {
        Tokenizer tokenizer = Tokenizer.Load(Fixture("qwen-like.json"));
        string[] strings = JsonSerializer.Deserialize<string[]>(File.ReadAllText(Fixture("strings.json")))!;
        int[][] alone = [.. strings.Select(text => Tokenizer.Load(Fixture("qwen-like.json")).Encode(text))];
        Parallel.For(0, 8, _ =>
        {
            for (int i = 0; i < strings.Length; i++) Assert.Equal(alone[i], tokenizer.Encode(strings[i]));
        });
    }

    [Theory]
    [InlineData("model.type", "\"Unigram\"", "model type Unigram")]
    [InlineData("model.byte_fallback", "true", "byte_fallback")]
    [InlineData("model.dropout", "0.1", "dropout")]
    [InlineData("model.end_of_word_suffix", "\"</w>\"", "end_of_word_suffix")]
    [InlineData("model.vocab", "{}", "vocabulary is empty")]
    [InlineData("model.vocab", "null", "'vocab' is missing")]
    [InlineData("model.vocab", "{\"a\":-1}", "token 'a' has id -1")]
    [InlineData("model.vocab", "{\"a\":2000000000}", "token 'a' has id 2000000000")]
    [InlineData("model.merges", "[\"a\"]", "merge 0 has 1 parts")]
    [InlineData("model.merges", "[[\"q\",\"\\u0000\"]]", "which the vocabulary lacks")]
    [InlineData("model.merges", "[1]", "wrong type")]
    [InlineData("model.unk_token", "\"<unk>\"", "unk_token '<unk>'")]
    [InlineData("normalizer", "{\"type\":\"Lowercase\"}", "normalizer Lowercase")]
    [InlineData("normalizer", "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFKC\"}]}", "normalizer NFKC")]
    [InlineData("pre_tokenizer", "null", "pre-tokenizer null")]
    [InlineData("pre_tokenizer", "{\"type\":\"Metaspace\"}", "pre-tokenizer Metaspace")]
    [InlineData("pre_tokenizer", "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{\"Regex\":\"x+\"},\"behavior\":\"Isolated\"},{\"type\":\"ByteLevel\"}]}", "Split pattern x+")]
    [InlineData("post_processor", "{\"type\":\"BertProcessing\"}", "post-processor BertProcessing")]
    [InlineData("decoder", "{\"type\":\"WordPiece\"}", "decoder WordPiece")]
    [InlineData("decoder", "null", "decoder null")]
    [InlineData("added_tokens", "[{\"id\":0,\"content\":\"<new>\"}]", "already belongs to '!'")]
    [InlineData("added_tokens", "[{\"content\":\"<new>\"}]", "'id' is missing")]
    [InlineData("added_tokens", "7", "wrong type")]
    public void What_would_tokenize_differently_is_refused_by_name(string property, string json, string expected)
    {
        JsonNode root = JsonNode.Parse(File.ReadAllText(Fixture("qwen-like.json")))!;
        string[] path = property.Split('.');
        JsonNode parent = path.Length > 1 ? root[path[0]]! : root;
        parent[path[^1]] = JsonNode.Parse(json);
        RlvrException error = Assert.Throws<RlvrException>(() => Tokenizer.Parse(Encoding.UTF8.GetBytes(root.ToJsonString())));
        Assert.StartsWith("tokenizer.json: error: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"model\":")]
    [InlineData("{\"model\":{\"type\":\"BPE\",\"vocab\":{\"\\ud800\":1},\"merges\":[]}}")]
    public void A_broken_file_gives_one_clear_error(string json)
    {
        RlvrException error = Assert.Throws<RlvrException>(() => Tokenizer.Parse(Encoding.UTF8.GetBytes(json)));
        Assert.StartsWith("tokenizer.json: error: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_tokenizer_is_named_with_the_fix()
    {
        string folder = TestFiles.Fixture("tokenizers", "nowhere");
        RlvrException error = Assert.Throws<RlvrException>(() => Tokenizer.Load(folder));
        Assert.Contains(folder, error.Message, StringComparison.Ordinal);
        Assert.Contains("save_pretrained", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Save_refuses_a_path_that_is_a_file()
    {
        RlvrException error = Assert.Throws<RlvrException>(() => Tokenizer.Load(Fixture("qwen-like.json")).Save(Fixture("strings.json")));
        Assert.Contains("cannot be written", error.Message, StringComparison.Ordinal);
    }
}
