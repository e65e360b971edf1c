using System.Text.Json.Nodes;
using Rlvr.Cli.Output;
using Rlvr.Math;

namespace Rlvr.Cli.Verify;

/// <summary>Verifications as JSON.</summary>
internal static class VerifyJson
{
    /// <summary>The object of one pair.</summary>
    public static JsonObject Of(Verification verification) => new()
    {
        ["verdict"] = verification.Verdict.ToString(),
        ["extracted"] = verification.Extracted,
        ["answer_form"] = verification.AnswerForm,
        ["expected_form"] = verification.ExpectedForm,
        ["rule"] = verification.Rule,
    };

    /// <summary>The line of an input line, with the end of the line.</summary>
    public static string Line(VerifyLine line)
    {
        JsonObject value = line.Verification is { } verification ? Of(verification) : new() { ["error"] = line.Error };
        if (line.Agrees is { } agrees) value["agrees"] = agrees;
        // The id is written as it came in: a large number stays what it is.
        string rest = JsonOutput.OneLine(value);
        return $"{{\"id\":{JsonOutput.Escape(line.Id)},{(line.Error is null ? "" : FormattableString.Invariant($"\"line\":{line.Number},"))}{rest.AsSpan(1)}\n";
    }
}
