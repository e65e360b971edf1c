using System.Xml.Linq;
using Rlvr.Experiments;
using Rlvr.Tests.Runs;
using Rlvr.Tests.Shared;

namespace Rlvr.Tests.Experiments;

public sealed class ResultsPageTests : IDisposable
{
    private static readonly PageFacts Facts = new("rlvr reproduce all", 3, [("Machine", "a | b")]);

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("a | b", @"a \| b")]
    [InlineData("<b>&amp;", "&lt;b&gt;&amp;amp;")]
    [InlineData(@"\boxed{\frac12}", @"\\boxed{\\frac12}")]
    [InlineData("micro_far *x* `y` $z$", @"micro_far \*x\* \`y\` \$z\$")]
    [InlineData("two\nlines\u001b[31m", "two lines\ufffd\\[31m")]
    [InlineData("_x_", @"\_x\_")]
    public void In_a_cell_nothing_is_markup(string text, string expected) => Assert.Equal(expected, MarkdownText.Escape(text));

    [Fact]
    public void The_page_has_a_row_a_table_and_a_verdict_for_each_experiment()
    {
        ProbeExperiment first = new("E1")
        {
            Shows = _ => new ExperimentPage
            {
                Tables = [new ResultTable("Accuracy | %", ["model", "here"], [["base | old", "36.0"], ["1-shot"]])],
                Figures = [new ResultFigure("e1-curve", "Curve", "step", "accuracy, %", [new FigureSeries("one", [(0, 1, 1, 1), (10, 2, 1, 3)])])],
                Findings = [new Finding("It helps.", Agreement.Agrees, "36.0 < 73.6"), new Finding("It lasts.", Agreement.Unclear, "")],
                Notes = "A note with `code`.",
            },
        };
        ReproductionPlan plan = new([first, new ProbeExperiment("E2")], new ReproductionFolder(folder["out"], ExperimentScale.Micro), []);
        ResultsPage.Write(plan, new ExperimentResults(ExperimentScale.Micro, [], []), Facts, plan.Folder.Page);
        string text = File.ReadAllText(plan.Folder.Page);
        Assert.Contains("| [E1 Probe E1](#e1) | 2 | 1 | | 1 | |\n", text, StringComparison.Ordinal);
        Assert.Contains("| all | 2 | 1 | 0 | 1 | 0 |\n", text, StringComparison.Ordinal);
        Assert.Contains("| base \\| old | 36.0 |\n| 1-shot |  |\n", text, StringComparison.Ordinal);
        Assert.Contains("- **agrees**: It helps. *36.0 &lt; 73.6*\n- **unclear**: It lasts.\n", text, StringComparison.Ordinal);
        Assert.Contains("A note with `code`.\n", text, StringComparison.Ordinal);
        Assert.Contains("Made by `rlvr reproduce E2 --scale micro --seeds 3`.", text, StringComparison.Ordinal);
        Assert.Contains("](figures/e1-curve.svg)", text, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(plan.Folder.Path, "figures", "e1-curve.svg")));
        // Elsewhere the figures lie in a folder of the page's name.
        ResultsPage.Write(plan, new ExperimentResults(ExperimentScale.Micro, [], []), Facts, folder["docs/results.md"]);
        Assert.True(File.Exists(folder["docs/results/e1-curve.svg"]));
        Assert.Contains("](results/e1-curve.svg)", File.ReadAllText(folder["docs/results.md"]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_figure_is_well_formed_whatever_its_names_and_values_are_and_always_the_same()
    {
        ResultFigure figure = new("x", ExampleRun.Hostile, "<x>", "\"y\"",
        [
            new FigureSeries(ExampleRun.Hostile, [(0, 0.1, 0.05, 0.2), (1, double.NaN, double.NaN, double.NaN), (2, 0.3, 0.2, 0.4), (3, 0.4, 0.2, 0.5)]),
            new FigureSeries("one point", [(2, 0.3, 0.3, 0.3)]),
            new FigureSeries("empty", []),
            new FigureSeries("no band", [(0, -1, double.NaN, double.NaN), (3, 2, double.NaN, double.PositiveInfinity)]),
        ]);
        string svg = FigureSvg.Draw(figure);
        XElement root = XDocument.Parse(svg).Root!;
        XNamespace ns = root.Name.Namespace;
        Assert.Equal(2, root.Descendants(ns + "polyline").Count()); // the gap leaves a single point before it
        Assert.Single(root.Descendants(ns + "polygon"));
        Assert.DoesNotContain("NaN", svg, StringComparison.Ordinal);
        Assert.Empty(root.Descendants(ns + "script"));
        Assert.Equal(svg, FigureSvg.Draw(figure));
        Assert.Contains("nothing measured yet", FigureSvg.Draw(new ResultFigure("y", "t", "x", "y", [new FigureSeries("none", [])])), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 60, 6, new double[] { 0, 10, 20, 30, 40, 50, 60 })]
    [InlineData(0.31, 0.98, 5, new[] { 0.2, 0.4, 0.6, 0.8, 1 })]
    [InlineData(-3, 4, 4, new double[] { -4, -2, 0, 2, 4 })]
    public void Ticks_are_round_and_enclose_the_values(double low, double high, int about, double[] expected) =>
        Assert.Equal(expected, AxisTicks.Between(low, high, about).Select(t => double.Round(t, 9)));

    [Theory]
    [InlineData(8, 256, 10, new double[] { 5, 10, 20, 50, 100, 200, 500 })]
    [InlineData(1, 100, 10, new double[] { 1, 2, 5, 10, 20, 50, 100 })]
    [InlineData(0.03, 700, 5, new double[] { 0.01, 0.1, 1, 10, 100, 1000 })]
    [InlineData(10, 10, 9, new double[] { 10, 100 })]
    public void Ticks_of_a_logarithmic_axis_are_round_and_enclose_the_values(double low, double high, int most, double[] expected) =>
        Assert.Equal(expected, AxisTicks.Logarithmic(low, high, most).Select(t => double.Round(t, 9)));

    [Fact]
    public void On_logarithmic_axes_equal_ratios_are_equal_distances_and_points_and_their_line_share_a_colour()
    {
        (double, double, double, double) Point(double x, double y) => (x, y, double.NaN, double.NaN);
        FigureSeries measured = new("measured", [Point(1, 1), Point(10, 10), Point(100, 100), Point(5, 0)]) { Style = SeriesStyle.Points };
        FigureSeries model = new("model", [Point(1, 1), Point(100, 100)]) { Style = SeriesStyle.LineOfPrevious };
        string svg = FigureSvg.Draw(new ResultFigure("z", "t", "x", "y", [measured, model]) { Logarithmic = true });
        double[] xs = [.. System.Text.RegularExpressions.Regex.Matches(svg, "<circle class=\"mark f0\" r=\"3\" cx=\"([0-9.]+)\"").Select(m => double.Parse(m.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)).Take(3)];
        Assert.Equal(xs[1] - xs[0], xs[2] - xs[1], 0.2);
        Assert.Equal(3 + 1, svg.Split("<circle").Length - 1); // and that of the legend; a point at 0 has no place
        Assert.Equal(1, svg.Split("<polyline class=\"line c0\"").Length - 1);
    }
}
