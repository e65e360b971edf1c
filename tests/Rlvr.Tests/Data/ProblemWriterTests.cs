using System.Text;
using CsCheck;
using Rlvr.Data;
using Rlvr.Tests.Shared;

namespace Rlvr.Tests.Data;

public sealed class ProblemWriterTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void What_was_written_is_read_back_as_it_was()
    {
        Gen<string> text = Gen.String[Gen.Char["ab \\$\"{}\u00e9\u4e2d\n<>&"], 1, 12].Select(s => "x" + s + "x");
        Gen<string?> maybe = Gen.Select(Gen.Bool, text, (there, value) => there ? value : null);
        Gen.Select(text, text, maybe, maybe, Gen.Int[0, 4], Gen.Bool).Sample((problem, answer, subject, source, choices, chat) =>
        {
            Problem[] problems =
            [
                new("1", problem, choices > 0 ? "A" : answer, subject, "5", source)
                {
                    Choices = [.. Enumerable.Range(0, choices).Select(i => $"choice {i}")],
                    Solution = subject is null ? null : $"{problem} so \\boxed{{1}}",
                    Chat = chat ? [new("system", answer), new("user", problem)] : [],
                },
                new("2", answer, "7"),
            ];
            string file = folder.Write("set.jsonl", ProblemWriter.ToJsonLines(problems));
            IReadOnlyList<Problem> read = ProblemReader.Read(file);
            Assert.Equal(Describe(problems), Describe(read));
        }, iter: 200); // one file
    }

    // Records compare their lists by reference.
    private static string Describe(IReadOnlyList<Problem> problems)
    {
        StringBuilder text = new();
        foreach (Problem p in problems)
            text.AppendLine($"{p.Id}|{p.Text}|{p.Answer}|{p.Subject}|{p.Level}|{p.Source}|{p.Solution}|{string.Join(';', p.Choices)}|{string.Join(';', p.Chat)}");
        return text.ToString();
    }
}
