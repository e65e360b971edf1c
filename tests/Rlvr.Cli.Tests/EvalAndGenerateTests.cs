using System.Text.Json;
using Rlvr.Cli.Output;
using Rlvr.Tests.Shared;

namespace Rlvr.Cli.Tests;

public sealed class EvalAndGenerateTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Eval_prints_one_json_object_and_saves_the_responses()
    {
        string model = TinyModel.Write(folder), problems = TinyModel.Problems(folder), file = folder["responses.jsonl"];
        CommandRun run = CommandRun.Of("eval", model, "--suite", $"{problems},pi-1", "--samples", "4", "-t", "1", "--max-new-tokens", "6", "--out", file, "--json").Succeeded();
        JsonElement[] suites = [.. run.Json.GetProperty("suites").EnumerateArray()];
        Assert.Equal(["sums", "pi-1"], suites.Select(s => s.GetProperty("suite").GetString()));
        Assert.Equal(2, suites[0].GetProperty("problems").GetInt32());
        Assert.Equal(["1", "2", "4"], suites[0].GetProperty("pass_at").EnumerateObject().Select(p => p.Name));
        Assert.Equal(["sums", "products"], suites[0].GetProperty("subjects").EnumerateObject().Select(p => p.Name));
        Assert.Equal(2, suites[0].GetProperty("interval").GetArrayLength());
        Assert.Equal(12, File.ReadLines(file).Count());

        CommandRun again = CommandRun.Of("eval", model, "--suite", problems, "-s", "pi-1", "-k", "4", "-t", "1", "--max-new-tokens", "6", "--max-rows", "3", "--out", folder["again.jsonl"]).Succeeded();
        Assert.Equal(File.ReadAllText(file), File.ReadAllText(folder["again.jsonl"]));
        Assert.Contains("avg@4", again.Out, StringComparison.Ordinal);
        Assert.Contains("products", again.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void A_single_response_streams_the_same_text_that_many_would_show()
    {
        string model = TinyModel.Write(folder);
        string[] args = ["generate", model, "-p", "Say something", "-t", "1", "--max-new-tokens", "40", "--seed", "7"];
        CommandRun one = CommandRun.Of(args).Succeeded();
        Assert.Contains("tokens", one.Error, StringComparison.Ordinal);
        JsonElement[] responses = [.. CommandRun.Of([.. args, "-n", "3", "--json"]).Succeeded().Json.GetProperty("responses").EnumerateArray()];
        Assert.Equal(3, responses.Length);
        Assert.Equal(SafeText.Clean(responses[0].GetProperty("text").GetString()!) + "\n", one.Out);
        Assert.DoesNotContain(one.Out, c => char.IsControl(c) && c is not ('\n' or '\t'));
        CommandRun many = CommandRun.Of([.. args, "-n", "3"]).Succeeded();
        Assert.Contains("--- 3 of 3", many.Out, StringComparison.Ordinal);
        Assert.Contains("answers: no boxed answer (3)", many.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_template_is_the_one_asked_for()
    {
        string model = TinyModel.Write(folder);
        string Text(params string[] more) => CommandRun.Of(["generate", model, "-p", "1 + 1", "-t", "0", "--max-new-tokens", "12", .. more]).Succeeded().Out;
        Assert.Equal(Text(), Text("--template", "plain"));
        Assert.Equal(Text(), Text("--template", "raw"));
        Assert.Equal(Text("--template", "micro"), Text("--template", "Problem: {problem}\nSolution:\n"));
        Assert.NotEqual(Text(), Text("--template", "micro"));
    }

    [Fact]
    public void A_folder_with_a_chat_template_is_asked_through_it()
    {
        string model = TinyModel.Write(folder);
        File.WriteAllText(Path.Combine(model, "tokenizer_config.json"), """{"chat_template": "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{% endfor %}{% if add_generation_prompt %}<model>{% endif %}"}""");
        string Text(params string[] more) => CommandRun.Of(["generate", model, "-p", "1 + 1", "-t", "0", "--max-new-tokens", "12", .. more]).Succeeded().Out;
        Assert.Equal(Text("--template", "<user>{problem}<model>"), Text());
        Assert.NotEqual(Text("--template", "raw"), Text());
    }
}
