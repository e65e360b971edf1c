using System.Text.Json;
using Rlvr.Tests.Shared;

namespace Rlvr.Cli.Tests;

public sealed class EvalTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void One_json_object_has_all_numbers_and_the_folder_all_responses()
    {
        string model = TinyModel.Write(folder), problems = TinyModel.Problems(folder), output = folder["out"];
        string[] args = ["eval", model, "--suite", $"{problems},pi-1", "--samples", "4", "-t", "1", "--max-new-tokens", "6", "--out", output];
        CommandRun run = CommandRun.Of([.. args, "--json"]).Succeeded();
        JsonElement[] suites = [.. run.Json.GetProperty("suites").EnumerateArray()];
        Assert.Equal(["sums", "pi-1"], suites.Select(s => s.GetProperty("suite").GetString()));
        Assert.Equal(2, suites[0].GetProperty("problems").GetInt32());
        Assert.Equal(["1", "2", "4"], suites[0].GetProperty("pass_at").EnumerateObject().Select(p => p.Name));
        Assert.Equal(["sums", "products"], suites[0].GetProperty("subjects").EnumerateObject().Select(p => p.Name));
        Assert.Equal(2, suites[0].GetProperty("interval").GetArrayLength());
        Assert.Equal(1, suites[0].GetProperty("verdicts").EnumerateObject().Sum(v => v.Value.GetDouble()), 5);
        Assert.Equal(JsonValueKind.Null, suites[1].GetProperty("standard_error").ValueKind); // of one problem
        Assert.Equal(suites.Average(s => s.GetProperty("accuracy").GetDouble()), run.Json.GetProperty("average").GetProperty("accuracy").GetDouble(), 5);
        Assert.Equal(["pi-1.jsonl", "settings.json", "summary.json", "sums.jsonl"], Directory.GetFiles(output).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal((8, 4), (File.ReadLines(Path.Combine(output, "sums.jsonl")).Count(), File.ReadLines(Path.Combine(output, "pi-1.jsonl")).Count()));

        CommandRun again = CommandRun.Of("eval", model, "--suite", problems, "-s", "pi-1", "-k", "4", "-t", "1", "--max-new-tokens", "6", "--max-rows", "3", "--out", folder["again"]).Succeeded();
        Assert.Equal(Texts(output), Texts(folder["again"]));
        foreach (string shown in new[] { "avg@4", "maj@k", "products", "average of 2" }) Assert.Contains(shown, again.Out, StringComparison.Ordinal);
        CommandRun.Of("eval", model, "-s", problems, "-k", "3", "-t", "1", "--out", output).FailedWith(1, "samples was 4, now 3; max_new_tokens was 6, now 0");
    }

    [Fact]
    public void A_demonstration_is_shown_before_every_question_and_belongs_to_the_settings()
    {
        string model = TinyModel.Write(folder), problems = TinyModel.Problems(folder);
        string shown = folder.Write("shown.jsonl", """{"id": "one", "problem": "3 + 4 =", "answer": "7"}""" + "\n"), response = folder.Write("response.txt", "7, so \\boxed{7}\n");
        string[] args = ["eval", model, "-s", problems, "--prompt", "plain", "--max-new-tokens", "4"];
        CommandRun.Of([.. args, "--out", folder["bare"]]).Succeeded();
        CommandRun.Of([.. args, "--in-context", shown, "--out", folder["label"]]).Succeeded();
        CommandRun.Of([.. args, "--in-context", shown, "--in-context-response", response, "--out", folder["response"]]).Succeeded();
        string[] Lines(string output) => [.. File.ReadLines(Path.Combine(folder[output], "sums.jsonl"))];
        // What the model was asked is what `prompt` says; the tiny model's responses depend on it.
        Assert.NotEqual(Lines("bare"), Lines("label"));
        using JsonDocument settings = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder["label"], "settings.json")));
        Assert.Equal("one", settings.RootElement.GetProperty("suites").GetProperty("sums").GetProperty("in_context").GetString());
        CommandRun.Of([.. args, "--out", folder["label"]]).FailedWith(1, "in_context was 'one', now none");
        CommandRun.Of([.. args, "--in-context", shown, "--out", folder["response"]]).FailedWith(1, "prompt_sha256 was");
        CommandRun.Of([.. args, "--in-context", "none", "--out", folder["bare"]]).Succeeded();
        Assert.Contains("in_context none, then one", CommandRun.Of("compare", folder["bare"], folder["label"]).Succeeded().Error, StringComparison.Ordinal);
        CommandRun.Of([.. args, "--in-context-response", response]).FailedWith(2, "say which with --in-context SET");
        CommandRun.Of([.. args, "--in-context", folder["nothing.jsonl"]]).FailedWith(1, "nothing.jsonl");
    }

    [Fact]
    public void Stopped_it_says_how_to_go_on_and_goes_on()
    {
        string model = TinyModel.Write(folder);
        string[] args = ["eval", model, "-s", "micro500", "--limit", "60", "--prompt", "plain", "--max-new-tokens", "4", "--out"];
        CommandRun.Of([.. args, folder["straight"]]).Succeeded();
        CommandRun.Of([.. args, folder["stopped"]]).Succeeded();
        // As if it had been stopped after 20 responses.
        string file = folder["stopped/micro500.jsonl"];
        File.WriteAllLines(file, File.ReadAllLines(file).Take(20));
        using CancellationTokenSource source = new();
        source.Cancel();
        CommandRun run = CommandRun.Of(source.Token, [.. args, folder["stopped"]]);
        Assert.Equal((130, ""), (run.Code, run.Out));
        Assert.Contains($"the responses so far are in {folder["stopped"]}; the same command goes on with them\nstopped\n", run.Error, StringComparison.Ordinal);
        Assert.Equal(20, File.ReadLines(file).Count());
        CommandRun.Of([.. args, folder["stopped"]]).Succeeded();
        Assert.Equal(Texts(folder["straight"]), Texts(folder["stopped"]));
    }

    [Fact]
    public void The_six_benchmarks_have_their_own_protocol_and_the_columns_of_the_paper()
    {
        (string Name, int Count)[] sets = [("math500", 500), ("aime24", 30), ("amc23", 40), ("minerva_math", 272), ("olympiadbench", 675), ("aime25", 30)];
        foreach ((string name, int count) in sets)
            folder.Write($"data/{name}/test.jsonl", string.Concat(Enumerable.Range(0, count).Select(i => $$"""{"problem": "{{i}} + 1 =", "answer": "{{i + 1}}"}""" + "\n")));
        string model = TinyModel.Write(folder);
        string? before = Environment.GetEnvironmentVariable("RLVR_DATA");
        Environment.SetEnvironmentVariable("RLVR_DATA", folder["data"]);
        try
        {
            string[] args = ["eval", model, "--suite", "six", "--limit", "3", "--max-new-tokens", "4", "--out", folder["out"]];
            JsonElement[] suites = [.. CommandRun.Of([.. args, "--json"]).Succeeded().Json.GetProperty("suites").EnumerateArray()];
            Assert.Equal(["math500", "aime24", "amc23", "minerva", "olympiadbench", "aime25"], suites.Select(s => s.GetProperty("suite").GetString()));
            Assert.Equal([1, 8, 8, 1, 1, 8], suites.Select(s => s.GetProperty("samples").GetInt32()));
            Assert.Equal([0, 0.6, 0.6, 0, 0, 0.6], suites.Select(s => s.GetProperty("temperature").GetDouble()));
            string shown = CommandRun.Of(args).Succeeded().Out; // nothing is left to do
            string[] columns = ["MATH500", "AIME24", "AMC23", "Minerva", "Olympiad", "AIME25", "Avg"];
            string line = Assert.Single(shown.Split('\n'), l => l.Contains("MATH500", StringComparison.Ordinal));
            Assert.Equal(columns, line.Split('│', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Skip(1));

            // What is asked for comes first.
            JsonElement greedy = CommandRun.Of("eval", model, "-s", "aime24", "-t", "0", "--limit", "3", "--max-new-tokens", "4", "--json").Succeeded().Json.GetProperty("suites")[0];
            Assert.Equal((1, 0), (greedy.GetProperty("samples").GetInt32(), greedy.GetProperty("temperature").GetDouble()));
            CommandRun.Of("eval", model, "-s", "aime24").FailedWith(1, "with 3072 new ones it does not fit the model's 160 positions");
            // Training evaluates them too.
            Assert.Contains("math500 (500), aime24 (30), amc23 (40), minerva (272), olympiadbench (675), aime25 (30)",
                CommandRun.Of("train", TinyModel.Recipe(folder, model), "--set", "evaluation.suites=six", "--dry-run").Succeeded().Out, StringComparison.Ordinal);
            CommandRun.Of("eval", model, "-s", "math500", "-k", "4").FailedWith(2, "--samples 4 needs a --temperature above 0");
        }
        finally
        {
            Environment.SetEnvironmentVariable("RLVR_DATA", before);
        }
    }

    [Fact]
    public void Two_files_of_one_name_are_told_apart()
    {
        string model = TinyModel.Write(folder), first = TinyModel.Problems(folder, "a/sums.jsonl"), second = TinyModel.Problems(folder, "b/sums.jsonl");
        JsonElement json = CommandRun.Of("eval", model, "-s", $"{first},{second}", "--max-new-tokens", "2", "--out", folder["out"], "--json").Succeeded().Json;
        Assert.Equal(["sums", "b-sums"], json.GetProperty("suites").EnumerateArray().Select(s => s.GetProperty("suite").GetString()));
        Assert.True(File.Exists(folder["out/b-sums.jsonl"]));
    }

    private static string[] Texts(string output) => [.. Directory.GetFiles(output, "*.jsonl").Order(StringComparer.Ordinal).Append(Path.Combine(output, "summary.json")).Select(File.ReadAllText)];
}
