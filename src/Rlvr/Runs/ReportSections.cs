using System.Globalization;

namespace Rlvr.Runs;

/// <summary>The parts of the report from top to bottom. A part that a run has nothing for is empty.</summary>
internal static class ReportSections
{
    public static Html Header(ReportData data)
    {
        var started = data.Environment is { } e ? Html.Of($" · started {e.Started:yyyy-MM-dd HH:mm} UTC") : Html.Empty;
        return Html.Of($"""
            <header>
            <p class="eyebrow">Reinforcement learning with verifiable rewards{started}</p>
            <h1>{data.Name}</h1>
            <p class="lead">{Lead(data)}</p>
            </header>
            """);
    }

    private static Html Lead(ReportData data)
    {
        var seconds = data.Metrics.Select(m => m["seconds_step"]).Where(double.IsFinite).Sum();
        var time = seconds > 0 ? $" in {Duration(seconds)}" : "";
        var training = (data.LastStep, data.Examples.Count) switch
        {
            (0, _) => Html.Of($"No training step has been done yet."),
            (var steps, 0) => Html.Of($"{steps} training steps{time}."),
            (var steps, 1) => Html.Of($"{steps} training steps{time}, all on <strong>one problem</strong>."),
            var (steps, problems) => Html.Of($"{steps} training steps{time}, on {problems} or more problems."),
        };
        if (data.Suites.FirstOrDefault(s => s.HasBoth) is not { } suite)
            return training;
        return Html.Of($"""
            {training} Accuracy on held-out problems ({suite.Title}) went from {Percent(suite.First.Accuracy)} to
            <strong>{Percent(suite.Last.Accuracy)}</strong>.
            """);
    }

    public static Html Headline(ReportData data)
    {
        if (data.Suites.Count == 0)
            return Html.Empty;
        return Html.Of($"""
            <section aria-labelledby="result">
            <h2 id="result">Result</h2>
            <p class="note">Accuracy is the share of problems whose boxed answer equals the right one. Greedy takes the likeliest token each
            time; a temperature samples, as in training. ± is the standard error that comes from the number of problems alone; changes larger than twice their error are coloured.</p>
            <div class="cards">{data.Suites.GroupBy(s => s.Suite).Select(Card)}</div>
            </section>
            """);
    }

    private static Html Card(IGrouping<string, SuiteResult> suite) => Html.Of($"""
        <article class="card">
        <h3>{suite.Key} <span class="how">{Count(suite.First().Last.Problems, "problem")}</span></h3>
        {suite.Select(Numbers)}
        </article>
        """);

    private static Html Numbers(SuiteResult result)
    {
        var (first, last) = (result.First, result.Last);
        var error = 100 * SuiteResult.StandardError(last.Accuracy, last.Problems);
        var before = result.HasBoth ? Html.Of($"""<span class="from">{Percent(first.Accuracy)}</span> <span class="arrow" aria-label="to">→</span> """) : Html.Empty;
        var change = result.HasBoth ? Change(first.Accuracy, last.Accuracy, last.Problems, " points") : Html.Of($"<span>at step {last.Step}</span>");
        return Html.Of($"""
            <div class="result">
            <p class="numbers">{before}<span class="to">{Percent(last.Accuracy)}</span>{(double.IsFinite(error) ? Html.Of($" <span class=\"error\">± {error:F1}</span>") : Html.Empty)}</p>
            <div class="bars" aria-hidden="true">{(result.HasBoth ? Bar("before", first.Accuracy) : Html.Empty)}{Bar("after", last.Accuracy)}</div>
            <p class="small"><span>{result.How}{Samples(last.Samples)}</span>{change}</p>
            </div>
            """);
    }

    public static Html TrainedOn(ReportData data)
    {
        if (data.Examples.Count == 0)
            return Html.Empty;
        const int Shown = 3;
        var more = data.Examples.Count - Shown;
        var note = data.Examples.Count == 1
            ? "The one training example. The model is shown no solution; it only gets a reward for what it writes."
            : $"The first of the problems met in the saved rollouts{(more > 0 ? $", of {data.Examples.Count} there" : "")}.";
        return Html.Of($"""
            <section aria-labelledby="trained-on">
            <h2 id="trained-on">What it was trained on</h2>
            <p class="note">{note}</p>
            {data.Examples.Take(Shown).Select(e => Html.Of($"""
                <article class="card example">
                <pre>{e.Prompt}</pre>
                <p class="small">problem <code>{e.Problem}</code> · right answer <code class="label">{e.Label}</code></p>
                </article>
                """))}
            </section>
            """);
    }

    public static Html Curves(IReadOnlyList<ReportCharts.Chart> charts)
    {
        if (charts.Count == 0)
            return Html.Empty;
        return Html.Of($"""
            <section aria-labelledby="curves">
            <h2 id="curves">Curves</h2>
            <p class="note">Over training steps. Point at a curve to read its values; drag sideways to look closer, and click twice to return.</p>
            <div class="charts">{charts.Select(c => Html.Of($"""
                <figure class="chart" id="figure-{c.Id}">
                <figcaption><h3>{c.Title} <span class="how">{c.Unit}</span></h3><p class="small">{c.About}</p></figcaption>
                <div class="plot" id="plot-{c.Id}" role="img" aria-label="{c.Title}. {c.Summary}."></div>
                </figure>
                """))}</div>
            <noscript><p class="note">The curves need JavaScript. Their numbers are in metrics.jsonl and evals.jsonl beside this page.</p></noscript>
            </section>
            """);
    }

    public static Html Subjects(ReportData data)
    {
        var suites = data.Suites.Where(s => s.Last.Subjects.Count > 1).ToList(); // of one subject the headline tells all
        if (suites.Count == 0)
            return Html.Empty;
        return Html.Of($"""
            <section aria-labelledby="subjects">
            <h2 id="subjects">Accuracy by subject</h2>
            <p class="note">Kinds of problems, each measured on held-out ones. <span class="key before"></span> before training
            <span class="key after"></span> after.</p>
            <div class="tables">{suites.Select(SubjectTable)}</div>
            </section>
            """);
    }

    private static Html SubjectTable(SuiteResult suite)
    {
        var before = suite.HasBoth ? suite.First.Subjects.ToDictionary(s => s.Subject, s => s.Accuracy) : [];
        var rows = suite.Last.Subjects.Select(s =>
        {
            var had = before.TryGetValue(s.Subject, out var accuracy);
            return Html.Of($"""
                <tr><th scope="row">{s.Subject}</th><td class="count">{s.Problems}</td>
                <td>{(had ? Percent(accuracy) : "")}</td><td>{Percent(s.Accuracy)}</td><td>{(had ? Change(accuracy, s.Accuracy, s.Problems, "") : Html.Empty)}</td>
                <td class="bars" aria-hidden="true">{(had ? Bar("before", accuracy) : Html.Empty)}{Bar("after", s.Accuracy)}</td></tr>
                """);
        });
        return Html.Of($"""
            <table class="card">
            <caption>{suite.Suite} <span class="how">{suite.How}</span></caption>
            <thead><tr><th scope="col">Subject</th><th scope="col" class="count">Problems</th><th scope="col">Before</th><th scope="col">After</th>
            <th scope="col">Points</th><td></td></tr></thead>
            <tbody>{rows}</tbody>
            </table>
            """);
    }

    public static Html Rollouts(ReportData data)
    {
        if (data.Rollouts.Count == 0)
            return Html.Empty;
        var prompts = data.Examples.Count > 1;
        var last = data.Rollouts[^1].Step;
        var first = data.Rollouts[0].Step;
        return Html.Of($"""
            <section aria-labelledby="rollouts">
            <h2 id="rollouts">Rollouts to read</h2>
            <p class="note">Some of what the model wrote while it was trained, early and late: some of each verdict, not a fair sample. The
            advantage says how much better a rollout was than the others of its group; a positive one is made likelier.</p>
            {data.Rollouts.Select(r => Html.Of($"""
                <details{Html.Trusted(r.Step == first || r.Step == last ? " open" : "")}>
                <summary>Step {r.Step}</summary>
                <div class="rollouts">{r.Rollouts.Select(one => Rollout(one.Rollout, one.Copies, prompts))}</div>
                </details>
                """))}
            </section>
            """);
    }

    private static Html Rollout(RolloutRecord r, int copies, bool withPrompt)
    {
        var correct = r.Verdict == "Correct";
        var verdict = r.Verdict switch
        {
            "NoAnswer" => "no answer",
            "UnparsableAnswer" => "answer not readable",
            var other => other.ToLowerInvariant(),
        };
        var found = r.Extracted is null || correct ? Html.Empty : Html.Of($" <span>answered <code>{Short(r.Extracted, 80)}</code>, right is <code>{Short(r.Label, 80)}</code></span>");
        return Html.Of($"""
            <article class="card rollout">
            <p class="small meta"><span class="verdict {Html.Trusted(correct ? "good" : "bad")}">{(correct ? "✓" : "✗")} {verdict}</span>{found}</p>
            {(withPrompt ? Html.Of($"<pre class=\"prompt\">{Short(r.Prompt, 2000)}</pre>") : Html.Empty)}
            <pre>{Short(r.Response, 6000)}</pre>
            <p class="small">reward {r.Reward:0.##} · advantage {Signed(r.Advantage)} · {Count(r.Tokens, "token")}{(r.Finish.Equals("length", StringComparison.OrdinalIgnoreCase) ? ", cut off at the limit" : "")}{(copies > 1 ? Html.Of($" · <span>{copies} wrote the same</span>") : Html.Empty)}</p>
            </article>
            """);
    }

    public static Html Speed(ReportData data)
    {
        (string Metric, string Label)[] phases = [("seconds_rollout", "sampling the rollouts"), ("seconds_reward", "scoring them"), ("seconds_update", "updating the model")];
        var step = Mean(data, "seconds_step");
        if (!double.IsFinite(step))
            return Html.Empty;
        var memory = data.Metrics.Select(m => m["memory_bytes"]).Where(double.IsFinite).DefaultIfEmpty(double.NaN).Max();
        var rows = phases.Select(p => (p.Label, Seconds: Mean(data, p.Metric))).Where(p => double.IsFinite(p.Seconds)).Select(p => Html.Of($"""
            <tr><th scope="row">{p.Label}</th><td>{Seconds(p.Seconds)}</td><td>{Percent(p.Seconds / step, 0)}</td>
            <td class="bars" aria-hidden="true">{Bar("after", p.Seconds / step)}</td></tr>
            """));
        var speed = Mean(data, "tokens_per_second");
        return Html.Of($"""
            <section aria-labelledby="speed">
            <h2 id="speed">Where the time went</h2>
            <p class="note">Mean of a step: {Seconds(step)}{(double.IsFinite(speed) ? $", {speed:N0} response tokens per second" : "")}{(double.IsFinite(memory) ? $"; at most {memory / 1e6:N0} MB of memory" : "")}.</p>
            <table class="card narrow"><thead><tr><th scope="col">Phase</th><th scope="col">Time</th><th scope="col">Share</th><td></td></tr></thead>
            <tbody>{rows}</tbody></table>
            </section>
            """);
    }

    public static Html Recipe(ReportData data) => data.Recipe.Length == 0 ? Html.Empty : Html.Of($"""
        <section aria-labelledby="recipe">
        <h2 id="recipe">Recipe</h2>
        <details><summary>Every setting of this run</summary><pre class="card">{data.Recipe}</pre></details>
        </section>
        """);

    public static Html Environment(ReportData data)
    {
        if (data.Environment is not { } e)
            return Html.Empty;
        (string, string)[] rows =
        [
            ("rlvr", e.Rlvr), ("operating system", e.OperatingSystem), ("architecture", e.Architecture), ("processor", e.Processor),
            ("logical processors", $"{e.Processors}"), ("memory", $"{e.MemoryBytes / 1e9:F1} GB"), (".NET", e.Runtime),
            .. e.More.Select(m => (m.Key, m.Value)),
        ];
        return Html.Of($"""
            <section aria-labelledby="environment">
            <h2 id="environment">Environment</h2>
            <table class="card facts"><tbody>{rows.Select(r => Html.Of($"<tr><th scope=\"row\">{r.Item1}</th><td>{r.Item2}</td></tr>"))}</tbody></table>
            </section>
            """);
    }

    private static Html Bar(string kind, double share) =>
        Html.Of($"<span class=\"track\"><span class=\"bar {kind}\" style=\"width:{100 * double.Clamp(double.IsFinite(share) ? share : 0, 0, 1):F1}%\"></span></span>");

    private static Html Change(double before, double after, int problems, string unit)
    {
        var points = double.Round(100 * (after - before), 1);
        var kind = !SuiteResult.IsClear(before, after, problems) ? "" : points > 0 ? "up" : "down";
        return Html.Of($"<span class=\"change {kind}\">{Signed(points, 1)}{unit}</span>");
    }

    private static double Mean(ReportData data, string metric) =>
        data.Metrics.Select(m => m[metric]).Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average();

    private static string Percent(double share, int digits = 1) =>
        double.IsFinite(share) ? (100 * share).ToString($"F{digits}", CultureInfo.InvariantCulture) + "%" : "–";

    private static string Signed(double value, int digits = 2) => !double.IsFinite(value) ? "–"
        : (value < 0 ? "−" : value > 0 ? "+" : "") + double.Abs(value).ToString($"F{digits}", CultureInfo.InvariantCulture);

    private static string Count(int number, string what) => $"{number:N0} {what}{(number == 1 ? "" : "s")}";

    private static string Samples(int samples) => samples > 1 ? $", {samples} samples each" : "";

    private static string Seconds(double seconds) => seconds switch
    {
        < 0.001 => "below 1 ms",
        < 1 => $"{1000 * seconds:F0} ms",
        _ => $"{seconds:F2} s",
    };

    private static string Duration(double seconds) => seconds switch
    {
        < 120 => $"{seconds:F0} seconds",
        < 7200 => $"{seconds / 60:F0} minutes",
        _ => $"{seconds / 3600:F1} hours",
    };

    private static string Short(string text, int length)
    {
        if (text.Length <= length)
            return text;
        // Not through the middle of a pair that is one character.
        var end = char.IsHighSurrogate(text[length - 1]) ? length - 1 : length;
        return $"{text[..end]} […{text.Length - end:N0} more characters]";
    }
}
