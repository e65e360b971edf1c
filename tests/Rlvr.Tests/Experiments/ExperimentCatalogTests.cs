using Rlvr.Experiments;
using Rlvr.Tests.Shared;

namespace Rlvr.Tests.Experiments;

public sealed class ExperimentCatalogTests
{
    public static TheoryData<string, ExperimentScale> All => [.. ExperimentCatalog.All.SelectMany(e => Enum.GetValues<ExperimentScale>().Select(s => (e.Id, s)))];

    public static TheoryData<string> Ids => [.. ExperimentCatalog.All.Select(e => e.Id)];

    [Fact]
    public void The_nineteen_experiments_are_in_order_and_found_in_any_case()
    {
        Assert.Equal(Enumerable.Range(1, 19).Select(i => $"E{i}"), ExperimentCatalog.All.Select(e => e.Id));
        Assert.Equal("E7", ExperimentCatalog.Find("e7")?.Id);
        Assert.Null(ExperimentCatalog.Find("E20"));
        Assert.Equal(19, ExperimentCatalog.All.Select(e => e.Title).Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Every_recipe_exists(string id, ExperimentScale scale)
    {
        Experiment experiment = ExperimentCatalog.Find(id)!;
        string folder = Path.Combine(TestFiles.Root, "recipes", scale == ExperimentScale.Micro ? "micro" : "paper");
        string[] missing = [.. experiment.Trainings(scale).Select(t => t.Recipe).Concat(experiment.Evaluations(scale).Select(e => e.Recipe)).Distinct().Where(r => !File.Exists(Path.Combine(folder, r + ".yaml")))];
        Assert.Empty(missing);
    }

    [Fact]
    public void Evaluations_of_one_name_are_the_same_in_all_experiments()
    {
        foreach (ExperimentScale scale in Enum.GetValues<ExperimentScale>())
        {
            foreach (IGrouping<string, PlannedEvaluation> name in ExperimentCatalog.All.SelectMany(e => e.Evaluations(scale)).GroupBy(e => e.Name))
            {
                Assert.Single(name.Select(e => e with { Suites = [] }).Distinct());
                Assert.All(name, e => Assert.Equal(name.First().Suites, e.Suites));
            }
        }
    }

    /// <summary>Nothing has been run: no number of ours, no exception, and nothing that is claimed.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public void Without_results_nothing_is_claimed(string id, ExperimentScale scale)
    {
        ExperimentPage page = ExperimentCatalog.Find(id)!.Report(new ExperimentResults(scale, [], []));
        Assert.NotEmpty(page.Tables);
        Assert.NotEmpty(page.Findings);
        Assert.All(page.Findings, f => Assert.Equal(Agreement.NotMeasured, f.Agreement));
        Assert.Empty(page.Figures);
        Check(page);
    }

    /// <summary>What a page reads is what its experiment plans: with results for the plan alone, no finding is without its numbers.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public void With_the_planned_results_everything_is_measured(string id, ExperimentScale scale)
    {
        Experiment experiment = ExperimentCatalog.Find(id)!;
        SyntheticWorld world = new() { After = _ => 0.7, Before = _ => 0.4, Problems = 500 };
        ExperimentPage page = experiment.Report(world.Of(experiment, scale));
        Assert.All(page.Findings, f => Assert.NotEqual(Agreement.NotMeasured, f.Agreement));
        Assert.All(page.Findings, f => Assert.NotEmpty(f.Detail));
        Assert.All(page.Figures, f => Assert.NotEmpty(f.Series));
        Assert.Equal(page.Figures.Count, page.Figures.Select(f => f.Name).Distinct().Count());
        Assert.All(page.Figures, f => Assert.StartsWith(id.ToLowerInvariant() + "-", f.Name, StringComparison.Ordinal));
        Check(page);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Where_the_paper_is_right_every_claim_agrees(string id)
    {
        Experiment experiment = ExperimentCatalog.Find(id)!;
        ExperimentPage page = experiment.Report(Worlds.AsThePaper.Of(experiment, ExperimentScale.Micro));
        Assert.All(page.Findings, f => Assert.True(f.Agreement == Agreement.Agrees, $"{f.Agreement}: {f.Claim}: {f.Detail}"));
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Where_training_has_no_effect_something_disagrees(string id)
    {
        Experiment experiment = ExperimentCatalog.Find(id)!;
        ExperimentPage page = experiment.Report(Worlds.WithoutEffect.Of(experiment, ExperimentScale.Micro));
        if (id != "E13") Assert.Contains(page.Findings, f => f.Agreement == Agreement.Disagrees); // graders agree all the same
        Assert.DoesNotContain(page.Findings, f => f.Agreement == Agreement.Agrees && f.Claim.Contains("lifts the base", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("E1")]
    [InlineData("E9")]
    [InlineData("E10")]
    [InlineData("E15")]
    [InlineData("E16")]
    public void Few_problems_leave_it_unclear(string id)
    {
        Experiment experiment = ExperimentCatalog.Find(id)!;
        ExperimentPage page = experiment.Report(Worlds.TooFewProblems.Of(experiment, ExperimentScale.Micro));
        Assert.All(page.Findings, f => Assert.Equal(Agreement.Unclear, f.Agreement));
    }

    [Fact]
    public void A_table_shows_mean_and_deviation_beside_the_paper()
    {
        Experiment experiment = ExperimentCatalog.Find("E1")!;
        ExperimentResults results = Worlds.AsThePaper.Of(experiment, ExperimentScale.Micro);
        TrainedRun[] runs = [.. results.AllTrainings.Select(r => r with { Evaluations = [.. r.Evaluations.Select(e => e.Step == 0 ? e : e with { Accuracy = e.Accuracy + (0.01 * (r.Seed - 2)) })] })];
        ResultTable table = experiment.Report(results with { AllTrainings = runs }).Tables[0];
        IReadOnlyList<string> row = table.Rows.Single(r => r[0] == "π1");
        Assert.Equal(["π1", "72.8", "35.0", "one-shot", "75.0 ± 1.0", "75.0 ± 1.0", "75.0 ± 1.0", "75.0 ± 1.0", "3"], row);
        Assert.Equal(["nothing: the base model", "36.0", "17.6", "base", "36.0", "36.0 ± 0.0", "36.0", "36.0 ± 0.0", "3"], table.Rows[0]);
        Assert.Equal(["π13", "73.6", "35.7", "one-shot-geometry", "75.0 ± 1.0", "75.0 ± 1.0", "75.0 ± 1.0", "75.0 ± 1.0", "3"], table.Rows[5]);
    }

    [Fact]
    public void Responses_that_calculate_with_the_demonstrations_numbers_are_counted()
    {
        Experiment experiment = ExperimentCatalog.Find("E14")!;
        ExperimentResults results = Worlds.AsThePaper.Of(experiment, ExperimentScale.Micro);
        EvaluatedRun[] runs = [.. results.AllEvaluations.Select(e => e with
        {
            Responses = [.. e.Responses.Select((r, i) => r with { Prompt = "Ann\n7*2=14\nTom?\n", Response = i % 4 == 0 ? "First,\n7*2=14\nSo" : "7*2=14 Ann" })],
        })];
        Assert.Contains("25.0% of the greedy responses to micro500 repeat a calculation", experiment.Report(results with { AllEvaluations = runs }).Notes, StringComparison.Ordinal);
    }

    private static void Check(ExperimentPage page)
    {
        foreach (ResultTable table in page.Tables)
        {
            Assert.Equal(table.Columns.Count, table.Columns.Distinct().Count());
            Assert.All(table.Rows, r => Assert.Equal(table.Columns.Count, r.Count));
            Assert.DoesNotContain(table.Rows, r => r.Any(c => c.Contains("NaN", StringComparison.Ordinal)));
        }
        Assert.All(page.Findings, f => Assert.DoesNotContain("NaN", f.Detail, StringComparison.Ordinal));
        Assert.DoesNotContain("NaN", page.Notes, StringComparison.Ordinal);
    }
}
