using System.Text.Json;
using Rlvr.Cli.Health;

namespace Rlvr.Cli.Tests.Health;

public sealed class DoctorTests
{
    [Fact]
    public void It_says_what_was_loaded_from_where_and_measures()
    {
        JsonElement json = CommandRun.Of("doctor", "--json").Succeeded().Json;
        Assert.True(json.GetProperty("ready").GetBoolean());
        JsonElement findings = json.GetProperty("findings");
        foreach (string name in new[] { "libtorch", "rlvr_libtorch", "cpu_features", "threads", "bf16_speed", "cuda", "memory" }) Assert.True(findings.TryGetProperty(name, out _), name);
        Assert.True(findings.GetProperty("bf16_speed").GetProperty("fp32_gflops").GetDouble() > 0.1);
        Assert.Contains("2.", findings.GetProperty("libtorch").GetProperty("value").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_build_made_the_binding_ask_for_nothing_newer_than_GCC_12()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("symbol versions are Linux's");
        string binding = Directory.EnumerateFiles(AppContext.BaseDirectory, "libLibTorchSharp.so", SearchOption.AllDirectories).First();
        IReadOnlyList<string> needed = ElfVersions.Needed(File.ReadAllBytes(binding));
        Assert.Contains("GLIBCXX_3.4", needed);
        Assert.DoesNotContain("GLIBCXX_3.4.32", needed);
    }

    [Fact]
    public void A_damaged_library_is_an_error_of_its_own()
    {
        Assert.Throws<InvalidDataException>(() => ElfVersions.Needed("no ELF file, but long enough to have the header of one, if it were one"u8));
        if (!OperatingSystem.IsLinux()) return;
        byte[] binding = File.ReadAllBytes(Directory.EnumerateFiles(AppContext.BaseDirectory, "libLibTorchSharp.so", SearchOption.AllDirectories).First());
        Assert.Throws<InvalidDataException>(() => ElfVersions.Needed(binding.AsSpan(0, binding.Length / 2)));
    }
}
