using CsCheck;
using Rlvr.Math.Tests.Fuzzing;

namespace Rlvr.Math.Tests;

/// <summary>
/// Random answers, labels and responses, well-formed and damaged, through all profiles. RLVR_FUZZ_SECONDS says how long (10 seconds
/// without it); RLVR_FUZZ_INPUTS says how many inputs instead.
/// </summary>
public sealed class FuzzTests
{
    internal const int UsualSeconds = 10;

    internal static int Seconds { get; } = Read("RLVR_FUZZ_SECONDS") is > 0 and long seconds ? (int)seconds : UsualSeconds;

    [Fact]
    public void No_text_makes_it_throw_hang_or_contradict_itself()
    {
        FuzzJudge judge = new();
        long inputs = Read("RLVR_FUZZ_INPUTS");
        try
        {
            FuzzInput.Inputs.Sample(judge.Check, iter: inputs > 0 ? inputs : -1, time: inputs > 0 ? -1 : Seconds, threads: 1, print: input => input.ToString());
        }
        finally
        {
            TestContext.Current.TestOutputHelper?.WriteLine(judge.ToString());
        }
        Assert.True(judge.Inputs > 100, $"only {judge.Inputs} inputs");
    }

    private static long Read(string variable) => long.TryParse(Environment.GetEnvironmentVariable(variable), out long value) ? value : 0;
}
