using System.Text.Json;
using Rlvr.Models;
using Rlvr.Tensors;
using Rlvr.Tests.Algorithms;
using Rlvr.Tests.Shared;
using Rlvr.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Training;

/// <summary>
/// The released actor of arXiv 2504.20571 driving transformers' Qwen2 for four optimiser steps in float32: log-probs, entropies, gradient
/// norms, metrics and final weights.
/// </summary>
public class PolicyUpdateGoldenTests
{
    public static TheoryData<int> Cases => [0, 1];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_step_is_that_of_the_released_actor(int number)
    {
        string folder = TestFiles.Golden("models", "qwen2-tied");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "actor_update.json")));
        JsonElement root = document.RootElement, golden = root.GetProperty("cases")[number], config = golden.GetProperty("config"), expected = golden.GetProperty("expected");
        UpdateSample[] rows = Rows(root);
        int miniBatch = config.GetProperty("ppo_mini_batch_size").GetInt32(), microBatch = config.GetProperty("ppo_micro_batch_size_per_gpu").GetInt32();
        int updatesPerRound = rows.Length / miniBatch;
        double temperature = root.GetProperty("inputs").GetProperty("temperature").GetDouble();
        Recipe recipe = new()
        {
            Rollout = new RolloutOptions { Temperature = temperature },
            Loss = new LossOptions
            {
                Kl = config.GetProperty("kl_loss_coef").GetDouble(),
                KlEstimator = "k3",
                Entropy = config.GetProperty("entropy_coeff").GetDouble(),
                ClipLow = config.GetProperty("clip_ratio").GetDouble(),
                ClipHigh = config.GetProperty("clip_ratio").GetDouble(),
            },
            Optimizer = new OptimizerOptions { ClipNorm = config.GetProperty("grad_clip").GetDouble() },
        };
        JsonElement[] steps = [.. expected.GetProperty("optimizer_steps").EnumerateArray()];
        JsonElement[] rounds = [.. expected.GetProperty("metrics_per_round").EnumerateArray()];

        // The released run goes over the rows round after round, against the log-probs of the start; so does one step of updates over
        // the rows repeated. Its first k updates are looked at for k = 1, 2, ...
        for (int updates = 0; updates <= steps.Length; updates++)
        {
            using DisposeScope scope = NewDisposeScope();
            using Transformer policy = Transformer.Load(folder), reference = policy.Clone();
            policy.RequireGradients(true);
            using FusedAdamW optimizer = new(policy.Parameters.Select(p => (p.Key, p.Value)), weightDecay: config.GetProperty("optimizer").GetProperty("weight_decay").GetDouble());
            string label = $"{golden.GetProperty("name")}, after {updates} updates:";
            if (updates == 0)
            {
                CompareLogProbs(policy, rows, temperature, expected.GetProperty("log_probs_before"), expected.GetProperty("entropy_before"), label);
                continue;
            }
            UpdateSample[] repeated = [.. Enumerable.Range(0, updates * miniBatch).Select(i => rows[i % rows.Length])];
            PolicyUpdate update = new(policy, reference, optimizer, recipe with { Loss = recipe.Loss with { UpdatesPerStep = updates } },
                lengths => [.. Enumerable.Range(0, lengths.Count).Chunk(microBatch)]);
            UpdateMetrics metrics = update.Run(repeated, config.GetProperty("lr").GetDouble());

            JsonElement step = steps[updates - 1];
            CompareLogProbs(policy, rows, temperature, step.GetProperty("log_probs_after"), step.GetProperty("entropy_after"), label);
            // Metrics are means over the updates; the released ones are given for each micro-batch.
            Golden.Close(steps.Take(updates).Average(s => s.GetProperty("grad_norm").GetDouble()), metrics.GradientNorm, $"{label} gradient norm", 1e-3);
            double Mean(string name) => Enumerable.Range(0, updates).Average(u =>
                rounds[u / updatesPerRound].GetProperty(name).EnumerateArray().Select(v => v.GetDouble()).Chunk(miniBatch / microBatch).ElementAt(u % updatesPerRound).Average());
            Golden.Close(Mean("actor/pg_loss"), metrics.Actor.Policy, $"{label} policy", 1e-3, 1e-3);
            Golden.Close(Mean("actor/entropy_loss"), metrics.Actor.Entropy, $"{label} entropy", 1e-3);
            Golden.Close(Mean("actor/pg_clipfrac"), metrics.Actor.ClipFraction, $"{label} clip fraction", 1e-3, 1e-6);
            Golden.Close(Mean("actor/ppo_kl"), metrics.Actor.ApproximateKl, $"{label} approximate KL", 1e-3, 1e-4);
            // There the loss of a micro-batch is divided by their number already.
            Golden.Close(Mean("actor/loss") * (miniBatch / microBatch), metrics.Actor.Loss, $"{label} loss", 1e-3, 1e-3);
            if (updates < steps.Length) continue;
            foreach (JsonProperty norm in expected.GetProperty("parameter_l2_norms_after").EnumerateObject())
                Golden.Close(norm.Value.GetDouble(), policy.Parameters[norm.Name].detach().to(ScalarType.Float64).norm().item<double>(), $"{label} norm of {norm.Name}", 1e-6);
        }
    }

    private static UpdateSample[] Rows(JsonElement root)
    {
        JsonElement inputs = root.GetProperty("inputs");
        int width = inputs.GetProperty("prompt_width").GetInt32();
        int[][] ids = Matrix(inputs.GetProperty("input_ids")), mask = Matrix(inputs.GetProperty("attention_mask"));
        Dictionary<string, int[]> prompts = [];
        return [.. ids.Select((row, i) =>
        {
            int[] prompt = [.. row.Take(width).Where((_, at) => mask[i][at] == 1)], response = [.. row.Skip(width).Where((_, at) => mask[i][width + at] == 1)];
            string key = string.Join(',', prompt);
            prompts.TryAdd(key, prompt);
            return new UpdateSample(prompts[key], response, new float[response.Length], root.GetProperty("expected_advantages")[i][0].GetDouble());
        })];
    }

    private static void CompareLogProbs(Transformer model, UpdateSample[] rows, double temperature, JsonElement logProbs, JsonElement entropies, string label)
    {
        using IDisposable noGrad = no_grad();
        int[][] prompts = [.. rows.Select(r => r.Prompt).Distinct()];
        SharedPrefixBatch batch = new(prompts, [.. rows.Select(r => (Array.IndexOf(prompts, r.Prompt), r.Tokens))], CPU);
        Tensor hidden = model.Hidden(batch);
        TokenLogProbs tokens = new(model, hidden, batch, temperature, withEntropy: true);
        float[] values = tokens.LogProbs.data<float>().ToArray(), entropy = tokens.Entropies!.data<float>().ToArray();
        int at = 0;
        for (int row = 0; row < rows.Length; row++)
        {
            for (int i = 0; i < rows[row].Tokens.Length; i++, at++)
            {
                Golden.Close(logProbs[row][i].GetDouble(), values[at], $"{label} log-prob {i} of row {row}", 0, 1e-3);
                Golden.Close(entropies[row][i].GetDouble(), entropy[at], $"{label} entropy {i} of row {row}", 0, 1e-3);
            }
        }
        Assert.Equal(values.Length, at);
    }

    private static int[][] Matrix(JsonElement rows) => [.. rows.EnumerateArray().Select(row => row.EnumerateArray().Select(v => v.GetInt32()).ToArray())];
}
