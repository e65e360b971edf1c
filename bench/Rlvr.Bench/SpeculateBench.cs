using System.Diagnostics;
using Rlvr.Data;
using Rlvr.Models;
using Rlvr.Rollouts;
using Rlvr.Rollouts.Speculation;
using Rlvr.Tensors;
using static TorchSharp.torch;
using Generator = Rlvr.Rollouts.Generator;

namespace Rlvr.Bench;

/// <summary>
/// Decoding with guesses beside decoding without them, in turn, at a number of active rows that is held by waiting rows: tokens a second, guesses that came true, tokens a row and pass.
/// </summary>
internal static class SpeculateBench
{
    /// <param name="Threads">Threads.</param>
    /// <param name="Rows">Numbers of active rows.</param>
    /// <param name="Repeats">Runs of each way; the least time of each counts.</param>
    /// <param name="Temperature">Of the draws.</param>
    /// <param name="NewTokens">Most tokens of a response.</param>
    /// <param name="Warmup">Seconds that both ways run before they are measured.</param>
    /// <param name="MaxRows">The most rows that guesses are made for; -1 for the usual.</param>
    /// <param name="MaxDraft">The most guesses for a row; -1 for the usual.</param>
    public sealed record Settings(int Threads, int[] Rows, int Repeats, double Temperature, int NewTokens, double Warmup, int MaxRows, int MaxDraft)
    {
        /// <summary>When a guess pays.</summary>
        public DraftPolicy Policy(ModelConfig config)
        {
            DraftPolicy usual = new(PassCost.Of(config));
            return usual with { MaxRows = MaxRows < 0 ? usual.MaxRows : MaxRows, MaxDraft = MaxDraft < 0 ? usual.MaxDraft : MaxDraft };
        }
    }

    /// <summary>The rollouts of problems of a micro suite, by a trained model.</summary>
    /// <param name="folder">The model.</param>
    /// <param name="suite">The problem set.</param>
    /// <param name="problems">How many of its first problems.</param>
    /// <param name="rollouts">Rollouts of them all; 0 for four for each active row, at least 64.</param>
    /// <param name="settings">What is measured.</param>
    public static void RunModel(string folder, string suite, int problems, int rollouts, Settings settings)
    {
        using LanguageModel model = LanguageModel.Load(folder, frozen: true);
        ThreadChoice.Apply(settings.Threads, model.Network.Config.HiddenSize);
        int[][] prompts = [.. ProblemSets.Load(suite).Take(problems).Select(p => model.Tokenizer.Encode(PromptTemplate.Get("micro", folder).Render(p)))];
        Console.WriteLine($"{folder}, {prompts.Length} of {suite}, prompts of {prompts.Average(p => p.Length)} tokens, temperature {settings.Temperature}, at most {settings.NewTokens} tokens");
        foreach (int rows in settings.Rows)
        {
            int count = rollouts > 0 ? rollouts : int.Max(64, 4 * rows);
            SamplingOptions options = new() { Temperature = settings.Temperature, MaxNewTokens = settings.NewTokens, StopIds = model.StopIds, Seed = 1, MaxRows = rows };
            Compare(model.Network, model.Tokenizer, prompts, count, options, settings, (p, of, o) => new GroupDrafter(p, of, o, settings.Policy(model.Network.Config)));
        }
    }

    /// <summary>Random weights in a real model's shape. Their text cannot be guessed, so the guesses are the tokens that will be drawn, with a set share of wrong ones: the ceiling at that share.</summary>
    /// <param name="shape">Which of <see cref="ModelShapes"/>.</param>
    /// <param name="precision">fp32 or bf16.</param>
    /// <param name="acceptance">Share of right guesses.</param>
    /// <param name="settings">What is measured.</param>
    public static void RunShape(string shape, string precision, double acceptance, Settings settings)
    {
        ModelConfig config = ModelShapes.Of(shape);
        ThreadChoice.Apply(settings.Threads, config.HiddenSize);
        using Transformer random = Transformer.CreateRandom(config, 1, computeType: precision == "bf16" ? ScalarType.BFloat16 : ScalarType.Float32), model = random.Clone(frozen: true);
        int[] prompt = [.. Enumerable.Range(0, 64).Select(i => (100 + (i * 37)) % config.VocabularySize)];
        Console.WriteLine($"{shape} {precision}, random weights, {acceptance:P0} of the guesses right by construction");
        foreach (int rows in settings.Rows)
        {
            SamplingOptions options = new() { Temperature = settings.Temperature, MaxNewTokens = settings.NewTokens, Seed = 1 };
            GenerationRequest[] requests = [.. Enumerable.Range(0, rows).Select(i => new GenerationRequest(prompt, (ulong)i))];
            IReadOnlyList<Rollout> known = new Generator(model).Generate(requests, options with { Speculate = false });
            Compare(model, null, [prompt], rows, options, settings, (_, _, _) => new KnownDrafter(known, acceptance, settings.Policy(config)));
        }
    }

    private static void Compare(
        Transformer model, Text.Tokenizer? tokenizer, int[][] prompts, int count, SamplingOptions options, Settings settings, Func<IReadOnlyList<int[]>, int[], SamplingOptions, IDrafter> create)
    {
        GenerationRequest[] requests = [.. Enumerable.Range(0, count).Select(i => new GenerationRequest(prompts[(int)((long)i * prompts.Length / count)], (ulong)i))];
        CountingDrafter? counts = null;
        Generator plain = new(model, tokenizer), guessing = new(model, tokenizer, (p, of, o) => counts = new CountingDrafter(create(p, of, o)));
        IReadOnlyList<Rollout> without = plain.Generate(requests, options with { Speculate = false }), with = guessing.Generate(requests, options);
        (double Wall, double Processor) Seconds(Generator generator, SamplingOptions how)
        {
            (long at, TimeSpan used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
            generator.Generate(requests, how);
            return (Stopwatch.GetElapsedTime(at).TotalSeconds, (Environment.CpuUsage.TotalTime - used).TotalSeconds);
        }
        // Until the code is compiled as it will stay.
        for (long start = Stopwatch.GetTimestamp(); settings.Warmup > Stopwatch.GetElapsedTime(start).TotalSeconds;) _ = (Seconds(plain, options with { Speculate = false }), Seconds(guessing, options));
        (double Wall, double Processor) slow = (double.MaxValue, double.MaxValue), fast = slow;
        for (int i = 0; i < settings.Repeats; i++)
        {
            (double Wall, double Processor) a = Seconds(plain, options with { Speculate = false }), b = Seconds(guessing, options);
            slow = (double.Min(slow.Wall, a.Wall), double.Min(slow.Processor, a.Processor));
            fast = (double.Min(fast.Wall, b.Wall), double.Min(fast.Processor, b.Processor));
        }
        int tokens = without.Sum(r => r.Tokens.Length), same = without.Zip(with).Count(p => p.First.Tokens.SequenceEqual(p.Second.Tokens));
        int active = options.MaxRows > 0 ? options.MaxRows : count;
        Console.WriteLine($"{active,3} rows: {tokens / slow.Wall,8:F1} tokens/s without, {tokens / fast.Wall,8:F1} with, x {slow.Wall / fast.Wall:F2}, by processor time x {slow.Processor / fast.Processor:F2} ({tokens / slow.Processor:F1}, {tokens / fast.Processor:F1}); {counts!.Accepted} of {counts.Proposed} guesses right ({100.0 * counts.Accepted / int.Max(1, counts.Proposed):F0}%), "
            + $"{(double)counts.Tokens / int.Max(1, counts.RowPasses):F2} tokens a row and pass; {same} of {count} rollouts the same, {tokens / (double)count:F1} tokens on average");
    }

    /// <summary>Counts what another drafter does.</summary>
    private sealed class CountingDrafter(IDrafter drafter) : IDrafter
    {
        public int Proposed { get; private set; }

        public int Accepted { get; private set; }

        public int Tokens { get; private set; }

        public int RowPasses { get; private set; }

        public void Enter(DecodingLine line) => drafter.Enter(line);

        public IReadOnlyList<int[]> Propose(IReadOnlyList<DecodingLine> lines)
        {
            IReadOnlyList<int[]> drafts = drafter.Propose(lines);
            Proposed += drafts.Sum(d => d.Length);
            return drafts;
        }

        public void Drawn(DecodingLine line, ReadOnlySpan<int> tokens)
        {
            drafter.Drawn(line, tokens);
            Accepted += tokens.Length - 1;
            if (line.First.Tokens.Count == tokens.Length) return; // the prompt's own pass
            Tokens += tokens.Length;
            RowPasses++;
        }
    }

    /// <summary>Guesses what is known to be drawn, and now and then something else.</summary>
    private sealed class KnownDrafter(IReadOnlyList<Rollout> known, double acceptance, DraftPolicy policy) : IDrafter
    {
        public void Enter(DecodingLine line) { }

        public IReadOnlyList<int[]> Propose(IReadOnlyList<DecodingLine> lines)
        {
            // As many for each row as pay.
            int most = lines.Count > 0 && lines.Count <= policy.MaxRows ? policy.MaxDraft : 0;
            int length = lines.Count == 0 ? 0 : policy.Choose(lines.Count, Enumerable.Range(0, most * lines.Count).Select(i => double.Pow(acceptance, 1 + (i / lines.Count)))) / lines.Count;
            return [.. lines.Select(line => line.First).Select(row => Enumerable.Range(row.Tokens.Count, int.Clamp(known[row.Index].Tokens.Length - row.Tokens.Count - 1, 0, length)).Select(i => Guess(row, i)).ToArray())];
        }

        public void Drawn(DecodingLine line, ReadOnlySpan<int> tokens) { }

        private int Guess(DecodingRow row, int position)
        {
            int token = known[row.Index].Tokens[position];
            return CounterRandom.Uniform(2, 0, (ulong)row.Index, (ulong)position) < acceptance ? token : token ^ 1;
        }
    }
}
