using System.Text;
using Rlvr.Runs;

namespace Rlvr.Experiments;

/// <summary>Writes the page of a reproduction: for every experiment its question, tables, figures and what they say of the paper's claims.</summary>
public static class ResultsPage
{
    private const string Folder = "figures";

    /// <summary>Writes the page and its figures, each whole or not at all.</summary>
    /// <param name="plan">What was asked for.</param>
    /// <param name="results">What there is.</param>
    /// <param name="facts">How it came about.</param>
    /// <param name="path">The page. Figures lie in the folder <c>figures</c> beside it or, where the page has another name than the usual, in one of its name.</param>
    /// <returns>What the experiments say, in order.</returns>
    /// <exception cref="RlvrException">It cannot be written.</exception>
    public static IReadOnlyList<(Experiment Experiment, ExperimentPage Page)> Write(ReproductionPlan plan, ExperimentResults results, PageFacts facts, string path)
    {
        (Experiment Experiment, ExperimentPage Page)[] pages = [.. plan.Experiments.Select(e => (e, e.Report(results)))];
        string full = Path.GetFullPath(path), folder = Path.GetDirectoryName(full)!;
        string figures = full == Path.GetFullPath(plan.Folder.Page) ? Folder : Path.GetFileNameWithoutExtension(full) is var name && name != Path.GetFileName(full) ? name : $"{name}-{Folder}";
        Directory.CreateDirectory(folder);
        foreach (ResultFigure figure in pages.SelectMany(p => p.Page.Figures))
        {
            Directory.CreateDirectory(Path.Combine(folder, figures));
            AtomicFile.WriteAllText(Path.Combine(folder, figures, FileName(figure)), FigureSvg.Draw(figure));
        }
        AtomicFile.WriteAllText(full, Text(plan, pages, facts, figures));
        return pages;
    }

    internal static string Text(ReproductionPlan plan, IReadOnlyList<(Experiment Experiment, ExperimentPage Page)> pages, PageFacts facts, string figures)
    {
        StringBuilder text = new();
        bool micro = plan.Folder.Scale == ExperimentScale.Micro;
        text.Append($"# Results at {plan.Folder.ScaleName} scale\n\n");
        text.Append("The experiments of [arXiv 2504.20571](https://arxiv.org/abs/2504.20571), \"Reinforcement Learning for Reasoning in Large Language Models with One Training Example\", ");
        text.Append(micro ? "run on a micro-maths model that was made for the purpose, thousands of times smaller than the paper's.\n" : "run on the paper's models.\n");
        text.Append($"This page is written by `{facts.Command}`.\n\n");
        foreach ((string name, string value) in facts.Lines) text.Append($"- {name}: {MarkdownText.Escape(value)}\n");
        text.Append('\n');
        text.Append("| experiment | claims | agrees | disagrees | unclear | not measured |\n| --- | ---: | ---: | ---: | ---: | ---: |\n");
        foreach ((Experiment experiment, ExperimentPage page) in pages)
        {
            text.Append($"| [{experiment.Id} {MarkdownText.Escape(experiment.Title)}](#{Anchor(experiment)}) | {page.Findings.Count} |");
            foreach (Agreement agreement in Enum.GetValues<Agreement>()) text.Append(Count(page, agreement) is > 0 and int n ? $" {n} |" : " |");
            text.Append('\n');
        }
        text.Append($"| all | {pages.Sum(p => p.Page.Findings.Count)} |");
        foreach (Agreement agreement in Enum.GetValues<Agreement>()) text.Append($" {pages.Sum(p => Count(p.Page, agreement))} |");
        text.Append("\n\n*Agrees*: it holds here by more than noise. *Disagrees*: the opposite holds, or there is no effect where there should be one. *Unclear*: the difference is within noise.\n");
        foreach ((Experiment experiment, ExperimentPage page) in pages) Append(text, plan, experiment, page, figures, facts);
        return text.ToString();
    }

    private static void Append(StringBuilder text, ReproductionPlan plan, Experiment experiment, ExperimentPage page, string figures, PageFacts facts)
    {
        text.Append($"\n<a id=\"{Anchor(experiment)}\"></a>\n\n## {experiment.Id} {MarkdownText.Escape(experiment.Title)}\n\n{MarkdownText.Escape(experiment.Question)}\n");
        foreach (ResultTable table in page.Tables) text.Append($"\n**{MarkdownText.Escape(table.Title)}**\n\n{MarkdownText.Table(table)}");
        foreach (ResultFigure figure in page.Figures) text.Append($"\n![{MarkdownText.Escape(figure.Title)}]({figures}/{FileName(figure)})\n");
        if (page.Findings.Count > 0) text.Append('\n');
        foreach (Finding finding in page.Findings)
        {
            text.Append($"- **{Word(finding.Agreement)}**: {MarkdownText.Escape(finding.Claim)}");
            text.Append(finding.Detail.Length > 0 ? $" *{Measured(finding)}*\n" : "\n");
        }
        if (page.Notes.Length > 0) text.Append($"\n{page.Notes.ReplaceLineEndings("\n").Trim()}\n");
        text.Append($"\nMade by `rlvr reproduce {experiment.Id} --scale {plan.Folder.ScaleName} --seeds {facts.Seeds}`.\n");
    }

    /// <summary>The word for an agreement.</summary>
    public static string Word(Agreement agreement) => agreement switch
    {
        Agreement.Agrees => "agrees",
        Agreement.Disagrees => "disagrees",
        Agreement.Unclear => "unclear",
        _ => "not measured",
    };

    private static string Measured(Finding finding) => MarkdownText.Escape(finding.Detail);

    private static int Count(ExperimentPage page, Agreement agreement) => page.Findings.Count(f => f.Agreement == agreement);

    private static string Anchor(Experiment experiment) => experiment.Id.ToLowerInvariant();

    private static string FileName(ResultFigure figure) => string.Concat(figure.Name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '-')) + ".svg";
}
