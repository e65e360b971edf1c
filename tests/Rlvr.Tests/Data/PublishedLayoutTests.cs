using Rlvr.Data;
using Rlvr.Tests.Shared;

namespace Rlvr.Tests.Data;

/// <summary>Own problems in the layouts in which the benchmarks are published.</summary>
public sealed class PublishedLayoutTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    // Solutions have a test of their own.
    private IReadOnlyList<Problem> Read(string text, string name = "set.jsonl") => [.. ProblemReader.Read(folder.Write(name, text)).Select(p => p with { Solution = null })];

    [Fact]
    public void Math500() => Assert.Equal(
        [new Problem("test/algebra/7.json", "Solve $2x = 3$.", "\\frac{3}{2}", "Algebra", "2")],
        Read("""{"problem": "Solve $2x = 3$.", "solution": "Halve it: $\\boxed{1.5}$.", "answer": "\\frac{3}{2}", "subject": "Algebra", "level": 2, "unique_id": "test/algebra/7.json"}"""));

    [Fact]
    public void Math() => Assert.Equal(
        [new Problem("set:1", "What is $1+1$?", "2", "Prealgebra", "5"), new Problem("set:2", "And $2+2$?", "4", "Prealgebra", "?")],
        Read("""
            {"problem": "What is $1+1$?", "level": "Level 5", "type": "Prealgebra", "solution": "First $\\boxed{3}$, no: $\\boxed{2}$."}
            {"problem": "And $2+2$?", "level": "Level ?", "type": "Prealgebra", "solution": "$\\boxed{ 4 }$"}
            """));

    [Fact]
    public void Aime_and_amc() => Assert.Equal(
        [
            new Problem("60", "How many?", "025"), new Problem("set:2", "Which angle?", "336^\\circ"), new Problem("61", "Which?", "73"),
            new Problem("0", "How far?", "27"), new Problem("1", "How cold?", "-1"), new Problem("2", "How much?", "0.50"), new Problem("2024-I-1", "Capitals?", "9"),
        ],
        Read("""
            {"id": 60, "problem": "How many?", "solution": "It is 25.", "answer": "025", "url": "u", "question": "How many?"}
            {"question": "Which angle?", "answer": "336^\\circ"}
            {"id": 61, "problem": "Which?", "solution": "\\boxed{73}", "url": "u"}
            {"id": 0, "question": "How far?", "answer": 27.0, "url": "u"}
            {"id": 1, "question": " How cold? \n", "answer": -1.0, "url": "u"}
            {"id": 2, "question": "How much?", "answer": 0.50, "url": "u"}
            {"ID": "2024-I-1", "Problem": "Capitals?", "Solution": "s", "Answer": 9}
            """));

    [Fact]
    public void Minerva() => Assert.Equal(
        [new Problem("3", "How heavy?", "4.5e33", "Astronomy"), new Problem("set:2", "How hot?", "300 \\mathrm{~K}")],
        Read("""
            {"problem": "How heavy?", "solution": "So \\boxed{4.5e33} g.", "type": "Astronomy", "idx": 3}
            {"question": "How hot?", "answer": "300 \\mathrm{~K}"}
            """));

    [Fact]
    public void OlympiadBench() => Assert.Equal(
        [new Problem("1606", "How few?", "2", "Combinatorics"), new Problem("7", "Which pairs?", "(1,2),(2,1)", "Algebra"), new Problem("8", "Which?", "1, -1", "Algebra"), new Problem("9", "Both?", "$x=1$,$y=2$")],
        Read("""
            {"id": 1606, "subfield": "Combinatorics", "context": null, "question": "How few?", "solution": ["One does not do.", "Two do."], "final_answer": ["2"], "is_multiple_answer": false, "unit": null, "answer_type": "Numerical", "error": null}
            {"id": 7, "subject": "Math", "subfield": "Algebra", "question": "Which pairs?", "solution": [], "final_answer": ["$(1,2),(2,1)$"], "is_multiple_answer": true}
            {"id": 8, "subject": "Math", "subfield": "Algebra", "question": "Which?", "solution": [], "final_answer": ["$1$", "$-1$"], "is_multiple_answer": true}
            {"id": 9, "question": "Both?", "final_answer": ["$x=1$,$y=2$"]}
            """));

    [Fact]
    public void Gsm8k() => Assert.Equal(
        [new Problem("set:1", "How many pens?", "42"), new Problem("0", "How many dollars?", "-1234567.5"), new Problem("set:3", "No number?", "1,2")],
        Read("""
            {"question": "How many pens?", "answer": "6*7=<<6*7=42>>42 pens.\n#### 42"}
            {"question": "How many dollars?", "answer": "Much.\n#### -1,234,567.5", "idx": 0}
            {"question": "No number?", "answer": "#### 1,2"}
            """));

    [Fact]
    public void DeepScaleR_is_one_array_of_json() => Assert.Equal(
        [new Problem("deepscaler:1", "What is\n$\\{1\\}$?", "1"), new Problem("deepscaler:2", "Empty answer?", "5")],
        Read("""
            [
              {
                "problem": "What is\n$\\{1\\}$?", "answer": "1", "solution": "none"
              },
              { "problem": "Empty answer?", "answer": "", "solution": "\\boxed{5}" }
            ]
            """, "deepscaler.json"));

    [Fact]
    public void The_papers_layout_is_a_chat()
    {
        IReadOnlyList<Problem> problems = Read("""
            {"data_source": "deepscaler", "prompt": [{"content": "What is 1+1? Let's think.", "role": "user"}], "ability": "math", "reward_model": {"ground_truth": "2", "style": "rule"}, "extra_info": {"index": 124, "split": "train"}}
            {"data_source": "deepscaler", "prompt": [{"role": "system", "content": "Be short."}, {"role": "user", "content": [{"type": "text", "text": "And "}, {"type": "text", "text": "2+2?"}]}], "reward_model": {"ground_truth": "4"}, "extra_info": {"index": 124, "subject": "Sums", "level": "3"}}
            """);
        Assert.Equal([("124", "What is 1+1? Let's think.", "2", null, null), ("124#2", "And 2+2?", "4", "Sums", "3")], problems.Select(p => (p.Id, p.Text, p.Answer, p.Subject, p.Level)));
        Assert.All(problems, problem => Assert.Equal("deepscaler", problem.Source));
        Assert.Equal([new("user", "What is 1+1? Let's think.")], problems[0].Chat);
        Assert.Equal([new("system", "Be short."), new("user", "And 2+2?")], problems[1].Chat);
    }

    [Theory]
    [InlineData("""{"id": "q1", "question": "Which is wet?", "choices": {"text": ["sand", " water "], "label": ["A", "B"]}, "answerKey": "B"}""")]
    [InlineData("""{"id": "q1", "question": "Which is wet?", "choices": {"text": ["sand", "water"], "label": ["1", "2"]}, "answerKey": "2"}""")]
    [InlineData("""{"id": "q1", "question": {"stem": "Which is wet?", "choices": [{"text": "sand", "label": "A"}, {"text": "water", "label": "B"}]}, "answerKey": "B"}""")]
    [InlineData("""{"id": "q1", "question": "Which is wet?", "choices": ["sand", "water"], "answer": 1}""")]
    [InlineData("""{"id": "q1", "question": "Which is wet?", "options": ["sand", "water"], "answer": "b"}""")]
    [InlineData("""{"id": "q1", "question": "Which is wet?", "options": {"A": "sand", "B": "water"}, "answer": "B"}""")]
    [InlineData("""{"id": "q1", "question": "Which is wet?", "options": ["sand", "water"], "answer": "water"}""")]
    [InlineData("""{"id": "q1", "question": "Which is wet?", "choices": {"text": ["sand", "water"], "label": ["1", "2"]}, "answerKey": "water"}""")]
    public void Arc_and_other_multiple_choice(string line)
    {
        Problem problem = Assert.Single(Read(line));
        Assert.Equal(("q1", "Which is wet?", "B"), (problem.Id, problem.Text, problem.Answer));
        Assert.Equal(["sand", "water"], problem.Choices);
        Assert.Equal("Which is wet?\nAnswer Choices: (A) sand (B) water", problem.Statement);
    }

    [Theory]
    [InlineData("1", "B")] // an index
    [InlineData("\"1\"", "A")] // the text of a choice
    [InlineData("\"c\"", "C")]
    public void Choices_that_are_numbers_are_not_taken_for_indices(string answer, string expected) =>
        Assert.Equal(expected, Assert.Single(Read($$"""{"question": "q", "choices": [1, 2, 0], "answer": {{answer}}}""")).Answer);

    [Theory]
    [InlineData("""{"question": "q", "choices": {"text": ["a", "b"], "label": ["A", "B"]}, "answerKey": "C"}""", "the answer 'C' is none of the 2 choices. Expected one of A, B.")]
    [InlineData("""{"question": "q", "choices": ["a", "b"], "answer": 2}""", "the answer '2' is none of the 2 choices. Expected a letter, the text of a choice, or a number counted from 0.")]
    [InlineData("""{"question": "q", "choices": ["a", "b"], "answer": "1"}""", "the answer '1' is none of the 2 choices.")]
    [InlineData("""{"question": "q", "choices": ["a", "b"], "answer": -1}""", "the answer '-1' is none of the 2 choices.")]
    [InlineData("""{"question": "q", "choices": ["a", "b"]}""", "the answer is missing")]
    [InlineData("""{"question": "q", "choices": ["a", ""], "answer": 0}""", "the field 'choices' has a choice that is not a text, or is empty.")]
    [InlineData("""{"question": "q", "choices": {"text": ["a", "b"], "label": ["A"]}, "answerKey": "A"}""", "the field 'choices' has 2 choices and the labels A; expected one label for each choice, all different.")]
    [InlineData("""{"question": "q", "choices": {"text": ["a", "b"], "label": ["A", "A"]}, "answerKey": "A"}""", "the field 'choices' has 2 choices and the labels A, A; expected one label for each choice, all different.")]
    [InlineData("""{"question": "q", "options": "A) a B) b", "answer": "A"}""", "the field 'options' is a text, expected a list of choices.")]
    [InlineData("""{"prompt": [], "answer": "A"}""", "the chat in 'prompt' has no message of the user with a text in it.")]
    [InlineData("""{"prompt": [{"role": "user"}], "answer": "A"}""", "message 1 of the chat in 'prompt' is not an object with role and content, both texts.")]
    [InlineData("""{"prompt": ["hello"], "answer": "A"}""", "message 1 of the chat in 'prompt' is not an object with role and content, both texts.")]
    public void Broken_choices_and_chats_are_named(string line, string expected) =>
        Assert.StartsWith($"{folder["set.jsonl"]}(1): error: {expected}", Assert.Throws<RlvrException>(() => Read(line)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("[1]", "(row 1): error: expected a JSON object, found Number.")]
    [InlineData("[]", ": error: there are no problems in it.")]
    [InlineData("[\n {\"problem\": \"p\", \"answer\": 1},\n {\"problem\":", "(3,")]
    [InlineData("[{\"problem\": \"p\", \"answer\": 1}, {\"problem\": \"p\"}]", "(row 2): error: the answer is missing")]
    [InlineData("[{\"problem\": \"p\", \"answer\": 1}", "(1,")]
    public void Broken_arrays_are_named(string text, string expected) =>
        Assert.StartsWith(folder["set.json"] + expected, Assert.Throws<RlvrException>(() => Read(text, "set.json")).Message, StringComparison.Ordinal);

    [Fact]
    public void What_a_file_is_says_its_content()
    {
        Assert.Equal("1", Assert.Single(Read("""{"problem": "p", "answer": 1}""", "lines.json")).Answer);
        Assert.Equal("1", Assert.Single(Read("\uFEFF\n [{\"problem\": \"p\", \"answer\": 1}]", "array.json")).Answer);
        Assert.Contains("Git LFS", Error("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n", "pointer.parquet"), StringComparison.Ordinal);
        Assert.Contains("it does not begin with PAR1. Fetch it again.", Error("<html>", "page.parquet"), StringComparison.Ordinal);
        Assert.Contains("it does not begin with PAR1. It is empty.", Error("", "empty.parquet"), StringComparison.Ordinal);

        string Error(string text, string name) => Assert.Throws<RlvrException>(() => Read(text, name)).Message;
    }
}
