using Rlvr.Cli.Output;
using Rlvr.Evaluation;

namespace Rlvr.Cli.Suites;

/// <summary>Evaluates suites one after the other, with progress on standard error.</summary>
internal static class SuiteRunner
{
    /// <summary>Evaluates.</summary>
    /// <param name="terminal">For progress, and the wish to stop.</param>
    /// <param name="responder">Who answers.</param>
    /// <param name="suites">What.</param>
    /// <param name="folder">Keeps the responses; null keeps none.</param>
    /// <param name="label">What stands before the progress.</param>
    public static List<EvaluationResult> Run(Terminal terminal, IResponder responder, IReadOnlyList<PlannedSuite> suites, EvaluationFolder? folder, string label = "evaluating")
    {
        List<EvaluationResult> results = [];
        ProgressLine progress = new(terminal);
        try
        {
            foreach (PlannedSuite suite in suites)
                results.Add(new Evaluator(responder).Evaluate(suite.Name, suite.Problems, suite.Settings, (done, total) => progress.Report($"{label} {suite.Name}", done, total), folder, terminal.Cancellation));
        }
        catch (OperationCanceledException) when (folder is not null)
        {
            progress.Note($"the responses so far are in {folder.Path}; the same command goes on with them");
            throw;
        }
        finally
        {
            progress.Clear();
        }
        folder?.WriteSummary(results);
        return results;
    }
}
