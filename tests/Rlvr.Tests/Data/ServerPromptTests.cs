using Rlvr.Data;
using Rlvr.Tests.Shared;
using Rlvr.Text;

namespace Rlvr.Tests.Data;

/// <summary>Messages for a server that has the chat template.</summary>
public sealed class ServerPromptTests
{
    private static readonly Problem Sum = new("sum", "1 + 1 =", "2");

    [Theory]
    [InlineData("chat")]
    [InlineData("chat:Solve {problem}")]
    [InlineData("chat:Be brief.{user}Solve {problem}")]
    public void The_models_own_template_around_the_messages_is_the_prompt_of_a_model_folder(string name)
    {
        string folder = TestFiles.Golden("tokenizers", "qwen2_5-math");
        Problem ready = Sum with { Chat = [new("system", "Be brief."), new("user", "1 + 1 ="), new("assistant", "Well"), new("user", "1 + 1 =")] };
        foreach (Problem problem in new[] { Sum, ready })
            Assert.Equal(PromptTemplate.Get(name, folder).Render(problem), ChatTemplate.Load(folder).Render(PromptTemplate.ForServer(name).Messages(problem)));
    }

    [Theory]
    [InlineData("plain", "1 + 1 =")]
    [InlineData("Solve {problem}", "Solve 1 + 1 =")]
    [InlineData("chat:Solve {problem}", "Solve 1 + 1 =")]
    public void A_text_is_the_message_of_the_user(string name, string expected) => Assert.Equal([new ChatMessage("user", expected)], PromptTemplate.ForServer(name).Messages(Sum));

    [Theory]
    [InlineData("micro", "the prompt template 'micro' is a whole prompt, and a chat server would put the model's own around it")]
    [InlineData("chat@tool_use", "the prompt template 'chat@tool_use' chooses among the templates of a model folder; a server has its own")]
    [InlineData("nothing", "unknown prompt template 'nothing'")]
    [InlineData("chat:{problem}{user}Go", "has no {problem} after {user}")]
    public void Another_is_refused(string name, string expected) =>
        Assert.Contains(expected, Assert.Throws<RlvrException>(() => PromptTemplate.ForServer(name)).Message, StringComparison.Ordinal);
}
