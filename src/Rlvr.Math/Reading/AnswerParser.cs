using System.Runtime.CompilerServices;
using Rlvr.Math.Answers;
using Rlvr.Math.Expressions;

namespace Rlvr.Math.Reading;

/// <summary>
/// Reads what stands in a box: lists, relations, sets, tuples, ratios, times, choices, and values with units. Every method
/// returns null where the tokens [lo, hi) are not what it reads.
/// </summary>
internal sealed partial class AnswerParser
{
    private const int MaxDepth = 24;
    private const int MaxSigns = 6;
    private const int MaxItems = 4_000;

    private readonly TokenSequence _sequence;
    private readonly List<Token> _tokens;
    private readonly ExpressionParser _expressions;
    private long _work; // tokens that may still be looked at: what cannot be read is not tried again and again

    private AnswerParser(List<Token> tokens)
    {
        _sequence = new TokenSequence(tokens);
        _tokens = tokens;
        _expressions = new ExpressionParser(_sequence);
        _work = 2_000 + (40L * tokens.Count);
    }

    /// <summary>Reads all tokens as one answer.</summary>
    public static Answer? Read(List<Token> tokens)
    {
        AnswerParser parser = new(tokens);
        return parser.ReadAnswer(0, parser._sequence.Count, 0) ?? parser.ReadProse(0, parser._sequence.Count);
    }

    private TokenKind Kind(int at) => _sequence.Kind(at);

    private int Skip(int at) => TokenSequence.IsOpen(_tokens[at].Kind) && _sequence.Match[at] > at ? _sequence.Match[at] : at;

    private void Trim(ref int lo, ref int hi)
    {
        while (lo < hi)
        {
            if (Kind(hi - 1) is TokenKind.Period or TokenKind.Comma or TokenKind.Semicolon or TokenKind.Quote or TokenKind.RowEnd or TokenKind.Colon
                or TokenKind.Caret) hi--;
            else if (Kind(lo) is TokenKind.Period or TokenKind.Comma or TokenKind.Semicolon or TokenKind.Quote or TokenKind.Colon or TokenKind.RowEnd
                or TokenKind.Arrow or TokenKind.Approximately or TokenKind.Equal or TokenKind.Caret) lo++;
            else if (Kind(lo) == TokenKind.LeftGroup && _sequence.Match[lo] == hi - 1) { lo++; hi--; }
            else if (Kind(lo) == TokenKind.LeftGroup && _sequence.Match[lo] == lo + 1) lo += 2; // {}
            else break;
        }
    }

    private Answer? ReadAnswer(int lo, int hi, int depth)
    {
        if (depth > MaxDepth || (_work -= hi - lo) < 0 || !RuntimeHelpers.TryEnsureSufficientExecutionStack()) return null;
        Trim(ref lo, ref hi);
        if (lo >= hi) return null;
        if (hi - lo == 1 && ReadSingle(lo) is { } single) return single;
        if (_tokens[lo] is { Kind: TokenKind.Letter, Text: "a" or "A" } && Kind(lo + 1) == TokenKind.Word && lo + 1 < hi && _tokens[lo].InText == _tokens[lo + 1].InText
            && (_tokens[lo].InText || !Units.TryGet(_tokens[lo + 1].Text, out _))) lo++; // an article
        if (Kind(lo) == TokenKind.Begin && _sequence.Match[lo] == hi - 1 && ReadCases(lo, hi, depth) is { } cases) return cases;
        if (ReadTransposed(lo, hi, depth) is { } transposed) return transposed;
        if (ReadChoice(lo, hi, depth) is { } choice) return choice;
        int start = SkipIntroduction(lo, hi);
        if (start > lo) return ReadAnswer(start, hi, depth + 1);

        Survey survey = Look(lo, hi);
        if (Kind(lo) == TokenKind.Letter && Kind(lo + 1) == TokenKind.Mid && hi - lo > 3) return ReadAnswer(lo + 2, hi, depth + 1); // {x | x > 2} in plain braces
        if (!survey.Separators && ReadConditioned(lo, hi, depth) is { } conditioned) return conditioned;
        if (IsNamedPoint(lo, hi)) return ReadBracketed(lo + 1, hi, depth);
        if (survey.Colon && (survey.Relations || survey.Separators) && ReadTwice(lo, hi, depth) is { } twice) return twice;
        if (survey.Separators && ReadNumberWords(lo, hi) is { } number) return number;
        if (survey.Words && ReadCompound(lo, hi) is { } compound) return compound;
        if (Kind(lo) is TokenKind.Number or TokenKind.Minus && ReadDegrees(lo, hi) is { } degrees) return degrees;
        if (survey.Separators) return ReadList(lo, hi, depth);
        if (survey.In >= 0) return ReadMembership(lo, survey.In, hi, depth);
        if (survey.Relations) return ReadRelation(lo, hi, depth);
        if (survey.SetOperator >= 0) return ReadSetOperation(lo, survey.SetOperator, hi, depth);
        if (ReadBase(lo, hi) is { } based) return based;
        if (survey.Colon || survey.To) return ReadTime(lo, hi) ?? (Answer?)ReadRatio(lo, hi) ?? ReadText(lo, hi);
        if (_sequence.Match[lo] == hi - 1 && ReadBracketed(lo, hi, depth) is { } bracketed) return bracketed;
        if (ReadScalar(lo, hi) is { } scalar) return scalar;
        if (_sequence.Match[lo] == hi - 1 && Kind(lo) is TokenKind.LeftParen or TokenKind.LeftBracket) return ReadAnswer(lo + 1, hi - 1, depth + 1);
        return ReadText(lo, hi);
    }

    // The most frequent answers are one token.
    private Answer? ReadSingle(int at)
    {
        Token token = _tokens[at];
        return token.Kind switch
        {
            TokenKind.Number => _expressions.Decimals.Read(token.Text) is { } value ? new ScalarAnswer(new RationalExpression(value)) : null,
            TokenKind.EmptySet => new CollectionAnswer(Joining.Braces, []),
            TokenKind.NumberSet => new NumberSetAnswer(token.Text),
            _ => null,
        };
    }

    private struct Survey
    {
        public bool Separators, Relations, Colon, To, Words;
        public int In, SetOperator;
    }

    // One look at the top level.
    private Survey Look(int lo, int hi)
    {
        Survey survey = new() { In = -1, SetOperator = -1 };
        for (int i = lo; i < hi; i++)
        {
            switch (_tokens[i].Kind)
            {
                case TokenKind.Comma or TokenKind.Semicolon or TokenKind.And or TokenKind.Or: survey.Separators = true; break;
                case TokenKind.In: if (survey.In < 0) survey.In = i; break;
                case TokenKind.Equal or TokenKind.NotEqual or TokenKind.Less or TokenKind.LessEqual or TokenKind.Greater
                    or TokenKind.GreaterEqual or TokenKind.Approximately:
                    survey.Relations = true; break;
                case TokenKind.Union: survey.SetOperator = i; break;
                case TokenKind.Intersection or TokenKind.SetMinus: if (survey.SetOperator < 0) survey.SetOperator = i; break;
                case TokenKind.Colon: survey.Colon = true; break;
                case TokenKind.Word:
                    survey.Words = true;
                    if (i > lo && i < hi - 1 && _tokens[i].IsWord("to")) survey.To = true;
                    break;
                default: i = Skip(i); break;
            }
        }
        return survey;
    }

    // "-1 < x < 1 : (-1, 1)" says the same twice.
    private Answer? ReadTwice(int lo, int hi, int depth)
    {
        int colon = -1;
        for (int i = lo; i < hi; i++)
        {
            if (_tokens[i].Kind == TokenKind.Colon) colon = i;
            else i = Skip(i);
        }
        if (colon <= lo || Kind(colon + 1) is not (TokenKind.LeftParen or TokenKind.LeftBracket or TokenKind.NumberSet)) return null;
        Answer? set = ReadAnswer(colon + 1, hi, depth + 1);
        return set is TupleAnswer or SetOperationAnswer or NumberSetAnswer && ReadAnswer(lo, colon, depth + 1) is not null ? set : null;
    }

    private ScalarAnswer? ReadNumberWords(int lo, int hi)
    {
        int at = lo;
        return NumberWords.TryRead(_tokens, ref at, hi, out System.Numerics.BigInteger value) && at == hi
            ? new ScalarAnswer(new RationalExpression(new Fractions.Fraction(value)))
            : null;
    }

    // "The final answer is", "Answer:", "Area:"
    private int SkipIntroduction(int lo, int hi)
    {
        int at = lo;
        bool introducing = true, answer = false;
        while (at < hi && _tokens[at].Kind is TokenKind.Word or TokenKind.And && at - lo < 12)
        {
            string word = _tokens[at].Text;
            if (NumberWords.IsPart(word)) return lo;
            introducing &= Words.IsIntroducing(word);
            answer |= _tokens[at].IsWord("answer");
            if (introducing && answer && at + 1 < hi && _tokens[at].IsWord("is")) return Kind(at + 1) == TokenKind.Colon && at + 2 < hi ? at + 2 : at + 1;
            if (Words.IsContradicting(word) && !Words.IsIntroducing(word)) return lo;
            at++;
        }
        if (at == lo || at >= hi) return lo;
        if (Kind(at) == TokenKind.Colon && at + 1 < hi) return at + 1;
        bool verb = _tokens[at - 1].IsWord("is") || _tokens[at - 1].IsWord("are") || _tokens[at - 1].IsWord("be") || _tokens[at - 1].IsWord("equals")
            || _tokens[at - 1].IsWord("answer") || _tokens[at - 1].IsWord("get") || _tokens[at - 1].IsWord("have") || at - lo == 1;
        bool says = _tokens[at - 1].IsWord("is") || _tokens[at - 1].IsWord("are");
        return introducing && verb && Kind(at) != TokenKind.Equal && (says || Kind(at) != TokenKind.Letter) ? at : lo;
    }

    private Answer? ReadList(int lo, int hi, int depth)
    {
        List<(int Lo, int Hi)> pieces = [];
        Joining joining = Joining.Comma;
        TokenKind? divider = DividerOfLists(lo, hi);
        bool nested = divider is not null;
        int start = lo;
        for (int i = lo; i <= hi; i++)
        {
            if (i < hi)
            {
                TokenKind kind = _tokens[i].Kind;
                if (nested && kind != divider) { i = Skip(i); continue; }
                if (kind == TokenKind.Or) joining = Joining.Or;
                else if (kind == TokenKind.And) { if (joining == Joining.Comma) joining = Joining.And; }
                else if (kind is not (TokenKind.Comma or TokenKind.Semicolon)) { i = Skip(i); continue; }
            }
            (int from, int to) = (start, i);
            start = i + 1;
            Trim(ref from, ref to);
            if (from < to) pieces.Add((from, to));
            if (pieces.Count > MaxItems) return null;
        }
        if (pieces.Count == 0) return null;
        if (pieces.Count == 1) return ReadAnswer(pieces[0].Lo, pieces[0].Hi, depth + 1);
        List<Answer> items = [];
        foreach ((int from, int to) in pieces)
        {
            // "x = 2k\pi, k \in \mathbb{Z}": what k is, is no answer.
            if (items.Count > 0 && Kind(to - 1) == TokenKind.NumberSet && Kind(to - 2) == TokenKind.In && to - from == 3) continue;
            Answer? item = ReadAnswer(from, to, depth + 1);
            if (item is null) return null;
            items.Add(nested && item is CollectionAnswer { Joining: Joining.Comma or Joining.And } inner && inner.IsAssignment
                ? new TupleAnswer(TokenKind.LeftParen, TokenKind.RightParen, inner.Items)
                : item);
        }
        if (items.Count <= 1) return items.Count == 0 ? null : items[0];
        return Exclusions(items) ?? WithoutLabels(joining, items) ?? new CollectionAnswer(joining, [.. items]);
    }

    // x = 1, y = 2; x = 3, y = 4: a semicolon (or "or") divides lists of assignments.
    private TokenKind? DividerOfLists(int lo, int hi)
    {
        TokenKind? divider = null;
        bool comma = false;
        int equations = 0;
        for (int i = lo; i < hi; i++)
        {
            TokenKind kind = _tokens[i].Kind;
            if (kind == TokenKind.Semicolon || (kind == TokenKind.Or && divider is null)) divider = kind;
            comma |= kind is TokenKind.Comma or TokenKind.And;
            if (kind == TokenKind.Equal) equations++;
            i = Skip(i);
        }
        return comma && equations >= 4 ? divider : null;
    }

    // x \ne 1, 4 excludes both.
    private static CollectionAnswer? Exclusions(List<Answer> items)
    {
        if (items[0] is not RelationAnswer { Operators: [TokenKind.NotEqual], Label: LabelKind.Variable, LabelIsLast: false } first) return null;
        for (int i = 1; i < items.Count; i++)
        {
            if (items[i] is ScalarAnswer) items[i] = new RelationAnswer([first.Sides[0], items[i]], [TokenKind.NotEqual], LabelKind.Variable, false);
            else if (items[i] is not RelationAnswer { Operators: [TokenKind.NotEqual] }) return null;
        }
        return new CollectionAnswer(Joining.And, [.. items]);
    }

    // x = 2, 5, 13 and x = 2, x = 5
    private static CollectionAnswer? WithoutLabels(Joining joining, List<Answer> items)
    {
        if (items[0] is not RelationAnswer { Label: not LabelKind.None, IsEquation: true, Sides.Length: 2 } first) return null;
        List<Answer> values = [first.Values().First()];
        string name = first.LabelText;
        for (int i = 1; i < items.Count; i++)
        {
            if (items[i] is RelationAnswer { Label: not LabelKind.None, IsEquation: true, Sides.Length: 2 } next)
            {
                if (next.LabelText != name) return null;
                values.Add(next.Values().First());
            }
            else if (items[i] is RelationAnswer) return null;
            else values.Add(items[i]);
        }
        return new CollectionAnswer(joining, [.. values]);
    }

    private Answer? ReadMembership(int lo, int sign, int hi, int depth)
    {
        // A name or a tuple of names stands before the sign; what follows is the answer.
        for (int i = lo; i < sign; i++)
            if (_tokens[i].Kind is TokenKind.Number && Kind(i - 1) != TokenKind.Underscore && !(Kind(i - 1) == TokenKind.LeftGroup && Kind(i - 2) == TokenKind.Underscore)) return null;
        return lo == sign ? null : ReadAnswer(sign + 1, hi, depth + 1);
    }

    private SetOperationAnswer? ReadSetOperation(int lo, int at, int hi, int depth) =>
        ReadAnswer(lo, at, depth + 1) is { } left && ReadAnswer(at + 1, hi, depth + 1) is { } right
            ? new SetOperationAnswer(_tokens[at].Kind, left, right)
            : null;

    private RelationAnswer? ReadRelation(int lo, int hi, int depth)
    {
        List<Answer> sides = [];
        List<TokenKind> operators = [];
        LabelKind label = LabelKind.None, last = LabelKind.None;
        int start = lo;
        for (int i = lo; i <= hi; i++)
        {
            if (i < hi && !IsRelation(_tokens[i].Kind)) { i = Skip(i); continue; }
            (int from, int to) = (start, i);
            start = i + 1;
            if (operators.Count > 64) return null;
            LabelKind kind = LabelOf(from, to);
            Answer? side = from >= to ? null : ReadAnswer(from, to, depth + 1);
            if (from >= to && sides.Count == 0 && i < hi) side = new ScalarAnswer(new VariableExpression("x")); // "> 5"
            if (side is null)
            {
                if (kind is LabelKind.None or LabelKind.Variable) return null;
                side = new TextAnswer(Flatten(from, to));
            }
            if (sides.Count == 0) label = kind;
            last = kind;
            sides.Add(side);
            if (i < hi) operators.Add(_tokens[i].Kind);
        }
        bool flipped = label == LabelKind.None && last != LabelKind.None && sides.Count == 2;
        return new RelationAnswer([.. sides], [.. operators], flipped ? last : label, flipped);
    }

    private static bool IsRelation(TokenKind kind) => kind is TokenKind.Equal or TokenKind.NotEqual or TokenKind.Less or TokenKind.LessEqual
        or TokenKind.Greater or TokenKind.GreaterEqual or TokenKind.Approximately;

    private LabelKind LabelOf(int lo, int hi)
    {
        Trim(ref lo, ref hi);
        if (lo >= hi) return LabelKind.None;
        int at = lo;
        if (Kind(at) == TokenKind.Letter)
        {
            at++;
            if (at < hi && Kind(at) == TokenKind.Underscore) at = Kind(at + 1) == TokenKind.LeftGroup ? Skip(at + 1) + 1 : at + 2;
            while (at < hi && Kind(at) == TokenKind.Prime) at++;
            if (at == hi) return LabelKind.Variable;
            if (Kind(at) == TokenKind.Caret && Kind(at + 1) == TokenKind.LeftGroup && Kind(at + 2) == TokenKind.Minus && _sequence.Match[at + 1] == at + 4) at += 5; // f^{-1}
            if (Kind(at) == TokenKind.LeftParen && _sequence.Match[at] == hi - 1) return LabelKind.Name; // f(x), P(A)
        }
        bool names = true, letters = true;
        for (int i = lo; i < hi; i++)
        {
            TokenKind kind = _tokens[i].Kind;
            if (kind == TokenKind.Underscore) { i = Kind(i + 1) == TokenKind.LeftGroup ? Skip(i + 1) : i + 1; continue; }
            bool segment = !_tokens[i].InText && _tokens[i].Text.Length <= 3 && !_tokens[i].Text.AsSpan().ContainsAnyExceptInRange('A', 'Z'); // NO is a segment, no is a word
            if (Words.IsContradicting(_tokens[i].Text) && kind == TokenKind.Word && !segment && !Words.IsIntroducing(_tokens[i].Text)) return LabelKind.None;
            names &= kind is TokenKind.Letter or TokenKind.Word or TokenKind.Plus or TokenKind.Minus or TokenKind.Angle or TokenKind.Comma or TokenKind.LeftParen
                or TokenKind.RightParen or TokenKind.LeftBracket or TokenKind.RightBracket or TokenKind.Prime or TokenKind.LeftGroup or TokenKind.RightGroup
                or TokenKind.Overline or TokenKind.Bar or TokenKind.Period or TokenKind.Colon or TokenKind.Function or TokenKind.Fraction or TokenKind.Slash;
            letters &= kind is not (TokenKind.Word or TokenKind.Colon or TokenKind.Angle or TokenKind.Comma or TokenKind.LeftBracket or TokenKind.Function);
        }
        return !names ? LabelKind.None : letters ? LabelKind.Quantity : LabelKind.Name;
    }
}
