using Rlvr.Tensors;

namespace Rlvr.Tests.Tensors;

public class NativeRuntimeTests
{
    [Fact]
    public void It_says_what_was_loaded_from_where()
    {
        NativeRuntimeInfo info = NativeRuntime.Initialize();
        Assert.Same(info, NativeRuntime.Initialize());
        Assert.StartsWith(NativeRuntime.ExpectedVersion, info.Version, StringComparison.Ordinal);
        Assert.True(Directory.Exists(info.Folder), info.Folder);
        Assert.Contains(info.Libraries, l => Path.GetFileName(l).Contains("torch_cpu", StringComparison.Ordinal) && Path.GetDirectoryName(l) == info.Folder);
        Assert.Contains(info.Libraries, l => Path.GetFileName(l).Contains("LibTorchSharp", StringComparison.OrdinalIgnoreCase));
        Assert.All(info.Libraries, l => Assert.True(File.Exists(l), l));
    }

    [Fact]
    public void Two_threads_may_ask_at_once()
    {
        NativeRuntimeInfo[] infos = new NativeRuntimeInfo[8];
        Parallel.For(0, infos.Length, i => infos[i] = NativeRuntime.Initialize());
        Assert.All(infos, i => Assert.Same(infos[0], i));
    }
}
