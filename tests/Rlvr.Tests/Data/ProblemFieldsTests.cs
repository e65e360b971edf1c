using Rlvr.Data;
using Rlvr.Tests.Shared;

namespace Rlvr.Tests.Data;

public sealed class ProblemFieldsTests
{
    [Fact]
    public void Fields_are_named_behind_a_question_mark()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("set.jsonl", """{"aufgabe": {"text": "1+1?"}, "answer": "wrong", "loesung": "\\boxed{2}", "nr": 7, "fach": ["sums", "numbers"], "stufe": "leicht", "buch": "b"}""");
        Assert.Equal([new Problem("7", "1+1?", "2", "sums, numbers", "leicht", "b") { Solution = "\\boxed{2}" }],
            ProblemSets.Load($"{path}?text=aufgabe.text&solution=loesung&id=nr & subject=fach&level=stufe&source=buch"));
    }

    [Fact]
    public void Choices_are_named_too()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("set.jsonl", """{"question": "q", "a": "y", "list": ["x", "y"]}""");
        Assert.Equal("B", Assert.Single(ProblemSets.Load($"{path}?choices=list&answer=a")).Answer);
    }

    [Theory]
    [InlineData("text=problem&anser=a", "there is no part 'anser' of a problem. Did you mean 'answer'? Expected one of text, answer, solution, choices, id, subject, level, source.")]
    [InlineData("text", "'text' names no field. Expected PART=FIELD with & between several, such as text=question&answer=final_answer.")]
    [InlineData("text=", "'text=' names no field.")]
    [InlineData("answer=final", "the answer is missing: there is no field 'final' (fields found: problem, answer, solution, subject).")]
    [InlineData("solution=solution", "the solution has no \\boxed{...} with an answer in it.")]
    [InlineData("level=difficulty", "no row has the field 'difficulty' that was asked for.")]
    [InlineData("level=subject", "the field 'subject' is an object, expected a text or a number.")]
    public void A_mistake_in_them_is_named(string assignments, string expected)
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("set.jsonl", """{"problem": "p", "answer": "1", "solution": "s", "subject": {"x": 1}}""");
        Assert.Null(Assert.Single(ProblemSets.Load(path)).Subject);
        Assert.Contains(expected, Assert.Throws<RlvrException>(() => ProblemSets.Load($"{path}?{assignments}")).Message, StringComparison.Ordinal);
    }
}
