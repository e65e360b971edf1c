using System.Text;

namespace Rlvr.Experiments;

/// <summary>Text inside Markdown: what a model wrote, or a label in TeX, is shown as it is, in a table too.</summary>
internal static class MarkdownText
{
    /// <summary>One line in which nothing is markup.</summary>
    public static string Escape(string text)
    {
        StringBuilder escaped = new(text.Length + 16);
        string line = text.ReplaceLineEndings(" ").Trim();
        for (int i = 0; i < line.Length; i++)
        {
            char c = line[i];
            _ = c switch
            {
                '&' => escaped.Append("&amp;"),
                '<' => escaped.Append("&lt;"),
                '>' => escaped.Append("&gt;"),
                // Between letters it is none: names such as micro_math stay readable in the source.
                '_' when i > 0 && i + 1 < line.Length && char.IsLetterOrDigit(line[i - 1]) && char.IsLetterOrDigit(line[i + 1]) => escaped.Append(c),
                '\\' or '`' or '*' or '_' or '[' or ']' or '|' or '$' or '~' => escaped.Append('\\').Append(c),
                // Controls, and marks that show text in another order than it has.
                _ when char.IsControl(c) || c is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069') => escaped.Append(c == '\t' ? ' ' : '\ufffd'),
                _ => escaped.Append(c),
            };
        }
        return escaped.ToString();
    }

    /// <summary>A table: names to the left, numbers to the right.</summary>
    public static string Table(ResultTable table)
    {
        StringBuilder text = new();
        text.Append(Row(table.Columns));
        text.Append('|').Append(string.Concat(table.Columns.Select((_, i) => i == 0 ? " --- |" : " ---: |"))).Append('\n');
        foreach (IReadOnlyList<string> row in table.Rows) text.Append(Row([.. table.Columns.Select((_, i) => i < row.Count ? row[i] : "")]));
        return text.ToString();
    }

    private static string Row(IReadOnlyList<string> cells) => $"| {string.Join(" | ", cells.Select(Escape))} |\n";
}
