using System.Globalization;
using Rlvr.Cli.Output;
using Rlvr.Math;
using Spectre.Console;

namespace Rlvr.Cli.Verify;

/// <summary>What came of the lines of a file: counts, and the first of those that are worth a look.</summary>
/// <param name="fields">Where things stand in a line.</param>
/// <param name="show">So many lines are kept to be shown.</param>
internal sealed class VerifySummary(VerifyFields fields, int show)
{
    private readonly long[] verdicts = new long[Enum.GetValues<Verdict>().Length];
    private readonly Dictionary<string, (long Count, long Correct)> rules = new(StringComparer.Ordinal);
    private readonly List<VerifyLine> shown = [];
    private long compared, agreed, toShow;

    /// <summary>Pairs that were judged.</summary>
    public long Pairs { get; private set; }

    /// <summary>Lines that are broken.</summary>
    public long Errors { get; private set; }

    /// <summary>Counts a line.</summary>
    public void Add(VerifyLine line)
    {
        if (line.Verification is not { } verification)
        {
            Errors++;
            return;
        }
        Pairs++;
        verdicts[(int)verification.Verdict]++;
        (long count, long correct) = rules.GetValueOrDefault(verification.Rule);
        rules[verification.Rule] = (count + 1, correct + (verification.IsCorrect ? 1 : 0));
        if (line.Agrees is { } agrees)
        {
            compared++;
            agreed += agrees ? 1 : 0;
        }
        if (fields.Compare is null ? verification.IsCorrect : line.Agrees != false) return;
        toShow++;
        if (shown.Count < show) shown.Add(line);
    }

    /// <summary>Writes it all.</summary>
    /// <param name="console">Where the tables go.</param>
    /// <param name="name">The file.</param>
    /// <param name="profile">The profile of the verifier.</param>
    /// <param name="time">How long it took.</param>
    public void Write(IAnsiConsole console, string name, VerifierProfile profile, TimeSpan time)
    {
        TextWriter writer = console.Profile.Out.Writer;
        double rate = Pairs / double.Max(1e-9, time.TotalSeconds);
        writer.WriteLine($"{SafeText.Clean(name)}: {Number(Pairs)} pairs{(Errors > 0 ? $", {Number(Errors)} broken lines" : "")}, profile {profile.ToString().ToLowerInvariant()}, {Durations.Words(time)}, {rate.ToString("#,0", CultureInfo.InvariantCulture)} pairs/s");
        if (Pairs == 0) return;
        Table byVerdict = NewTable("verdict", "pairs", "share");
        foreach (Verdict verdict in Enum.GetValues<Verdict>())
            if (verdicts[(int)verdict] is > 0 and long count) byVerdict.AddRow(verdict.ToString(), Number(count), Percent(count, Pairs));
        console.Write(byVerdict);
        Table byRule = NewTable("rule", "pairs", "share", "correct");
        foreach ((string rule, (long count, long correct)) in rules.OrderByDescending(r => r.Value.Count).ThenBy(r => r.Key, StringComparer.Ordinal))
            byRule.AddRow(Markup.Escape(SafeText.OneLine(rule, 60)), Number(count), Percent(count, Pairs), Number(correct));
        console.Write(byRule);
        if (fields.Compare is { } field)
        {
            writer.WriteLine(compared == 0
                ? $"no line has a verdict in '{SafeText.OneLine(field, 60)}' to compare with"
                : $"agreement with '{SafeText.OneLine(field, 60)}': {Number(agreed)} of {Number(compared)} ({(100.0 * agreed / compared).ToString("0.00", CultureInfo.InvariantCulture)}%)");
        }
        if (toShow == 0) return;
        writer.WriteLine();
        string what = fields.Compare is null ? "not correct" : "disagreements";
        writer.WriteLine(shown.Count < toShow ? $"{what}, {Number(shown.Count)} of {Number(toShow)} (--show N shows more):" : $"{what}, {Number(toShow)}:");
        foreach (VerifyLine line in shown) writer.WriteLine(Describe(line));
    }

    private static string Describe(VerifyLine line)
    {
        Verification v = line.Verification!;
        string id = line.HasId ? $" {SafeText.OneLine(line.Id.Trim('"'), 40)}" : "";
        string claim = line.Claim is null ? "" : $", the line says {line.Claim}";
        string forms = v.AnswerForm is null && v.ExpectedForm is null ? "" : $"\n      read as {Quoted(v.AnswerForm)} and {Quoted(v.ExpectedForm)}";
        return $"  line {Number(line.Number)}{id}: {v.Verdict} ({SafeText.OneLine(v.Rule, 60)}){claim}\n      {Quoted(v.Extracted)} for {Quoted(line.Expected)}{forms}";
    }

    private static string Quoted(string? text) => text is null ? "nothing" : SafeText.OneLine(text, 200);

    private static Table NewTable(string first, params string[] numbers)
    {
        Table table = new() { Border = TableBorder.Rounded };
        table.AddColumn(first);
        foreach (string number in numbers) table.AddColumn(new TableColumn(number).RightAligned());
        return table;
    }

    private static string Number(long count) => count.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Percent(long part, long whole) => EvaluationTables.Percent((double)part / whole) + "%";
}
