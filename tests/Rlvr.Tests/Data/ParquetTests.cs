using CsCheck;
using Parquet;
using Parquet.Serialization;
using Rlvr.Data;
using Rlvr.Tests.Shared;

namespace Rlvr.Tests.Data;

/// <summary>Parquet files in the published layouts, whole and broken. The files are written here.</summary>
public sealed class ParquetTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private async Task<string> Write<T>(IEnumerable<T> rows, CompressionMethod compression = CompressionMethod.Snappy, int? groupSize = null)
    {
        string path = folder["set.parquet"];
        await using FileStream file = File.Create(path);
        await ParquetSerializer.SerializeAsync(rows, file, new ParquetOptions { CompressionMethod = compression, RowGroupSize = groupSize }, cancellationToken: TestContext.Current.CancellationToken);
        return path;
    }

    [Theory]
    [InlineData(CompressionMethod.None)]
    [InlineData(CompressionMethod.Snappy)]
    [InlineData(CompressionMethod.Gzip)]
    [InlineData(CompressionMethod.Zstd)]
    [InlineData(CompressionMethod.Brotli)]
    public async Task The_papers_layout_in_every_compression(CompressionMethod compression)
    {
        string path = await Write(Enumerable.Range(0, 128).Select(i => new PaperRow
        {
            data_source = "deepscaler",
            prompt = [new() { role = "user", content = $"What is {i % 2} + 1?" }],
            ability = "math",
            reward_model = new() { ground_truth = $"{(i % 2) + 1}", style = "rule" },
            extra_info = new() { index = i % 2, split = "train" },
        }), compression);
        IReadOnlyList<Problem> problems = ProblemReader.Read(path);
        Assert.Equal(128, problems.Count);
        Assert.Equal(128, problems.Select(problem => problem.Id).Distinct().Count());
        Assert.Equal([("0", "What is 0 + 1?", "1"), ("1", "What is 1 + 1?", "2"), ("0#2", "What is 0 + 1?", "1")], problems.Take(3).Select(p => (p.Id, p.Text, p.Answer)));
        Assert.Equal([new("user", "What is 1 + 1?")], problems[1].Chat);
    }

    [Fact]
    public async Task Arc_with_a_list_in_a_struct()
    {
        string path = await Write([
            new ArcRow { id = "a", question = "Which is wet?", choices = new() { text = ["sand", "water", "air"], label = ["1", "2", "3"] }, answerKey = "2" },
            new ArcRow { id = "b", question = "Which is hot?", choices = new() { text = ["ice", "fire"], label = ["A", "B"] }, answerKey = "B" },
        ]);
        IReadOnlyList<Problem> problems = ProblemReader.Read(path);
        Assert.Equal([("a", "B"), ("b", "B")], problems.Select(p => (p.Id, p.Answer)));
        Assert.Equal(["sand", "water", "air"], problems[0].Choices);
        Assert.Equal(["ice", "fire"], problems[1].Choices);
    }

    [Fact]
    public async Task Lists_numbers_and_gaps()
    {
        string path = await Write([
            new FlatRow { id = 60, question = "Größe 𝑥?", final_answer = ["$7$"], level = 3 },
            new FlatRow { id = 61, question = "Rest?", answer = 27, final_answer = [] },
            new FlatRow { id = null, question = "Both?", final_answer = ["1", "2"] },
        ]);
        Assert.Equal([new Problem("60", "Größe 𝑥?", "7", Level: "3"), new Problem("61", "Rest?", "27"), new Problem("set:3", "Both?", "1, 2")], ProblemReader.Read(path));
    }

    [Fact]
    public void Rows_come_back_whatever_is_missing_in_them() => Gen.Select(Gen.Bool, Gen.Bool, Gen.Int[0, 4], Gen.Int[2, 5], Gen.Bool).Array[1, 12].Sample(rows =>
    {
        // A number or none, a list with or without a gap before it, choices or none: each row must keep what is its own.
        ArcRow[] written = [.. rows.Select((row, i) => new ArcRow
        {
            id = row.Item1 ? $"n{i}" : null,
            question = $"Q{i}",
            choices = row.Item2 ? new() { text = [.. Enumerable.Range(0, row.Item4).Select(j => $"c{i}.{j}")], label = row.Item5 ? [.. Enumerable.Range(1, row.Item4).Select(j => $"{j}")] : null } : null,
            answerKey = row.Item2 ? row.Item5 ? $"{1 + (row.Item3 % row.Item4)}" : MultipleChoice.Letter(row.Item3 % row.Item4) : $"{i}",
        })];
        IReadOnlyList<Problem> problems = ProblemReader.Read(Write(written).GetAwaiter().GetResult());
        Assert.Equal(written.Select((row, i) => row.id ?? $"set:{i + 1}"), problems.Select(problem => problem.Id));
        Assert.Equal(written.Select(row => row.question), problems.Select(problem => problem.Text));
        Assert.Equal(written.Select(row => row.choices?.text ?? []), problems.Select(problem => problem.Choices));
        Assert.Equal(rows.Select((row, i) => row.Item2 ? MultipleChoice.Letter(row.Item3 % row.Item4) : $"{i}"), problems.Select(problem => problem.Answer));
    }, iter: 100);

    [Fact]
    public async Task Several_row_groups_follow_one_another()
    {
        string path = await Write(Enumerable.Range(0, 250).Select(i => new FlatRow { question = $"Q{i}", answer = i }), groupSize: 100);
        IReadOnlyList<Problem> problems = ProblemReader.Read(path);
        Assert.Equal(Enumerable.Range(0, 250).Select(i => ($"set:{i + 1}", $"Q{i}", $"{i}")), problems.Select(p => (p.Id, p.Text, p.Answer)));
    }

    [Fact]
    public async Task What_is_wrong_is_named_with_file_and_row()
    {
        string path = await Write([new FlatRow { question = "Q", answer = 1 }, new FlatRow { question = "Q" }]);
        Assert.StartsWith($"{path}(row 2): error: the answer is missing: there is no field 'answer'", Error(path), StringComparison.Ordinal);
        path = await Write(Array.Empty<FlatRow>());
        Assert.StartsWith($"{path}: error: there are no problems in it.", Error(path), StringComparison.Ordinal);
        path = await Write([new FlatRow { question = "Q", answer = double.NaN }]);
        Assert.Equal("NaN", Assert.Single(ProblemReader.Read(path)).Answer);
        Assert.Equal($"{folder["none.parquet"]}: error: there is no such file of problems.", Error(folder["none.parquet"]));
    }

    [Fact]
    public async Task A_file_that_was_cut_off_is_an_error_wherever_it_was_cut()
    {
        byte[] whole = await File.ReadAllBytesAsync(await Write(Enumerable.Range(0, 20).Select(i => new FlatRow { id = i, question = $"Question {i}", answer = i, final_answer = ["x"] })), TestContext.Current.CancellationToken);
        for (int length = 4; length < whole.Length; length += 97)
        {
            await File.WriteAllBytesAsync(folder["cut.parquet"], whole[..length], TestContext.Current.CancellationToken);
            Assert.StartsWith($"{folder["cut.parquet"]}: error: the parquet file is broken or cut off", Error(folder["cut.parquet"]), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Broken_bytes_never_escape_as_another_exception()
    {
        byte[] whole = await File.ReadAllBytesAsync(await Write(Enumerable.Range(0, 20).Select(i => new FlatRow { id = i, question = $"Question {i}", answer = i, final_answer = ["x"] })), TestContext.Current.CancellationToken);
        string path = folder["bent.parquet"];
        Random random = new(20261125);
        int errors = 0;
        for (int trial = 0; trial < 300; trial++)
        {
            byte[] bent = [.. whole];
            for (int i = random.Next(1, 4); i > 0; i--) bent[random.Next(4, bent.Length)] ^= (byte)(1 << random.Next(8));
            await File.WriteAllBytesAsync(path, bent, TestContext.Current.CancellationToken);
            try
            {
                ProblemReader.Read(path);
            }
            catch (RlvrException error)
            {
                Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
                errors++;
            }
        }
        Assert.InRange(errors, 50, 300);
    }

    private static string Error(string path) => Assert.Throws<RlvrException>(() => ProblemReader.Read(path)).Message;

    // The names are those of the files.
#pragma warning disable IDE1006, CA1812
    public sealed class PaperRow
    {
        public string? data_source { get; set; }

        public List<Message>? prompt { get; set; }

        public string? ability { get; set; }

        public Truth? reward_model { get; set; }

        public Extra? extra_info { get; set; }
    }

    public sealed class Message
    {
        public string? content { get; set; }

        public string? role { get; set; }
    }

    public sealed class Truth
    {
        public string? ground_truth { get; set; }

        public string? style { get; set; }
    }

    public sealed class Extra
    {
        public long? index { get; set; }

        public string? split { get; set; }
    }

    public sealed class ArcRow
    {
        public string? id { get; set; }

        public string? question { get; set; }

        public Labelled? choices { get; set; }

        public string? answerKey { get; set; }
    }

    public sealed class Labelled
    {
        public List<string>? text { get; set; }

        public List<string>? label { get; set; }
    }

    public sealed class FlatRow
    {
        public long? id { get; set; }

        public string? question { get; set; }

        public double? answer { get; set; }

        public List<string>? final_answer { get; set; }

        public int? level { get; set; }
    }
#pragma warning restore IDE1006, CA1812
}
