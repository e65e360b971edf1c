using System.Text;
using System.Text.Json;
using Rlvr.Data;
using Rlvr.Evaluation;
using Rlvr.Rollouts;
using Rlvr.Tests.Shared;
using Rlvr.Tests.Training;

namespace Rlvr.Tests.Evaluation;

public sealed class EvaluationFolderTests : IDisposable
{
    private static readonly IReadOnlyList<Problem> Problems =
        [.. Enumerable.Range(0, 9).Select(i => new Problem($"p{i}", new string((char)('a' + i), i + 1), $"{i}", i < 4 ? "first" : "second", $"{i % 3}"))];

    private static readonly EvaluationSettings Settings = new() { Prompt = PromptTemplate.Get("plain"), Samples = 4, Temperature = 1, MaxNewTokens = 8, MaxRows = 5, Seed = 5, ReflectionWords = ["e"] };

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Stopped_anywhere_it_goes_on_as_if_it_had_not_stopped()
    {
        using LanguageModel model = TinyLanguage.Create();
        EvaluationResult straight = Evaluate(model, "straight"), nothing = new Evaluator(model).Evaluate("s", Problems, Settings);
        Assert.Equal(nothing.Responses.Select(r => r.Text), straight.Responses.Select(r => r.Text));
        foreach (int stopAfter in new[] { 1, 17, 35 })
        {
            string name = $"stopped-{stopAfter}";
            using CancellationTokenSource source = new();
            Assert.Throws<OperationCanceledException>(() => Evaluate(model, name, progress: (done, _) => { if (done == stopAfter) source.Cancel(); }, cancellation: source.Token));
            int kept = File.ReadLines(folder[$"{name}/s.jsonl"]).Count();
            Assert.InRange(kept, stopAfter, 35);
            List<int> seen = [];
            EvaluationResult resumed = Evaluate(model, name, progress: (done, _) => seen.Add(done));
            Assert.Equal(Enumerable.Range(kept, 37 - kept), seen);
            Same(straight, resumed, name);
        }
        // Another time nothing is left to do: nobody is asked.
        EvaluationFolder complete = EvaluationFolder.Open(folder["straight"]);
        EvaluationResult again = new Evaluator(new Silent(((IResponder)new ModelResponder(model)).Fingerprint)).Evaluate("s", Problems, Settings, folder: complete);
        complete.WriteSummary([again]);
        Same(straight, again, "straight");
    }

    [Fact]
    public void What_a_crash_tore_is_written_again()
    {
        using LanguageModel model = TinyLanguage.Create();
        EvaluationResult straight = Evaluate(model, "straight");
        Evaluate(model, "torn");
        byte[] bytes = File.ReadAllBytes(folder["torn/s.jsonl"]);
        File.WriteAllBytes(folder["torn/s.jsonl"], bytes[..(bytes.Length * 2 / 3)]);
        File.Delete(folder["torn/summary.json"]);
        Same(straight, Evaluate(model, "torn"), "torn");
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path, "*.tmp", SearchOption.AllDirectories));
    }

    [Fact]
    public void A_limit_left_to_the_model_does_not_depend_on_what_is_missing()
    {
        using LanguageModel model = TinyLanguage.Create(maxPositions: 20);
        EvaluationSettings free = Settings with { MaxNewTokens = 0, Samples = 1 };
        EvaluationResult straight = Evaluate(model, "straight", free);
        Assert.Equal(11, straight.MaxLength); // what fits behind the longest prompt, of 9
        Evaluate(model, "part", free);
        File.WriteAllLines(folder["part/s.jsonl"], File.ReadAllLines(folder["part/s.jsonl"]).Where(l => !l.Contains("\"p2\"", StringComparison.Ordinal)));
        Same(straight, Evaluate(model, "part", free), "part");
    }

    [Fact]
    public void A_line_has_everything_about_its_response()
    {
        using LanguageModel model = TinyLanguage.Create();
        EvaluationResult result = Evaluate(model, "all");
        JsonElement[] lines = [.. File.ReadLines(folder["all/s.jsonl"]).Select(l => JsonDocument.Parse(l).RootElement)];
        Assert.Equal(36, lines.Length);
        for (int i = 0; i < lines.Length; i++)
        {
            EvaluatedResponse r = result.Responses[i];
            Problem p = Problems[r.Problem];
            Assert.Equal(["suite", "id", "subject", "level", "problem", "answer", "sample", "prompt", "response", "extracted", "verdict", "rule", "correct", "tokens", "finish", "boxed", "repetitive", "reflection"],
                lines[i].EnumerateObject().Select(f => f.Name));
            string? Text(string name) => lines[i].GetProperty(name).GetString();
            Assert.Equal(("s", p.Id, p.Subject, p.Level, p.Text, p.Answer), (Text("suite"), Text("id"), Text("subject"), Text("level"), Text("prompt"), Text("answer")));
            Assert.Equal((i / 4, i % 4), (r.Problem, lines[i].GetProperty("sample").GetInt32()));
            Assert.Equal((r.Text, r.Verdict, r.Rule, r.Extracted), (Text("response"), Text("verdict"), Text("rule"), Text("extracted")));
            Assert.Equal((r.Tokens, r.Correct, r.Boxed, r.Repetitive), (lines[i].GetProperty("tokens").GetInt32(), lines[i].GetProperty("correct").GetBoolean(), lines[i].GetProperty("boxed").GetBoolean(), lines[i].GetProperty("repetitive").GetBoolean()));
            Assert.Equal(r.Finish == FinishReason.Length ? "length" : "stop", Text("finish"));
        }
        Assert.NotNull(result.Responses[0].Rule);
    }

    public static TheoryData<string> Differences => ["temperature", "samples", "seed", "top_p", "max_new_tokens", "prompt", "judge", "problems", "reflection_words"];

    [Theory]
    [MemberData(nameof(Differences))]
    public void Other_settings_are_an_error_that_names_them(string what)
    {
        using LanguageModel model = TinyLanguage.Create();
        Evaluate(model, "run");
        string before = Everything("run");
        EvaluationSettings other = what switch
        {
            "temperature" => Settings with { Temperature = 0.5 },
            "samples" => Settings with { Samples = 5 },
            "seed" => Settings with { Seed = 6 },
            "top_p" => Settings with { TopP = 0.9 },
            "max_new_tokens" => Settings with { MaxNewTokens = 20 },
            "prompt" => Settings with { Prompt = PromptTemplate.Get("micro") },
            "judge" => Settings with { Profile = Rlvr.Math.VerifierProfile.Strict },
            "reflection_words" => Settings with { ReflectionWords = ["wait"] },
            _ => Settings with { Limit = 5 },
        };
        string message = Error(model, "run", other);
        Assert.Contains($"other settings: {what}", message, StringComparison.Ordinal);
        Assert.Equal(before, Everything("run"));
        // What has no influence on the responses may differ.
        Evaluate(model, "run", Settings with { MaxRows = 2 });
        Assert.Equal(before, Everything("run"));
    }

    [Fact]
    public void Another_model_is_an_error_and_a_moved_one_is_none()
    {
        TinyLanguage.Save(folder["a"]);
        TinyLanguage.Save(folder["b"]);
        TinyLanguage.Save(folder["other"], seed: 2);
        using LanguageModel a = LanguageModel.Load(folder["a"]), b = LanguageModel.Load(folder["b"]), other = LanguageModel.Load(folder["other"]);
        EvaluationResult first = Evaluate(a, "run");
        Same(first, Evaluate(b, "run"), "run");
        string message = Error(other, "run", Settings);
        Assert.Contains("of another model", message, StringComparison.Ordinal);
        Assert.Contains(folder["a"], message, StringComparison.Ordinal);
        Assert.Contains(folder["other"], message, StringComparison.Ordinal);
        Assert.Contains("of another model", Assert.Throws<RlvrException>(() => new Evaluator(other).Evaluate("t", Problems, Settings, folder: EvaluationFolder.Open(folder["run"]))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Suites_can_be_added_and_the_summary_has_all()
    {
        using LanguageModel model = TinyLanguage.Create();
        EvaluationResult first = Evaluate(model, "run");
        EvaluationResult second = new Evaluator(model).Evaluate("sub/t?", [.. Problems.Take(3)], Settings with { Samples = 1, Temperature = 0 }, folder: EvaluationFolder.Open(folder["run"]));
        EvaluationFolder all = EvaluationFolder.Open(folder["run"]);
        all.WriteSummary([second]);
        Assert.Equal(["s", "sub/t?"], all.Suites);
        Assert.Equal(folder["run/sub-t.jsonl"], all.FileOf("sub/t?"));
        JsonElement summary = JsonDocument.Parse(File.ReadAllText(folder["run/summary.json"])).RootElement;
        Assert.Equal(["s", "sub/t?"], summary.GetProperty("suites").EnumerateObject().Select(s => s.Name));
        Assert.Equal((first.Accuracy + second.Accuracy) / 2, summary.GetProperty("average").GetProperty("accuracy").GetDouble(), 6);
        Assert.Equal([SuiteScore.Of(first), SuiteScore.Of(second)], all.ReadScores().Select((s, i) => s with { Accuracy = i == 0 ? first.Accuracy : second.Accuracy, StandardError = i == 0 ? first.StandardError : second.StandardError }));
        Assert.Equal("1", all.SettingsOf("s")["temperature"]);
    }

    [Fact]
    public void What_is_no_evaluation_is_left_alone()
    {
        using LanguageModel model = TinyLanguage.Create();
        string Message(string path) => Assert.Throws<RlvrException>(() => EvaluationFolder.Open(path)).Message;
        Assert.Contains("is a file", Message(folder.Write("file", "x")), StringComparison.Ordinal);
        folder.Write("full/thing", "x");
        Assert.Contains("is not empty and holds no evaluation", Message(folder["full"]), StringComparison.Ordinal);
        folder.Write("broken/settings.json", "{");
        Assert.Contains("settings.json: error: cannot be read", Message(folder["broken"]), StringComparison.Ordinal);
        foreach (string text in new[] { "{}", "[]", """{"fingerprint":"x","suites":{"s":{}}}""", """{"fingerprint":"x","suites":{"s":{"file":"../../etc/passwd"}}}""" })
        {
            folder.Write("odd/settings.json", text);
            Assert.Contains("settings.json: error: ", Message(folder["odd"]), StringComparison.Ordinal);
        }
        EvaluationFolder.Open(folder["new"]);
        Assert.False(Directory.Exists(folder["new"])); // nothing is made before the first suite begins

        Evaluate(model, "run");
        string good = File.ReadAllText(folder["run/s.jsonl"]);
        string Damaged(string text)
        {
            File.WriteAllText(folder["run/s.jsonl"], text);
            string message = Error(model, "run", Settings);
            Assert.Equal(text, File.ReadAllText(folder["run/s.jsonl"]));
            return message;
        }
        string line = good[..(good.IndexOf('\n') + 1)];
        Assert.Contains("s.jsonl(1): error: this line is not a response", Damaged("{}\n" + good), StringComparison.Ordinal);
        Assert.Contains("s.jsonl(37): error: there is a second response 0 to the problem 'p0'", Damaged(good + line), StringComparison.Ordinal);
        Assert.Contains("is none of this evaluation", Damaged(line.Replace("\"p0\"", "\"q\"")), StringComparison.Ordinal);
        Assert.Contains("is none of this evaluation", Damaged(line.Replace("\"sample\":0", "\"sample\":4")), StringComparison.Ordinal);
        folder.Write("run/t.jsonl", "");
        Assert.Contains("is in the way", Assert.Throws<RlvrException>(() => new Evaluator(model).Evaluate("t", Problems, Settings, folder: EvaluationFolder.Open(folder["run"]))).Message, StringComparison.Ordinal);
        Assert.Contains("two problems with the id 'p0'", Assert.Throws<RlvrException>(() =>
            new Evaluator(model).Evaluate("s", [Problems[0], Problems[0]], Settings, folder: EvaluationFolder.Open(folder["twice"]))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_at_once_do_not_mix()
    {
        using LanguageModel model = TinyLanguage.Create();
        string message = "";
        Evaluate(model, "run", progress: (done, _) =>
        {
            if (done == 3) message = Assert.Throws<RlvrException>(() => Evaluate(model, "run")).Message;
        });
        Assert.Contains("Is another evaluation writing to this folder?", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_responder_that_leaves_something_out_is_found_out() =>
        Assert.Contains("left 36 of 36 requests without a response", Assert.Throws<RlvrException>(() => new Evaluator(new Silent("x")).Evaluate("s", Problems, Settings)).Message, StringComparison.Ordinal);

    private EvaluationResult Evaluate(LanguageModel model, string name, EvaluationSettings? settings = null, Action<int, int>? progress = null, CancellationToken cancellation = default)
    {
        EvaluationFolder to = EvaluationFolder.Open(folder[name]);
        EvaluationResult result = new Evaluator(model).Evaluate("s", Problems, settings ?? Settings, progress, to, cancellation);
        to.WriteSummary([result]);
        return result;
    }

    private string Error(LanguageModel model, string name, EvaluationSettings settings) => Assert.Throws<RlvrException>(() => Evaluate(model, name, settings)).Message;

    private void Same(EvaluationResult expected, EvaluationResult actual, string name)
    {
        Assert.Equal(expected.Responses.Select(r => r with { Reflection = [] }), actual.Responses.Select(r => r with { Reflection = [] }));
        Assert.Equal(expected.Responses.SelectMany(r => r.Reflection), actual.Responses.SelectMany(r => r.Reflection));
        Assert.Equal(EvaluationSummary.Of(expected).ToJsonString(), EvaluationSummary.Of(actual).ToJsonString());
        if (File.Exists(folder["straight/s.jsonl"])) Assert.Equal(Everything("straight"), Everything(name));
    }

    private string Everything(string name) =>
        new StringBuilder().AppendJoin('\n', Directory.EnumerateFiles(folder[name]).Order(StringComparer.Ordinal).Select(f => Path.GetFileName(f) + ": " + File.ReadAllText(f))).ToString();

    private sealed class Silent(string fingerprint) : IResponder
    {
        public string Name => "nobody";

        public string Fingerprint => fingerprint;

        public void Respond(IReadOnlyList<ResponseRequest> requests, EvaluationSettings settings, Action<int, ModelResponse> onResponse, CancellationToken cancellation) { }
    }
}
