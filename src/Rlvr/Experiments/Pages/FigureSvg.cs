using System.Globalization;
using System.Text;
using Rlvr.Runs;

namespace Rlvr.Experiments;

/// <summary>
/// A figure as SVG: lines with bands between the least and the greatest seed. Readable on light and dark pages and without colours (dashes tell lines
/// apart, too); the same figure is the same text.
/// </summary>
internal static class FigureSvg
{
    private const double Width = 760, Height = 400, Left = 66, Top = 40, Bottom = 50, LegendGap = 18, LegendLine = 20, LetterWidth = 6.6;
    private const int LongestName = 36, Colours = 8, MarkedPoints = 40;

    // Okabe and Ito's colours, which colour-blind readers can tell apart, with the dark ones made lighter for dark pages.
    private static readonly string[] Light = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5195", "#1f2328"];
    private static readonly string[] Dark = ["#4da3e0", "#ff8c42", "#2ec4a0", "#cc79a7", "#e69f00", "#56b4e9", "#b39ddb", "#f0f6fc"];

    // Plain rules, without variables: viewers that are no browsers do not know these.
    private static readonly string Style = $$"""
        text{font:12px system-ui,-apple-system,'Segoe UI',sans-serif}.title{font-size:14px;font-weight:600}
        .line{fill:none;stroke-width:2;stroke-linejoin:round}.band{opacity:.16}
        {{Theme("#fff", "#1f2328", "#59636e", "#d9dee3", Light)}}
        @media (prefers-color-scheme:dark){{{Theme("#0d1117", "#f0f6fc", "#9198a1", "#30363d", Dark)}}}
        """;

    private static readonly string[] Dashes = ["", "7 3", "2 3", "9 3 2 3"];

    /// <summary>Draws.</summary>
    public static string Draw(ResultFigure figure)
    {
        (double X, double Mean, double Low, double High)[] all = [.. figure.Series.SelectMany(s => s.Points).Where(p => IsThere(p) && (!figure.Logarithmic || (p.X > 0 && p.Mean > 0)))];
        double names = figure.Series.Select(s => Short(s.Name).Length).DefaultIfEmpty(0).Max() * LetterWidth;
        double plot = Width - Left - LegendGap - 34 - names, high = double.Max(Height, Top + Bottom + (figure.Series.Count * LegendLine)), depth = high - Top - Bottom;
        bool logarithmic = figure.Logarithmic && all.Length > 0;
        (double[] xs, double[] ys) = logarithmic
            ? (AxisTicks.Logarithmic(all.Min(p => p.X), all.Max(p => p.X), plot > 400 ? 10 : 7), AxisTicks.Logarithmic(all.Min(p => p.Mean), all.Max(p => p.Mean), 9))
            : (Ticks(all.Select(p => p.X), plot > 400 ? 8 : 5, fromZero: false), Ticks(all.SelectMany(p => new[] { p.Mean, p.Low, p.High }).Where(double.IsFinite), 6, fromZero: true));
        double Share(double value, double[] ticks) => logarithmic ? double.Log(value / ticks[0]) / double.Log(ticks[^1] / ticks[0]) : (value - ticks[0]) / (ticks[^1] - ticks[0]);
        if (logarithmic) figure = figure with { Series = [.. figure.Series.Select(s => s with { Points = [.. s.Points.Where(p => !IsThere(p) || (p.X > 0 && p.Mean > 0))] })] };
        double PlaceX(double x) => Left + (plot * Share(x, xs));
        double PlaceY(double y) => Top + depth - (depth * Share(y, ys));

        StringBuilder svg = new();
        svg.Append(Invariant($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {high}\" width=\"{Width}\" height=\"{high}\" role=\"img\">\n"));
        svg.Append($"<title>{Html.Escape(figure.Title)}</title>\n<style>{Style.ReplaceLineEndings("\n")}</style>\n");
        svg.Append(Invariant($"<rect class=\"page\" width=\"{Width}\" height=\"{high}\" rx=\"6\"/>\n"));
        svg.Append(Invariant($"<text class=\"title\" x=\"{Left}\" y=\"24\">")).Append(Html.Escape(figure.Title)).Append("</text>\n");
        foreach (double y in ys)
        {
            svg.Append(Invariant($"<line class=\"grid\" x1=\"{Left}\" x2=\"{Left + plot:0.#}\" y1=\"{PlaceY(y):0.#}\" y2=\"{PlaceY(y):0.#}\"/>"));
            svg.Append(Invariant($"<text class=\"label\" text-anchor=\"end\" x=\"{Left - 8}\" y=\"{PlaceY(y) + 4:0.#}\">{Number(y)}</text>\n"));
        }
        foreach (double x in xs)
        {
            svg.Append(Invariant($"<line class=\"grid\" x1=\"{PlaceX(x):0.#}\" x2=\"{PlaceX(x):0.#}\" y1=\"{Top + depth:0.#}\" y2=\"{Top + depth + 5:0.#}\"/>"));
            svg.Append(Invariant($"<text class=\"label\" text-anchor=\"middle\" x=\"{PlaceX(x):0.#}\" y=\"{Top + depth + 19:0.#}\">{Number(x)}</text>\n"));
        }
        svg.Append(Invariant($"<text class=\"label\" text-anchor=\"middle\" x=\"{Left + (plot / 2):0.#}\" y=\"{high - 10:0.#}\">")).Append(Html.Escape(figure.X)).Append("</text>\n");
        svg.Append(Invariant($"<text class=\"label\" text-anchor=\"middle\" transform=\"translate(16 {Top + (depth / 2):0.#}) rotate(-90)\">")).Append(Html.Escape(figure.Y)).Append("</text>\n");
        // All bands below all lines.
        int[] colours = Look(figure.Series);
        for (int i = 0; i < figure.Series.Count; i++) svg.Append(Band(figure.Series[i], colours[i], PlaceX, PlaceY));
        for (int i = 0; i < figure.Series.Count; i++) svg.Append(Line(figure.Series[i], colours[i], PlaceX, PlaceY)).Append(Legend(figure.Series[i], colours[i], Left + plot + LegendGap, i));
        if (all.Length == 0) svg.Append(Invariant($"<text class=\"label\" text-anchor=\"middle\" x=\"{Left + (plot / 2):0.#}\" y=\"{Top + (depth / 2):0.#}\">nothing measured yet</text>\n"));
        return svg.Append("</svg>\n").ToString();
    }

    private static string Theme(string page, string ink, string soft, string grid, string[] colours) =>
        $$""".page{fill:{{page}}}.title,.name{fill:{{ink}}}.label{fill:{{soft}}}.grid{stroke:{{grid}}}""" + string.Concat(colours.Select((c, i) => $$""".c{{i}}{stroke:{{c}}}.f{{i}}{fill:{{c}}}"""));

    private static string Band(FigureSeries series, int index, Func<double, double> x, Func<double, double> y)
    {
        StringBuilder text = new();
        foreach ((double X, double Mean, double Low, double High)[] part in Parts(series))
        {
            if (part.Length < 2 || !part.Any(p => p.High > p.Low)) continue;
            IEnumerable<string> edge = [.. part.Select(p => Point(x(p.X), y(Known(p.High, p.Mean)))), .. part.Reverse().Select(p => Point(x(p.X), y(Known(p.Low, p.Mean))))];
            text.Append($"<polygon class=\"band f{index % Colours}\" points=\"{string.Join(' ', edge)}\"/>\n");
        }
        return text.ToString();
    }

    private static string Line(FigureSeries series, int index, Func<double, double> x, Func<double, double> y)
    {
        StringBuilder text = new();
        foreach ((double X, double Mean, double Low, double High)[] part in Parts(series))
        {
            if (part.Length > 1 && series.Style != SeriesStyle.Points) text.Append($"<polyline class=\"line c{index % Colours}\"{Dash(index)} points=\"{string.Join(' ', part.Select(p => Point(x(p.X), y(p.Mean))))}\"/>\n");
            if (series.Style == SeriesStyle.LineOfPrevious || (series.Style == SeriesStyle.Line && series.Points.Count > MarkedPoints && part.Length > 1)) continue;
            foreach ((double px, double mean, _, _) in part) text.Append(Invariant($"<circle class=\"mark f{index % Colours}\" r=\"3\" cx=\"{x(px):0.#}\" cy=\"{y(mean):0.#}\"/>\n"));
        }
        return text.ToString();
    }

    private static string Legend(FigureSeries series, int index, double left, int place)
    {
        double y = Top + 8 + (place * LegendLine);
        string name = Invariant($"<text class=\"name\" x=\"{left + 32:0.#}\" y=\"{y + 4:0.#}\">") + Html.Escape(Short(series.Name)) + "</text>\n";
        if (series.Style == SeriesStyle.Points) return Invariant($"<circle class=\"mark f{index % Colours}\" r=\"3\" cx=\"{left + 13:0.#}\" cy=\"{y:0.#}\"/>") + name;
        return Invariant($"<line class=\"line c{index % Colours}\"{Dash(index)} x1=\"{left:0.#}\" x2=\"{left + 26:0.#}\" y1=\"{y:0.#}\" y2=\"{y:0.#}\"/>") + name;
    }

    /// <summary>Which colour and dashes each series has: its own number, or those of the series before it.</summary>
    private static int[] Look(IReadOnlyList<FigureSeries> series)
    {
        int[] look = new int[series.Count];
        for (int i = 0, next = 0; i < look.Length; i++) look[i] = series[i].Style == SeriesStyle.LineOfPrevious && i > 0 ? look[i - 1] : next++;
        return look;
    }

    /// <summary>Neighbouring points; a missing value parts them.</summary>
    private static IEnumerable<(double X, double Mean, double Low, double High)[]> Parts(FigureSeries series)
    {
        List<(double, double, double, double)> part = [];
        foreach ((double X, double Mean, double Low, double High) point in series.Points)
        {
            if (IsThere(point)) part.Add(point);
            else if (part.Count > 0)
            {
                yield return [.. part];
                part.Clear();
            }
        }
        if (part.Count > 0) yield return [.. part];
    }

    private static double[] Ticks(IEnumerable<double> values, int about, bool fromZero)
    {
        double[] all = [.. values];
        if (all.Length == 0) return [0, 1];
        (double low, double high) = (all.Min(), all.Max());
        if (low == high) (low, high) = low == 0 ? (0, 1) : (double.Min(low * 0.9, low * 1.1), double.Max(low * 0.9, low * 1.1));
        if (fromZero && low > 0 && low < 0.3 * high) low = 0; // where it costs little, heights compare as they look
        return AxisTicks.Between(low, high, about);
    }

    private static bool IsThere((double X, double Mean, double Low, double High) p) => double.IsFinite(p.X) && double.IsFinite(p.Mean);

    private static double Known(double value, double otherwise) => double.IsFinite(value) ? value : otherwise;

    private static string Dash(int index) => Dashes[index % Dashes.Length] is { Length: > 0 } dash ? $" stroke-dasharray=\"{dash}\"" : "";

    private static string Point(double x, double y) => Invariant($"{x:0.#},{y:0.#}");

    private static string Number(double value) => double.Round(value, 10).ToString("G6", CultureInfo.InvariantCulture);

    private static string Short(string name) => name.Length <= LongestName ? name : string.Concat(name.AsSpan(0, LongestName - 1), "…");

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
