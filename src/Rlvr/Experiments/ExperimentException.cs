namespace Rlvr.Experiments;

/// <summary>A reproduction that cannot be planned as it is asked for. Commands end with exit code 2.</summary>
public sealed class ExperimentException(string message) : RlvrException(message)
{
    /// <inheritdoc/>
    public override int ExitCode => 2;
}
