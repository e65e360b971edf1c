using System.Globalization;
using System.Text.Json;
using Rlvr.Data;
using Rlvr.Text;

namespace Rlvr.Tests.Text;

public sealed class ChatTemplateTests : IDisposable
{
    private const string Template = "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";
    private readonly string folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, name))!);
        File.WriteAllText(Path.Combine(folder, name), text);
    }

    private void WriteConfig(object config) => Write("tokenizer_config.json", JsonSerializer.Serialize(config));

    private string Render(string? name = null) => ChatTemplate.Load(folder, name).Render([new("user", "Hi")]);

    [Fact]
    public void A_template_in_the_configuration_sees_special_tokens_of_every_form()
    {
        WriteConfig(new { chat_template = Template, bos_token = new { content = "<s>" }, eos_token = (string?)null });
        Assert.Equal("<s>[user]Hi[assistant]", Render());
        Assert.Equal("<s>[user]Hi", ChatTemplate.Load(folder).Render([new("user", "Hi")], addGenerationPrompt: false));
        WriteConfig(new { chat_template = "{{ bos_token }}|{{ eos_token is defined }}|{{ additional_special_tokens }}", bos_token = "<b>", eos_token = (string?)null, additional_special_tokens = new[] { "x" } });
        Assert.Equal("<b>|False|['x']", Render());
        Write("special_tokens_map.json", """{"eos_token": {"content": "</s>"}}""");
        Assert.Equal("<b>|True|['x']", Render());
    }

    [Fact]
    public void A_file_of_its_own_comes_first_and_more_of_them_have_names()
    {
        WriteConfig(new { chat_template = "old" });
        Write("chat_template.jinja", "new");
        Write("additional_chat_templates/tool_use.jinja", "tools");
        Assert.Equal("new", Render());
        Assert.Equal("tools", Render("tool_use"));
    }

    [Fact]
    public void Named_templates_in_the_configuration()
    {
        WriteConfig(new { chat_template = new[] { new { name = "default", template = "a" }, new { name = "rag", template = "b" } } });
        Assert.Equal("a", Render());
        Assert.Equal("b", Render("rag"));
        string message = Assert.Throws<RlvrException>(() => Render("rags")).Message;
        Assert.Contains("no chat template 'rags'. It has: default, rag.", message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_missing_or_broken_is_named()
    {
        Assert.False(ChatTemplate.Exists(folder));
        Assert.Contains("the model has no chat template: there is neither chat_template.jinja", Assert.Throws<RlvrException>(() => Render()).Message, StringComparison.Ordinal);
        Write("tokenizer_config.json", "{");
        Assert.Contains("tokenizer_config.json: error: not valid JSON", Assert.Throws<RlvrException>(() => Render()).Message, StringComparison.Ordinal);
        Write("tokenizer_config.json", "[]");
        Assert.Contains("expected a JSON object, found Array", Assert.Throws<RlvrException>(() => Render()).Message, StringComparison.Ordinal);
        WriteConfig(new { chat_template = 5 });
        Assert.Contains("'chat_template' is Number", Assert.Throws<RlvrException>(() => Render()).Message, StringComparison.Ordinal);
        WriteConfig(new { chat_template = new[] { "x" } });
        Assert.Contains("not an object with a name and a template", Assert.Throws<RlvrException>(() => Render()).Message, StringComparison.Ordinal);
        WriteConfig(new { chat_template = "{% if %}" });
        Assert.Contains("tokenizer_config.json: error in the chat template: line 1: unexpected '%}'", Assert.Throws<RlvrException>(() => Render()).Message, StringComparison.Ordinal);
        WriteConfig(new { chat_template = "\n{{ raise_exception('no system role') }}" });
        Assert.Contains("tokenizer_config.json(2): error: the chat template failed: no system role", Assert.Throws<RlvrException>(() => Render()).Message, StringComparison.Ordinal);
        Assert.True(ChatTemplate.Exists(folder));
    }

    [Fact]
    public void The_time_a_template_shows_is_now_unless_given()
    {
        ChatTemplate template = ChatTemplate.Parse("{{ strftime_now('%d %b %Y') }}");
        JsonElement none = JsonSerializer.SerializeToElement(Array.Empty<string>());
        Assert.Equal("09 Feb 2025", template.Render(none, now: new(2025, 2, 9, 0, 0, 0, TimeSpan.Zero)));
        DateTimeOffset before = DateTimeOffset.UtcNow.ToLocalTime();
        string shown = template.Render(none);
        Assert.Contains(shown, new[] { before, DateTimeOffset.UtcNow.ToLocalTime() }.Select(time => time.ToString("dd MMM yyyy", CultureInfo.InvariantCulture)));
    }

    [Fact]
    public void The_prompt_template_chat_puts_the_problem_into_the_models_own_template()
    {
        WriteConfig(new { chat_template = Template, bos_token = "<s>" });
        Assert.Equal("<s>[user]1+1? Let's think step by step and output the final answer within \\boxed{}.[assistant]", PromptTemplate.Get("chat", folder).Render("1+1?"));
        Assert.Equal("<s>[user]Q: 1+1?[assistant]", PromptTemplate.Get("chat:Q: {problem}", folder).Render(new Problem("1", "1+1?", "2")));
        Assert.Contains("no model folder", Assert.Throws<RlvrException>(() => PromptTemplate.Get("chat")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_prompt_template_chat_takes_a_named_template_and_a_message_of_the_system()
    {
        WriteConfig(new { chat_template = new[] { new { name = "default", template = Template }, new { name = "rag", template = "{% for m in messages %}<{{ m.role }}:{{ m.content }}>{% endfor %}" } } });
        Assert.Equal("[system]Be short.[user]Q: 1+1?[assistant]", PromptTemplate.Get("chat: Be short. {user}Q: {problem}", folder).Render("1+1?"));
        Assert.Equal("<user:1+1? Let's think step by step and output the final answer within \\boxed{}.>", PromptTemplate.Get("chat@rag", folder).Render("1+1?"));
        Assert.Equal("<system:s><user:1+1?>", PromptTemplate.Get("chat@rag:s{user}{problem}", folder).Render("1+1?"));
        Assert.Contains("no chat template 'rags'. It has: default, rag.", Assert.Throws<RlvrException>(() => PromptTemplate.Get("chat@rags", folder)).Message, StringComparison.Ordinal);
        Assert.Contains("has no {problem} after {user}", Assert.Throws<RlvrException>(() => PromptTemplate.Get("chat:{problem}{user}x", folder)).Message, StringComparison.Ordinal);
        Assert.Contains("unknown prompt template 'chat:x'", Assert.Throws<RlvrException>(() => PromptTemplate.Get("chat:x", folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_chat_of_the_data_set_stays_as_it_is()
    {
        WriteConfig(new { chat_template = Template });
        Problem problem = new("1", "1+1?", "2") { Chat = [new("system", "s"), new("user", "0+0?"), new("assistant", "0"), new("user", "1+1?")] };
        Assert.Equal("[system]s[user]0+0?[assistant]0[user]1+1?[assistant]", PromptTemplate.Get("chat", folder).Render(problem));
        Assert.Equal("[user]Q: 1+1?[assistant]", PromptTemplate.Get("chat:Q: {problem}", folder).Render(problem));
        Assert.Equal("1+1?", PromptTemplate.Get("plain").Render(problem));
    }
}
