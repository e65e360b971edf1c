using System.Runtime.Intrinsics;
using CsCheck;
using Rlvr.Tensors;

namespace Rlvr.Tests.Tensors;

public class FastExpTests
{
    [Fact]
    public void It_is_right_to_two_units_in_the_last_place() => Gen.Float[-87.3f, 88.3f].Sample(x =>
    {
        double exact = double.Exp(x), found = FastExp.Of(Vector256.Create(x))[3];
        Assert.InRange(double.Abs(found - exact) / exact, 0, 2.4e-7);
    }, iter: 20_000);

    [Theory]
    [InlineData(0f, 1f)]
    [InlineData(-88f, 0f)]
    [InlineData(float.MinValue, 0f)]
    [InlineData(float.NegativeInfinity, 0f)]
    public void Exactly(float x, float expected) => Assert.Equal(expected, FastExp.Of(Vector256.Create(x))[0]);

    /// <summary>Large ones end at a finite number.</summary>
    [Theory]
    [InlineData(89f)]
    [InlineData(float.MaxValue)]
    [InlineData(float.PositiveInfinity)]
    public void At_most(float x) => Assert.InRange(FastExp.Of(Vector256.Create(x))[0], 2.3e38f, 2.5e38f);

    [Fact]
    public void Of_no_number_none() => Assert.True(float.IsNaN(FastExp.Of(Vector256.Create(float.NaN))[0]));
}
