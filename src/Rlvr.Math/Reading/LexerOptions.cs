namespace Rlvr.Math.Reading;

/// <summary>Ways to read notations that mean two things; the verifier tries the second only where the first fails.</summary>
[Flags]
internal enum LexerOptions
{
    None = 0,

    /// <summary><c>1,234</c> is two numbers (inside brackets it always is, unless <see cref="CommasGroupInBrackets"/>).</summary>
    CommasSeparate = 1,

    /// <summary><c>(1,234)</c> is one number in parentheses.</summary>
    CommasGroupInBrackets = 2,

    /// <summary><c>3e-5</c> is three times Euler's number less five, not 0.00003.</summary>
    EulerE = 4,
}
