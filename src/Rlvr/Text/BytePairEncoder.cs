using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;

namespace Rlvr.Text;

/// <summary>
/// Byte-pair encoding of one word: its bytes are the first tokens, then the adjacent pair whose merge was learned earliest
/// (the leftmost of equals) becomes one token, until no pair has a merge. Safe to use from several threads.
/// </summary>
internal sealed class BytePairEncoder
{
    // Above this length a queue finds the next merge; below, looking at every pair is faster.
    private const int LongWord = 64;
    private const int CachedWordLength = 48;
    private const int CacheCapacity = 1 << 16;

    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> vocabulary;
    private readonly MergeTable merges;
    private readonly int[] byteIds = new int[256];
    private readonly bool ignoreMerges;
    private readonly bool fuseUnknown;
    private readonly int unknownId;
    private readonly ConcurrentDictionary<string, int[]> cache = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> cached;
    private int cacheSize;

    /// <summary>Creates the encoder of a model.</summary>
    /// <param name="model">The vocabulary in the byte-level alphabet and the merges in the order they were learned.</param>
    public BytePairEncoder(BytePairModel model)
    {
        vocabulary = model.Vocabulary.GetAlternateLookup<ReadOnlySpan<char>>();
        ignoreMerges = model.IgnoreMerges;
        fuseUnknown = model.FuseUnknown;
        unknownId = model.UnknownId ?? -1;
        for (int b = 0; b < 256; b++) byteIds[b] = model.Vocabulary.GetValueOrDefault(ByteLevel.ToChar((byte)b).ToString(), -1);
        merges = new(model.Merges);
        cached = cache.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>Appends the tokens of a word to <paramref name="ids"/>.</summary>
    public void Encode(ReadOnlySpan<char> word, List<int> ids)
    {
        bool cacheable = word.Length <= CachedWordLength;
        if (cacheable && cached.TryGetValue(word, out int[]? known))
        {
            ids.AddRange(known.AsSpan());
            return;
        }
        int before = ids.Count;
        EncodeNew(word, ids);
        // A full cache stays as it is: the frequent words came early.
        if (cacheable && cacheSize < CacheCapacity && cached.TryAdd(word, CollectionsMarshal.AsSpan(ids)[before..].ToArray())) Interlocked.Increment(ref cacheSize);
    }

    private void EncodeNew(ReadOnlySpan<char> word, List<int> ids)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(word.Length));
        int[] tokens = ArrayPool<int>.Shared.Rent(bytes.Length);
        try
        {
            int length = Encoding.UTF8.GetBytes(word, bytes);
            if (ignoreMerges && vocabulary.TryGetValue(ByteLevel.ToAlphabet(bytes.AsSpan(0, length)), out int whole))
            {
                ids.Add(whole);
                return;
            }
            int count = 0;
            bool lastUnknown = false;
            for (int i = 0; i < length; i++)
            {
                int id = byteIds[bytes[i]];
                bool unknown = id < 0;
                if (unknown && (unknownId < 0 || (fuseUnknown && lastUnknown))) continue; // as Hugging Face: no unknown token, no token
                lastUnknown = unknown;
                tokens[count++] = unknown ? unknownId : id;
            }
            count = count <= LongWord ? MergeShort(tokens, count) : MergeLong(tokens, count);
            ids.AddRange(tokens.AsSpan(0, count));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
            ArrayPool<int>.Shared.Return(tokens);
        }
    }

    // Merges in place and returns the number of tokens left.
    private int MergeShort(int[] tokens, int count)
    {
        Span<MergeTable.Merge> next = stackalloc MergeTable.Merge[LongWord]; // next[i] merges tokens i and i + 1
        for (int i = 0; i + 1 < count; i++) next[i] = merges[tokens[i], tokens[i + 1]];
        while (count > 1)
        {
            int best = 0;
            for (int i = 1; i + 1 < count; i++)
                if (next[i].Rank < next[best].Rank) best = i;
            if (next[best].Token < 0) break;
            tokens[best] = next[best].Token;
            count--;
            tokens.AsSpan(best + 2, count - best - 1).CopyTo(tokens.AsSpan(best + 1));
            if (best + 1 < count)
            {
                next[(best + 2)..count].CopyTo(next[(best + 1)..]);
                next[best] = merges[tokens[best], tokens[best + 1]];
            }
            if (best > 0) next[best - 1] = merges[tokens[best - 1], tokens[best]];
        }
        return count;
    }

    private int MergeLong(int[] tokens, int count)
    {
        int[] next = new int[count], previous = new int[count];
        MinimumHeap queue = new(count); // rank in the upper half, position in the lower
        for (int i = 0; i < count; i++)
        {
            next[i] = i + 1 < count ? i + 1 : -1;
            previous[i] = i - 1;
        }
        for (int i = 0; i + 1 < count; i++) Enqueue(i);
        while (queue.TryDequeue(out ulong first))
        {
            int at = (int)(uint)first, right = next[at];
            if (tokens[at] < 0 || right < 0) continue;
            MergeTable.Merge merge = merges[tokens[at], tokens[right]];
            if (merge.Rank != (int)(first >> 32) || merge.Token < 0) continue; // one of the two was merged since
            tokens[at] = merge.Token;
            tokens[right] = -1;
            next[at] = next[right];
            if (next[at] >= 0) previous[next[at]] = at;
            Enqueue(at);
            if (previous[at] >= 0) Enqueue(previous[at]);
        }
        int kept = 0;
        for (int i = 0; i >= 0; i = next[i]) tokens[kept++] = tokens[i];
        return kept;

        void Enqueue(int at)
        {
            if (next[at] < 0) return;
            MergeTable.Merge merge = merges[tokens[at], tokens[next[at]]];
            if (merge.Token >= 0) queue.Enqueue(((ulong)(uint)merge.Rank << 32) | (uint)at);
        }
    }

    // A binary heap of plain numbers: several times faster here than PriorityQueue, and encoding long words is all queue.
    private sealed class MinimumHeap(int capacity)
    {
        private ulong[] items = new ulong[capacity + 1];
        private int count;

        public void Enqueue(ulong item)
        {
            if (count == items.Length) Array.Resize(ref items, count * 2);
            int at = count++;
            for (int parent; at > 0 && items[parent = (at - 1) / 2] > item; at = parent) items[at] = items[parent];
            items[at] = item;
        }

        public bool TryDequeue(out ulong first)
        {
            first = 0;
            if (count == 0) return false;
            first = items[0];
            ulong last = items[--count];
            int at = 0;
            for (int child; (child = 2 * at + 1) < count; at = child)
            {
                if (child + 1 < count && items[child + 1] < items[child]) child++;
                if (items[child] >= last) break;
                items[at] = items[child];
            }
            items[at] = last;
            return true;
        }
    }
}
