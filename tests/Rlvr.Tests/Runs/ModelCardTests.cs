using System.Text.RegularExpressions;
using Rlvr.Runs;
using YamlDotNet.Serialization;

namespace Rlvr.Tests.Runs;

public sealed class ModelCardTests
{
    private static readonly ModelCard Plain = new()
    {
        Name = "one-shot",
        Base = "Qwen/Qwen2.5-Math-1.5B",
        BaseId = "Qwen/Qwen2.5-Math-1.5B",
        Terms = [("license", "apache-2.0")],
        Tags = ["grpo", "rlvr"],
        Step = 60,
        Facts = [("architecture", "qwen2"), ("parameters", "1,543,714,304")],
        Data = "pi-1",
        Problems = [("What is 1 + 1?", "2")],
        Prompt = "Problem: {problem}\nSolution:\n",
        Recipe = "name: one-shot\nsteps: 60\n",
        Version = "0.1.0",
        Evaluations =
        [
            new() { Step = 0, Suite = "math500", Problems = 500, Accuracy = 0.36 },
            new() { Step = 60, Suite = "math500", Problems = 100, Accuracy = 0.9 }, // of a part, in the middle
            new() { Step = 60, Suite = "math500", Problems = 500, Accuracy = 0.736 },
            new() { Step = 60, Suite = "aime24", Problems = 30, Accuracy = 0.1625, Temperature = 0.6, Samples = 8 },
        ],
    };

    [Fact]
    public void Its_head_is_yaml_that_a_hub_understands()
    {
        Assert.Equal(new Dictionary<object, object>
        {
            ["library_name"] = "transformers",
            ["pipeline_tag"] = "text-generation",
            ["base_model"] = "Qwen/Qwen2.5-Math-1.5B",
            ["base_model_relation"] = "finetune",
            ["license"] = "apache-2.0",
            ["tags"] = new List<object> { "rlvr", "reinforcement-learning", "grpo" },
        }, Head(Plain));
        Assert.Equal(new List<object> { "openai/gsm8k" }, Head(Plain with { DatasetId = "openai/gsm8k" })["datasets"]);
        Assert.False(Head(Plain with { BaseId = null, Terms = [] }).ContainsKey("base_model"));
    }

    [Theory]
    [InlineData("no")]
    [InlineData("a: b")]
    [InlineData("1.0")]
    [InlineData("\"quoted\" # not a comment")]
    [InlineData("line\nbreak\n---\n")]
    public void No_text_changes_what_the_head_says(string value) => Assert.Equal(value, Head(Plain with { Terms = [("license", value)] })["license"]);

    [Fact]
    public void Results_stand_beside_those_of_the_base()
    {
        string card = Plain.ToMarkdown();
        Assert.Contains("""
            | suite | decoding | problems | base | this model |
            | --- | --- | --- | --- | --- |
            | math500 | greedy | 500 | 36.0 | 73.6 |
            | aime24 | temperature 0.6, mean of 8 | 30 | – | 16.3 |
            """, card, StringComparison.Ordinal);
        Assert.Contains("# one-shot\n\nQwen/Qwen2.5-Math-1.5B, trained for 60 steps by reinforcement learning with verifiable rewards (RLVR) with Rlvr 0.1.0.\n", card, StringComparison.Ordinal);
        Assert.Contains("| parameters | 1,543,714,304 |", card, StringComparison.Ordinal);
        Assert.Contains("```\nWhat is 1 + 1?\n\nAnswer: 2\n```", card, StringComparison.Ordinal);
        Assert.Contains("```yaml\nname: one-shot\nsteps: 60\n```", card, StringComparison.Ordinal);
        Assert.Contains("prompt = \"Problem: What is 1 \\u002B 1?\\nSolution:\\n\"", card, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', card);
    }

    [Fact]
    public void Without_evaluations_it_says_so_and_a_base_of_another_size_is_named()
    {
        Assert.Contains("No evaluation of this step.", (Plain with { Evaluations = [] }).ToMarkdown(), StringComparison.Ordinal);
        Assert.Contains("No evaluation of this step.", (Plain with { Step = 20 }).ToMarkdown(), StringComparison.Ordinal);
        Assert.Contains("| 36.0 (of 500) | 90.0 |", (Plain with { Evaluations = [.. Plain.Evaluations.Take(2)] }).ToMarkdown(), StringComparison.Ordinal);
        Assert.Contains("| suite | decoding | problems | this model |\n| --- | --- | --- | --- |\n| math500 | greedy | 100 | 90.0 |", (Plain with { Evaluations = [Plain.Evaluations[1]] }).ToMarkdown(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_chat_model_is_asked_through_its_template() =>
        Assert.Contains("message = \"What is 1 \\u002B 1? Think.\"\nprompt = tokenizer.apply_chat_template([{\"role\": \"user\", \"content\": message}], add_generation_prompt=True, tokenize=False)",
            (Plain with { IsChat = true, Prompt = "{problem} Think." }).ToMarkdown(), StringComparison.Ordinal);

    [Fact]
    public void What_others_wrote_does_not_act_as_markup()
    {
        string hostile = "````\n# injected\n" + ExampleRun.Hostile + "\n```\n";
        string card = (Plain with { Problems = [(hostile, "x | y")], Data = "a | b `c`", Recipe = "x: |\n  ```\n  # injected\n", Evaluations = [Plain.Evaluations[2] with { Suite = "a|b<script>" }] }).ToMarkdown();
        // Outside of fences, nothing of it is a heading, a tag or another cell.
        string outside = Regex.Replace(card, @"^(`{3,})[^\n]*\n.*?^\1$", "", RegexOptions.Multiline | RegexOptions.Singleline);
        Assert.DoesNotContain("injected", outside, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", outside.Replace("\\<", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains(@"| a\|b\<script\> |", outside, StringComparison.Ordinal);
        Assert.Equal(["# one-shot", "## Results", "## Training", "## Use"], outside.Split('\n').Where(line => line.StartsWith('#')));
    }

    private static Dictionary<object, object> Head(ModelCard card)
    {
        Match head = Regex.Match(card.ToMarkdown(), @"\A---\n(.*?)\n---\n", RegexOptions.Singleline);
        Assert.True(head.Success);
        return new DeserializerBuilder().Build().Deserialize<Dictionary<object, object>>(head.Groups[1].Value);
    }
}
