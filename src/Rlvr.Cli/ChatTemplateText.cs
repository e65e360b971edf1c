using System.Text.Json;
using System.Text.Json.Nodes;
using Rlvr.Data;

namespace Rlvr.Cli;

/// <summary>The chat template (Jinja) that says the same as a prompt template, for the models that this program makes.</summary>
internal static class ChatTemplateText
{
    private const string FileName = "tokenizer_config.json";

    /// <summary>A user's message becomes the prompt, an assistant's one the response with the end token.</summary>
    public static string Of(PromptTemplate template, string endToken)
    {
        string[] parts = template.Text.Split(PromptTemplate.Placeholder);
        string prompt = string.Join(" + message['content'] + ", parts.Select(Quote));
        return "{%- for message in messages %}{%- if message['role'] == 'user' %}{{ " + prompt + " }}"
            + "{%- elif message['role'] == 'assistant' %}{{ message['content'] + " + Quote(endToken) + " }}{%- endif %}{%- endfor %}";
    }

    /// <summary>Writes tokenizer_config.json, with which Hugging Face transformers loads the tokenizer and its chat template.</summary>
    public static void WriteConfig(string folder, PromptTemplate template, string endToken, int maxPositions)
    {
        JsonObject config = new()
        {
            ["add_prefix_space"] = false,
            ["bos_token"] = null,
            ["chat_template"] = Of(template, endToken),
            ["clean_up_tokenization_spaces"] = false,
            ["eos_token"] = endToken,
            ["model_max_length"] = maxPositions,
            ["pad_token"] = endToken,
            ["tokenizer_class"] = "PreTrainedTokenizerFast",
            ["unk_token"] = null,
        };
        File.WriteAllText(Path.Combine(folder, FileName), config.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
    }

    /// <summary>The prompt template that a folder's chat template was made from; null where there is none or it is somebody else's.</summary>
    public static string? NameIn(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path)) return null;
        try
        {
            JsonNode? config = JsonNode.Parse(File.ReadAllText(path));
            if (config?["chat_template"] is not JsonValue text || config["eos_token"] is not JsonValue end) return null;
            return PromptTemplate.Names.FirstOrDefault(name => Of(PromptTemplate.Get(name), end.ToString()) == text.ToString());
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null; // the tokenizer does not need this file; a broken one only has no template to offer
        }
    }

    private static string Quote(string text) =>
        "'" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal) + "'";
}
