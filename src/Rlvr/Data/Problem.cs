using System.Text.Json.Serialization;
using Rlvr.Text;

namespace Rlvr.Data;

/// <summary>A problem with the answer that a verifier compares with.</summary>
/// <param name="Id">Its name, unique in its data set.</param>
/// <param name="Text">The problem as its author wrote it, without a prompt around it and without choices.</param>
/// <param name="Answer">The label: the right answer, as text; of a multiple-choice problem the letter of the right choice.</param>
/// <param name="Subject">The field it belongs to, for tables by subject.</param>
/// <param name="Level">How hard it is, as its data set says.</param>
/// <param name="Source">Where it comes from.</param>
public sealed record Problem(string Id, string Text, string Answer, string? Subject = null, string? Level = null, string? Source = null)
{
    /// <summary>The answers to choose from, in the order of the letters A, B, C ...; none of a problem that is not multiple choice.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>
    /// The whole chat where the data set brings the prompt ready-made; else empty. <see cref="Text"/> is then its last message of the user,
    /// and the prompt template <c>chat</c> renders the chat as it is.
    /// </summary>
    public IReadOnlyList<ChatMessage> Chat { get; init; } = [];

    /// <summary>A worked solution, where the data set has one. No part of what is asked or judged.</summary>
    [JsonIgnore]
    public string? Solution { get; init; }

    /// <summary>The right answer, where <see cref="Answer"/> was made another one on purpose; else null.</summary>
    [JsonIgnore]
    public string? CleanAnswer { get; init; }

    /// <summary>The problem as a prompt shows it: the text, with the choices after it (<see cref="MultipleChoice.Statement"/>).</summary>
    public string Statement => MultipleChoice.Statement(Text, Choices);
}
