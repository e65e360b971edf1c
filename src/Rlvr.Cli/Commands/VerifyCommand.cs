using System.CommandLine;
using Rlvr.Cli.Output;
using Rlvr.Cli.Verify;
using Rlvr.Math;

namespace Rlvr.Cli.Commands;

/// <summary><c>rlvr verify</c>: whether answers are the expected ones, one pair or a file of them. Needs no tensor library.</summary>
internal static class VerifyCommand
{
    private static readonly (string Name, AnswerSources Source)[] Sources =
    [
        ("box", AnswerSources.Box), ("broken-box", AnswerSources.BrokenBox), ("hashes", AnswerSources.Hashes), ("phrase", AnswerSources.Phrase), ("choice-letter", AnswerSources.ChoiceLetter),
        ("last-math", AnswerSources.LastMath), ("last-number", AnswerSources.LastNumber), ("usual", AnswerSources.Usual),
    ];

    public static Command Create(Terminal terminal)
    {
        VerifyFields usual = new();
        Argument<string?> file = new("FILE") { Description = "a file of JSON lines, one pair a line; - reads standard input", Arity = ArgumentArity.ZeroOrOne };
        Option<string?> answer = new("--answer", "-a") { Description = "an answer as it stands in the box", HelpName = "TEXT" };
        Option<string?> response = new("--response", "-r") { Description = "a response; the answer is taken from it", HelpName = "TEXT" };
        Option<string?> expected = new("--expected", "-e") { Description = "the expected answer", HelpName = "TEXT" };
        Option<string> profile = new("--profile") { Description = "what counts as right: strict (mathematically equal), training (the released reward) or evaluation (the Qwen2.5-Math evaluation)", DefaultValueFactory = _ => "strict", HelpName = "NAME" };
        Option<string?> sources = new("--sources") { Description = $"where a response may have its answer, with commas between: {string.Join(", ", Sources.Select(s => s.Name))}. Default: box. Strict profile only", HelpName = "A,B" };
        Option<bool> thinking = new("--after-thinking") { Description = "search only what stands behind the last </think> of a response" };
        Option<bool> explain = new("--explain") { Description = "say how both texts were read, and why the verdict is what it is" };
        Option<bool> json = new("--json") { Description = "JSON on standard output: one object, for a file one for each of its lines" };
        Option<string> answerField = Field("--answer-field", usual.Answer, "the answer"), expectedField = Field("--expected-field", usual.Expected, "the expected answer");
        Option<string> responseField = Field("--response-field", usual.Response, "the response, where a line has no answer"), idField = Field("--id-field", usual.Id, "what names the pair");
        Option<string?> compare = new("--compare-field") { Description = "field of a file with a verdict or true/false; the lines where the verifier disagrees are listed", HelpName = "NAME" };
        Option<int> show = new("--show") { Description = "list so many of a file's pairs that are not correct, or disagree", DefaultValueFactory = _ => 20, HelpName = "N" };
        ExampleCommand command = new("verify", "Say whether answers to mathematical problems are the expected ones, and why.",
            @"rlvr verify --answer 0.5 --expected '\frac{1}{2}' --explain",
            "rlvr verify answers.jsonl --json > verdicts.jsonl",
            "rlvr verify graded.jsonl --expected-field label --compare-field is_correct")
        { file, answer, response, expected, profile, sources, thinking, explain, json, answerField, expectedField, responseField, idField, compare };
        profile.AcceptOnlyFromAmong("strict", "training", "evaluation");
        SamplingSettings.AddRange(command, show, n => n >= 0, "at least 0");
        command.SetAction(result =>
        {
            string? path = result.GetValue(file), text = result.GetValue(answer), whole = result.GetValue(response), label = result.GetValue(expected);
            bool pair = text is not null || whole is not null || label is not null;
            VerifierProfile judge = Enum.Parse<VerifierProfile>(result.GetValue(profile)!, ignoreCase: true);
            if (result.GetValue(sources) is not null && judge != VerifierProfile.Strict)
                throw new UsageException("--sources belongs to the strict profile; the others look where their references look. Leave it out.");
            MathVerifier verifier = new(judge, ParseSources(result.GetValue(sources) ?? "box"), result.GetValue(thinking));
            if (path is null)
            {
                if (Given(answerField, expectedField, responseField, idField, compare, show) is { } alien) throw new UsageException($"{alien} belongs to a file of pairs; name the file, or leave it out.");
                CheckPair(text, whole, label, result.GetResult(sources) is not null ? "--sources" : verifier.AfterThinking ? "--after-thinking" : null);
                Verification verification = whole is not null ? verifier.VerifyResponse(whole, label!) : verifier.VerifyAnswer(text!, label!);
                PairView.Write(terminal, verification, label!, result.GetValue(explain), result.GetValue(json));
                return ExitCode.Done;
            }
            if (pair) throw new UsageException("a file or one pair, not both: leave out FILE, or --answer, --response and --expected.");
            if (result.GetValue(explain)) throw new UsageException("--explain belongs to one pair; of a file, --json gives both forms and the rule of every line.");
            VerifyFields fields = new(result.GetValue(answerField)!, result.GetValue(expectedField)!, result.GetValue(idField)!, result.GetValue(responseField)!, result.GetValue(compare));
            return new FileVerification(terminal, verifier, fields, result.GetValue(json), result.GetValue(show)).Run(path);

            string? Given(params Option[] options) => options.FirstOrDefault(option => result.GetResult(option) is { Implicit: false })?.Name;
        });
        return command;
    }

    private static Option<string> Field(string name, string usual, string what) =>
        new(name) { Description = $"field of a file with {what}", DefaultValueFactory = _ => usual, HelpName = "NAME" };

    private static void CheckPair(string? answer, string? response, string? expected, string? ofResponse)
    {
        if (answer is null && response is null && expected is null) throw new UsageException(@"nothing to verify: name a FILE, or give --answer and --expected, for example --answer 0.5 --expected '\frac{1}{2}'.");
        if (answer is not null && response is not null) throw new UsageException("--answer or --response, not both: the answer of a response is taken from it.");
        if (answer is null && response is null) throw new UsageException("--answer is missing (or --response): the text to judge.");
        if (expected is null) throw new UsageException("--expected is missing: the expected answer.");
        if (response is null && ofResponse is not null) throw new UsageException($"{ofResponse} says where a response has its answer; give --response instead of --answer, or leave it out.");
    }

    private static AnswerSources ParseSources(string names)
    {
        AnswerSources sources = 0;
        foreach (string name in names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            (string known, AnswerSources source) = Array.Find(Sources, s => s.Name == name);
            if (known is null) throw new UsageException($"--sources: unknown source '{SafeText.OneLine(name, 40)}', expected {string.Join(", ", Sources.Select(s => s.Name))}.{Suggestion.DidYouMean(name, Sources.Select(s => s.Name))}");
            sources |= source;
        }
        return sources != 0 ? sources : throw new UsageException("--sources names no source; the usual ones are box and usual.");
    }
}
