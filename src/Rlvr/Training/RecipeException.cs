namespace Rlvr.Training;

/// <summary>A recipe, or a setting given over it, that cannot be used. Commands end with exit code 2.</summary>
public sealed class RecipeException : RlvrException
{
    /// <summary>Creates the exception with a message for the user.</summary>
    public RecipeException(string message) : base(message) { }

    /// <summary>Creates the exception with a message for the user and the error behind it.</summary>
    public RecipeException(string message, Exception inner) : base(message, inner) { }

    /// <inheritdoc/>
    public override int ExitCode => 2;
}
