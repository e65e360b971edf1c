using Rlvr.Hub;
using Rlvr.Tests.Shared;

namespace Rlvr.Tests.Hub;

/// <summary>The environment means what it means to huggingface_hub.</summary>
public sealed class HubSettingsTests : IDisposable
{
    private static readonly string User = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    private readonly TemporaryFolder folder = new();
    private readonly Dictionary<string, string> variables = new() { ["HF_HOME"] = "/nowhere" };

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Nothing_set()
    {
        variables.Clear();
        variables["HF_TOKEN_PATH"] = "/nowhere";
        HubSettings settings = Read();
        Assert.Equal(("https://huggingface.co", Path.Combine(User, ".cache", "huggingface", "hub"), false, true), (settings.Endpoint, settings.CacheFolder, settings.Offline, settings.Links));
        Assert.Null(settings.Token);
    }

    [Fact]
    public void The_cache_is_where_the_most_specific_variable_says()
    {
        variables.Remove("HF_HOME");
        variables["XDG_CACHE_HOME"] = "/xdg";
        Assert.Equal("/xdg/huggingface/hub", Read().CacheFolder);
        variables["HF_HOME"] = "~/home";
        Assert.Equal(Path.Combine(User, "home", "hub"), Read().CacheFolder);
        variables["HUGGINGFACE_HUB_CACHE"] = "/older";
        Assert.Equal("/older", Read().CacheFolder);
        variables["HF_HUB_CACHE"] = "/newer/";
        Assert.Equal("/newer/", Read().CacheFolder);
        Assert.Equal("/given", HubSettings.FromEnvironment(variables.GetValueOrDefault, cache: "/given").CacheFolder);
    }

    [Theory]
    [InlineData("1", true)]
    [InlineData("true", true)]
    [InlineData("Yes", true)]
    [InlineData("ON", true)]
    [InlineData("0", false)]
    [InlineData("", false)]
    public void Switches(string value, bool on)
    {
        foreach (string name in new[] { "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE" })
        {
            variables.Clear();
            variables[name] = value;
            Assert.Equal(on, Read().Offline);
        }
        variables["HF_HUB_DISABLE_SYMLINKS"] = value;
        Assert.Equal(!on, Read().Links);
    }

    [Fact]
    public void The_token_comes_from_the_environment_or_a_file_and_is_never_shown()
    {
        variables["HF_HOME"] = folder.Path;
        string file = folder.Write("token", "hf_of_home\n");
        Expect("hf_of_home", file);
        variables["HF_TOKEN_PATH"] = folder.Write("other", "hf_of_path\n");
        Expect("hf_of_path", folder["other"]);
        variables["HF_TOKEN"] = " hf_of_variable\n";
        Expect("hf_of_variable", "HF_TOKEN");
        variables["HF_HUB_DISABLE_IMPLICIT_TOKEN"] = "1";
        Assert.Null(Read().Token);

        foreach (string bad in new[] { "hf_a b", "hf_a\nHost: evil", "hf_\u00FC" })
        {
            variables.Remove("HF_HUB_DISABLE_IMPLICIT_TOKEN");
            variables["HF_TOKEN"] = bad;
            string message = Assert.Throws<RlvrException>(Read).Message;
            Assert.Contains("the token in HF_TOKEN", message, StringComparison.Ordinal);
            Assert.DoesNotContain(bad, message, StringComparison.Ordinal);
        }

        void Expect(string value, string source)
        {
            HubSettings settings = Read();
            Assert.Equal((value, source), (settings.Token!.Value, settings.Token.Source));
            Assert.DoesNotContain(value, settings.ToString(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("http://hub.example:8080/prefix/", "http://hub.example:8080/prefix")]
    [InlineData("https://hub.example", "https://hub.example")]
    [InlineData("hub.example", null)]
    [InlineData("ftp://hub.example", null)]
    [InlineData("https://me:secret@hub.example", null)]
    [InlineData("https://hub.example?x=1", null)]
    public void The_endpoint_is_an_address(string value, string? expected)
    {
        variables["HF_ENDPOINT"] = value;
        if (expected is not null)
        {
            Assert.Equal(expected, Read().Endpoint);
            return;
        }
        string message = Assert.Throws<RlvrException>(Read).Message;
        Assert.StartsWith("HF_ENDPOINT ", message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_timeout_is_in_seconds()
    {
        variables["HF_HUB_DOWNLOAD_TIMEOUT"] = "2.5";
        Assert.Equal(TimeSpan.FromSeconds(2.5), Read().Timeout);
        foreach (string bad in new[] { "soon", "0", "-1", "NaN", "1e9" })
        {
            variables["HF_HUB_DOWNLOAD_TIMEOUT"] = bad;
            Assert.Contains($"HF_HUB_DOWNLOAD_TIMEOUT is '{bad}'", Assert.Throws<RlvrException>(Read).Message, StringComparison.Ordinal);
        }
    }

    private HubSettings Read() => HubSettings.FromEnvironment(variables.GetValueOrDefault);
}
