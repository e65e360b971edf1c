namespace Rlvr.Math.Reading;

/// <summary>One token: its kind, its text in normal form, and what the parser has to know about its surroundings.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Digits of a number without separators, the name of a letter, word, function or environment, otherwise empty.</param>
/// <param name="Space">Whether white space (also a spacing command) stands before it.</param>
/// <param name="InText">Whether it stands inside <c>\text{}</c> or a kin of it.</param>
internal readonly record struct Token(TokenKind Kind, string Text, bool Space, bool InText)
{
    public bool IsWord(string word) => Kind == TokenKind.Word && Text.Equals(word, StringComparison.OrdinalIgnoreCase);
}
