using System.Globalization;
using System.Text.Json.Nodes;
using Rlvr.Cli.Output;
using Rlvr.Experiments;
using Spectre.Console;

namespace Rlvr.Cli.Reproduce;

/// <summary>What would be run, as a table and as JSON.</summary>
internal static class PlanTables
{
    /// <summary>The table, its totals, and what its marks mean.</summary>
    public static void Write(Terminal terminal, ReproductionPlan plan, IReadOnlyList<PlanRow> rows, int parallel)
    {
        Table table = EvaluationTables.Create("job", "done", "steps", "rollouts", "tokens", "time each", "time left", "memory");
        table.Border = TableBorder.Simple; // narrow: names of recipes are long
        foreach (TableColumn column in table.Columns) column.NoWrap();
        foreach (PlanRow row in rows)
        {
            JobEstimate e = row.Estimate;
            string most = e.IsBound ? "≤ " : "";
            string each = double.IsFinite(e.Seconds) ? most + Time(e.Seconds) + Mark(e.Source) : "unknown";
            table.AddRow(EvaluationTables.Text(row.Kind == PlanRow.Evaluate ? $"eval {row.Name}" : row.Name), $"{row.Done}/{row.Jobs.Count}", e.Work.Steps > 0 ? Number(e.Work.Steps) : "",
                e.Work.Responses > 0 ? Short(e.Work.Responses) : "", e.Tokens is { } tokens ? most + Short(tokens) : "", each,
                row.ToDo == 0 ? "" : double.IsFinite(row.Seconds) ? most + Time(row.Seconds) : "unknown", e.MemoryBytes > 0 ? $"{Gigabytes(e.MemoryBytes)} GB" : "unknown");
        }
        terminal.Tables.Write(table);
        double seconds = Known(rows);
        terminal.Out.WriteLine($"{plan.Jobs.Count} jobs, {plan.Jobs.Count - plan.ToDo.Count} done, {plan.ToDo.Count} to do; a row has one job for each seed, and rollouts are all its responses, those of evaluations too.");
        bool bound = rows.Any(r => r.ToDo > 0 && r.Estimate.IsBound), unknown = rows.Any(r => r.ToDo > 0 && double.IsNaN(r.Estimate.Seconds));
        terminal.Out.WriteLine($"Time left: {(bound ? "at most about " : "about ")}{Time(seconds)} of jobs, {Time(Wall(rows, parallel))} with {parallel} at once{(unknown ? ", and what is unknown until its model is pulled" : "")}.");
        if (rows.Any(r => r.Estimate.IsBound)) terminal.Out.WriteLine("≤: every response taken as long as it may be; the first finished run gives its real length.");
        if (rows.Any(r => r.Estimate.Source is EstimateSource.Siblings)) terminal.Out.WriteLine("*: from finished runs of recipes with the same model and limits.");
        if (rows.Any(r => r.Estimate.Source is EstimateSource.Arithmetic)) terminal.Out.WriteLine("°: from the model's arithmetic and the speed of this machine, measured now.");
    }

    /// <summary>The same for a script.</summary>
    public static JsonObject ToJson(ReproductionPlan plan, IReadOnlyList<PlanRow> rows, int parallel) => new()
    {
        ["scale"] = plan.Folder.ScaleName,
        ["folder"] = plan.Folder.Path,
        ["experiments"] = new JsonArray([.. plan.Experiments.Select(e => JsonValue.Create(e.Id))]),
        ["jobs_at_once"] = parallel,
        ["jobs"] = new JsonArray([.. rows.SelectMany(r => r.Jobs.Select(j => Of(j, r)))]),
        ["total"] = new JsonObject
        {
            ["jobs"] = plan.Jobs.Count,
            ["to_do"] = plan.ToDo.Count,
            ["seconds"] = JsonOutput.Number(Known(rows)),
            ["seconds_wall"] = JsonOutput.Number(Wall(rows, parallel)),
            ["complete"] = rows.All(r => r.ToDo == 0 || double.IsFinite(r.Estimate.Seconds)),
        },
    };

    private static JsonObject Of(ReproductionJob job, PlanRow row)
    {
        JobEstimate e = row.Estimate;
        return new JsonObject
        {
            ["job"] = job.Name,
            ["kind"] = row.Kind,
            ["recipe"] = job.Recipe,
            ["experiments"] = new JsonArray([.. job.Experiments.Select(x => JsonValue.Create(x))]),
            ["after"] = new JsonArray([.. job.After.Select(x => JsonValue.Create(x))]),
            ["state"] = job.State.ToString().ToLowerInvariant(),
            ["folder"] = job.Folder,
            ["steps"] = e.Work.Steps,
            ["rollouts"] = e.Work.Rollouts,
            ["evaluated"] = e.Work.Evaluated,
            ["tokens"] = e.Tokens is { } tokens ? JsonOutput.Number(double.Round(tokens)) : null,
            ["tokens_are_a_bound"] = e.IsBound,
            ["seconds"] = JsonOutput.Number(e.Seconds),
            ["seconds_from"] = e.Source.ToString().ToLowerInvariant(),
            ["memory_bytes"] = e.MemoryBytes > 0 ? JsonOutput.Number(double.Round(e.MemoryBytes)) : null,
        };
    }

    private static double Known(IReadOnlyList<PlanRow> rows) => rows.Select(r => r.Seconds).Where(double.IsFinite).Sum();

    // Not shorter than the longest job.
    private static double Wall(IReadOnlyList<PlanRow> rows, int parallel) =>
        double.Max(Known(rows) / parallel, rows.Where(r => r.ToDo > 0 && double.IsFinite(r.Estimate.Seconds)).Select(r => r.Estimate.Seconds).DefaultIfEmpty(0).Max());

    private static string Mark(EstimateSource source) => source switch { EstimateSource.Siblings => "*", EstimateSource.Arithmetic => "°", _ => "" };

    private static string Time(double seconds) => seconds switch
    {
        < 2 * 86400 => Durations.Words(TimeSpan.FromSeconds(seconds)),
        < 1000.0 * 86400 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 86400:0} days"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / (365.25 * 86400):N0} years"),
    };

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Gigabytes(double bytes) => (bytes / 1e9).ToString(bytes < 1e10 ? "0.0" : "0", CultureInfo.InvariantCulture);

    private static string Short(double value) => value switch
    {
        < 1e4 => value.ToString("N0", CultureInfo.InvariantCulture),
        < 1e6 => string.Create(CultureInfo.InvariantCulture, $"{value / 1e3:0} k"),
        < 1e9 => string.Create(CultureInfo.InvariantCulture, $"{value / 1e6:0.0} M"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value / 1e9:0.0} G"),
    };
}
