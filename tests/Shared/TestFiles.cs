namespace Rlvr.Tests.Shared;

/// <summary>Finds the files that tests read.</summary>
internal static class TestFiles
{
    /// <summary>The repository's root folder, found upwards from the test binary.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>A fixture that is part of this repository: tests/fixtures/NAME.</summary>
    public static string Fixture(params string[] parts) => Path.Combine([Root, "tests", "fixtures", .. parts]);

    /// <summary>
    /// A file or folder of the reference data that lies beside the repository (too large to be part of it). Where it is
    /// missing the test is skipped with a reason, or fails when RLVR_REQUIRE_ALL=1.
    /// </summary>
    public static string Golden(params string[] parts)
    {
        string path = Path.GetFullPath(Path.Combine([Root, "..", "shared", "golden", .. parts]));
        Require(File.Exists(path) || Directory.Exists(path), $"needs the reference data {string.Join('/', parts)}, which is not on this machine");
        return path;
    }

    /// <summary>Skips the running test with <paramref name="reason"/> unless the condition holds; fails it when RLVR_REQUIRE_ALL=1.</summary>
    public static void Require(bool condition, string reason)
    {
        if (condition) return;
        if (Environment.GetEnvironmentVariable("RLVR_REQUIRE_ALL") == "1") Assert.Fail(reason);
        Assert.Skip(reason);
    }

    /// <summary>
    /// The value of an environment variable that names something which cannot be installed everywhere. Where it is not set the test is skipped, even when
    /// RLVR_REQUIRE_ALL=1.
    /// </summary>
    public static string Optional(string variable, string what)
    {
        string? value = Environment.GetEnvironmentVariable(variable);
        if (string.IsNullOrEmpty(value)) Assert.Skip($"needs {what}: set {variable}");
        return value!;
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Rlvr.slnx"))) return folder.FullName;
        throw new InvalidOperationException("Rlvr.slnx was not found above " + AppContext.BaseDirectory);
    }
}
