using System.Text.Json;
using Rlvr.Tests.Shared;
using Rlvr.Text;

namespace Rlvr.Tests.Text;

/// <summary>Renderings equal those of transformers.</summary>
public class ChatTemplateGoldenTests
{
    [Theory]
    [InlineData("qwen2_5")]
    [InlineData("qwen2_5-math")]
    [InlineData("llama3_2")]
    public void Renderings_are_equal(string name)
    {
        ChatTemplate template = ChatTemplate.Load(TestFiles.Golden("tokenizers", name));
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(TestFiles.Golden("tokenizers", name, "chat.json")));
        int compared = 0;
        foreach (JsonElement chat in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            JsonElement tools = chat.GetProperty("tools");
            string text = template.Render(
                chat.GetProperty("messages"),
                chat.GetProperty("add_generation_prompt").GetBoolean(),
                tools.ValueKind == JsonValueKind.Null ? null : tools,
                chat.GetProperty("kwargs").EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value));
            Assert.Equal(chat.GetProperty("text").GetString(), text);
            compared++;
        }
        Assert.True(compared >= 33);
    }
}
