using Rlvr.Runs;
using Rlvr.Tests.Shared;

namespace Rlvr.Tests.Runs;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_is_replaced_and_no_temporary_file_is_left()
    {
        AtomicFile.WriteAllText(_folder["a.txt"], "one π");
        AtomicFile.WriteAllText(_folder["a.txt"], "two");
        Assert.Equal("two", File.ReadAllText(_folder["a.txt"]));
        Assert.Equal([_folder["a.txt"]], Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void A_failure_keeps_the_old_content_and_leaves_nothing_else()
    {
        // A folder stands where the file should go: the rename fails after everything was written.
        Directory.CreateDirectory(_folder["a.txt"]);
        _folder.Write("a.txt/inside", "old");
        var error = Assert.Throws<RlvrException>(() => AtomicFile.WriteAllText(_folder["a.txt"], "new"));
        Assert.StartsWith($"'{_folder["a.txt"]}' cannot be written: ", error.Message);
        Assert.Equal([_folder["a.txt"]], Directory.EnumerateFileSystemEntries(_folder.Path));
        Assert.Equal("old", File.ReadAllText(_folder["a.txt/inside"]));
    }

    [Fact]
    public void A_folder_is_replaced_whole_or_not_at_all()
    {
        AtomicFile.WriteFolder(_folder["step"], to => File.WriteAllText(Path.Combine(to, "one"), "1"));
        Assert.Throws<InvalidOperationException>(() => AtomicFile.WriteFolder(_folder["step"], to =>
        {
            File.WriteAllText(Path.Combine(to, "two"), "2");
            throw new InvalidOperationException();
        }));
        Assert.Equal([_folder["step"]], Directory.EnumerateFileSystemEntries(_folder.Path));
        Assert.Equal([_folder["step/one"]], Directory.EnumerateFiles(_folder["step"]));

        AtomicFile.WriteFolder(_folder["step"], to => File.WriteAllText(Path.Combine(to, "two"), "2"));
        Assert.Equal([_folder["step"]], Directory.EnumerateFileSystemEntries(_folder.Path));
        Assert.Equal([_folder["step/two"]], Directory.EnumerateFiles(_folder["step"]));
    }
}
