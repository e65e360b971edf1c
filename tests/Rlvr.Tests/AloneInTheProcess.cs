namespace Rlvr.Tests;

/// <summary>Tests of what the whole process shares (live tensors, the number of threads): they run when no other test does.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public class AloneInTheProcess
{
    public const string Name = "alone in the process";
}
