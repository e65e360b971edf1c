using System.Text.Json.Nodes;
using Rlvr.Cli.Output;
using Rlvr.Math;

namespace Rlvr.Cli.Verify;

/// <summary>The verification of one pair, for people and for scripts.</summary>
internal static class PairView
{
    private const int MaxWidth = 1_000;

    public static void Write(Terminal terminal, Verification verification, string expected, bool explain, bool json)
    {
        string why = RuleText.Of(verification.Rule);
        if (json)
        {
            JsonObject value = VerifyJson.Of(verification);
            if (explain) value["explanation"] = why.Length > 0 ? why : null;
            terminal.Out.WriteLine(JsonOutput.OneLine(value));
            return;
        }
        if (!explain)
        {
            terminal.Out.WriteLine(verification.Verdict.ToString());
            return;
        }
        Line(terminal, "verdict", $"{verification.Verdict}: {RuleText.Of(verification.Verdict)}");
        Line(terminal, "extracted", verification.Extracted);
        Line(terminal, "expected", expected);
        Line(terminal, "read as", verification.AnswerForm);
        Line(terminal, "expected read as", verification.ExpectedForm);
        Line(terminal, "rule", why.Length > 0 ? $"{verification.Rule}: {why}" : verification.Rule);
    }

    private static void Line(Terminal terminal, string name, string? text) =>
        terminal.Out.WriteLine($"{name,-17} {(text is null ? "–" : SafeText.OneLine(text, MaxWidth))}".TrimEnd());
}
