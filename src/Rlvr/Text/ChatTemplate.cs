using System.Text.Json;
using Rlvr.Text.Jinja;

namespace Rlvr.Text;

/// <summary>One message of a chat.</summary>
/// <param name="Role">Who speaks: system, user, assistant, tool.</param>
/// <param name="Content">What is said.</param>
public sealed record ChatMessage(string Role, string Content);

/// <summary>
/// A model's own template that turns a chat into a prompt, rendered as transformers' <c>apply_chat_template</c> does. A template comes
/// with a download, so its work and output are bounded.
/// </summary>
public sealed class ChatTemplate
{
    private readonly IReadOnlyList<Statement> statements;
    private readonly string place;
    private readonly Dictionary<string, object?> specialTokens;

    private ChatTemplate(string place, string text, Dictionary<string, object?> specialTokens)
    {
        this.place = place;
        this.specialTokens = specialTokens;
        Text = text;
        try
        {
            statements = JinjaParser.Parse(text);
        }
        catch (JinjaException error)
        {
            throw new RlvrException($"{place}: error in the chat template: {error.Message}", error);
        }
    }

    /// <summary>The template, Jinja.</summary>
    public string Text { get; }

    /// <summary>Reads the template of a model folder: chat_template.jinja, or chat_template in tokenizer_config.json.</summary>
    /// <param name="folder">The model folder.</param>
    /// <param name="name">Which one, where the folder has several; null takes <c>default</c>.</param>
    /// <exception cref="RlvrException">There is none, or none of that name (the names are listed), or it is broken.</exception>
    public static ChatTemplate Load(string folder, string? name = null)
    {
        ChatTemplateFiles files = ChatTemplateFiles.Read(folder);
        var (place, text) = files.Find(name);
        return new(place, text, files.SpecialTokens);
    }

    /// <summary>Whether a model folder has a chat template.</summary>
    /// <exception cref="RlvrException">Its files cannot be read.</exception>
    public static bool Exists(string folder) => ChatTemplateFiles.Read(folder).Templates.Count > 0;

    /// <summary>Makes a template of its text.</summary>
    /// <param name="template">The text, Jinja.</param>
    /// <param name="specialTokens">Variables such as bos_token and eos_token.</param>
    /// <exception cref="RlvrException">The template is broken.</exception>
    public static ChatTemplate Parse(string template, IReadOnlyDictionary<string, string>? specialTokens = null) =>
        new("chat template", template, specialTokens?.ToDictionary(token => token.Key, token => (object?)token.Value) ?? []);

    /// <summary>Renders a chat.</summary>
    /// <param name="messages">The messages.</param>
    /// <param name="addGenerationPrompt">Whether to end with what makes the assistant speak.</param>
    /// <exception cref="RlvrException">The template refuses the chat, fails, or does too much.</exception>
    public string Render(IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt = true) =>
        Render(JsonSerializer.SerializeToElement(messages.Select(message => new Dictionary<string, string> { ["role"] = message.Role, ["content"] = message.Content })), addGenerationPrompt);

    /// <summary>Renders a chat whose messages have more than role and content: tool calls, parts.</summary>
    /// <param name="messages">A JSON array of messages.</param>
    /// <param name="addGenerationPrompt">Whether to end with what makes the assistant speak.</param>
    /// <param name="tools">A JSON array of tool schemas; null: no tools.</param>
    /// <param name="variables">More variables for the template.</param>
    /// <param name="now">The time that a template may show; null: now, local time.</param>
    /// <exception cref="RlvrException">The template refuses the chat, fails, or does too much.</exception>
    public string Render(JsonElement messages, bool addGenerationPrompt = true, JsonElement? tools = null, IReadOnlyDictionary<string, JsonElement>? variables = null, DateTimeOffset? now = null)
    {
        JinjaEvaluator evaluator = new(new JinjaBudget());
        JinjaScope scope = JinjaGlobals.Create(evaluator, now ?? DateTimeOffset.UtcNow.ToLocalTime());
        try
        {
            foreach (var (token, value) in specialTokens) scope[token] = value;
            scope["messages"] = Read(messages);
            scope["tools"] = tools is { } given ? Read(given) : null;
            scope["documents"] = null;
            scope["add_generation_prompt"] = addGenerationPrompt;
            foreach (var (variable, value) in variables ?? new Dictionary<string, JsonElement>()) scope[variable] = Read(value);
            return evaluator.Render(statements, scope);
        }
        catch (JinjaException error)
        {
            string message = error.Message.Length <= 1000 ? error.Message : error.Message[..1000] + " ...";
            throw new RlvrException($"{place}({evaluator.Line}): error: the chat template failed: {message}", error);
        }

        static object? Read(JsonElement value)
        {
            try
            {
                return JinjaJson.Read(value);
            }
            catch (InvalidOperationException error)
            {
                throw new JinjaException("a text of the chat is not valid Unicode: " + error.Message);
            }
        }
    }
}
