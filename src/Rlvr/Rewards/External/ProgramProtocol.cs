using System.Text.Json;
using Rlvr.Data;

namespace Rlvr.Rewards.External;

/// <summary>The lines between this process and a reward program.</summary>
internal static class ProgramProtocol
{
    private const int MaxVerdictLength = 64;
    private const int MaxQuoted = 100;

    /// <summary>
    /// A request: one line with its end, in ASCII (everything else is escaped, so that no program needs to care for encodings).
    /// </summary>
    public static byte[] Request(long id, Problem problem, string response)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
        {
            writer.WriteStartObject();
            writer.WriteNumber("id", id);
            writer.WriteString("problem", problem.Text);
            writer.WriteString("answer", problem.Answer);
            writer.WriteString("response", response);
            writer.WriteEndObject();
        }
        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    /// <summary>Reads an answer.</summary>
    /// <param name="line">What the program wrote.</param>
    /// <param name="id">Of the request it should answer.</param>
    /// <param name="result">The result.</param>
    /// <param name="reason">What is wrong with it; empty where nothing is.</param>
    public static bool TryRead(string line, long id, out RewardResult result, out string reason)
    {
        result = default;
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            reason = document.RootElement.ValueKind == JsonValueKind.Object ? Read(document.RootElement, id, ref result) : $"expected a JSON object, found {Quote(line)}";
        }
        catch (JsonException)
        {
            reason = $"expected a JSON object, found {Quote(line)}";
        }
        catch (InvalidOperationException)
        {
            reason = $"expected a JSON object of valid texts, found {Quote(line)}"; // half of a surrogate pair, escaped
        }
        return reason.Length == 0;
    }

    private static string Read(JsonElement answer, long id, ref RewardResult result)
    {
        if (!answer.TryGetProperty("id", out JsonElement number) || number.ValueKind != JsonValueKind.Number || !number.TryGetInt64(out long answered) || answered != id)
            return $"expected \"id\": {id}, found {Quote(number)}";
        if (!answer.TryGetProperty("reward", out JsonElement reward) || reward.ValueKind != JsonValueKind.Number || !reward.TryGetDouble(out double value) || !double.IsFinite(value))
            return $"expected \"reward\" to be a finite number, found {Quote(reward)}";
        bool isRight = value >= 1;
        if (answer.TryGetProperty("correct", out JsonElement correct) && correct.ValueKind != JsonValueKind.Null)
        {
            if (correct.ValueKind is not (JsonValueKind.True or JsonValueKind.False)) return $"expected \"correct\" to be true or false, found {Quote(correct)}";
            isRight = correct.ValueKind == JsonValueKind.True;
        }
        string word = isRight ? RewardVerdicts.Correct : RewardVerdicts.Wrong;
        if (answer.TryGetProperty("verdict", out JsonElement verdict) && verdict.ValueKind != JsonValueKind.Null)
        {
            if (verdict.ValueKind != JsonValueKind.String || verdict.GetString() is not { Length: > 0 and <= MaxVerdictLength } given)
                return $"expected \"verdict\" to be a word of at most {MaxVerdictLength} characters, found {Quote(verdict)}";
            word = given;
        }
        result = new RewardResult(value, isRight, word);
        return "";
    }

    private static string Quote(JsonElement element) => element.ValueKind == JsonValueKind.Undefined ? "none" : Quote(element.GetRawText());

    private static string Quote(string text) => $"'{(text.Length <= MaxQuoted ? text : text[..MaxQuoted] + "...")}'";
}
