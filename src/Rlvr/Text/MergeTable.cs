using System.Numerics;

namespace Rlvr.Text;

/// <summary>
/// The merges of a byte-pair model: adjacent tokens to (rank, merged token). Open addressing, because a lookup for every pair
/// of tokens is what encoding spends its time on.
/// </summary>
internal sealed class MergeTable
{
    private readonly Slot[] slots;
    private readonly int shift;

    /// <summary>Builds the table; the rank of a merge is its place in the list, a repeated pair keeps the last.</summary>
    public MergeTable(IReadOnlyList<(int Left, int Right, int Merged)> merges)
    {
        int bits = int.Max(4, BitOperations.Log2((uint)merges.Count) + 2); // at most half full
        slots = new Slot[1 << bits];
        shift = 64 - bits;
        Array.Fill(slots, new Slot(ulong.MaxValue, int.MaxValue, -1));
        for (int rank = 0; rank < merges.Count; rank++)
        {
            var (left, right, merged) = merges[rank];
            ulong key = Key(left, right);
            slots[Find(key)] = new(key, rank, merged);
        }
    }

    /// <summary>A merge; rank int.MaxValue and token -1: there is none.</summary>
    public readonly record struct Merge(int Rank, int Token);

    private readonly record struct Slot(ulong Key, int Rank, int Token);

    /// <summary>The merge of two adjacent tokens.</summary>
    public Merge this[int left, int right]
    {
        get
        {
            ref readonly Slot slot = ref slots[Find(Key(left, right))];
            return new(slot.Rank, slot.Token);
        }
    }

    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    // The key's slot, or the empty one where it belongs. Ids are not negative, so no key equals the empty slot's.
    private int Find(ulong key)
    {
        Slot[] table = slots;
        int at = (int)(key * 0x9E3779B97F4A7C15 >> shift); // Fibonacci hashing
        while (table[at].Key != key && table[at].Key != ulong.MaxValue) at = (at + 1) & (table.Length - 1);
        return at;
    }
}
