using Rlvr.Evaluation;
using Rlvr.Experiments.Measures;
using Rlvr.Math;

namespace Rlvr.Experiments.Catalog;

/// <summary>E13: Table 15 of arXiv 2504.20571: the same responses graded twice, there by rules and by a model, here by the verifier's three profiles.</summary>
internal sealed class GraderAgreement : Experiment
{
    private static readonly VerifierProfile[] Profiles = [VerifierProfile.Training, VerifierProfile.Evaluation, VerifierProfile.Strict];

    public override string Id => "E13";

    public override string Title => "One response, several graders";

    public override string Question => "Does it matter for the results how an answer is found and compared with the label?";

    public override IReadOnlyList<PlannedTraining> Trainings(ExperimentScale scale) => RunName.Plan(scale, Recipes.OneShot, Recipes.Format);

    public override IReadOnlyList<PlannedEvaluation> Evaluations(ExperimentScale scale) => [.. Rows(scale).Select(r => r.Planned)];

    public override ExperimentPage Report(ExperimentResults results)
    {
        ExperimentScale scale = results.Scale;
        string main = Suites.Main(scale);
        PaperTable paper = PaperTables.Get("15");
        var verifiers = Profiles.ToDictionary(p => p, p => new MathVerifier(p));
        var graded = Rows(scale).ToDictionary(r => r.Name, r => Grade(results, r.Planned, verifiers));
        Measurement Share(string row, Func<Graded, double> number) => OverProblems(graded[row], number);
        Measurement Right(string row, VerifierProfile profile) => Share(row, g => g.By[profile] ? 1 : 0);
        Measurement Differ(string row, VerifierProfile a, VerifierProfile b) => Share(row, g => g.By[a] == g.By[b] ? 0 : 1);
        ResultTable ours = new(
            $"Ours: the same responses to {main} by the verifier's profiles, %{(scale == ExperimentScale.Micro ? " (temperature 0.6)" : "")}",
            ["trained on", "boxed", .. Profiles.Select(p => $"right: {Name(p)}"), "training and strict differ", "evaluation and strict differ", "evaluation and strict differ among the boxed"],
            [.. Rows(scale).Select(IReadOnlyList<string> (r) =>
            [
                r.Name, Unit.Percent.Show(Share(r.Name, g => g.Boxed ? 1 : 0)), .. Profiles.Select(p => Unit.Percent.Show(Right(r.Name, p))),
                Unit.Percent.Show(Differ(r.Name, VerifierProfile.Training, VerifierProfile.Strict)), Unit.Percent.Show(Differ(r.Name, VerifierProfile.Evaluation, VerifierProfile.Strict)),
                Unit.Percent.Show(Share(r.Name, g => !g.Boxed ? double.NaN : g.By[VerifierProfile.Evaluation] == g.By[VerifierProfile.Strict] ? 0 : 1)),
            ])]);
        IReadOnlyList<string> PaperRow(string name, string row) => [name, .. paper.Columns.Select(c => paper[row, c].ToString("0.0"))];
        return new ExperimentPage
        {
            Tables =
            [
                new ResultTable("The paper: Table 15, 1-shot by step: MATH500 by its rules and by a model as judge, %", ["", .. paper.Columns.Select(c => $"step {c}")],
                    [PaperRow("boxed", "boxed%"), PaperRow("rules", "QwenEval"), PaperRow("judge", "QwQ32B"), PaperRow("they differ", "disagree%")]),
                ours,
            ],
            Findings =
            [
                Agree("After 1-shot training two graders agree within 2 points (paper: 74.0 and 74.6)", "1-shot", VerifierProfile.Evaluation),
                Agree("The reward's own grader agrees with the strict one too", "1-shot", VerifierProfile.Training),
                Agree("So they do for the base model (paper: 36.0 and 35.8)", "base", VerifierProfile.Evaluation),
                AgreeOnBoxed("On boxed answers alone they agree within 2 points: 1-shot", "1-shot"),
                Claims.NotBelow("They differ in fewer responses after training than before (paper: 1.8% and 4.2%)",
                    new("base: evaluation and strict differ", Differ("base", VerifierProfile.Evaluation, VerifierProfile.Strict)), new("1-shot", Differ("1-shot", VerifierProfile.Evaluation, VerifierProfile.Strict)), 0.005),
            ],
            Notes = "The paper's second grader is a large model, which is not run here. What is compared are the verifier's profiles: `training` (the released reward), `evaluation` (the published evaluation, which also takes an answer that is in "
                + "no box) and `strict` (mathematical equality of a boxed answer)."
                + (scale == ExperimentScale.Micro
                    ? " The answers of the micro world are whole numbers, on which all profiles agree; what differs is whether an answer outside a box counts. The base says \"The answer is N.\" without a box by habit, so the evaluation profile sees "
                        + "far more right answers in it than the reward does. This is why the recipes evaluate with the profile `training`."
                    : ""),
        };

        Finding AgreeOnBoxed(string claim, string row)
        {
            Measurement differ = Share(row, g => !g.Boxed ? double.NaN : g.By[VerifierProfile.Evaluation] == g.By[VerifierProfile.Strict] ? 0 : 1);
            return differ.Exists ? Claims.Close(claim, new($"{row}: evaluation and strict differ on boxed answers", differ), new("none", new([new(1, 0, 0)])), 0.02) : Claims.NotMeasured(claim, $"responses of {row}");
        }

        Finding Agree(string claim, string row, VerifierProfile profile)
        {
            // Both grade the same responses: the difference is taken response by response, so that its error is that of what they disagree on.
            Measurement difference = Share(row, g => (g.By[profile] ? 1 : 0) - (g.By[VerifierProfile.Strict] ? 1 : 0));
            return difference.Exists
                ? Claims.Close(claim, new($"{row}: {Name(profile)} {Unit.Percent.Show(Right(row, profile))} less strict {Unit.Percent.Show(Right(row, VerifierProfile.Strict))} =", difference), new("none", new([new(1, 0, 0)])), 0.02)
                : Claims.NotMeasured(claim, $"responses of {row}");
        }
    }

    private static (string Name, PlannedEvaluation Planned)[] Rows(ExperimentScale scale) =>
    [
        ("base", Catalog.Evaluations.Kept(scale, Recipes.OneShot, isBase: true)),
        ("1-shot", Catalog.Evaluations.Kept(scale, Recipes.OneShot)),
        ("format reward", Catalog.Evaluations.Kept(scale, Recipes.Format)),
    ];

    private static string Name(VerifierProfile profile) => profile.ToString().ToLowerInvariant();

    private static Graded[] Grade(ExperimentResults results, PlannedEvaluation planned, Dictionary<VerifierProfile, MathVerifier> verifiers) =>
    [
        .. from run in results.Evaluations(planned.Name)
           from response in run.Responses
           select new Graded(run.Seed, response, verifiers.ToDictionary(v => v.Key, v => v.Value.VerifyResponse(response.Response, response.Answer).IsCorrect)),
    ];

    private static Measurement OverProblems(Graded[] graded, Func<Graded, double> number) => new(
    [
        .. from seed in graded.GroupBy(g => g.Seed)
           let problems = seed.GroupBy(g => g.Response.Id).Select(g => g.Select(number).Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average()).Where(double.IsFinite).ToArray()
           where problems.Length > 1
           select new SeedValue(seed.Key, problems.Average(), double.Max(StandardErrors.OfMean(problems), 1.0 / (problems.Length + 2))),
    ]);

    private sealed record Graded(int Seed, ResponseRecord Response, IReadOnlyDictionary<VerifierProfile, bool> By)
    {
        public bool Boxed => Response.Boxed;
    }
}
