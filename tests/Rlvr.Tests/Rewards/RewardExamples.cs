using Rlvr.Data;
using Rlvr.Math;
using Rlvr.Rewards;

namespace Rlvr.Tests.Rewards;

/// <summary>The C# of docs/rewards.md, so that it compiles and does what the page says.</summary>
internal static class RewardExamples
{
    private static readonly Problem Problem = new("p", "Which?\n(A) 10\n(B) 12", "12");

    public static void Run()
    {
        WeightedSum reward = new(
            new RewardTerm("math", 1, new MathReward()),
            new RewardTerm("format", 0.1, new FormatReward()),
            new RewardTerm("repetition", -0.5, new RepetitionCost()));
        Is(1.1, reward, @"So \boxed{12}");

        FunctionReward brief = new((problem, response, context) =>
            context.Truncated ? 0 : response.Contains(problem.Answer) ? 1 - (0.001 * context.Tokens!.Value) : 0, correct: 0.5);
        Is(0.9, brief, "12");

        MathReward math = new(VerifierProfile.Strict);
        FormatReward format = new();
        RandomReward random = new();
        Is(1, math, @"\boxed{24/2}");
        Is(1, format, @"\boxed{13}");
        Is(0, random, @"\boxed{12}");

        ExactReward exact = new(ignoreCase: true, place: AnswerPlace.Response);
        Is(1, exact, " 12 ");

        NumericReward numeric = new(absolute: 0.01, relative: 1e-3);
        Is(1, numeric, @"\boxed{12.012}");

        ChoiceReward choice = new(AnswerPlace.Usual);
        Is(1, choice, "It must be (B) then");

        RegexReward regex = new(@"The answer is {answer}\.?\s*$");
        Is(1, regex, "Well. The answer is 12.\n");

        OverlongCost overlong = new(from: 2048, to: 3072);
        Is(0.5, overlong, "12", tokens: 2560);

        LengthCost tokens = new(LengthUnit.Tokens);
        Is(100, tokens, "12");

        RepetitionCost repetition = new(n: 4);
        Is(0.75, repetition, "a a a a a a a");
    }

    public static void RunProgram()
    {
        using ProgramReward program = new(new ProgramOptions { Command = ["python3", "reward.py"], Timeout = TimeSpan.FromSeconds(5), Workers = 4 });
    }

    private static void Is(double value, IReward reward, string response, int tokens = 100) =>
        Assert.Equal(value, reward.Score(Problem, response, new() { Tokens = tokens }).Value, 12);
}
