using Rlvr.Data;
using Rlvr.Rewards;

namespace Rlvr.Tests.Data;

public sealed class ProblemReaderTests : IDisposable
{
    private readonly string path = Path.Combine(Directory.CreateTempSubdirectory().FullName, "set.jsonl");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);

    private IReadOnlyList<Problem> Read(string text, ProblemFields? fields = null)
    {
        File.WriteAllText(path, text);
        return ProblemReader.Read(path, fields);
    }

    [Fact]
    public void Problems_come_with_what_their_lines_say()
    {
        IReadOnlyList<Problem> problems = Read("""
            {"problem": "1+1?", "answer": "2", "id": "a", "subject": "sums", "level": 3, "source": "school"}

            {"question": "Größe?", "label": 12.50, "subject": null}
            {"prompt": "x", "solution": "\\boxed{1} or rather \\boxed{\\frac{1}{\\left\\{2\\right\\}}}. "}

            """);
        Assert.Equal([
            new("a", "1+1?", "2", "sums", "3", "school"), new("set:3", "Größe?", "12.50"), new("set:4", "x", "\\frac{1}{\\left\\{2\\right\\}}") { Solution = "\\boxed{1} or rather \\boxed{\\frac{1}{\\left\\{2\\right\\}}}. " },
        ], problems);
    }

    [Theory]
    [InlineData("""{"problem": "p", "answer": " "}""", "")]
    [InlineData("""{"problem": "p", "answer": []}""", "")]
    [InlineData("""{"problem": "p", "answer": "", "solution": "none"}""", "")]
    [InlineData("""{"problem": "p", "answer": "", "solution": "\\boxed{3}"}""", "3")]
    [InlineData("""{"problem": "p", "answer": "", "final_answer": ["4"]}""", "4")]
    public void An_empty_label_is_left_to_the_check_of_labels(string line, string expected)
    {
        Problem problem = Assert.Single(Read(line));
        Assert.Equal(expected, problem.Answer);
        Assert.Equal(expected.Length == 0, LabelReport.Of([problem], new MathReward()).Unreadable.Count == 1);
    }

    [Fact]
    public void Ids_that_occur_again_are_numbered() => Assert.Equal(
        ["5", "5#2", "5#3", "5#2#2", "set:5"],
        Read("""
            {"problem": "a", "answer": 1, "id": 5}
            {"problem": "b", "answer": 1, "id": "5"}
            {"problem": "c", "answer": 1, "id": 5}
            {"problem": "d", "answer": 1, "id": "5#2"}
            {"problem": "e", "answer": 1, "id": ""}
            """).Select(problem => problem.Id));

    [Fact]
    public void Fields_have_the_names_one_gives_them() => Assert.Equal(
        [new Problem("7", "p", "q", Subject: "s")],
        Read("""{"aufgabe": "p", "answer": "wrong", "ergebnis": "q", "nr": 7, "type": "s"}""", new() { Text = ["aufgabe"], Answer = ["ergebnis"], Id = ["nr"], Subject = ["type"] }));

    [Theory]
    [InlineData("", ": error: there are no problems in it. Expected one JSON object a line, an array of them, or parquet.")]
    [InlineData("\n \n", ": error: there are no problems in it. Expected one JSON object a line, an array of them, or parquet.")]
    [InlineData("{\"problem\":\"p\",\"answer\":\"1\"}\n{\"problem\":", "(2,12): error: not valid JSON: ")]
    [InlineData("[1]", "(1): error: expected a JSON object, found Array.")]
    [InlineData("{\"text\":\"p\",\"answer\":\"1\"}", "(1): error: the problem is missing: there is no field 'problem' or 'question' or 'prompt' or 'question.stem' (fields found: text, answer).")]
    [InlineData("\n{\"problem\":\"p\"}", "(2): error: the answer is missing: there is no field 'answer' or 'final_answer' or 'answerKey' or 'label' or 'reward_model.ground_truth' or 'solution' (fields found: problem).")]
    [InlineData("{\"problem\":\"p\",\"answer\":null}", "(1): error: the answer is missing")]
    [InlineData("{\"problem\":\"\",\"answer\":\"1\"}", "(1): error: the field 'problem' is empty, expected the problem.")]
    [InlineData("{\"problem\":\"p\",\"answer\":{\"x\":1}}", "(1): error: the field 'answer' is an object, expected a text, a number or a list of final answers.")]
    [InlineData("{\"problem\":\"p\",\"answer\":[[1]]}", "(1): error: the field 'answer' is a list, expected a text, a number or a list of final answers.")]
    [InlineData("{\"problem\":\"p\",\"answer\":true}", "(1): error: the field 'answer' is true or false, expected")]
    [InlineData("{\"problem\":{\"x\":1},\"answer\":\"1\"}", "(1): error: the field 'problem' is an object, expected a text or a chat.")]
    [InlineData("{\"problem\":\"p\",\"solution\":\"so \\\\boxed{ }\"}", "(1): error: the solution has no \\boxed{...} with an answer in it.")]
    [InlineData("{\"problem\":\"p\",\"solution\":\"so \\\\boxed{1\"}", "(1): error: the solution has no \\boxed{...} with an answer in it.")]
    [InlineData("{\"problem\":\"\\ud800\",\"answer\":\"1\"}", "(1): error: a text is not valid Unicode")]
    public void What_is_wrong_is_named_with_file_and_line(string text, string expected)
    {
        RlvrException error = Assert.Throws<RlvrException>(() => Read(text));
        Assert.StartsWith(path + expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_missing_or_not_text_is_named()
    {
        Assert.Equal($"{path}: error: there is no such file of problems.", Assert.Throws<RlvrException>(() => ProblemReader.Read(path)).Message);
        File.WriteAllBytes(path, [.. "{\"problem\":\"p\",\"answer\":\"1\"}\n"u8, 0xFF, 0xFE, 0xFF]);
        Assert.Contains("not UTF-8", Assert.Throws<RlvrException>(() => ProblemReader.Read(path)).Message, StringComparison.Ordinal);
        Assert.Contains("cannot be read", Assert.Throws<RlvrException>(() => ProblemReader.Read(Path.GetDirectoryName(path)!)).Message, StringComparison.Ordinal);
    }
}
