using CsCheck;
using Fractions;
using Rlvr.Data;
using Rlvr.Rewards;

namespace Rlvr.Tests.Rewards;

public class NumericRewardTests
{
    private static RewardResult Score(NumericReward reward, string label, string answer) => reward.Score(new Problem("p", "?", label), $@"So \boxed{{{answer}}}.");

    [Theory]
    [InlineData("0.5", "0.50", 0, 0, true)]
    [InlineData("0.5", "1/2", 0, 0, true)]
    [InlineData("1234.5", "1,234.5", 0, 0, true)]
    [InlineData("0.333", "1/3", 0, 0, false)]
    [InlineData("0.333", "1/3", 0.001, 0, true)]
    [InlineData("3", "3.3", 0.3, 0, true)] // exactly at the edge, where binary numbers would fail
    [InlineData("3", "3.3000001", 0.3, 0, false)]
    [InlineData("-3", "-3.3", 0, 0.1, true)]
    [InlineData("-3", "-3.31", 0, 0.1, false)]
    [InlineData("1e6", "1000001", 0, 1e-6, true)]
    [InlineData("0", "0.001", 0, 0.5, false)] // a share of nothing is nothing
    [InlineData("0", "0.001", 0.01, 0, true)]
    [InlineData("12345678901234567890", "12345678901234567891", 0, 0, false)] // beyond the digits of a double
    public void Tolerances_are_absolute_or_relative_to_the_label(string label, string answer, double absolute, double relative, bool correct)
    {
        RewardResult result = Score(new NumericReward(absolute, relative), label, answer);
        Assert.Equal((correct ? 1 : 0, correct, correct ? "Correct" : "Wrong"), (result.Value, result.Correct, result.Verdict));
    }

    [Fact]
    public void What_is_no_number_is_unparsable()
    {
        Assert.Equal("UnparsableAnswer", Score(new(), "3", "three").Verdict);
        Assert.Equal("UnparsableLabel", Score(new(), "three", "3").Verdict);
        Assert.Equal("NoAnswer", new NumericReward().Score(new("p", "?", "3"), "3").Verdict);
        Assert.Equal("NoAnswer", Score(new(), "3", " ").Verdict);
        Assert.Equal("not a number", new NumericReward().LabelProblem(new("p", "?", "three")));
        Assert.True(new NumericReward(place: AnswerPlace.Usual).Score(new("p", "?", "3"), "Hence the answer is 3.").Correct);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_tolerance_is_a_number_from_0(double tolerance)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new NumericReward(absolute: tolerance));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NumericReward(relative: tolerance));
    }

    [Theory]
    [InlineData("-1,234.5", "-2469/2")]
    [InlineData("1234567", "1234567")]
    [InlineData("1,234,567", "1234567")]
    [InlineData("1{,}234", "1234")]
    [InlineData(".5", "1/2")]
    [InlineData("5.", "5")]
    [InlineData("+ 7", "7")]
    [InlineData("1.5e-3", "3/2000")]
    [InlineData("2E3", "2000")]
    [InlineData("$12.50", "25/2")]
    [InlineData(@"-\$5", "-5")]
    [InlineData("$5$", "5")]
    [InlineData("40%", "2/5")]
    [InlineData(@"40\%", "2/5")]
    [InlineData("−3/4", "-3/4")]
    [InlineData(@"-\frac{3}{4}", "-3/4")]
    [InlineData(@"\dfrac{-3}{4}", "-3/4")]
    [InlineData("1.5/3", "1/2")]
    public void Numbers_are_read_exactly(string text, string value)
    {
        Assert.True(PlainNumber.TryRead(text, out Fraction read), text);
        Assert.Equal(Fraction.FromString(value), read);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("-")]
    [InlineData("--3")]
    [InlineData("12,34")]
    [InlineData(",123")]
    [InlineData("1,2345")]
    [InlineData("1/0")]
    [InlineData("1/2/3")]
    [InlineData("1e401")]
    [InlineData("1e99999999999")]
    [InlineData("1e")]
    [InlineData("0x10")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("3 m")]
    [InlineData(@"\frac{1}{2")]
    [InlineData(@"\frac12")]
    [InlineData("٣")]
    [InlineData("1.2.3")]
    [InlineData("%")]
    [InlineData("$")]
    [InlineData("$$")]
    public void What_is_no_number_is_not_read(string text) => Assert.False(PlainNumber.TryRead(text, out _), text);

    [Fact]
    public void A_text_of_any_length_is_read_in_bounded_time() => Assert.False(PlainNumber.TryRead(new string('9', 1_000_000), out _));

    [Fact]
    public void Every_decimal_is_read_exactly() => Gen.Select(Gen.Long, Gen.Int[0, 20]).Sample((digits, decimals) =>
    {
        string text = System.Numerics.BigInteger.Abs(digits).ToString().PadLeft(decimals + 1, '0');
        text = (digits < 0 ? "-" : "") + text[..^decimals] + (decimals > 0 ? "." + text[^decimals..] : "");
        return PlainNumber.TryRead(text, out Fraction read) && read == new Fraction(digits, System.Numerics.BigInteger.Pow(10, decimals));
    });

    [Fact]
    public void Any_text_is_read_or_refused_without_an_error() => Gen.String[Gen.Char["0123456789.,-+eE/%$\\{} frac"], 0, 12].Sample(text =>
    {
        PlainNumber.TryRead(text, out _);
    });
}
