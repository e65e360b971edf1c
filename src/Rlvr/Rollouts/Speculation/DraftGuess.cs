namespace Rlvr.Rollouts.Speculation;

/// <summary>A guess of the next token, with what speaks for it.</summary>
/// <param name="Token">The token.</param>
/// <param name="Context">Tokens of context shared with the places that it is taken from.</param>
/// <param name="Votes">Places that it follows.</param>
/// <param name="Places">Places that share as much context.</param>
internal readonly record struct DraftGuess(int Token, int Context, int Votes, int Places)
{
    /// <summary>Number of classes.</summary>
    public const int Classes = 4 * 3 * 3;

    /// <summary>Its class: guesses of one class come true about equally often.</summary>
    public int Class
    {
        get
        {
            int context = Context switch { <= 2 => 0, 3 => 1, < DraftIndex.MaxContext => 2, _ => 3 };
            int places = Places switch { 1 => 0, <= 4 => 1, _ => 2 };
            int share = 10 * Votes >= 9 * Places ? 2 : 2 * Votes > Places ? 1 : 0;
            return (((context * 3) + places) * 3) + share;
        }
    }
}
