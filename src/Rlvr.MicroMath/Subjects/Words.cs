namespace Rlvr.MicroMath.Subjects;

/// <summary>The names and things of the word problems: few, so that a tiny model meets each one often.</summary>
internal static class Words
{
    public static readonly string[] Names = ["Tom", "Ann", "Sam", "Mia"];

    public static readonly string[] Things = ["apples", "coins", "pens", "books"];

    public static readonly string[] Containers = ["boxes", "bags"];
}
