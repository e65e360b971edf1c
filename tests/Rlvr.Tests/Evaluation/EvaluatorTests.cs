using Rlvr.Data;
using Rlvr.Evaluation;
using Rlvr.Models;
using Rlvr.Rewards;
using Rlvr.Rollouts;
using Rlvr.Runs;
using Rlvr.Text;
using static TorchSharp.torch;

namespace Rlvr.Tests.Evaluation;

public sealed class EvaluatorTests : IDisposable
{
    private static readonly IReadOnlyList<Problem> Problems =
        [.. Enumerable.Range(0, 10).Select(i => new Problem($"p{i}", new string((char)('a' + i), i + 1), $"{i}", i < 4 ? "first" : "second"))];

    private static readonly EvaluationSettings Sampled = new() { Prompt = PromptTemplate.Get("plain"), Samples = 3, Temperature = 1, MaxNewTokens = 12, MaxRows = 7, Seed = 5 };

    // Right if the response holds an "e" or has an even number of characters: about anything, but a pure function of the text.
    private static readonly FunctionReward Judge = new FunctionReward((_, response) => response.Contains('e', StringComparison.Ordinal) || response.Length % 2 == 0 ? 1 : 0);

    private readonly LanguageModel model = TinyModel();

    public void Dispose() => model.Dispose();

    [Fact]
    public void Results_depend_on_the_seed_and_not_on_the_batch()
    {
        string[] Texts(EvaluationSettings settings) => [.. new Evaluator(model).Evaluate("s", Problems, settings).Responses.Select(r => r.Text)];
        string[] texts = Texts(Sampled);
        Assert.Equal(texts, Texts(Sampled));
        Assert.Equal(texts, Texts(Sampled with { MaxRows = 2 }));
        Assert.Equal(texts, Texts(Sampled with { MaxRows = 0 }));
        Assert.NotEqual(texts, Texts(Sampled with { Seed = 6 }));
        IEnumerable<string> alone = new Evaluator(model).Evaluate("s", [.. Problems.Take(1)], Sampled).Responses.Select(r => r.Text);
        Assert.Equal(texts.Take(3), alone);
        Assert.Equal(30, texts.Distinct().Count());
    }

    [Fact]
    public void A_limited_evaluation_is_part_of_the_whole_one()
    {
        EvaluationResult all = new Evaluator(model).Evaluate("s", Problems, Sampled), some = new Evaluator(model).Evaluate("s", Problems, Sampled with { Limit = 5 });
        Assert.Equal(["p0", "p2", "p4", "p6", "p8"], some.Problems.Select(p => p.Id));
        string[] expected = [.. all.Responses.Where(r => r.Problem % 2 == 0).Select(r => r.Text)];
        Assert.Equal(expected, some.Responses.Select(r => r.Text));
    }

    [Fact]
    public void Numbers_are_those_of_the_responses()
    {
        EvaluationResult result = new Evaluator(model).Evaluate("s", Problems, Sampled with { Judge = Judge });
        Assert.Equal(30, result.Responses.Count);
        Assert.All(Enumerable.Range(0, 30), i => Assert.Equal((i / 3, i % 3), (result.Responses[i].Problem, result.Responses[i].Sample)));
        Assert.All(result.Responses, r => Assert.Equal(Judge.Score(Problems[r.Problem], r.Text).Correct, r.Correct));
        double accuracy = result.Responses.Count(r => r.Correct) / 30.0;
        Assert.InRange(accuracy, 0.05, 0.95);
        Assert.Equal(accuracy, result.Accuracy, 12);
        Assert.Equal(accuracy, result.PassAt(1), 12);
        Assert.Equal(result.CorrectByProblem.Count(c => c > 0) / 10.0, result.PassAt(3), 12);
        Assert.Equal(["first", "second"], result.Subjects.Select(s => s.Subject));
        Assert.Equal([4, 6], result.Subjects.Select(s => s.Problems));
        Assert.Equal(accuracy, ((4 * result.Subjects[0].Accuracy) + (6 * result.Subjects[1].Accuracy)) / 10, 12);
        Assert.InRange(accuracy, result.Interval.Low, result.Interval.High);
        Assert.Equal(result.Responses.Average(r => (double)r.Tokens), result.MeanLength, 12);
        Assert.Equal(result.Responses.Count(r => r.Tokens == 12 && r.Finish == FinishReason.Length) / 30.0, result.Truncated, 12);

        EvaluationRecord record = result.ToRecord(40);
        Assert.Equal((40, "s", 1.0, 3, 10, accuracy), (record.Step, record.Suite, record.Temperature, record.Samples, record.Problems, record.Accuracy));
        Assert.Equal((result.StandardError, result.Repetitive, result.Reflective, result.MedianLength, result.MaxLength), (record.StandardError, record.Repetitive, record.Reflection, record.LengthMedian, record.LengthMax));
    }

    [Fact]
    public void Numbers_beyond_accuracy_are_those_of_the_responses()
    {
        // Who answers what is known: problem i, sample s.
        string[][] texts =
        [
            ["\\boxed{0}", "\\boxed{0}", "\\boxed{1}", "no answer here"],
            ["\\boxed{2}", "\\boxed{1}", "\\boxed{2.0}", "recheck: \\boxed{1}"], // 2 and 2.0 are one answer, given first
            ["\\boxed{((}", string.Concat(Enumerable.Repeat("again and ", 60)), "\\boxed{2}", "\\boxed{2}"],
        ];
        Scripted responder = new((i, s) => new ModelResponse(texts[i][s], (4 * i) + s + 1, s == 3 ? FinishReason.Length : FinishReason.Stop));
        Problem[] problems = [.. Enumerable.Range(0, 3).Select(i => new Problem($"p{i}", "?", $"{i}", Level: i == 0 ? "10" : "9"))];
        EvaluationResult result = new Evaluator(responder).Evaluate("s", problems, new EvaluationSettings { Prompt = PromptTemplate.Get("plain"), Samples = 4, Temperature = 1, Profile = Rlvr.Math.VerifierProfile.Strict });
        Assert.Equal([2, 2, 2], result.CorrectByProblem);
        Assert.Equal(2.0 / 3, result.Majority, 12);
        Assert.Equal(10.0 / 12, result.Boxed, 12);
        Assert.Equal(3.0 / 12, result.Truncated, 12);
        Assert.Equal(1.0 / 12, result.Repetitive, 12);
        Assert.Equal(1.0 / 12, result.Reflective, 12);
        Assert.Equal((6.5, 6.5, 12), (result.MeanLength, result.MedianLength, result.MaxLength));
        Assert.Equal([("9", 2), ("10", 1)], result.Levels.Select(l => (l.Level, l.Problems)));
        Assert.Equal([("Correct", 6), ("Wrong", 3), ("NoAnswer", 2), ("UnparsableAnswer", 1)], result.Verdicts.Where(v => v.Value > 0).Select(v => (v.Key, (int)double.Round(12 * v.Value))));
        Assert.Equal(result.Verdicts, result.ToRecord(1).Verdicts);
        Assert.Equal([1, 2, 4], result.PassKs);
        Assert.Equal(0, result.StandardError, 12);
        Assert.Equal(1 - (1.0 / 6), result.PassAt(2), 12);

        // A judge that does not say what was answered can have no majority.
        EvaluationResult judged = new Evaluator(responder).Evaluate("s", problems, result.Settings with { Judge = Judge });
        Assert.Equal(double.NaN, judged.Majority);
    }

    [Fact]
    public void Letters_of_multiple_choice_vote_whatever_their_form()
    {
        string[] texts = ["\\boxed{C}", "\\boxed{\\text{(B)}}", "The answer is (B).", "\\boxed{C}", "It is option B", "who knows"];
        Problem problem = new("p", "Which is wet?", "B") { Choices = ["sand", "water", "salt"] };
        EvaluationResult result = new Evaluator(new Scripted((_, s) => new ModelResponse(texts[s], 1, FinishReason.Stop))).Evaluate("s", [problem],
            new EvaluationSettings { Prompt = PromptTemplate.Get("plain"), Samples = 6, Temperature = 1, Judge = new ChoiceReward(AnswerPlace.Usual) });
        Assert.Equal((0.5, 1), (result.Accuracy, result.Majority));
        Assert.Equal(0, new Evaluator(new Scripted((_, s) => new ModelResponse(s < 4 ? $"\\boxed{{{(s % 2 == 0 ? "C" : "(C)")}}}" : "\\boxed{B}", 1, FinishReason.Stop))).Evaluate("s", [problem],
            result.Settings).Majority);
    }

    [Fact]
    public void A_label_that_cannot_be_read_makes_no_response_right()
    {
        Problem problem = new("p", "?", "\\frac{1}{");
        EvaluationResult result = new Evaluator(new Scripted((_, _) => new ModelResponse("The answer is \\frac{1}{", 1, FinishReason.Stop))).Evaluate("s", [problem], new EvaluationSettings { Prompt = PromptTemplate.Get("plain") });
        Assert.Equal(("UnparsableLabel", 0), (result.Responses[0].Verdict, result.Accuracy));
    }

    [Fact]
    public void An_endpoint_gets_the_limit_that_is_left_to_it()
    {
        int limit = 0;
        Scripted responder = new((_, _) => new ModelResponse("", 1, FinishReason.Stop)) { OnSettings = settings => limit = settings.MaxNewTokens };
        new Evaluator(responder).Evaluate("s", Problems, new EvaluationSettings { Prompt = PromptTemplate.Get("plain") });
        Assert.Equal(3072, limit);
    }

    [Fact]
    public void Progress_reaches_the_end_and_never_goes_back()
    {
        List<(int Done, int Total)> seen = [];
        new Evaluator(model).Evaluate("s", Problems, Sampled, (done, total) => seen.Add((done, total)));
        Assert.Equal((30, 30), seen[^1]);
        Assert.Equal(seen.OrderBy(s => s.Done), seen);
        Assert.True(seen.Count > 10);
    }

    [Fact]
    public void Stop_strings_that_are_tokens_end_a_response()
    {
        // This model's configuration knows no end token, but the template names one.
        using LanguageModel endless = TinyModel(end: false);
        EvaluationSettings settings = Sampled with { MaxNewTokens = 60, Samples = 8 };
        Assert.All(new Evaluator(endless).Evaluate("s", Problems, settings).Responses, r => Assert.Equal(FinishReason.Length, r.Finish));
        EvaluationResult stopped = new Evaluator(endless).Evaluate("s", Problems, settings with { Prompt = PromptTemplate.Get("direct") });
        Assert.Contains(stopped.Responses, r => r.Finish == FinishReason.Stop && r.Tokens < 60);
        Assert.All(stopped.Responses, r => Assert.DoesNotContain("<|endoftext|>", r.Text, StringComparison.Ordinal));
    }

    [Fact]
    public void What_cannot_be_evaluated_has_its_own_error()
    {
        Evaluator evaluator = new(model);
        string Error(IReadOnlyList<Problem> problems, EvaluationSettings settings) => Assert.Throws<RlvrException>(() => evaluator.Evaluate("sums", problems, settings)).Message;
        Assert.Contains("'sums' has no problems", Error([], Sampled), StringComparison.Ordinal);
        Assert.Contains("would all be the same", Error(Problems, Sampled with { Temperature = 0 }), StringComparison.Ordinal);
        Assert.Contains("0 samples", Error(Problems, Sampled with { Samples = 0 }), StringComparison.Ordinal);
        string tooLong = Error([.. Problems, new Problem("long", new string('z', 90), "1")], Sampled);
        Assert.Contains("problem 'long' has 90 tokens", tooLong, StringComparison.Ordinal);
        Assert.Contains("the model's 96 positions", tooLong, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cancelled_evaluation_stops()
    {
        using CancellationTokenSource source = new();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => new Evaluator(model).Evaluate("s", Problems, Sampled, cancellation: source.Token));
    }

    private sealed class Scripted(Func<int, int, ModelResponse> answer) : IResponder
    {
        public Action<EvaluationSettings>? OnSettings { get; init; }

        public string Name => "script";

        public void Respond(IReadOnlyList<ResponseRequest> requests, EvaluationSettings settings, Action<int, ModelResponse> onResponse, CancellationToken cancellation)
        {
            OnSettings?.Invoke(settings);
            for (int i = requests.Count - 1; i >= 0; i--) onResponse(i, answer(requests[i].Index, requests[i].Sample));
        }
    }

    /// <summary>One random layer over single bytes.</summary>
    private static LanguageModel TinyModel(bool end = true)
    {
        Tokenizer tokenizer = Tokenizer.Parse(BpeTrainer.Train([], 257, ["<|endoftext|>"]));
        int endId = tokenizer.IdOf("<|endoftext|>")!.Value;
        ModelConfig config = new()
        {
            Architecture = ModelArchitecture.Qwen2,
            HiddenSize = 16,
            IntermediateSize = 32,
            Layers = 1,
            Heads = 2,
            KeyValueHeads = 1,
            HeadDim = 8,
            VocabularySize = tokenizer.VocabularySize,
            RopeTheta = 10_000,
            TieWordEmbeddings = true,
            MaxPositions = 96,
            BosTokenId = null,
            EosTokenIds = end ? [endId] : [],
            PadTokenId = endId,
            TorchDtype = ScalarType.Float32,
        };
        return new LanguageModel(Transformer.CreateRandom(config, 3), tokenizer);
    }
}
