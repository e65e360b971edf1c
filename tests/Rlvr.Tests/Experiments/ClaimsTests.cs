using CsCheck;
using Rlvr.Experiments;
using Rlvr.Experiments.Measures;

namespace Rlvr.Tests.Experiments;

public sealed class ClaimsTests
{
    private static readonly Gen<Measurement> Numbers =
        Gen.Select(Gen.Double[0, 1], Gen.Double[0.001, 0.1]).Array[1, 4].Select(values => new Measurement([.. values.Select((v, i) => new SeedValue(i + 1, v.Item1, v.Item2))]));

    [Theory]
    [InlineData(0.50, 0.40, 0.01, Agreement.Agrees)] // 10 points, error 1.4
    [InlineData(0.42, 0.40, 0.01, Agreement.Unclear)] // 2 points may be chance, and may be the margin
    [InlineData(0.40, 0.40, 0.001, Agreement.Disagrees)] // surely less than the margin
    [InlineData(0.30, 0.40, 0.01, Agreement.Disagrees)] // the opposite
    public void Greater(double a, double b, double error, Agreement expected) => Assert.Equal(expected, Claims.Greater("", Of("a", a, error), Of("b", b, error), 0.02).Agreement);

    [Theory]
    [InlineData(0.50, 0.51, 0.01, Agreement.Agrees)]
    [InlineData(0.50, 0.54, 0.01, Agreement.Unclear)]
    [InlineData(0.50, 0.60, 0.01, Agreement.Disagrees)]
    [InlineData(0.60, 0.50, 0.01, Agreement.Disagrees)]
    public void Close(double a, double b, double error, Agreement expected) => Assert.Equal(expected, Claims.Close("", Of("a", a, error), Of("b", b, error), 0.05).Agreement);

    [Theory]
    [InlineData(0.60, 0.50, 0.01, Agreement.Agrees)]
    [InlineData(0.49, 0.50, 0.01, Agreement.Agrees)]
    [InlineData(0.45, 0.50, 0.01, Agreement.Unclear)]
    [InlineData(0.40, 0.50, 0.01, Agreement.Disagrees)]
    public void Not_below(double a, double b, double error, Agreement expected) => Assert.Equal(expected, Claims.NotBelow("", Of("a", a, error), Of("b", b, error), 0.05).Agreement);

    [Fact]
    public void What_is_missing_is_named() => Assert.Equal(new Finding("x", Agreement.NotMeasured, "Not measured yet: b."), Claims.Greater("x", Of("a", 1, 0.1), new("b", Measurement.None), 0));

    [Fact]
    public void One_seed_without_an_error_decides_nothing() => Assert.Equal(Agreement.Unclear, Claims.Greater("", new("a", new([new(1, 1)])), Of("b", 0, 0.01), 0.02).Agreement);

    [Fact]
    public void The_detail_holds_the_numbers()
    {
        Finding finding = Claims.Greater("", new("a", new([new(1, 0.5, 0.03), new(2, 0.7, 0.03)])), Of("b", 0.2, 0.04), 0.02);
        // Error of a: √((0.03² + 0.02) / 2), of b: 0.04.
        Assert.Equal("a 60.0 ± 14.1 (2 seeds), b 20.0: +40.0, standard error 11.0.", finding.Detail);
    }

    [Fact]
    public void A_claim_and_its_opposite_never_hold_together() => Gen.Select(Numbers, Numbers, Gen.Double[0, 0.1]).Sample(x =>
    {
        (Measurement a, Measurement b, double margin) = x;
        Agreement there = Claims.Greater("", new("a", a), new("b", b), margin).Agreement, back = Claims.Greater("", new("b", b), new("a", a), margin).Agreement;
        Assert.False(there == Agreement.Agrees && back != Agreement.Disagrees);
        Assert.Equal(Claims.Close("", new("a", a), new("b", b), margin).Agreement, Claims.Close("", new("b", b), new("a", a), margin).Agreement);
    });

    [Theory]
    [InlineData("AAA", Agreement.Agrees)]
    [InlineData("AUA", Agreement.Unclear)]
    [InlineData("ANU", Agreement.NotMeasured)]
    [InlineData("NDA", Agreement.Disagrees)]
    public void All_parts_together(string parts, Agreement expected)
    {
        Agreement Of(char c) => c switch { 'A' => Agreement.Agrees, 'U' => Agreement.Unclear, 'N' => Agreement.NotMeasured, _ => Agreement.Disagrees };
        Assert.Equal(expected, Claims.All("", [.. parts.Select(c => new Finding("", Of(c), ""))]).Agreement);
    }

    private static Named Of(string name, double value, double error) => new(name, new([new(1, value, error)]));
}
