using Rlvr.Experiments.Measures;

namespace Rlvr.Experiments.Catalog;

/// <summary>E11: the entropy term alone, without any reward, for a few steps (Table 13 of arXiv 2504.20571).</summary>
internal sealed class EntropyOnly : Experiment
{
    public override string Id => "E11";

    public override string Title => "The entropy term alone";

    public override string Question => "Does maximising entropy alone, without any reward, lift the base model for a few steps?";

    public override IReadOnlyList<PlannedTraining> Trainings(ExperimentScale scale) => RunName.Plan(scale, Recipes.EntropyAlone, Recipes.EntropyAloneSlow, Recipes.EntropyAloneLarge, Recipes.EntropyAloneLlama, Recipes.Format);

    public override ExperimentPage Report(ExperimentResults results)
    {
        ExperimentScale scale = results.Scale;
        string main = Suites.Main(scale), recipe = Recipes.EntropyAlone.At(scale)!;
        AccuracyTable table = new(results, "Accuracy, % (paper: Table 13; ours: last step)", "MATH500", "Avg");
        table.Row("nothing: the base model", "8", "base", Recipes.EntropyAlone.Before(scale)).Row("entropy alone (paper: 20 steps)", "13", "1.5B entropy-only 20 steps", Recipes.EntropyAlone.After(scale))
            .Row("format reward", "13", "1.5B format", Recipes.Format.After(scale));
        if (scale == ExperimentScale.Micro) table.Row("entropy alone, a tenth of the learning rate", "13", null, Recipes.EntropyAloneSlow.After(scale));
        else
        {
            table.Row("7B: nothing", "4 7B", "base", Recipes.EntropyAloneLarge.Before(scale)).Row("7B: entropy alone (paper: 4 steps)", "13", "7B entropy-only 4 steps", Recipes.EntropyAloneLarge.After(scale))
                .Row("Llama: nothing", "4 Llama", "base", Recipes.EntropyAloneLlama.Before(scale)).Row("Llama: entropy alone (paper: 10 steps)", "13", "Llama entropy-only 10 steps", Recipes.EntropyAloneLlama.After(scale));
        }
        Measurement best = results.BySuite(recipe, main);
        Finding lifts = Claims.Greater(
            $"A few steps of it lift the base (paper: 36.0 to 63.4; here: {main}, greedy, at the best step, which favours the claim)", new("entropy alone, best step", best), new("base", results.Accuracy(Entry.Before(recipe), main)), 0.05);
        return new ExperimentPage
        {
            Tables =
            [
                table.Build(),
                new ResultTable($"{main} by step, %", ["seed", "best step", "greedy at the best step", "greedy at the last step"],
                    [.. best.Values.Select(IReadOnlyList<string> (v) => [$"{v.Seed}", $"{v.Step}", Unit.Percent.Show(v.Value), Unit.Percent.Show(results.Accuracy(Entry.After(recipe), main).Values.First(l => l.Seed == v.Seed).Value)])]),
            ],
            Figures =
            [
                .. Curves.Drawn(new ResultFigure("e11-accuracy", "Entropy alone: accuracy", "step", "%",
                    [Curves.Evaluations(results, $"{main}, greedy", recipe, main), Curves.Evaluations(results, $"{main}, temperature 0.6", recipe, main, Decoding.Sampled), Curves.Metric(results, "training example", recipe, "train_accuracy", 100, 5),
                        .. Slow(r => Curves.Evaluations(results, $"{main}, greedy, slow", r, main))])),
                .. Curves.Drawn(new ResultFigure("e11-entropy", "Entropy alone: entropy of the policy, nats a token", "step", "nats", [Curves.Metric(results, "entropy", recipe, "entropy"), .. Slow(r => Curves.Metric(results, "entropy, slow", r, "entropy"))])),
                .. Curves.Drawn(new ResultFigure("e11-boxed", $"Entropy alone: boxed answers on {main}, greedy", "step", "%", [Curves.Evaluations(results, "boxed", recipe, main, number: e => 100 * e.Boxed)])),
            ],
            Findings =
            [
                lifts,
                .. Slow(r => Claims.Greater($"A few steps of it lift the base, at a tenth of the learning rate ({main}, greedy, best step)", new("entropy alone, slow, best step", results.BySuite(r, main)), new("base", results.Accuracy(Entry.Before(r), main)), 0.05)),
                Claims.Greater($"It then collapses (here: best step against last step, {main}, greedy)", new("best step", best), new("last step", results.Accuracy(Entry.After(recipe), main)), 0.05),
                .. Findings.ByDecoding(d => d == Decoding.Sampled
                    ? [Claims.Greater($"At the last step it is above the base: {main}", new("entropy alone", results.Accuracy(Entry.After(recipe), main, d)), new("base", results.Accuracy(Entry.Before(recipe), main, d)), 0.02)]
                    : []),
            ],
            Notes = Suites.Standing(scale) + (scale == ExperimentScale.Micro && lifts.Agreement is Agreement.Disagrees or Agreement.Unclear
                ? "\n\nA likely reason why it need not appear here: more entropy flattens the distribution over ways of answering. That helps where the likeliest way is a bad one and a better one stands right behind it: the paper's base often "
                    + "fails to end its answer properly, and a little noise moves it away from that. In the micro world the good way of answering has about a fifth of the probability, flattening brings it no nearer to the top, and every "
                    + "digit of the arithmetic is made less certain at the same time. The paper's own 7B model gains 6 points from it, not 27."
                : ""),
        };

        IEnumerable<T> Slow<T>(Func<string, T> of) => Recipes.EntropyAloneSlow.At(scale) is { } slow ? [of(slow)] : [];
    }
}
