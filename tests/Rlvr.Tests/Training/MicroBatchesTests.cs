using CsCheck;
using Rlvr.Tests.Algorithms;
using Rlvr.Training;

namespace Rlvr.Tests.Training;

public class MicroBatchesTests
{
    [Fact]
    public void Partitions_equal_the_released_code()
    {
        foreach (GoldenCase c in Golden.Read("seed_seqlen_balancing.json"))
        {
            IReadOnlyList<int[]> parts = MicroBatches.Partition(c.Integers("seqlen_list"), c.Integer("k_partitions"), c.Inputs.GetProperty("equal_size").GetBoolean());

            int[][] expected = [.. c.Expected.GetProperty("partitions").EnumerateArray().Select(p => Golden.Flatten(p).Select(x => (int)x).ToArray())];
            Assert.Equal(expected, parts);
            if (c.Expects("reverse_idx"))
                Assert.Equal(Golden.Flatten(c.Expected.GetProperty("reverse_idx")).Select(x => (int)x), MicroBatches.ReverseIndex(parts));
        }
    }

    [Fact]
    public void Every_row_is_in_one_micro_batch_and_their_number_is_the_budgets() =>
        Gen.Select(Gen.Int[1, 300].List[1, 60], Gen.Int[1, 2000]).Sample((lengths, budget) =>
        {
            IReadOnlyList<int[]> batches = MicroBatches.Pack(lengths, budget);

            Assert.Equal(Enumerable.Range(0, lengths.Count), batches.SelectMany(b => b).Order());
            Assert.Equal(int.Min(lengths.Count, (lengths.Sum() + budget - 1) / budget), batches.Count);
            Assert.DoesNotContain(batches, b => b.Length == 0);
        }, iter: 200);

    [Fact]
    public void Equal_rows_fill_the_budget() =>
        Assert.Equal([4, 4, 4], MicroBatches.Pack([.. Enumerable.Repeat(10, 12)], 40).Select(b => b.Length));

    [Fact]
    public void No_rows_make_no_micro_batch() => Assert.Empty(MicroBatches.Pack([], 100));

    [Fact]
    public void Impossible_divisions_are_refused()
    {
        Assert.Throws<RlvrException>(() => MicroBatches.Pack([1], 0));
        Assert.Throws<ArgumentException>(() => MicroBatches.Partition([1, 2], 3));
        Assert.Throws<ArgumentException>(() => MicroBatches.Partition([1, 2, 3], 2, equalSize: true));
    }
}
