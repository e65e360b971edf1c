using Rlvr.Math.Expressions;

namespace Rlvr.Math.Reading;

/// <summary>Matrices and determinants.</summary>
internal sealed partial class ExpressionParser
{
    /// <summary>Determinants are written out, in 24 products each: more than these are no answer but a load.</summary>
    private const int MaxDeterminants = 50;

    private int _determinants;

    private Expression? ParseMatrix(int depth)
    {
        bool determinant = Current.Text == "vmatrix";
        return ParseRows(depth) is not { } matrix ? null : determinant ? Determinant(matrix) : matrix;
    }

    private Expression? Determinant(MatrixExpression matrix) => ++_determinants > MaxDeterminants ? null : Matrices.Determinant(matrix.Rows);

    private MatrixExpression? ParseRows(int depth)
    {
        int open = At, close = sequence.Match[open];
        if (close < 0 || close >= _end || !IsMatrix(_tokens[open].Text)) return null;
        List<Expression[]> rows = [];
        List<Expression> row = [];
        (int outer, int start) = (_end, open + 1);
        for (int i = start; i <= close; i++)
        {
            TokenKind kind = _tokens[i].Kind;
            if (i < close && TokenSequence.IsOpen(kind) && sequence.Match[i] > i) { i = sequence.Match[i]; continue; }
            if (i < close && kind is not (TokenKind.Ampersand or TokenKind.RowEnd)) continue;
            if (i == start && row.Count == 0)
            {
                if (i == close) break; // a row end after the last row
                return null;
            }
            (At, _end) = (start, i);
            Expression? entry = ParseSum(depth + 1);
            _end = outer;
            if (entry is null || At != i) return null;
            row.Add(entry);
            if (kind != TokenKind.Ampersand || i == close)
            {
                rows.Add([.. row]);
                row.Clear();
            }
            start = i + 1;
        }
        if (rows.Count == 0) return null;
        At = close + 1;
        return new MatrixExpression([.. rows]);
    }

    private static bool IsMatrix(string environment) => environment is "matrix" or "pmatrix" or "bmatrix" or "Bmatrix" or "smallmatrix" or "array" or "psmallmatrix" or "vmatrix";
}
