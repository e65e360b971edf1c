using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Rlvr.Text;

/// <summary>
/// Learns a byte-level BPE vocabulary from texts. The result depends on the texts' words and their counts alone: the same
/// texts in any order give the same bytes.
/// </summary>
public static class BpeTrainer
{
    /// <summary>
    /// Learns a tokenizer laid out as Qwen2.5's: form C, Qwen2's words (one digit each), byte-level BPE. The 256 bytes come first,
    /// then the merges' tokens, then the special tokens. The most frequent pair of adjacent tokens is merged next (of equals
    /// the first in the order of their characters), until every word is one token or the vocabulary is full.
    /// </summary>
    /// <param name="texts">The texts; special tokens written in them are left out.</param>
    /// <param name="maxVocabulary">The largest vocabulary, bytes and special tokens included.</param>
    /// <param name="specialTokens">Special tokens in the order of their ids; not empty strings.</param>
    /// <param name="minFrequency">How often a pair must occur to be merged.</param>
    /// <returns>The bytes of a tokenizer.json, for <see cref="Tokenizer.Parse"/> and Hugging Face's libraries.</returns>
    /// <exception cref="ArgumentException">The vocabulary is too small for the bytes and special tokens, or a special token is empty or repeated.</exception>
    public static byte[] Train(IEnumerable<string> texts, int maxVocabulary, IReadOnlyList<string> specialTokens, int minFrequency = 1)
    {
        if (maxVocabulary < 256 + specialTokens.Count)
            throw new ArgumentException($"expected room for 256 bytes and {specialTokens.Count} special tokens, found {maxVocabulary}", nameof(maxVocabulary));
        if (specialTokens.Contains("") || specialTokens.Distinct(StringComparer.Ordinal).Count() != specialTokens.Count)
            throw new ArgumentException("a special token is empty or repeated", nameof(specialTokens));
        ArgumentOutOfRangeException.ThrowIfLessThan(minFrequency, 1);

        Learner learner = new(CountWords(texts, specialTokens), maxVocabulary - specialTokens.Count, minFrequency, specialTokens);
        learner.Run();
        return Write(learner, specialTokens);
    }

    // The distinct words in the byte-level alphabet, in a fixed order.
    private static List<(string Word, long Count)> CountWords(IEnumerable<string> texts, IReadOnlyList<string> specialTokens)
    {
        AddedTokens special = new(specialTokens.Select((content, i) => (new AddedToken(i, content, true, false, false, false, false), content)));
        PreTokenizer preTokenizer = new(PreTokenizer.Qwen2Pattern, addPrefixSpace: false);
        Dictionary<string, long> counts = new(StringComparer.Ordinal);
        var lookup = counts.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (string source in texts)
        {
            string text = Tokenizer.ReplaceLoneSurrogates(source);
            foreach (var (part, token) in special.Split(text))
            {
                if (token is not null) continue;
                string normalized = Nfc.Normalize(text[part]);
                for (int start = 0, end; start < normalized.Length; start = end)
                {
                    end = preTokenizer.EndOfWord(normalized, start);
                    CollectionsMarshal.GetValueRefOrAddDefault(lookup, normalized.AsSpan(start, end - start), out _)++;
                }
            }
        }
        List<(string Word, long Count)> words = [.. counts.Select(entry => (ByteLevel.ToAlphabet(Encoding.UTF8.GetBytes(entry.Key)), entry.Value))];
        words.Sort((x, y) => string.CompareOrdinal(x.Word, y.Word));
        return words;
    }

    private sealed class Learner
    {
        private readonly int capacity, minFrequency;
        private readonly HashSet<string> forbidden;
        private readonly int[][] words; // token ids; a word shrinks as its pairs merge
        private readonly long[] wordCounts;
        private readonly Dictionary<(int Left, int Right), long> pairCounts = [];
        private readonly Dictionary<(int Left, int Right), HashSet<int>> wordsOf = [];
        private readonly PriorityQueue<(int Left, int Right, long Count), (int Left, int Right, long Count)> queue;

        public Learner(List<(string Word, long Count)> words, int capacity, int minFrequency, IEnumerable<string> forbidden)
        {
            this.capacity = capacity;
            this.minFrequency = minFrequency;
            this.forbidden = [.. forbidden];
            queue = new(Comparer<(int Left, int Right, long Count)>.Create(Compare));
            foreach (char c in Enumerable.Range(0, 256).Select(b => ByteLevel.ToChar((byte)b)).Order()) Add(c.ToString());
            this.words = [.. words.Select(word => word.Word.Select(c => Ids[c.ToString()]).ToArray())];
            wordCounts = [.. words.Select(word => word.Count)];
        }

        public List<string> Tokens { get; } = [];

        public Dictionary<string, int> Ids { get; } = new(StringComparer.Ordinal);

        public List<(string Left, string Right)> Merges { get; } = [];

        public void Run()
        {
            for (int w = 0; w < words.Length; w++) Count(w, +1);
            foreach (var (pair, count) in pairCounts) Enqueue(pair, count);
            while (queue.TryDequeue(out var best, out _))
            {
                var pair = (best.Left, best.Right);
                long now = pairCounts.GetValueOrDefault(pair);
                if (now != best.Count)
                {
                    Enqueue(pair, now); // merged in part since: back into the queue with its count now
                    continue;
                }
                string merged = Tokens[pair.Left] + Tokens[pair.Right];
                if (forbidden.Contains(merged)) continue;
                if (!Ids.TryGetValue(merged, out int id))
                {
                    if (Tokens.Count >= capacity) break;
                    id = Add(merged);
                }
                Merges.Add((Tokens[pair.Left], Tokens[pair.Right]));
                Apply(pair, id);
            }
        }

        private int Add(string token)
        {
            Ids[token] = Tokens.Count;
            Tokens.Add(token);
            return Tokens.Count - 1;
        }

        private void Enqueue((int Left, int Right) pair, long count)
        {
            var entry = (pair.Left, pair.Right, count);
            if (count >= minFrequency) queue.Enqueue(entry, entry);
        }

        // The highest count first; of equals the first by the characters of left and right.
        private int Compare((int Left, int Right, long Count) x, (int Left, int Right, long Count) y)
        {
            int order = y.Count.CompareTo(x.Count);
            if (order == 0) order = string.CompareOrdinal(Tokens[x.Left], Tokens[y.Left]);
            return order != 0 ? order : string.CompareOrdinal(Tokens[x.Right], Tokens[y.Right]);
        }

        private void Apply((int Left, int Right) pair, int merged)
        {
            HashSet<(int Left, int Right)> grown = [];
            foreach (int w in wordsOf[pair].ToArray())
            {
                Count(w, -1);
                int[] word = words[w];
                int kept = 0;
                for (int i = 0; i < word.Length; i++)
                {
                    bool merges = i + 1 < word.Length && word[i] == pair.Left && word[i + 1] == pair.Right;
                    word[kept++] = merges ? merged : word[i];
                    if (merges) i++;
                }
                words[w] = word[..kept];
                Count(w, +1);
                for (int i = 0; i + 1 < kept; i++)
                    if (word[i] == merged || word[i + 1] == merged) grown.Add((word[i], word[i + 1]));
            }
            foreach (var neighbours in grown) Enqueue(neighbours, pairCounts[neighbours]);
        }

        // Adds (sign +1) or removes (-1) a word's pairs.
        private void Count(int w, int sign)
        {
            int[] word = words[w];
            for (int i = 0; i + 1 < word.Length; i++)
            {
                var pair = (word[i], word[i + 1]);
                CollectionsMarshal.GetValueRefOrAddDefault(pairCounts, pair, out _) += sign * wordCounts[w];
                ref HashSet<int>? holders = ref CollectionsMarshal.GetValueRefOrAddDefault(wordsOf, pair, out _);
                holders ??= [];
                if (sign > 0) holders.Add(w);
                else holders.Remove(w);
            }
        }
    }

    private static byte[] Write(Learner learner, IReadOnlyList<string> specialTokens)
    {
        ArrayBufferWriter<byte> buffer = new();
        // Relaxed: the byte-level alphabet stays readable; nobody puts this into a web page.
        using (Utf8JsonWriter json = new(buffer, new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteString("version", "1.0");
            json.WriteNull("truncation");
            json.WriteNull("padding");
            json.WriteStartArray("added_tokens");
            for (int i = 0; i < specialTokens.Count; i++)
            {
                json.WriteStartObject();
                json.WriteNumber("id", learner.Tokens.Count + i);
                json.WriteString("content", specialTokens[i]);
                foreach (string flag in (string[])["single_word", "lstrip", "rstrip", "normalized"]) json.WriteBoolean(flag, false);
                json.WriteBoolean("special", true);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteStartObject("normalizer");
            json.WriteString("type", "NFC");
            json.WriteEndObject();
            json.WriteStartObject("pre_tokenizer");
            json.WriteString("type", "Sequence");
            json.WriteStartArray("pretokenizers");
            json.WriteStartObject();
            json.WriteString("type", "Split");
            json.WriteStartObject("pattern");
            json.WriteString("Regex", PreTokenizer.Qwen2Pattern);
            json.WriteEndObject();
            json.WriteString("behavior", "Isolated");
            json.WriteBoolean("invert", false);
            json.WriteEndObject();
            WriteByteLevel(json, null);
            json.WriteEndArray();
            json.WriteEndObject();
            WriteByteLevel(json, "post_processor");
            WriteByteLevel(json, "decoder");
            WriteModel(json, learner);
            json.WriteEndObject();
        }
        return [.. buffer.WrittenSpan, (byte)'\n'];
    }

    private static void WriteByteLevel(Utf8JsonWriter json, string? name)
    {
        if (name is not null) json.WriteStartObject(name);
        else json.WriteStartObject();
        json.WriteString("type", "ByteLevel");
        foreach (string flag in (string[])["add_prefix_space", "trim_offsets", "use_regex"]) json.WriteBoolean(flag, false);
        json.WriteEndObject();
    }

    private static void WriteModel(Utf8JsonWriter json, Learner learner)
    {
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteNull("dropout");
        json.WriteNull("unk_token");
        json.WriteString("continuing_subword_prefix", "");
        json.WriteString("end_of_word_suffix", "");
        json.WriteBoolean("fuse_unk", false);
        json.WriteBoolean("byte_fallback", false);
        json.WriteBoolean("ignore_merges", false);
        json.WriteStartObject("vocab");
        for (int id = 0; id < learner.Tokens.Count; id++) json.WriteNumber(learner.Tokens[id], id);
        json.WriteEndObject();
        json.WriteStartArray("merges");
        foreach (var (left, right) in learner.Merges) json.WriteStringValue(left + " " + right);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
