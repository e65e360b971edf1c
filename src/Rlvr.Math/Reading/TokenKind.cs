namespace Rlvr.Math.Reading;

/// <summary>The kinds of token that <see cref="LatexLexer"/> produces. Typeface and spacing commands leave no token.</summary>
internal enum TokenKind : byte
{
    End, Number, Letter, Word, Function, Pi, Infinity, EmptySet, NumberSet, Ellipsis, Unknown,
    Plus, Minus, PlusMinus, MinusPlus, Times, Slash, Caret, Underscore, Factorial, Percent, Degree, Prime, Currency,
    Comma, Semicolon, Colon, Period, Quote, Ampersand, RowEnd, And, Or,
    Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual, Approximately, In, Union, Intersection, SetMinus, Bar, Mid, Norm,
    LeftParen, RightParen, LeftBracket, RightBracket, LeftSet, RightSet, LeftAngle, RightAngle, LeftFloor, RightFloor,
    LeftCeiling, RightCeiling, LeftGroup, RightGroup, Begin, EndEnvironment,
    Fraction, Binomial, Over, Choose, Sqrt, Overline, Sum, Product, Angle, Arrow, Symbol,
}
