using Rlvr.Models;
using Rlvr.Tests.Models;
using Rlvr.Tests.Shared;
using Rlvr.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Training;

public sealed class CriticTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static readonly Recipe Recipe = new() { Loss = new LossOptions { Advantage = "gae", Aggregation = "token" }, Critic = new CriticOptions { Enabled = true } };

    /// <summary>Two prompts, responses of different lengths, one of them empty.</summary>
    private static UpdateSample[] Samples()
    {
        int[][] prompts = [TinyModels.Tokens(3, 1), TinyModels.Tokens(5, 2)];
        return [.. Enumerable.Range(0, 6).Select(i => new UpdateSample(prompts[i % 2], TinyModels.Tokens(i == 4 ? 0 : 1 + i, 10 + (ulong)i), new float[i == 4 ? 0 : 1 + i], 0))];
    }

    /// <summary>A critic whose head is not 0.</summary>
    private static ValueModel Model(string name = "qwen2 GQA")
    {
        using Transformer body = TinyModels.Create(name);
        ValueModel model = ValueModel.From(body);
        using IDisposable noGrad = no_grad();
        foreach ((string parameter, Tensor value) in model.Parameters)
            if (parameter.StartsWith("score.", StringComparison.Ordinal)) value.copy_(arange(1, value.numel() + 1).to(ScalarType.Float32).div_(50).view(value.shape));
        return model;
    }

    [Theory]
    [InlineData("qwen2 GQA")]
    [InlineData("llama MHA untied")]
    public void Values_are_read_off_the_state_before_each_token_however_rows_are_packed(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using Transformer body = TinyModels.Create(name);
        using Critic critic = new(Model(name), Recipe);
        UpdateSample[] samples = Samples();
        float[][] values = critic.Values(samples);
        Dictionary<string, Tensor> parameters = critic.Model.Parameters.ToDictionary(p => p.Name, p => p.Value);
        for (int row = 0; row < samples.Length; row++)
        {
            int[] prompt = samples[row].Prompt, tokens = samples[row].Tokens;
            Assert.Equal(tokens.Length, values[row].Length);
            if (tokens.Length == 0) continue;
            SharedPrefixBatch alone = new([prompt], [(0, tokens)], CPU);
            Tensor hidden = body.Hidden(alone);
            float[] expected = TinyTask.Values(hidden.narrow(0, prompt.Length - 1, tokens.Length).mv(parameters["score.weight"][0]).add(parameters["score.bias"]));
            for (int t = 0; t < tokens.Length; t++) Assert.Equal(expected[t], values[row][t], 1e-4f);
        }
        Assert.DoesNotContain("lm_head.weight", parameters.Keys);
    }

    [Fact]
    public void A_new_critic_expects_nothing()
    {
        using Transformer body = TinyModels.Create();
        using Critic critic = new(ValueModel.From(body), Recipe);
        Assert.All(critic.Values(Samples()).SelectMany(v => v), v => Assert.Equal(0, v));
    }

    [Fact]
    public void Its_loss_is_half_the_squared_error_and_its_fit_is_told()
    {
        using Critic critic = new(Model(), Recipe);
        UpdateSample[] samples = Samples();
        float[][] values = critic.Values(samples), returns = [.. samples.Select((s, row) => s.Tokens.Select((_, t) => (float)(0.1 * row) - (0.2f * t)).ToArray())];
        CriticMetrics metrics = critic.Run(samples, values, returns, 0);
        double[] v = [.. values.SelectMany(x => x).Select(x => (double)x)], r = [.. returns.SelectMany(x => x).Select(x => (double)x)];
        double[] errors = [.. r.Zip(v, (a, b) => a - b)];
        Assert.Equal(errors.Average(e => e * e) / 2, metrics.Loss, 1e-5);
        Assert.Equal((v.Average(), r.Average()), (metrics.ValueMean, metrics.ReturnMean));
        static double Variance(double[] x) => x.Average(a => a * a) - (x.Average() * x.Average());
        Assert.Equal(1 - (Variance(errors) / Variance(r)), metrics.ExplainedVariance, 1e-9);
        Assert.Equal(0, metrics.ClipFraction); // the first update is at the old values
        Assert.True(metrics.GradientNorm > 0);
        Assert.Equal(1, critic.Optimizer.StepCount);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    public void Micro_batches_do_not_matter_where_every_token_weighs_the_same(int tokens)
    {
        UpdateSample[] samples = Samples();
        float[][] returns = [.. samples.Select(s => s.Tokens.Select((_, t) => 1f + t).ToArray())];
        (CriticMetrics whole, float[] a) = Once(Recipe);
        (CriticMetrics parts, float[] b) = Once(Recipe with { Compute = new ComputeOptions { MicroBatchTokens = tokens } });
        Assert.Equal((whole.Loss, whole.GradientNorm), (parts.Loss, parts.GradientNorm), new Near());
        Assert.All(a.Zip(b), p => Assert.Equal(p.First, p.Second, (float)TinyModels.Rounding));

        (CriticMetrics, float[]) Once(Recipe recipe)
        {
            using Critic critic = new(Model(), recipe);
            CriticMetrics metrics = critic.Run(samples, critic.Values(samples), returns, 1e-3);
            return (metrics, TinyTask.Values(critic.Model.Parameters.First(p => p.Name == "model.layers.0.mlp.up_proj.weight").Value));
        }
    }

    [Fact]
    public void It_learns_what_follows_and_several_updates_are_clipped()
    {
        UpdateSample[] samples = Samples();
        // Worth 1 after one prompt and -1 after the other: only the prompt tells.
        float[][] returns = [.. samples.Select((s, row) => Enumerable.Repeat(row % 2 == 0 ? 1f : -1f, s.Tokens.Length).ToArray())];
        Recipe recipe = Recipe with { Loss = Recipe.Loss with { UpdatesPerStep = 6, Epochs = 2 }, Critic = Recipe.Critic with { ValueClip = 0.05 } };
        using Transformer body = TinyModels.Create();
        using Critic critic = new(ValueModel.From(body), recipe);
        CriticMetrics first = critic.Run(samples, critic.Values(samples), returns, 0.01), last = first;
        for (int step = 1; step < 20; step++) last = critic.Run(samples, critic.Values(samples), returns, 0.01);
        Assert.True(first.ClipFraction > 0, $"{first}");
        Assert.True(last.ExplainedVariance > 0.9 && last.Loss < first.Loss / 5, $"{first} {last}");
        Assert.Equal(120, critic.Optimizer.StepCount);
    }

    [Fact]
    public void NaN_stops_it_before_it_spreads_and_names_the_rows()
    {
        using Critic critic = new(Model(), Recipe);
        UpdateSample[] samples = Samples();
        float[][] values = critic.Values(samples), returns = [.. samples.Select(s => new float[s.Tokens.Length])];
        returns[3][1] = float.NaN;
        float[] before = TinyTask.Values(critic.Model.Parameters.First().Value);
        NonFiniteException error = Assert.Throws<NonFiniteException>(() => critic.Run(samples, values, returns, 0.1));
        Assert.Equal(("the critic's loss", 3), (error.Term, Assert.Single(error.Rows)));
        Assert.Equal(0, critic.Optimizer.StepCount);
        Assert.Equal(before, TinyTask.Values(critic.Model.Parameters.First().Value));
    }

    [Theory]
    [InlineData("qwen2 GQA")]
    [InlineData("llama MHA untied")]
    public void A_saved_critic_is_a_model_folder_with_a_head(string name)
    {
        using ValueModel model = Model(name);
        model.Save(folder["critic"]);
        Same(model, ValueModel.Load(folder["critic"]));
        using Transformer body = TinyModels.Create(name, seed: 5);
        ValueModel other = ValueModel.From(body);
        other.Restore(folder["critic"]);
        Same(model, other);
        using (Transformer loaded = Transformer.Load(folder["critic"])) Assert.True(loaded.Config.TieWordEmbeddings);

        // A policy's folder is a critic that expects nothing.
        body.Save(folder["policy"]);
        using ValueModel fresh = ValueModel.Load(folder["policy"]);
        Assert.All(fresh.Parameters.Where(p => p.Name.StartsWith("score.", StringComparison.Ordinal)).SelectMany(p => TinyTask.Values(p.Value)), v => Assert.Equal(0, v));
        Assert.Contains("holds no critic", Assert.Throws<RlvrException>(() => fresh.Restore(folder["policy"])).Message, StringComparison.Ordinal);

        static void Same(ValueModel expected, ValueModel actual)
        {
            Assert.Equal(expected.Parameters.Select(p => p.Name), actual.Parameters.Select(p => p.Name));
            Assert.All(expected.Parameters.Zip(actual.Parameters), p => Assert.Equal(TinyTask.Values(p.First.Value), TinyTask.Values(p.Second.Value)));
            actual.Dispose();
        }
    }

    private sealed class Near : IEqualityComparer<(double, double)>
    {
        public bool Equals((double, double) x, (double, double) y) => double.Abs(x.Item1 - y.Item1) < 1e-5 && double.Abs(x.Item2 - y.Item2) < 1e-4;

        public int GetHashCode((double, double) x) => 0;
    }
}
