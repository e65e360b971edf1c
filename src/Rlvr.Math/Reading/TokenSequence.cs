namespace Rlvr.Math.Reading;

/// <summary>Tokens together with the partner of every bracket.</summary>
internal sealed class TokenSequence
{
    public TokenSequence(List<Token> tokens)
    {
        Tokens = tokens;
        Match = new int[tokens.Count];
        Array.Fill(Match, -1);
        Stack<int> open = new();
        for (int i = 0; i < tokens.Count; i++)
        {
            TokenKind kind = tokens[i].Kind;
            if (IsOpen(kind)) open.Push(i);
            else if (IsClose(kind))
            {
                if (!open.TryPeek(out int partner)) continue;
                if (Closes(tokens[partner].Kind, kind))
                {
                    open.Pop();
                    Match[partner] = i;
                    Match[i] = partner;
                }
                else if (kind is TokenKind.RightGroup or TokenKind.EndEnvironment)
                {
                    // The braces of LaTeX win over stray parentheses inside them.
                    while (open.TryPop(out partner))
                    {
                        if (!Closes(tokens[partner].Kind, kind)) continue;
                        Match[partner] = i;
                        Match[i] = partner;
                        break;
                    }
                }
            }
        }
    }

    public List<Token> Tokens { get; }

    /// <summary>For every bracket the index of its partner, -1 for a bracket without one and for other tokens.</summary>
    public int[] Match { get; }

    public int Count => Tokens.Count - 1;

    public TokenKind Kind(int at) => at >= 0 && at < Tokens.Count ? Tokens[at].Kind : TokenKind.End;

    /// <summary>Whether here, behind a number and a space, stands the unit m/s.</summary>
    public bool IsSpeed(int at) => Tokens[at] is { Kind: TokenKind.Letter, Text: "m", Space: true, InText: false } && Kind(at - 1) is TokenKind.Number or TokenKind.RightGroup
        && Kind(at + 1) == TokenKind.Slash && Kind(at + 2) == TokenKind.Letter && Tokens[at + 2].Text == "s" && Kind(at + 3) is TokenKind.End or TokenKind.Caret;

    public static bool IsOpen(TokenKind kind) => kind is TokenKind.LeftParen or TokenKind.LeftBracket or TokenKind.LeftSet or TokenKind.LeftGroup
        or TokenKind.LeftAngle or TokenKind.LeftFloor or TokenKind.LeftCeiling or TokenKind.Begin;

    public static bool IsClose(TokenKind kind) => kind is TokenKind.RightParen or TokenKind.RightBracket or TokenKind.RightSet
        or TokenKind.RightGroup or TokenKind.RightAngle or TokenKind.RightFloor or TokenKind.RightCeiling or TokenKind.EndEnvironment;

    private static bool Closes(TokenKind open, TokenKind close) => open switch
    {
        TokenKind.LeftParen or TokenKind.LeftBracket => close is TokenKind.RightParen or TokenKind.RightBracket, // half-open intervals
        TokenKind.LeftSet => close == TokenKind.RightSet,
        TokenKind.LeftGroup => close == TokenKind.RightGroup,
        TokenKind.LeftAngle => close == TokenKind.RightAngle,
        TokenKind.LeftFloor => close == TokenKind.RightFloor,
        TokenKind.LeftCeiling => close == TokenKind.RightCeiling,
        _ => close == TokenKind.EndEnvironment,
    };
}
