using Rlvr.Data;
using Rlvr.MicroMath;
using Rlvr.Tests.Shared;
using Rlvr.Text;

namespace Rlvr.Tests.Data;

public sealed class DemonstrationTests : IDisposable
{
    private const string End = "<|im_end|>\n", System = "<|im_start|>system\nPlease reason step by step, and put your final answer within \\boxed{}.<|im_end|>\n";

    private static readonly Demonstration Shown = new(new Problem("pi", "1 + 2 =", "3"), "It is \\boxed{3}.");
    private static readonly Problem Question = new("q", "4 + 5 =", "9");

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static string Render(string template, string? model = null) => PromptTemplate.Get(template, model).With(Shown).Render(Question);

    [Fact]
    public void A_text_comes_before_the_question()
    {
        Assert.Equal("1 + 2 =\nIt is \\boxed{3}.\n\n4 + 5 =", Render("plain"));
        Assert.Equal("Problem: 1 + 2 =\nSolution:\nIt is \\boxed{3}.\n\nProblem: 4 + 5 =\nSolution:\n", Render("micro"));
        Assert.Equal("Question: 1 + 2 =\nAnswer: It is \\boxed{3}.\n\nQuestion: 4 + 5 =\nAnswer:", Render("cot"));
        Assert.Equal("Q {1 + 2 =} A\nIt is \\boxed{3}.\n\nQ {4 + 5 =} A", Render("Q {{problem}} A"));
        Assert.Equal("4 + 5 =", PromptTemplate.Get("plain").With(Shown).With(null).Render(Question));
    }

    [Fact]
    public void Templates_with_turns_get_a_turn_more_and_their_beginning_once()
    {
        string User(string text) => $"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n";
        const string Sentence = " Let's think step by step and output the final answer within \\boxed{}.";
        Assert.Equal(System + User("1 + 2 =" + Sentence) + Shown.Response + End + User("4 + 5 =" + Sentence), Render("qwen25-math-train"));
        Assert.Equal(User("1 + 2 =") + Shown.Response + End + User("4 + 5 ="), Render("qwen25-math-cot-assistant"));
        // The released code has it in one message.
        Assert.Equal(System + User("1 + 2 =\nIt is \\boxed{3}.\n\n4 + 5 ="), Render("qwen25-math-cot"));
        Assert.Equal("<｜begin▁of▁sentence｜><｜User｜>1 + 2 =<｜Assistant｜>It is \\boxed{3}.<｜end▁of▁sentence｜><｜User｜>4 + 5 =<｜Assistant｜><think>\n", Render("deepseek-distill"));
        string llama = Render("llama");
        Assert.Equal((1, 2, 2), (Count(llama, "<|begin_of_text|>"), Count(llama, "<|start_header_id|>user"), Count(llama, "<|start_header_id|>assistant")));
        Assert.Contains("It is \\boxed{3}.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n4 + 5 =<|eot_id|>", llama, StringComparison.Ordinal);
        Assert.Equal(1, Count(Render("deepseek-r1"), "A conversation between"));
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    [Fact]
    public void A_chat_gets_an_earlier_turn_after_the_system_and_a_server_the_same_messages()
    {
        string model = TestFiles.Golden("tokenizers", "qwen2_5-math");
        PromptTemplate template = PromptTemplate.Get("chat:{problem}", model).With(Shown);
        Assert.Equal(["user", "assistant", "user"], template.Messages(Question).Select(m => m.Role));
        Assert.Equal($"{System}<|im_start|>user\n1 + 2 =<|im_end|>\n<|im_start|>assistant\nIt is \\boxed{{3}}.<|im_end|>\n<|im_start|>user\n4 + 5 =<|im_end|>\n<|im_start|>assistant\n", template.Render(Question));
        Problem ready = Question with { Chat = [new ChatMessage("system", "Be brief."), new ChatMessage("user", "4 + 5 =")] };
        foreach (string name in new[] { "chat", "chat:Be brief.{user}Solve {problem}" })
        {
            foreach (Problem problem in new[] { Question, ready })
            {
                IReadOnlyList<ChatMessage> messages = PromptTemplate.ForServer(name).With(Shown).Messages(problem);
                Assert.Equal(PromptTemplate.Get(name, model).With(Shown).Render(problem), ChatTemplate.Load(model).Render(messages));
                Assert.Equal(["user", "assistant", "user"], messages.Select(m => m.Role).SkipWhile(role => role == "system"));
            }
        }
    }

    [Fact]
    public void The_definition_says_what_is_shown()
    {
        PromptTemplate bare = PromptTemplate.Get("micro"), shown = bare.With(Shown);
        Assert.Equal(bare.Definition, shown.With(null).Definition);
        string[] all = [bare.Definition, shown.Definition, bare.With(Shown with { Response = "3" }).Definition, bare.With(Shown with { Problem = Question }).Definition];
        Assert.Equal(4, all.Distinct().Count());
    }

    [Fact]
    public void The_response_is_the_file_else_the_solution_of_the_set_else_the_label_in_a_box()
    {
        string solved = folder.Write("solved.jsonl", """{"id": "a", "problem": "1 + 2 =", "answer": "3", "solution": " One and two: \\boxed{3} "}""" + "\n" + """{"problem": "?", "answer": "4"}""" + "\n");
        Assert.Equal(("a", @"One and two: \boxed{3}"), (Demonstration.Load(solved).Problem.Id, Demonstration.Load(solved).Response));
        string answered = folder.Write("answered.jsonl", """{"problem": "1 + 2 =", "answer": "3", "response": "So \\boxed{3}"}""" + "\n");
        Assert.Equal(@"So \boxed{3}", Demonstration.Load(answered).Response);
        string labelled = folder.Write("labelled.jsonl", """{"problem": "1 + 2 =", "answer": "\\frac{1}{2}"}""" + "\n");
        Assert.Equal(@"\boxed{\frac{1}{2}}", Demonstration.Load(labelled).Response);
        Assert.Equal("mine\ntoo", Demonstration.Load(solved, folder.Write("r.txt", "\nmine\r\ntoo \n")).Response);
    }

    [Fact]
    public void In_the_micro_world_it_is_a_careful_worked_solution()
    {
        MicroProblem problem = MicroSuites.Get("pi-1").Single();
        Demonstration shown = Demonstration.Load("micro:pi-1");
        Assert.Equal([Habits.Openers[0], .. problem.Steps, $@"So \boxed{{{problem.Answer}}}."], shown.Response.Split('\n'));
        // Word for word what a careful document of the pretraining corpus says.
        Assert.Equal(problem.Text, shown.Problem.Text);
    }

    [Fact]
    public void What_cannot_be_shown_is_an_error()
    {
        string solved = folder.Write("solved.jsonl", """{"problem": "?", "answer": "3"}""" + "\n"), empty = folder.Write("label.jsonl", """{"id": "e", "problem": "?", "answer": ""}""" + "\n");
        string Error(string set, string? file = null) => Assert.Throws<RlvrException>(() => Demonstration.Load(set, file)).Message;
        Assert.Contains("its first problem, 'e', has neither a solution nor a label", Error(empty), StringComparison.Ordinal);
        Assert.Contains("the file is empty", Error(solved, folder.Write("empty.txt", " \n")), StringComparison.Ordinal);
        Assert.Contains("the response cannot be read", Error(solved, folder["missing.txt"]), StringComparison.Ordinal);
        Assert.Contains("the response has 2,000,000 bytes. Expected at most 1,048,576.", Error(solved, folder.Write("long.txt", new string('x', 2_000_000))), StringComparison.Ordinal);
        Assert.Contains("there is no set of problems 'micro:pi-0'", Error("micro:pi-0"), StringComparison.Ordinal);
    }
}
