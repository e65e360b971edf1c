using System.Text.Json;
using Rlvr.Data;
using Rlvr.Tests.Shared;
using Rlvr.Tests.Text;
using Rlvr.Text;

namespace Rlvr.Tests.Data;

public class PromptTemplateTests
{
    private const string TrainingSentence = " Let's think step by step and output the final answer within \\boxed{}.";

    [Fact]
    public void Prompts_of_the_paper_are_equal_in_text_and_ids()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(TestFiles.Golden("tokenizers", "prompts.json")));
        int compared = 0;
        foreach (JsonElement example in golden.RootElement.GetProperty("examples").EnumerateArray())
        {
            string content = example.GetProperty("chat")[0].GetProperty("content").GetString()!;
            Assert.EndsWith(TrainingSentence, content, StringComparison.Ordinal);
            Compare("qwen25-math-train", content[..^TrainingSentence.Length], example.GetProperty("training_prompt"));
            Compare("chat", content[..^TrainingSentence.Length], example.GetProperty("training_prompt"));
            Compare("chat:{problem}", content, example.GetProperty("training_prompt"));
            Compare("chat", content, example.GetProperty("training_prompt_if_an_instruct_tokenizer_were_used"), "qwen2_5");
            foreach (JsonProperty prompt in example.GetProperty("evaluation_prompts").EnumerateObject()) Compare(prompt.Name, content, prompt.Value);
        }
        Assert.Equal(56, compared);

        void Compare(string name, string problem, JsonElement expected, string model = "qwen2_5-math")
        {
            string text = PromptTemplate.Get(name, TestFiles.Golden("tokenizers", model)).Render(problem);
            Assert.Equal(expected.GetProperty("text").GetString(), text);
            compared++;
            if (!expected.TryGetProperty("ids", out JsonElement ids)) return;
            Tokenizer tokenizer = TokenizerGoldenTests.Load(expected.TryGetProperty("tokenizer", out JsonElement which) ? which.GetString()! : "qwen2_5");
            Assert.Equal(ids.Deserialize<int[]>(), tokenizer.Encode(text));
        }
    }

    [Fact]
    public void Rows_of_the_papers_files_give_its_prompts()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(TestFiles.Golden("tokenizers", "prompts.json")));
        using TemporaryFolder folder = new();
        Tokenizer tokenizer = TokenizerGoldenTests.Load("qwen2_5");
        string model = TestFiles.Golden("tokenizers", "qwen2_5-math");
        foreach (JsonElement example in golden.RootElement.GetProperty("examples").EnumerateArray())
        {
            string path = folder.Write("row.jsonl", JsonSerializer.Serialize(new
            {
                data_source = "deepscaler",
                prompt = example.GetProperty("chat"),
                reward_model = new { ground_truth = example.GetProperty("ground_truth") },
                extra_info = new { index = example.GetProperty("index") },
            }));
            Problem problem = Assert.Single(ProblemReader.Read(path));
            Assert.Equal(example.GetProperty("ground_truth").GetString(), problem.Answer);
            JsonElement training = example.GetProperty("training_prompt");
            foreach (string name in new[] { "chat", "chat:{problem}", "qwen25-math-train" })
            {
                string prompt = PromptTemplate.Get(name, model).Render(problem);
                Assert.Equal(training.GetProperty("text").GetString(), prompt);
                Assert.Equal(training.GetProperty("ids").Deserialize<int[]>(), tokenizer.Encode(prompt));
            }
            foreach (JsonProperty evaluation in example.GetProperty("evaluation_prompts").EnumerateObject())
                Assert.Equal(evaluation.Value.GetProperty("text").GetString(), PromptTemplate.Get(evaluation.Name).Render(problem));
        }
    }

    [Fact]
    public void The_training_sentence_is_never_doubled()
    {
        PromptTemplate template = PromptTemplate.Get("qwen25-math-train");
        Assert.Equal(template.Render("1+1?"), template.Render("1+1?" + TrainingSentence));
        Assert.EndsWith(TrainingSentence + "<|im_end|>\n<|im_start|>assistant\n", template.Render("1+1?"), StringComparison.Ordinal);
    }

    [Fact]
    public void Choices_stand_behind_the_problem()
    {
        Problem problem = new("1", "Which is wet?", "B") { Choices = ["sand", "water"] };
        Assert.Equal("Problem: Which is wet?\nAnswer Choices: (A) sand (B) water\nSolution:\n", PromptTemplate.Get("micro").Render(problem));
    }

    [Fact]
    public void Small_templates_and_own_ones()
    {
        Problem problem = new("1", "What is {problem} 1+1?", "2");
        Assert.Equal("What is {problem} 1+1?", PromptTemplate.Get("plain").Render(problem));
        Assert.Equal("Problem: 1+1\nSolution:\n", PromptTemplate.Get("micro").Render("1+1"));
        PromptTemplate own = PromptTemplate.Get("Q: {problem}\nA:");
        Assert.Equal("Q: What is {problem} 1+1?\nA:", own.Render(problem));
        Assert.Equal("custom", own.Name);
        Assert.Empty(own.StopStrings);
        Assert.Equal(["</s>", "<|im_end|>", "<|endoftext|>"], PromptTemplate.Get("qwen25-math-cot").StopStrings);
    }

    [Fact]
    public void An_unknown_name_lists_the_known_ones()
    {
        string message = Assert.Throws<RlvrException>(() => PromptTemplate.Get("qwen25-math-cott")).Message;
        Assert.Contains("Did you mean 'qwen25-math-cot'?", message, StringComparison.Ordinal);
        foreach (string name in PromptTemplate.Names) Assert.Contains(name, message, StringComparison.Ordinal);
    }
}
