using System.Runtime.InteropServices;

namespace Rlvr.Rollouts.Speculation;

/// <summary>
/// What is likely to come next in a text, from a prompt and its rollouts so far: the places where the last tokens stood before, and what followed them.
/// Rollouts of one prompt say much the same, so the rest of a sentence has often been written by another.
/// </summary>
/// <remarks>
/// Every place is entered under the two tokens before it, in a chain from the latest to the earliest (as in LZ77). A guess looks at the latest
/// <see cref="MaxPlaces"/> of a chain only, so that its work is bounded whatever the text.
/// </remarks>
internal sealed class DraftIndex
{
    /// <summary>Tokens of context that a place must share at least.</summary>
    public const int MinContext = 2;

    /// <summary>Tokens of context that are compared at most.</summary>
    public const int MaxContext = 8;

    /// <summary>Most places of a chain that are looked at.</summary>
    public const int MaxPlaces = 16;

    private readonly List<List<int>> texts = []; // with the prompt
    private readonly List<Place> places = [];
    private readonly Dictionary<long, int> latest = []; // by the two tokens before it, the latest place

    /// <param name="Text">The text's number.</param>
    /// <param name="Position">Of the token, the prompt's counted.</param>
    /// <param name="Votes">Rollouts that have it.</param>
    /// <param name="Earlier">The place before it in the chain, -1 for none.</param>
    private readonly record struct Place(int Text, int Position, int Votes, int Earlier);

    /// <summary>Adds a prompt by itself.</summary>
    public void AddPrompt(int[] prompt)
    {
        int text = Start(prompt, []);
        for (int i = MinContext; i < prompt.Length; i++) Enter(text, i, 1);
    }

    /// <summary>Starts a rollout.</summary>
    /// <param name="prompt">What it begins with.</param>
    /// <param name="tokens">Its tokens so far, which another rollout has, too.</param>
    /// <returns>Its number.</returns>
    public int Start(int[] prompt, ReadOnlySpan<int> tokens)
    {
        texts.Add([.. prompt, .. tokens]);
        return texts.Count - 1;
    }

    /// <summary>Adds the next token of a rollout.</summary>
    /// <param name="text">The rollout's number.</param>
    /// <param name="token">The token.</param>
    /// <param name="votes">How many rollouts it stands for.</param>
    public void Append(int text, int token, int votes = 1)
    {
        texts[text].Add(token);
        if (texts[text].Count > MinContext) Enter(text, texts[text].Count - 1, votes);
    }

    /// <summary>Guesses the token that follows a rollout and tokens that are assumed to follow it.</summary>
    /// <param name="text">The rollout's number.</param>
    /// <param name="assumed">The assumed ones.</param>
    /// <returns>The guess; null where the last tokens never stood anywhere before.</returns>
    public DraftGuess? Next(int text, ReadOnlySpan<int> assumed)
    {
        Span<int> context = stackalloc int[MaxContext]; // the last token first
        int length = Context(text, assumed, context);
        if (length < MinContext || !latest.TryGetValue(Key(context[1], context[0]), out int at)) return null;
        Span<int> tokens = stackalloc int[MaxPlaces], votes = stackalloc int[MaxPlaces];
        int candidates = 0, longest = 0, found = 0;
        for (int seen = 0; at >= 0 && seen < MaxPlaces; seen++, at = places[at].Earlier)
        {
            Place place = places[at];
            ReadOnlySpan<int> other = CollectionsMarshal.AsSpan(texts[place.Text])[..(place.Position + 1)];
            int shared = MinContext; // by the key
            while (shared < length && shared < place.Position && other[place.Position - 1 - shared] == context[shared]) shared++;
            if (shared < longest) continue;
            if (shared > longest) (longest, candidates, found) = (shared, 0, 0); // only the places that share most have a vote
            int token = other[^1], known = tokens[..candidates].IndexOf(token);
            if (known < 0) (tokens[candidates], votes[candidates], known) = (token, 0, candidates++);
            votes[known] += place.Votes;
            found += place.Votes;
        }
        int best = 0;
        for (int i = 1; i < candidates; i++) if (votes[i] > votes[best]) best = i; // of equals the latest
        return new DraftGuess(tokens[best], longest, votes[best], found);
    }

    private static long Key(int before, int last) => ((long)before << 32) | (uint)last;

    private void Enter(int text, int position, int votes)
    {
        List<int> tokens = texts[text];
        ref int last = ref CollectionsMarshal.GetValueRefOrAddDefault(latest, Key(tokens[position - 2], tokens[position - 1]), out bool exists);
        places.Add(new Place(text, position, votes, exists ? last : -1));
        last = places.Count - 1;
    }

    /// <summary>The last tokens, the last one first.</summary>
    private int Context(int text, ReadOnlySpan<int> assumed, Span<int> context)
    {
        ReadOnlySpan<int> written = CollectionsMarshal.AsSpan(texts[text]);
        int length = int.Min(context.Length, written.Length + assumed.Length);
        for (int i = 0; i < length; i++) context[i] = i < assumed.Length ? assumed[^(1 + i)] : written[^(1 + i - assumed.Length)];
        return length;
    }
}
