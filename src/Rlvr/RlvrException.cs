namespace Rlvr;

/// <summary>
/// An error that its reader can act on: the message says what went wrong, where, what was found and expected, and the fix.
/// Commands print it as one line, without a stack trace.
/// </summary>
public class RlvrException : Exception
{
    /// <summary>Creates the exception with a message for the user.</summary>
    public RlvrException(string message) : base(message) { }

    /// <summary>Creates the exception with a message for the user and the error behind it.</summary>
    public RlvrException(string message, Exception inner) : base(message, inner) { }

    /// <summary>What a command that ends with this error exits with: 1 failed, 2 wrong usage or recipe.</summary>
    public virtual int ExitCode => 1;
}
