using CsCheck;

namespace Rlvr.Math.Tests.Fuzzing;

/// <summary>What one round of the fuzzer judges.</summary>
/// <param name="Answer">A text as it may stand in a box.</param>
/// <param name="Expected">A text as a data set may have it.</param>
/// <param name="Response">A response, most often with the answer somewhere.</param>
internal sealed record FuzzInput(string Answer, string Expected, string Response)
{
    private static readonly Gen<string> Answers = Gen.Frequency((10, AnswerGrammar.Answers), (10, Mutations.Of(AnswerGrammar.Answers)), (2, Mutations.Garbage), (1, Mutations.Patterns));

    private static readonly Gen<string> Labels = Gen.Frequency((16, AnswerGrammar.Answers), (4, Mutations.Of(AnswerGrammar.Answers)), (1, Mutations.Garbage));

    private static readonly Gen<string> Prose = Gen.OneOf("", "So we get $x^2 = 4$. ", "First, 12 + 7 = 19.\n\n", "<think>maybe \\boxed{3}?</think>\n", "Let us see. ", "Поэтому ", "因此，", "\\[ a = b \\] ", "We know that $$\\frac{1}{2}$$ and ", "1. 2. 3. ", "{{", "\\boxed{1} or ");

    private static readonly Gen<string> Responses = Gen.Select(Prose, Prose, Answers, Gen.Int[0, 13], Prose, (before, middle, answer, form, after) => before + middle + form switch
    {
        <= 3 => $"\\boxed{{{answer}}}",
        4 => $"The answer is ${answer}$.",
        5 => $"#### {answer}",
        6 => $"\\boxed{{{answer}",
        7 => $"boxed{{{answer}}}",
        8 => $"**Answer: {answer}**",
        9 => $"\\fbox {{{answer}}}",
        10 => $"答案是{answer}",
        11 => $"Final Answer: The final answer is ${answer}$. I hope it is correct.",
        12 => answer,
        _ => $"\\boxed {answer} ",
    } + after);

    /// <summary>Random inputs: the answer is often nearly the label.</summary>
    public static Gen<FuzzInput> Inputs { get; } = Gen.Select(Answers, Labels, Gen.Frequency((9, Responses), (1, Mutations.Of(Responses))), Gen.Int[0, 9], (answer, label, response, form) => form switch
    {
        0 => new FuzzInput(label + answer, label, response),
        1 => new FuzzInput("x = " + label, label, response),
        2 => new FuzzInput("{" + label + "}", label, response),
        3 => new FuzzInput($"({label}) + 0", label, response),
        4 => new FuzzInput(answer, answer.Replace("\\frac", "\\dfrac", StringComparison.Ordinal).Replace(" ", "  ", StringComparison.Ordinal), response),
        _ => new FuzzInput(answer, label, response),
    });

    /// <summary>As a line of C# that makes it again.</summary>
    public override string ToString() => $"new FuzzInput({Quoted(Answer)}, {Quoted(Expected)}, {Quoted(Response)})";

    private static string Quoted(string text) =>
        '"' + string.Concat(text.Select(c => c switch { '"' => "\\\"", '\\' => "\\\\", >= ' ' and <= '~' => c.ToString(), _ => $"\\u{(int)c:x4}" })) + '"';
}
