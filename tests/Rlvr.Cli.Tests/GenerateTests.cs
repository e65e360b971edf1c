using System.Text.Json;
using Rlvr.Cli.Output;
using Rlvr.Tests.Shared;

namespace Rlvr.Cli.Tests;

public sealed class GenerateTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

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
