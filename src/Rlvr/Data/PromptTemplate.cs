using System.Text.RegularExpressions;
using Rlvr.Text;

namespace Rlvr.Data;

/// <summary>How a problem is put to a model: a text with <see cref="Placeholder"/> in it, and the strings that end the response.</summary>
public sealed partial class PromptTemplate
{
    /// <summary>What a template's text has where the problem goes.</summary>
    public const string Placeholder = "{problem}";

    /// <summary>
    /// The name of the template that the model folder brings, as the paper's training uses it: the chat is one message of the user, the
    /// problem and a sentence, or the chat that the data set brings. <c>chat:TEXT</c> is the same with another message: any text with
    /// <c>{problem}</c> in it, and before a <see cref="UserMark"/> in it the message of the system. <c>chat@NAME</c> and <c>chat@NAME:TEXT</c>
    /// take one of several templates that a model has.
    /// </summary>
    public const string Chat = "chat";

    /// <summary>What stands between the message of the system and that of the user in <c>chat:TEXT</c>.</summary>
    public const string UserMark = "{user}";

    private const string TrainingSentence = @" Let's think step by step and output the final answer within \boxed{}.";

    private const string Boxed = @"Please reason step by step, and put your final answer within \boxed{}.";

    private const string QwenSystem = $"<|im_start|>system\n{Boxed}<|im_end|>\n";

    private const string QwenClose = "<|im_end|>\n";

    private const string OtherSystem = "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n";

    private const string LlamaSystem = "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\nToday Date: 17 Apr 2025\n\n <|eot_id|>";

    private const string R1System = "A conversation between User and Assistant. The user asks a question, and the Assistant solves it. The assistant first thinks about the reasoning"
        + " process in the mind and then provides the user with the answer. The reasoning process and answer are enclosed within <think> </think> and <answer> </answer>"
        + " tags, respectively, i.e., <think> reasoning process here </think> <answer> answer here </answer>. ";

    // The evaluation of the paper's released code stops at these, whatever the model.
    private static readonly string[] EvaluationStops = ["</s>", "<|im_end|>", "<|endoftext|>"];

    private static readonly Dictionary<string, PromptTemplate> Known = new PromptTemplate[]
    {
        new("plain", Placeholder, []),
        new("micro", $"Problem: {Placeholder}\nSolution:\n", []),

        // Training (arXiv 2504.20571): the chat template of Qwen2.5-Math around the problem and a sentence.
        new("qwen25-math-train", $"{QwenSystem}<|im_start|>user\n{Placeholder}{TrainingSentence}<|im_end|>\n<|im_start|>assistant\n", []) { turns = new(QwenSystem, QwenClose) },

        // Evaluation, under the released code's names; the paper's results are with qwen25-math-cot. (In its data set phy1
        // the sentence of training is part of the problem.) It puts demonstrations into the message of the user.
        new("qwen25-math-cot", $"{QwenSystem}<|im_start|>user\n{Placeholder}<|im_end|>\n<|im_start|>assistant\n", EvaluationStops) { turns = null },
        new("qwen25-math-cot-assistant", $"<|im_start|>user\n{Placeholder}<|im_end|>\n<|im_start|>assistant\n", EvaluationStops) { turns = new("", QwenClose) },
        new("qwen-boxed", $"{OtherSystem}<|im_start|>user\n{Placeholder}\n{Boxed}<|im_end|>\n<|im_start|>assistant\n", EvaluationStops) { turns = new(OtherSystem, QwenClose) },
        new("llama", $"{LlamaSystem}<|start_header_id|>user<|end_header_id|>\n\n{Placeholder}<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n", EvaluationStops) { turns = new(LlamaSystem, "<|eot_id|>") },
        new("deepseek-distill", $"<｜begin▁of▁sentence｜><｜User｜>{Placeholder}<｜Assistant｜><think>\n", EvaluationStops) { turns = new("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<think>\n") },
        new("deepseek-math", $"User: {Placeholder}\n{Boxed}\n\nAssistant:", EvaluationStops),
        new("deepseek-r1", $"{R1System}User: {Placeholder}. Assistant:", EvaluationStops) { turns = new(R1System, "\n\n") },
        new("o1_cot", $"[Round 0] USER:\n{Placeholder}\n{Boxed} ASSISTANT:\n", EvaluationStops),
        new("cot", $"Question: {Placeholder}\nAnswer:", [.. EvaluationStops, "\n\nQuestion:"]),
        new("direct", $"Question: {Placeholder}\nAnswer:", EvaluationStops),
    }.ToDictionary(template => template.Name);

    // The model's own template, around the text; null: the text is the prompt.
    private readonly ChatTemplate? chat;

    // The message of the system; null leaves it to the model's template.
    private readonly string? system;

    // Whether a chat that a data set brings is rendered as it is: where nobody asked for another.
    private readonly bool takesChats;

    // Of a whole prompt, how it goes on after a response; null: a demonstration stands in the message of the user, before the question.
    private PromptTurns? turns = PromptTurns.Text;

    private PromptTemplate(string name, string text, IReadOnlyList<string> stopStrings, ChatTemplate? chat = null, string? system = null, bool takesChats = false)
    {
        this.system = system;
        this.takesChats = takesChats;
        Name = name;
        Text = text;
        StopStrings = stopStrings;
        this.chat = chat;
    }

    /// <summary>The names of the templates that need no model folder.</summary>
    public static IReadOnlyCollection<string> Names => Known.Keys;

    /// <summary>The template's name; <c>custom</c> for one's own text, <c>chat</c> for the model's.</summary>
    public string Name { get; }

    /// <summary>The text with the placeholder; of a chat, the user's message.</summary>
    public string Text { get; }

    /// <summary>What is shown before every question; null where nothing is.</summary>
    public Demonstration? Demonstration { get; private init; }

    /// <summary>All that the prompts are made from, in one text: templates with equal definitions render equal prompts (but for the date, which some chat templates ask for).</summary>
    public string Definition => string.Join('\0', Text, system, takesChats, chat?.Text) + (Demonstration is { } shown ? $"\0{shown.Problem.Statement}\0{shown.Response}" : "");

    /// <summary>Strings that end a response, besides the model's end token; they do not belong to the response.</summary>
    public IReadOnlyList<string> StopStrings { get; }

    /// <summary>A template by its name, or one's own: any text with <c>{problem}</c> in it.</summary>
    /// <param name="nameOrText">A name, a text, or the model's own template: <c>chat</c>, <c>chat:TEXT</c>, <c>chat@NAME</c>, <c>chat@NAME:TEXT</c>.</param>
    /// <param name="modelFolder">The model folder, which chat needs.</param>
    /// <exception cref="RlvrException">It is none of these (the message lists the names), or chat has no model folder, or the folder no usable template.</exception>
    public static PromptTemplate Get(string nameOrText, string? modelFolder = null)
    {
        if (Known.TryGetValue(nameOrText, out PromptTemplate? template)) return template;
        if (ChatName().Match(nameOrText) is { Success: true } match && (!match.Groups["text"].Success || HasPlaceholder(match.Groups["text"].Value)))
            return OfModel(match.Groups["name"] is { Success: true } name ? name.Value : null, match.Groups["text"] is { Success: true } text ? text.Value : null, modelFolder);
        if (HasPlaceholder(nameOrText)) return new("custom", nameOrText, []);
        throw new RlvrException($"unknown prompt template '{nameOrText}'.{Suggestion.DidYouMean(nameOrText, [.. Known.Keys, Chat])}"
            + $" Expected one of {string.Join(", ", Known.Keys)}, {Chat} (the model's own), or a text with {Placeholder} in it.");
    }

    /// <summary>A template for a server that puts the model's chat template around the messages by itself; see <see cref="Messages(Problem)"/>.</summary>
    /// <param name="nameOrText"><c>chat</c> (the problem and the sentence of the paper's training), <c>chat:TEXT</c>, <c>plain</c> (the problem), or a text with <c>{problem}</c> in it.</param>
    /// <exception cref="RlvrException">It is another template's name: a whole prompt, which a server would wrap a second time; or none of these.</exception>
    public static PromptTemplate ForServer(string nameOrText)
    {
        if (Known.ContainsKey(nameOrText) && nameOrText != "plain")
            throw new RlvrException($"the prompt template '{nameOrText}' is a whole prompt, and a chat server would put the model's own around it. Take {Chat}, plain or a text with {Placeholder} in it, or send whole prompts.");
        Match match = ChatName().Match(nameOrText);
        if (match.Groups["name"].Success) throw new RlvrException($"the prompt template '{nameOrText}' chooses among the templates of a model folder; a server has its own. Take {Chat} or a text with {Placeholder} in it.");
        return match.Success ? OfMessages(match.Groups["text"] is { Success: true } text ? text.Value : null, null)
            : HasPlaceholder(nameOrText) || nameOrText == "plain" ? OfMessages(nameOrText == "plain" ? Placeholder : nameOrText, null)
            : throw new RlvrException($"unknown prompt template '{nameOrText}'. Expected {Chat}, plain, or a text with {Placeholder} in it.");
    }

    /// <summary>
    /// The template with a demonstration before every question: in a chat an earlier message of the user and its answer, in other prompts an earlier problem and
    /// its response, closed as a response is. In <c>qwen25-math-cot</c> both stand in the message of the user, as the released code of arXiv 2504.20571 has it.
    /// </summary>
    public PromptTemplate With(Demonstration? demonstration) => new(Name, Text, StopStrings, chat, system, takesChats) { turns = turns, Demonstration = demonstration };

    /// <summary>
    /// The prompt for a problem: with its choices, where it has some. A chat that the data set brings stays as it is in the template <c>chat</c>;
    /// other templates take the last message of its user.
    /// </summary>
    public string Render(Problem problem) => takesChats && problem.Chat.Count > 0 && chat is not null ? chat.Render(Shown(problem.Chat)) : Render(problem.Statement);

    /// <summary>The messages that the chat template is rendered with; of a template that is a whole prompt, one with all of it.</summary>
    public IReadOnlyList<ChatMessage> Messages(Problem problem) => takesChats && problem.Chat.Count > 0 ? Shown(problem.Chat) : MessagesAround(UserText(problem.Statement));

    /// <summary>The prompt for a problem's text. A text that ends with the paper's training sentence already does not get it twice.</summary>
    public string Render(string problem)
    {
        if (chat is not null) return chat.Render(MessagesAround(UserText(problem)));
        if (Demonstration is not { } shown) return UserText(problem);
        return turns is not null ? turns.Join(UserText(shown.Problem.Statement), shown.Response, UserText(problem))
            : UserText($"{shown.Problem.Statement}\n{shown.Response}\n\n{problem}");
    }

    private string UserText(string problem)
    {
        string frame = problem.EndsWith(TrainingSentence, StringComparison.Ordinal) ? Text.Replace(Placeholder + TrainingSentence, Placeholder, StringComparison.Ordinal) : Text;
        return frame.Replace(Placeholder, problem, StringComparison.Ordinal);
    }

    private IReadOnlyList<ChatMessage> MessagesAround(string user) => Shown(system is null ? [new("user", user)] : [new("system", system), new("user", user)]);

    /// <summary>The messages with the demonstration among them: after those of the system.</summary>
    private IReadOnlyList<ChatMessage> Shown(IReadOnlyList<ChatMessage> messages)
    {
        if (Demonstration is not { } shown) return messages;
        int first = messages.TakeWhile(m => m.Role == "system").Count();
        return [.. messages.Take(first), new("user", UserText(shown.Problem.Statement)), new("assistant", shown.Response), .. messages.Skip(first)];
    }

    private static PromptTemplate OfModel(string? name, string? text, string? modelFolder)
    {
        if (modelFolder is null) throw new RlvrException($"the prompt template '{Chat}' is the model's own, and there is no model folder here. Name one of {string.Join(", ", Known.Keys)}.");
        return OfMessages(text, ChatTemplate.Load(modelFolder, name));
    }

    private static PromptTemplate OfMessages(string? text, ChatTemplate? template)
    {
        if (text is null) return new(Chat, Placeholder + TrainingSentence, [], template, takesChats: true);
        string[] messages = text.Split(UserMark, 2);
        if (messages.Length == 1) return new(Chat, text, [], template);
        return HasPlaceholder(messages[1]) ? new(Chat, messages[1], [], template, messages[0].Trim())
            : throw new RlvrException($"the prompt template '{Chat}:...' has no {Placeholder} after {UserMark}: the problem belongs to the message of the user.");
    }

    private static bool HasPlaceholder(string text) => text.Contains(Placeholder, StringComparison.Ordinal);

    [GeneratedRegex(@"^chat(@(?<name>[^:{}\s]+))?(:(?<text>.+))?$", RegexOptions.Singleline)]
    private static partial Regex ChatName();
}
