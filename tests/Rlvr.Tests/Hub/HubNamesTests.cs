using Rlvr.Hub;

namespace Rlvr.Tests.Hub;

public sealed class HubNamesTests
{
    [Theory]
    [InlineData("Qwen/Qwen2.5-Math-1.5B", "Qwen/Qwen2.5-Math-1.5B", "main")]
    [InlineData("gpt2", "gpt2", "main")]
    [InlineData("a/b_c.d-e@refs/pr/3", "a/b_c.d-e", "refs/pr/3")]
    [InlineData("a/b@v1.0", "a/b", "v1.0")]
    [InlineData("a/b@main", "a/b", "main")]
    public void Ids_are_read(string text, string repository, string revision)
    {
        Assert.True(HubId.TryParse(text, HubKind.Model, out HubId? id, out _));
        Assert.Equal((repository, revision), (id.Repository, id.Revision));
        Assert.Equal(text.Replace("@main", "", StringComparison.Ordinal), id.ToString());
    }

    [Theory]
    [InlineData("", "no name of a repository")]
    [InlineData("a/b/c", "no name of a repository")]
    [InlineData("../b", "no name of a repository")]
    [InlineData("a/..", "no name of a repository")]
    [InlineData("a--b/c", "no name of a repository")]
    [InlineData("a/.hidden", "no name of a repository")]
    [InlineData("a/b.git", "no name of a repository")]
    [InlineData("a/b c", "no name of a repository")]
    [InlineData("/a", "no name of a repository")]
    [InlineData("a/", "no name of a repository")]
    [InlineData("a/b@", "no revision")]
    [InlineData("a/b@../../x", "no revision")]
    [InlineData("a/b@x y", "no revision")]
    [InlineData("a/b@-x", "no revision")]
    [InlineData("a/b@x.lock", "no revision")]
    [InlineData("a/b@x/", "no revision")]
    [InlineData("a/b@x\\y", "no revision")]
    [InlineData("a/b@con", "no revision")]
    public void What_is_no_id_is_refused(string text, string expected)
    {
        Assert.False(HubId.TryParse(text, HubKind.Model, out _, out string? reason));
        Assert.Contains(expected, reason, StringComparison.Ordinal);
        Assert.False(HubId.TryParse(new string('a', 97), HubKind.Model, out _, out _));
        Assert.False(HubId.TryParse("a@" + new string('a', 201), HubKind.Model, out _, out _));
    }

    [Theory]
    [InlineData("config.json", true, "*.json")]
    [InlineData("data/a.json", true, "*.json")]
    [InlineData("a.jsonl", false, "*.json")]
    [InlineData("data/a.json", true, "data/")]
    [InlineData("database/a.json", false, "data/")]
    [InlineData("A.JSON", false, "*.json")]
    [InlineData("train-1.csv", true, "x", "train-?.csv")]
    public void Patterns_fit_as_in_huggingface_hub(string path, bool fits, params string[] patterns) => Assert.Equal(fits, FileSelection.Fits(path, patterns));

    [Theory]
    [InlineData(0, "0 bytes")]
    [InlineData(1, "1 byte")]
    [InlineData(999, "999 bytes")]
    [InlineData(1000, "1.0 kB")]
    [InlineData(99_949, "99.9 kB")]
    [InlineData(99_950, "100 kB")]
    [InlineData(999_949, "1000 kB")]
    [InlineData(999_951, "1.0 MB")]
    [InlineData(3_087_467_144, "3.1 GB")]
    [InlineData(long.MaxValue, "9223 PB")]
    public void Sizes_are_for_people(long bytes, string expected) => Assert.Equal(expected, ByteSize.Text(bytes));
}
