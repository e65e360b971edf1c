using System.CommandLine;
using System.Text.Json.Nodes;
using Rlvr.Cli.Output;
using Rlvr.Data;
using Rlvr.Math;
using Rlvr.Rollouts;
using Rlvr.Text;

namespace Rlvr.Cli.Commands;

/// <summary><c>rlvr generate</c>: asks a model something.</summary>
internal static class GenerateCommand
{
    private const int DefaultMaxNewTokens = 3072;

    public static Command Create(Terminal terminal)
    {
        Argument<string> model = new("MODEL") { Description = "a model folder, OWNER/NAME of a hub, or a run (its last checkpoint)" };
        Option<string> prompt = new("--prompt", "-p") { Description = "the problem", Required = true, HelpName = "TEXT" };
        Option<int> number = new("--number", "-n") { Description = "number of responses", DefaultValueFactory = _ => 1, HelpName = "N" };
        Option<string?> template = new("--template") { Description = "prompt template by name, or a text with {problem}; chat is the model's own, raw sends the text as it is. Default: the model's own where it has one", HelpName = "NAME" };
        Option<bool> json = new("--json") { Description = "one JSON object on standard output, with the tokens and their log-probabilities" };
        SamplingSettings sampling = new(temperature: 0.6);
        ComputeSettings compute = new();
        ExampleCommand command = new("generate", "Generate responses to a prompt; a single one is shown as it is written.",
            "rlvr generate models/micro-math -p \"Solve 9 x + 6 = 114 for x.\"",
            "rlvr generate models/micro-math -p \"Compute 29 + 3 * 8.\" -n 8 -t 1")
        { model, prompt };
        SamplingSettings.AddRange(command, number, n => n is >= 1 and <= 100_000, "1 to 100000");
        sampling.AddTo(command);
        command.Add(template);
        compute.AddTo(command);
        command.Add(json);
        command.SetAction(result =>
        {
            ModelSource source = ModelSource.Find(result.GetRequiredValue(model), terminal);
            string? name = result.GetValue(template);
            PromptTemplate frame = source.Template(name == "raw" ? PromptTemplate.Placeholder : name, $"{PromptTemplate.Chat}:{PromptTemplate.Placeholder}");
            using LanguageModel language = LanguageModel.Load(source.Folder, compute.Choose(result), compute.Precision(result), frozen: true);
            compute.ApplyThreads(result, language.Network.Config.HiddenSize);
            string text = frame.Render(result.GetRequiredValue(prompt));
            int[] tokens = language.Tokenizer.Encode(text);
            int room = language.Network.Config.MaxPositions - tokens.Length;
            if (room < 1) throw new RlvrException($"the prompt has {tokens.Length} tokens; the model has {language.Network.Config.MaxPositions} positions. Shorten the prompt.");
            int requested = result.GetValue(sampling.MaxNewTokens);
            SamplingOptions options = sampling.Read(result, requested > 0 ? requested : int.Min(room, DefaultMaxNewTokens)) with
            {
                StopIds = [.. language.StopIds.Union(frame.StopStrings.Select(language.Tokenizer.IdOf).OfType<int>())],
                StopStrings = [.. frame.StopStrings.Where(s => language.Tokenizer.IdOf(s) is null)],
            };
            GenerationRequest[] requests = [.. Enumerable.Range(0, result.GetValue(number)).Select(i => new GenerationRequest(tokens, (ulong)i))];
            Generator generator = new(language.Network, language.Tokenizer);
            if (result.GetValue(json)) WriteJson(terminal, text, tokens, generator.Generate(requests, options, cancellation: terminal.Cancellation));
            else if (requests.Length == 1) Stream(terminal, language.Tokenizer, generator, requests, options);
            else WriteAll(terminal, generator.Generate(requests, options, cancellation: terminal.Cancellation));
            return ExitCode.Done;
        });
        return command;
    }

    private static void Stream(Terminal terminal, Tokenizer tokenizer, Generator generator, GenerationRequest[] requests, SamplingOptions options)
    {
        StreamingDecoder decoder = tokenizer.CreateStream();
        void Show(string text)
        {
            terminal.Out.Write(SafeText.Clean(text));
            terminal.Out.Flush();
        }
        // A stop string shows only when it is complete, so a template that has one is shown at the end.
        bool live = options.StopStrings.Count == 0;
        Rollout rollout = generator.Generate(requests, options, live ? (_, token) => Show(decoder.Append(token)) : null, cancellation: terminal.Cancellation)[0];
        Show(live ? decoder.Flush() : rollout.Text);
        terminal.Out.WriteLine();
        terminal.Error.WriteLine(Summary(rollout));
    }

    private static void WriteAll(Terminal terminal, IReadOnlyList<Rollout> rollouts)
    {
        for (int i = 0; i < rollouts.Count; i++)
        {
            terminal.Out.WriteLine($"--- {i + 1} of {rollouts.Count}");
            terminal.Out.WriteLine(SafeText.Clean(rollouts[i].Text).TrimEnd('\n'));
        }
        // What is boxed most often: a majority vote, which is what one sees first in many samples.
        List<IGrouping<string, Rollout>> answers = [.. rollouts.GroupBy(r => AnswerExtractor.LastBoxed(r.Text) ?? "no boxed answer").OrderByDescending(g => g.Count())];
        terminal.Error.WriteLine("answers: " + string.Join(", ", answers.Take(8).Select(g => $"{SafeText.OneLine(g.Key, 40)} ({g.Count()})")));
    }

    private static void WriteJson(Terminal terminal, string prompt, int[] promptTokens, IReadOnlyList<Rollout> rollouts) => JsonOutput.Write(terminal, new JsonObject
    {
        ["prompt"] = prompt,
        ["prompt_token_ids"] = new JsonArray([.. promptTokens.Select(t => JsonValue.Create(t))]),
        ["responses"] = new JsonArray([.. rollouts.Select(r => new JsonObject
        {
            ["text"] = r.Text,
            ["answer"] = AnswerExtractor.LastBoxed(r.Text),
            ["tokens"] = r.Tokens.Length,
            ["token_ids"] = new JsonArray([.. r.Tokens.Select(t => JsonValue.Create(t))]),
            ["log_probs"] = new JsonArray([.. r.LogProbs.Select(p => JsonOutput.Number(p))]),
            ["finish"] = r.Finish == FinishReason.Length ? "length" : "stop",
        })]),
    });

    private static string Summary(Rollout rollout) =>
        $"({rollout.Tokens.Length} tokens{(rollout.Finish == FinishReason.Length ? ", cut off at the limit" : "")})";
}
