using Rlvr.Tensors;
using static TorchSharp.torch;

namespace Rlvr.Tests.Tensors;

[Collection(AloneInTheProcess.Name)]
public sealed class ThreadChoiceTests : IDisposable
{
    private readonly string? variable = Environment.GetEnvironmentVariable("OMP_NUM_THREADS");
    private readonly int threads;

    public ThreadChoiceTests()
    {
        NativeRuntime.Initialize();
        threads = get_num_threads();
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("OMP_NUM_THREADS", variable);
        set_num_threads(threads);
    }

    [Fact]
    public void A_number_that_is_given_is_taken_without_measuring()
    {
        (int chosen, var measured) = ThreadChoice.Apply(2, 64);
        Assert.Equal((2, 2), (chosen, get_num_threads()));
        Assert.Empty(measured);
    }

    [Fact]
    public void The_environment_gives_a_number_where_the_recipe_does_not()
    {
        Environment.SetEnvironmentVariable("OMP_NUM_THREADS", "1");
        (int chosen, var measured) = ThreadChoice.Apply(0, 64);
        Assert.Equal((1, 1), (chosen, get_num_threads()));
        Assert.Empty(measured);
    }

    [Fact]
    public void Otherwise_it_measures_and_takes_more_threads_only_where_they_are_faster()
    {
        Environment.SetEnvironmentVariable("OMP_NUM_THREADS", null);
        (int chosen, var measured) = ThreadChoice.Apply(0, 32);
        Assert.Equal(1, measured[0].Threads);
        Assert.Equal(Environment.ProcessorCount, measured[^1].Threads);
        Assert.Equal(measured.Select(m => m.Threads).Distinct().Order(), measured.Select(m => m.Threads));
        Assert.All(measured, m => Assert.True(m.Gflops > 0));
        Assert.Equal(chosen, get_num_threads());
        double speed = measured.Single(m => m.Threads == chosen).Gflops;
        Assert.True(chosen == 1 || speed > 1.15 * measured[0].Gflops);
        Assert.All(measured, m => Assert.True(m.Gflops <= 1.26 * speed));
    }

    [Fact]
    public void Decoding_has_a_number_of_its_own()
    {
        ThreadPlan plan = new(2, []) { Decoding = 1 };
        set_num_threads(2);
        using (plan.BeginDecoding()) Assert.Equal(1, get_num_threads());
        Assert.Equal(2, get_num_threads());
        Assert.Equal(3, new ThreadPlan(3, []).Decoding);
    }
}
