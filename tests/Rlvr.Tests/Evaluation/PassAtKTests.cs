using System.Numerics;
using CsCheck;
using Rlvr.Evaluation;

namespace Rlvr.Tests.Evaluation;

public sealed class PassAtKTests
{
    [Fact]
    public void The_estimate_is_the_share_of_subsets_with_a_right_response()
    {
        for (int n = 1; n <= 10; n++)
        {
            for (int c = 0; c <= n; c++)
            {
                for (int k = 1; k <= n; k++)
                {
                    // Responses are bits, the first c of them right; all subsets of size k are counted.
                    int subsets = 0, hits = 0;
                    for (int subset = 0; subset < 1 << n; subset++)
                    {
                        if (int.PopCount(subset) != k) continue;
                        subsets++;
                        if ((subset & ((1 << c) - 1)) != 0) hits++;
                    }
                    Assert.Equal((double)hits / subsets, PassAtK.Estimate(n, c, k), 1e-12);
                }
            }
        }
    }

    [Fact]
    public void The_estimate_is_the_closed_formula() =>
        (from n in Gen.Int[1, 400]
         from c in Gen.Int[0, n]
         from k in Gen.Int[1, n]
         select (n, c, k)).Sample(x =>
        {
            // 1 - C(n - c, k) / C(n, k), in whole numbers.
            BigInteger all = Choose(x.n, x.k), some = all - Choose(x.n - x.c, x.k);
            double exact = (double)(some * BigInteger.Pow(10, 17) / all) / 1e17;
            Assert.Equal(exact, PassAtK.Estimate(x.n, x.c, x.k), 1e-12);
        });

    [Fact]
    public void It_rises_with_k_and_with_the_number_of_right_responses_from_their_share_to_1() =>
        (from n in Gen.Int[2, 100]
         from c in Gen.Int[1, n - 1]
         from k in Gen.Int[1, n - 1]
         select (n, c, k)).Sample(x =>
        {
            Assert.Equal((double)x.c / x.n, PassAtK.Estimate(x.n, x.c, 1), 1e-12);
            Assert.Equal(1, PassAtK.Estimate(x.n, x.c, x.n), 1e-12);
            Assert.True(PassAtK.Estimate(x.n, x.c, x.k) <= PassAtK.Estimate(x.n, x.c, x.k + 1) + 1e-12);
            Assert.True(PassAtK.Estimate(x.n, x.c, x.k) <= PassAtK.Estimate(x.n, x.c + 1, x.k) + 1e-12);
        });

    [Fact]
    public void Many_samples_overflow_nothing()
    {
        double value = PassAtK.Estimate(100_000, 3, 50_000);
        Assert.Equal(0.875, value, 3); // each of the 3 right ones is in the half with about 1/2
    }

    [Fact]
    public void The_mean_is_over_problems() =>
        Assert.Equal((0 + 1 + 0.5) / 3, PassAtK.Mean([0, 4, 1], 4, 2), 12);

    [Theory]
    [InlineData(4, 5, 1)]
    [InlineData(4, -1, 1)]
    [InlineData(4, 2, 0)]
    [InlineData(4, 2, 5)]
    public void Numbers_that_make_no_sense_are_refused(int n, int c, int k) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => PassAtK.Estimate(n, c, k));

    private static BigInteger Choose(int n, int k)
    {
        if (k > n) return 0;
        BigInteger value = 1;
        for (int i = 1; i <= k; i++) value = value * (n - k + i) / i;
        return value;
    }
}
