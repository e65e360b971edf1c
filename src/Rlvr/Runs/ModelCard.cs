using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Rlvr.Runs;

/// <summary>
/// What a trained model is, for whoever finds its folder: the README.md that Hugging Face calls a model card. The head between the lines of
/// dashes is for programs (base_model, library_name, tags, license), the rest for people.
/// </summary>
public sealed partial record ModelCard
{
    /// <summary>Its title.</summary>
    public required string Name { get; init; }

    /// <summary>What training started from, as people call it.</summary>
    public required string Base { get; init; }

    /// <summary>The same as an id of a hub (owner/name); null where it has none.</summary>
    public string? BaseId { get; init; }

    /// <summary>The training data as an id of a hub; null where it has none.</summary>
    public string? DatasetId { get; init; }

    /// <summary>Lines of the head about the terms of use, taken over from the base model: license, license_name, license_link.</summary>
    public IReadOnlyList<(string Key, string Value)> Terms { get; init; } = [];

    /// <summary>More tags, besides those of every model made here.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Whether the folder holds an adapter for PEFT, not a whole model.</summary>
    public bool IsAdapter { get; init; }

    /// <summary>Steps of training.</summary>
    public required int Step { get; init; }

    /// <summary>What it is: architecture, size, element type. Name and value.</summary>
    public IReadOnlyList<(string Name, string Value)> Facts { get; init; } = [];

    /// <summary>The problems trained on, by name of their set.</summary>
    public required string Data { get; init; }

    /// <summary>The same, one by one, where they are few.</summary>
    public IReadOnlyList<(string Problem, string Answer)> Problems { get; init; } = [];

    /// <summary>The prompt with {problem} in it; of a chat, the user's message.</summary>
    public required string Prompt { get; init; }

    /// <summary>Whether <see cref="Prompt"/> is a message for the model's chat template.</summary>
    public bool IsChat { get; init; }

    /// <summary>Evaluations of the run, in any order; those of <see cref="Step"/> are shown beside those of step 0.</summary>
    public IReadOnlyList<EvaluationRecord> Evaluations { get; init; } = [];

    /// <summary>The resolved recipe, YAML.</summary>
    public required string Recipe { get; init; }

    /// <summary>Version of this library; empty where it is not known.</summary>
    public string Version { get; init; } = "";

    /// <summary>The card.</summary>
    public string ToMarkdown()
    {
        StringBuilder text = new();
        Head(text);
        text.Append(CultureInfo.InvariantCulture, $"\n# {Line(Name)}\n\n{Line(Base)}, trained for {Step} {(Step == 1 ? "step" : "steps")} by reinforcement learning with verifiable rewards (RLVR)");
        text.Append(Version.Length > 0 ? $" with Rlvr {Version}.\n" : " with Rlvr.\n");
        if (Facts.Count > 0)
        {
            text.Append("\n| | |\n| --- | --- |\n");
            foreach ((string name, string value) in Facts) text.Append($"| {Cell(name)} | {Cell(value)} |\n");
        }
        Results(text);
        Training(text);
        Use(text);
        return text.ToString();
    }

    private void Head(StringBuilder text)
    {
        text.Append($"---\nlibrary_name: {(IsAdapter ? "peft" : "transformers")}\npipeline_tag: text-generation\n");
        if (BaseId is not null) text.Append($"base_model: {Yaml(BaseId)}\nbase_model_relation: {(IsAdapter ? "adapter" : "finetune")}\n");
        if (DatasetId is not null) text.Append($"datasets:\n- {Yaml(DatasetId)}\n");
        foreach ((string key, string value) in Terms) text.Append($"{key}: {Yaml(value)}\n");
        text.Append("tags:\n");
        foreach (string tag in new[] { "rlvr", "reinforcement-learning" }.Concat(Tags).Distinct()) text.Append($"- {Yaml(tag)}\n");
        text.Append("---\n");
    }

    private void Results(StringBuilder text)
    {
        text.Append("\n## Results\n\n");
        EvaluationRecord[] after = [.. Largest(Step)], before = [.. Largest(0)];
        if (after.Length == 0)
        {
            text.Append("No evaluation of this step.\n");
            return;
        }
        bool compares = Step > 0 && before.Length > 0;
        text.Append($"Accuracy, percent.\n\n| suite | decoding | problems |{(compares ? " base |" : "")} this model |\n| --- | --- | --- | --- |{(compares ? " --- |" : "")}\n");
        foreach (EvaluationRecord e in after)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {Cell(e.Suite)} | {Decoding(e)} | {e.Problems} |");
            if (compares) text.Append($" {(before.FirstOrDefault(b => Key(b) == Key(e)) is { } of ? Percent(of.Accuracy) + (of.Problems == e.Problems ? "" : $" (of {of.Problems})") : "–")} |");
            text.Append($" {Percent(e.Accuracy)} |\n");
        }
    }

    private void Training(StringBuilder text)
    {
        text.Append($"\n## Training\n\nData: {Line(Data)}.\n");
        foreach ((string problem, string answer) in Problems) text.Append($"\n{Block($"{problem}\n\nAnswer: {answer}")}");
        text.Append($"\nThe recipe, with every setting:\n\n{Block(Recipe, "yaml")}");
    }

    private void Use(StringBuilder text)
    {
        string problem = Problems.Count > 0 ? Problems[0].Problem : "Compute 12 + 6 * 7.";
        string prompt = JsonSerializer.Serialize(Prompt.Replace("{problem}", problem, StringComparison.Ordinal)); // a string of JSON is one of Python
        text.Append($"\n## Use\n\nIn this folder, with transformers{(IsAdapter ? " and peft" : "")}:\n\n");
        text.Append(Block($"""
            {(IsAdapter ? "from peft import AutoPeftModelForCausalLM\nfrom transformers import AutoTokenizer" : "from transformers import AutoModelForCausalLM, AutoTokenizer")}

            tokenizer = AutoTokenizer.from_pretrained(".")
            model = {(IsAdapter ? "AutoPeftModelForCausalLM" : "AutoModelForCausalLM")}.from_pretrained(".", dtype="auto")
            {(IsChat ? $"message = {prompt}\nprompt = tokenizer.apply_chat_template([{{\"role\": \"user\", \"content\": message}}], add_generation_prompt=True, tokenize=False)" : $"prompt = {prompt}")}
            inputs = tokenizer(prompt, add_special_tokens=False, return_tensors="pt")
            output = model.generate(**inputs, max_new_tokens=1024, do_sample=False)
            print(tokenizer.decode(output[0, inputs.input_ids.shape[1]:], skip_special_tokens=True))
            """, "python"));
        if (IsAdapter)
        {
            text.Append($"\nIt belongs to the base model that `adapter_config.json` names. As a server that speaks OpenAI's interface: `vllm serve BASE --enable-lora --lora-modules adapter=.`. "
                + "With Rlvr: `rlvr eval . --suite math500`; `rlvr export . DIR --merge` makes a whole model of it.\n");
            return;
        }
        text.Append("\nAs a server that speaks OpenAI's interface: `vllm serve .`, or llama.cpp's `convert_hf_to_gguf.py .` and `llama-server`. With Rlvr: `rlvr eval . --suite math500`.\n");
    }

    /// <summary>Of each suite and way of decoding the evaluation with the most problems after a step, in the order of the run.</summary>
    private IEnumerable<EvaluationRecord> Largest(int step) => Evaluations.Where(e => e.Step == step).GroupBy(Key).Select(g => g.MaxBy(e => e.Problems)!);

    private static (string Suite, double Temperature, int Samples) Key(EvaluationRecord e) => (e.Suite, e.Temperature, e.Samples);

    private static string Decoding(EvaluationRecord e) =>
        (e.Temperature == 0 ? "greedy" : string.Create(CultureInfo.InvariantCulture, $"temperature {e.Temperature}")) + (e.Samples > 1 ? string.Create(CultureInfo.InvariantCulture, $", mean of {e.Samples}") : "");

    private static string Percent(double share) => double.IsFinite(share) ? (100 * share).ToString("0.0", CultureInfo.InvariantCulture) : "–";

    /// <summary>A text as it is, between fences longer than any in it.</summary>
    private static string Block(string content, string language = "")
    {
        int longest = Fences().Matches(content).Select(m => m.Length).DefaultIfEmpty(0).Max();
        string fence = new('`', int.Max(3, longest + 1));
        return $"{fence}{language}\n{content.ReplaceLineEndings("\n").TrimEnd('\n')}\n{fence}\n";
    }

    /// <summary>One line of running text in which nothing acts as markup.</summary>
    private static string Line(string text) => Markup().Replace(string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), @"\$0");

    private static string Cell(string text) => Line(text);

    /// <summary>As it is where YAML reads it as the same text, else quoted (a string of JSON is one of YAML).</summary>
    private static string Yaml(string value) => PlainYaml().IsMatch(value) ? value : JsonSerializer.Serialize(value);

    [GeneratedRegex("`+")]
    private static partial Regex Fences();

    [GeneratedRegex(@"[\\`*<>\[\]|#]|(?<!\w)_|_(?!\w)")]
    private static partial Regex Markup();

    [GeneratedRegex(@"^(?!(?:true|false|yes|no|on|off|null)$)[A-Za-z][A-Za-z0-9._/-]*(?::\/\/[A-Za-z0-9._/-]+)?$", RegexOptions.IgnoreCase)]
    private static partial Regex PlainYaml();
}
