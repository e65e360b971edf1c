using CsCheck;

namespace Rlvr.Math.Tests;

/// <summary>Laws that hold for every text.</summary>
public sealed class VerifierLawsTests
{
    private static readonly MathVerifier Strict = new();

    /// <summary>Where the fuzz test runs longer, these run longer too.</summary>
    private static readonly int Factor = int.Max(1, FuzzTests.Seconds / FuzzTests.UsualSeconds);

    [Fact]
    public void A_rewritten_expression_is_equal_both_ways() => LatexGenerator.Expressions.Sample(sample =>
    {
        Assert.True(Strict.VerifyAnswer(sample.Rewritten, sample.Latex).IsCorrect, $"{sample.Rewritten} for {sample.Latex}");
        Assert.True(Strict.VerifyAnswer(sample.Latex, sample.Rewritten).IsCorrect, $"{sample.Latex} for {sample.Rewritten}");
    }, iter: 500 * Factor);

    [Fact]
    public void A_near_miss_is_wrong_both_ways() => LatexGenerator.Expressions.Sample(sample =>
    {
        foreach (string miss in new[] { $"{sample.Rewritten} + \\frac{{1}}{{1000000}}", $"{sample.Rewritten} + 10^{{-20}}", $"{sample.Rewritten} + z" })
        {
            Assert.False(Strict.VerifyAnswer(miss, sample.Latex).IsCorrect, $"{miss} for {sample.Latex}");
            Assert.False(Strict.VerifyAnswer(sample.Latex, miss).IsCorrect, $"{sample.Latex} for {miss}");
        }
    }, iter: 300 * Factor);

    [Fact]
    public void What_can_be_read_is_equal_to_itself_however_it_is_wrapped() => LatexGenerator.Garbage.Sample(text =>
    {
        bool readable = Strict.CanParseLabel(text, out string reason);
        Assert.DoesNotContain(MathVerifier.InternalError, reason);
        if (!readable) return;
        Assert.True(Strict.VerifyAnswer(text, text).IsCorrect, text);
        Assert.True(Strict.VerifyAnswer($" {text}\n", text).IsCorrect, $"spaces: {text}");
        if (text.Contains('$', StringComparison.Ordinal) || text.EndsWith('\\')) return; // \$ is a currency sign
        Assert.True(Strict.VerifyAnswer($"${text}$", text).IsCorrect, $"dollars: {text}");
    }, iter: 4000 * Factor);

    [Fact]
    public void The_strict_profile_is_symmetric() => Gen.Select(LatexGenerator.Garbage, LatexGenerator.Garbage).Sample((a, b) =>
    {
        if (!Strict.CanParseLabel(a, out _) || !Strict.CanParseLabel(b, out _)) return;
        Assert.Equal(Strict.VerifyAnswer(a, b).IsCorrect, Strict.VerifyAnswer(b, a).IsCorrect);
    }, iter: 4000 * Factor);

    [Fact]
    public void Spelling_of_a_fraction_does_not_matter() => Gen.Select(Gen.Int[-400, 400], Gen.Int[1, 400], Gen.Int[2, 9]).Sample((p, q, k) =>
    {
        string label = $"\\frac{{{p}}}{{{q}}}";
        foreach (string spelling in new[] { $"{p}/{q}", $"\\dfrac{{{p * k}}}{{{q * k}}}", $"{p} \\div {q}", $"{{{p} \\over {q}}}", $"\\left(\\tfrac{{{-p}}}{{{-q}}}\\right)", $"${p} \\cdot {q}^{{-1}}$" })
            Assert.True(Strict.VerifyAnswer(spelling, label).IsCorrect, $"{spelling} for {label}");
        Assert.False(Strict.VerifyAnswer($"\\frac{{{p + 1}}}{{{q}}}", label).IsCorrect);
        if (p != 0) Assert.False(Strict.VerifyAnswer($"\\frac{{{-p}}}{{{q}}}", label).IsCorrect);
    }, iter: 500 * Factor);

    [Fact]
    public void The_order_matters_in_tuples_and_not_in_sets() => Gen.Int[0, 99].Array[2, 5].Where(items => items.Distinct().Count() == items.Length).Sample(items =>
    {
        string given = string.Join(", ", items), turned = string.Join(", ", items.Reverse());
        Assert.True(Strict.VerifyAnswer($"\\{{{turned}\\}}", $"\\{{{given}\\}}").IsCorrect);
        Assert.True(Strict.VerifyAnswer(turned, given).IsCorrect);
        Assert.False(Strict.VerifyAnswer($"({turned})", $"({given})").IsCorrect);
    }, iter: 300 * Factor);

    [Theory]
    [InlineData(VerifierProfile.Strict)]
    [InlineData(VerifierProfile.Training)]
    [InlineData(VerifierProfile.Evaluation)]
    public void No_text_makes_it_throw_or_hang(VerifierProfile profile)
    {
        MathVerifier verifier = new(profile);
        Gen.Select(LatexGenerator.Garbage, LatexGenerator.Garbage).Sample((a, b) =>
        {
            double seconds = Timing.Best(2, () =>
            {
                Assert.DoesNotContain(MathVerifier.InternalError, verifier.VerifyAnswer(a, b).Rule);
                Assert.DoesNotContain(MathVerifier.InternalError, verifier.VerifyResponse(a + "\\boxed{" + b + "}", a).Rule);
            });
            Assert.InRange(seconds, 0, 2);
        }, iter: 3000 * Factor);
    }
}
