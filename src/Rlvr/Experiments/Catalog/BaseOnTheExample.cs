using Rlvr.Evaluation;
using Rlvr.Experiments.Measures;

namespace Rlvr.Experiments.Catalog;

/// <summary>E3: what the base model answers to the one example before any training (arXiv 2504.20571, section 3.2.1: 128 responses to π1).</summary>
internal sealed class BaseOnTheExample : Experiment
{
    /// <summary>The paper: this share of 128 responses to π1, in percent, says 12.7; the label is 12.8.</summary>
    private const double PaperNearlyRight = 57.8;

    private const int Shown = 10;

    public override string Id => "E3";

    public override string Title => "The base model on the example";

    public override string Question => "How often does the base model already solve the example that it will be trained on?";

    public override IReadOnlyList<PlannedTraining> Trainings(ExperimentScale scale) => [];

    public override IReadOnlyList<PlannedEvaluation> Evaluations(ExperimentScale scale) => [Catalog.Evaluations.OnTheExample(scale)];

    public override ExperimentPage Report(ExperimentResults results)
    {
        ResponseRecord[] responses = [.. results.Evaluations(Catalog.Evaluations.OnTheExample(results.Scale).Name).SelectMany(e => e.Responses)];
        (string Answer, int Count, bool Correct)[] answers =
            [.. responses.GroupBy(r => r.Extracted ?? "").Select(g => (g.Key, g.Count(), g.Any(r => r.Correct))).OrderByDescending(g => g.Item2).ThenBy(g => g.Key, StringComparer.Ordinal)];
        string Percent(int count) => (100.0 * count / responses.Length).ToString("0.0");
        ResultTable table = new(
            responses.Length == 0 ? "Answers of the base model to the example" : $"Answers of the base model to the example, {responses.Length} responses at temperature 0.6 (label {responses[0].Answer})",
            ["answer", "responses", "%", "right"],
            [.. answers.Take(Shown).Select(IReadOnlyList<string> (a) => [a.Answer.Length == 0 ? "none in a box" : a.Answer, $"{a.Count}", Percent(a.Count), a.Correct ? "yes" : ""]),
                .. answers.Length > Shown ? (IReadOnlyList<string>[])[["others", $"{answers.Skip(Shown).Sum(a => a.Count)}", Percent(answers.Skip(Shown).Sum(a => a.Count)), ""]] : []]);
        return new ExperimentPage
        {
            Tables = [new("The paper: 128 responses of Qwen2.5-Math-1.5B to π1 (label 12.8, exact value 12.699)", ["answer", "%"], [["12.7", PaperNearlyRight.ToString("0.0")]]), table],
            Findings = [Judge(responses, answers)],
            Notes = results.Scale == ExperimentScale.Micro
                ? "The example is `micro:pi-1`. The base of the micro world knows every step of it; what it lacks is the habit of going through them and of boxing the result, so many of its responses carry the right number "
                    + "outside of a box and count as without answer, as they do for the reward."
                : "The label of π1 is rounded: 12.7 is nearer to the exact value, and the base says it most of the time.",
        };
    }

    private static Finding Judge(ResponseRecord[] responses, (string Answer, int Count, bool Correct)[] answers)
    {
        const string Claim = "Its most frequent answer is right, or within 1% of the label (paper: 57.8% say 12.7 where the label is 12.8)";
        if (responses.Length == 0) return Claims.NotMeasured(Claim, "responses of the base model to the example");
        (string Answer, int Count, bool Correct) first = answers.FirstOrDefault(a => a.Answer.Length > 0);
        double share = (double)responses.Count(r => r.Correct) / responses.Length;
        string detail = $"{Unit.Percent.Show(share)}% of {responses.Length} responses are right; the most frequent answer is {first.Answer ?? "none"} with {Unit.Percent.Show((double)first.Count / responses.Length)}%, "
            + $"and {Unit.Percent.Show((double)responses.Count(r => r.Extracted is null) / responses.Length)}% give none.";
        return Claims.When(Claim, first.Answer is not null && (first.Correct || Near(first.Answer, responses[0].Answer)), detail);
    }

    private static bool Near(string answer, string label) =>
        double.TryParse(answer, out double a) && double.TryParse(label, out double b) && double.Abs(a - b) <= 0.01 * double.Abs(b);
}
