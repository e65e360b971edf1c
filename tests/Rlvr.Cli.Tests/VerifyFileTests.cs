using System.Text;
using System.Text.Json;
using Rlvr.Cli.Output;
using Rlvr.Tests.Shared;

namespace Rlvr.Cli.Tests;

/// <summary><c>rlvr verify FILE</c>.</summary>
public sealed class VerifyFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Json_has_one_line_for_each_line_with_its_id()
    {
        string file = folder.Write("pairs.jsonl", """
            {"id": "a", "answer": "0.5", "expected": "\\frac12"}
            {"id": 12345678901234567890, "answer": 3, "expected": 4.0}

            {"answer": "x", "expected": "y", "extra": [1, {"deep": true}]}
            {"id": "r", "response": "so \\boxed{7}", "expected": 7}
            {"id": null, "answer": null, "response": "7", "expected": 7}
            {"id": "e", "answer": null, "expected": 7}
            {"id": "both", "answer": "8", "response": "\\boxed{7}", "expected": 7}
            """);
        CommandRun run = CommandRun.Of("verify", file, "--json").Succeeded();
        Assert.Equal(
            [
                """{"id":"a","verdict":"Correct","extracted":"0.5","answer_form":"1/2","expected_form":"1/2","rule":"rational"}""",
                """{"id":12345678901234567890,"verdict":"Wrong","extracted":"3","answer_form":"3","expected_form":"4","rule":"rational"}""",
                """{"id":4,"verdict":"Wrong","extracted":"x","answer_form":"x","expected_form":"y","rule":"value"}""",
                """{"id":"r","verdict":"Correct","extracted":"7","answer_form":"7","expected_form":"7","rule":"same-text"}""",
                """{"id":6,"verdict":"NoAnswer","extracted":null,"answer_form":null,"expected_form":null,"rule":"no-box"}""",
                """{"id":"e","verdict":"NoAnswer","extracted":"","answer_form":null,"expected_form":"7","rule":"empty-answer"}""",
                """{"id":"both","verdict":"Wrong","extracted":"8","answer_form":"8","expected_form":"7","rule":"rational"}""",
            ], run.Out.TrimEnd().Split('\n'));
        Assert.Contains("7 pairs, profile strict", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_order_is_kept_though_some_pairs_take_long()
    {
        string hard = string.Join(",", Enumerable.Range(2, 300).Select(i => $"\\\\ln {i}"));
        string file = folder.Write("many.jsonl", string.Concat(Enumerable.Range(0, 3_000).Select(i => i % 700 == 0
            ? $$"""{"id": {{i}}, "answer": "{{hard}}", "expected": "{{hard}},1"}""" + "\n"
            : $$"""{"id": {{i}}, "answer": {{i}}, "expected": {{i + (i % 2)}}}""" + "\n")));
        string[] lines = CommandRun.Of("verify", file, "--json").Succeeded().Out.TrimEnd().Split('\n');
        Assert.Equal(Enumerable.Range(0, 3_000), lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("id").GetInt32()));
        Assert.EndsWith("\"verdict\":\"Wrong\",\"extracted\":\"13\",\"answer_form\":\"13\",\"expected_form\":\"14\",\"rule\":\"rational\"}", lines[13], StringComparison.Ordinal);
    }

    [Fact]
    public void The_fields_may_have_other_names()
    {
        string file = folder.Write("named.jsonl", """
            {"key": "k1", "candidate": "1/2", "truth": "0.5"}
            {"key": "k2", "text": "The answer is 3.", "truth": "3"}
            """);
        CommandRun run = CommandRun.Of("verify", file, "--json", "--answer-field", "candidate", "--expected-field", "truth", "--id-field", "key", "--response-field", "text", "--sources", "usual").Succeeded();
        Assert.Equal(["k1 Correct", "k2 Correct"], run.Out.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement).Select(r => $"{r.GetProperty("id")} {r.GetProperty("verdict")}"));
    }

    [Fact]
    public void The_summary_counts_and_lists_what_is_not_correct()
    {
        string file = folder.Write("pairs.jsonl", string.Concat(Enumerable.Range(0, 40).Select(i => $$"""{"id": "p{{i}}", "answer": {{i}}, "expected": {{(i < 30 ? i : i + 1)}}.0}""" + "\n")));
        CommandRun run = CommandRun.Of("verify", file, "--show", "2").Succeeded();
        Assert.Equal("", run.Error);
        Assert.Contains("40 pairs, profile strict", run.Out, StringComparison.Ordinal);
        Assert.Matches("Correct +│ +30 +│ 75.0%", run.Out);
        Assert.Matches("Wrong +│ +10 +│ 25.0%", run.Out);
        Assert.Matches("rational +│ +40 +│ 100.0% +│ +30", run.Out);
        Assert.Contains("not correct, 2 of 10 (--show N shows more):\n  line 31 p30: Wrong (rational)\n      30 for 31.0\n      read as 30 and 31\n  line 32", run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("line 33", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Verdicts_in_the_file_are_compared()
    {
        string file = folder.Write("graded.jsonl", """
            {"id": 1, "answer": "1", "expected": "1", "right": true, "verdict": "correct"}
            {"id": 2, "answer": "2", "expected": "1", "right": true, "verdict": "Wrong"}
            {"id": 3, "answer": "3", "expected": "1", "right": false, "verdict": "no_answer"}
            {"id": 4, "answer": "4", "expected": "1", "right": null}
            """);
        CommandRun run = CommandRun.Of("verify", file, "--compare-field", "right").Succeeded();
        Assert.Contains("agreement with 'right': 2 of 3 (66.67%)", run.Out, StringComparison.Ordinal);
        Assert.Contains("disagreements, 1:\n  line 2 2: Wrong (rational), the line says true", run.Out, StringComparison.Ordinal);
        run = CommandRun.Of("verify", file, "--compare-field", "verdict", "--json").Succeeded();
        Assert.Equal(["True", "True", "False", ""], run.Out.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement.TryGetProperty("agrees", out JsonElement agrees) ? agrees.ToString() : ""));
        Assert.Contains("line 3 3: Wrong (rational), the line says NoAnswer", run.Error, StringComparison.Ordinal);
        Assert.Contains("no line has a verdict in 'nothing'", CommandRun.Of("verify", file, "--compare-field", "nothing").Succeeded().Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Broken_lines_are_told_one_by_one_and_the_others_are_judged()
    {
        List<byte> bytes =
        [
            .. """
            {"answer": "1", "expected": "1"}
            {"answer": "1", "expected": "1"
            {"answer": "1"}
            {"expected": "1", "candidate": "1"}
            {"answer": [1], "expected": "1"}
            ["1", "1"]
            {"answer": "1", "expected": "2", "right": "perhaps"}
            {"id": "bad", "answer": "
            """u8, 0xC3, 0x28, .. "\", \"expected\": \"1\"}\n"u8, .. "{\"answer\": \"1\", \"expected\": \"1\"}"u8,
        ];
        string file = folder["broken.jsonl"];
        File.WriteAllBytes(file, [.. bytes]);
        string[] expected =
        [
            $"{file}(2): error: not valid JSON at byte",
            $"{file}(3): error: there is no 'expected', the expected answer. Say which field it is with --expected-field; this line has answer.",
            $"{file}(4): error: there is no 'answer' or 'response', the answer or the text it stands in. Say which field it is with --answer-field or --response-field; this line has expected, candidate.",
            $"{file}(5): error: 'answer' is an array, expected a text or a number.",
            $"{file}(6): error: expected a JSON object, found an array. Each line is one JSON object with the fields 'answer' and 'expected'.",
            $"{file}(7): error: 'right' is \"perhaps\", expected true, false or a verdict (Correct, Wrong, NoAnswer, UnparsableAnswer, UnparsableLabel). Name another field with --compare-field.",
            $"{file}(8): error: the text is not UTF-8. Save the file as UTF-8.",
            $"{file}: error: 7 of 9 lines are broken.",
        ];
        CommandRun run = CommandRun.Of("verify", file, "--compare-field", "right");
        Assert.Equal(1, run.Code);
        string[] told = run.Error.TrimEnd().Split('\n');
        Assert.Equal(expected.Length, told.Length);
        for (int i = 0; i < expected.Length; i++) Assert.StartsWith(expected[i], told[i], StringComparison.Ordinal);
        Assert.Contains("2 pairs, 7 broken lines", run.Out, StringComparison.Ordinal);

        run = CommandRun.Of("verify", file, "--compare-field", "right", "--json");
        Assert.Equal(1, run.Code);
        JsonElement[] lines = [.. run.Out.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal([false, true, true, true, true, true, true, true, false], lines.Select(line => line.TryGetProperty("error", out _)));
        Assert.Equal(("7", "7"), (lines[6].GetProperty("id").ToString(), lines[6].GetProperty("line").ToString()));
        Assert.Contains("7 of 9 lines are broken; each has an \"error\" in the output.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_many_broken_lines_the_first_are_told()
    {
        string file = folder.Write("broken.jsonl", string.Concat(Enumerable.Repeat("no\n", 500)));
        CommandRun run = CommandRun.Of("verify", file);
        Assert.Equal(1, run.Code);
        Assert.Equal(21, run.Error.TrimEnd().Split('\n').Length);
        Assert.Contains("500 of 500 lines are broken; the first 20 are told above.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_read_is_one_error()
    {
        CommandRun.Of("verify", folder["nothing.jsonl"]).FailedWith(1, $"{folder["nothing.jsonl"]}: error: there is no such file.");
        CommandRun.Of("verify", folder.Path).FailedWith(1, $"{folder.Path}: error: is a folder, expected a file of JSON lines.");
        CommandRun.Of("verify", folder.Write("empty.jsonl", "\n \n")).FailedWith(1, "empty.jsonl: error: there are no lines in it.");
        string wide = folder["wide.jsonl"];
        File.WriteAllText(wide, """{"answer": "1", "expected": "1"}""", Encoding.Unicode);
        CommandRun.Of("verify", wide).FailedWith(1, "wide.jsonl: error: the text is UTF-16. Save it as UTF-8.");
    }

    [Fact]
    public void A_hostile_file_does_not_act_on_the_terminal()
    {
        string file = folder.Write("hostile.jsonl", """
            {"id": "\u001b]0;owned\u0007", "answer": "\u001b[2J\u202e\u2028\n5", "expected": "6\u009b"}
            {"id": "‮c", "answer": "5", "expected": "6"}
            {"id": "half", "answer": "\ud800", "expected": "\udc00\"\\\/\b\f\n\r\t\u0041"}
            {"id": ["\u001b", {"a":
            """.TrimEnd() + " 1}], \"answer\": \"\u009b31m5\", \"expected\": \"5\"}\n");
        foreach (string[] options in (string[][])[[], ["--json"]])
        {
            CommandRun run = CommandRun.Of(["verify", file, .. options]);
            Assert.DoesNotContain(run.Out + run.Error, c => (char.IsControl(c) && c != '\n') || c is '\u202e' or '\u2028');
        }
        JsonElement[] lines = [.. CommandRun.Of("verify", file, "--json").Succeeded().Out.TrimEnd().Split('\n').Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(4, lines.Length);
        Assert.Equal("\u001b]0;owned\u0007", lines[0].GetProperty("id").GetString());
        Assert.Equal("\u001b[2J\u202e\u2028\n5", lines[0].GetProperty("extracted").GetString());
        Assert.Equal("[\"\u001b\",{\"a\":1}]", lines[3].GetProperty("id").GetRawText().Replace("\\u001b", "\u001b", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void Standard_input_is_read()
    {
        CommandRun run = OfInput(new MemoryStream("{\"answer\": \"1\", \"expected\": \"1.0\"}\n"u8.ToArray()), "verify", "-");
        Assert.Equal(0, run.Code);
        Assert.Contains("standard input: 1 pairs", run.Out, StringComparison.Ordinal);
        CommandRun broken = OfInput(new MemoryStream("{}"u8.ToArray()), "verify", "-", "--json");
        Assert.Equal(1, broken.Code);
        Assert.StartsWith("{\"id\":1,\"line\":1,\"error\":\"there is no 'expected'", broken.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_larger_than_memory_streams_through()
    {
        // What was read and not yet written stays small, however long the input is.
        using EndlessLines input = new(lines: 60_000);
        using CountingWriter output = new();
        using StringWriter error = new();
        input.Taken += lines => Assert.InRange(lines - output.Lines, 0, 20_000);
        Terminal terminal = Terminal.Plain(output, error);
        terminal.OpenInput = () => input;
        Assert.Equal(0, CommandLine.Run(["verify", "-", "--json"], terminal));
        Assert.Equal(60_000, output.Lines);
    }

    [Fact]
    public void It_can_be_stopped()
    {
        using CancellationTokenSource source = new();
        using EndlessLines input = new(lines: int.MaxValue);
        input.Taken += lines => { if (lines > 5_000) source.Cancel(); };
        using StringWriter output = new(), error = new();
        Terminal terminal = Terminal.Plain(output, error, source.Token);
        terminal.OpenInput = () => input;
        Assert.Equal(130, CommandLine.Run(["verify", "-", "--json"], terminal));
        Assert.All(output.ToString().TrimEnd().Split('\n'), line => Assert.EndsWith("}", line, StringComparison.Ordinal));
    }

    private static CommandRun OfInput(Stream input, params string[] args)
    {
        using StringWriter output = new(), error = new();
        Terminal terminal = Terminal.Plain(output, error);
        terminal.OpenInput = () => input;
        int code = CommandLine.Run(args, terminal);
        return new CommandRun(code, output.ToString(), error.ToString());
    }

    /// <summary>Lines without end that no memory holds, and how many of them were read.</summary>
    private sealed class EndlessLines(int lines) : Stream
    {
        private readonly byte[] line = Encoding.UTF8.GetBytes($$"""{"answer": "1", "expected": "1", "pad": "{{new string('x', 200)}}"}""" + "\n");
        private int taken;

        public event Action<long>? Taken;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() { }

        public override int Read(byte[] buffer, int offset, int count)
        {
            int written = 0;
            for (; taken < lines && count - written >= line.Length; taken++, written += line.Length) line.CopyTo(buffer, offset + written);
            if (written == 0 && taken < lines) throw new InvalidOperationException($"{count} bytes are no room for a line");
            Taken?.Invoke(taken);
            return written;
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }

    private sealed class CountingWriter : StringWriter
    {
        public long Lines { get; private set; }

        public override void Write(string? value) => Lines += value.AsSpan().Count('\n');
    }
}
