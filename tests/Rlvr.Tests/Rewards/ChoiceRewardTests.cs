using Rlvr.Data;
using Rlvr.Rewards;

namespace Rlvr.Tests.Rewards;

public class ChoiceRewardTests
{
    private const string Plain = "How many?\n(A) 10\n(B) 12\n(C) \\frac{1}{2}\n(D) none of these";

    private static RewardResult Score(string problem, string label, string response, AnswerPlace place = AnswerPlace.Box) =>
        new ChoiceReward(place).Score(new Problem("p", problem, label), response);

    [Theory]
    [InlineData("B", "B")]
    [InlineData("B", "b")]
    [InlineData("B", "(B)")]
    [InlineData("(B)", "B)")]
    [InlineData("B.", "B. 12")]
    [InlineData("B) 12", @"\text{(B) } 12")]
    [InlineData("b", "Option B")]
    [InlineData("B", "12")]
    [InlineData("12", "B")]
    [InlineData("12", "12.0")]
    [InlineData("C", "0.5")]
    [InlineData("D", "None of these")]
    public void Letter_parentheses_or_text_of_the_choice(string label, string answer)
    {
        RewardResult result = Score(Plain, label, $@"So \boxed{{{answer}}}");
        Assert.Equal((1, true, "Correct"), (result.Value, result.Correct, result.Verdict));
    }

    [Theory]
    [InlineData("B", "A")]
    [InlineData("B", "(C)")]
    [InlineData("B", "10")]
    [InlineData("B", "A) 12")] // the letter counts
    [InlineData("C", "0.51")]
    public void Another_choice_is_wrong(string label, string answer) => Assert.Equal((0, "Wrong"), (Score(Plain, label, $@"\boxed{{{answer}}}").Value, Score(Plain, label, $@"\boxed{{{answer}}}").Verdict));

    /// <summary>A data set that names its choices is not read for them.</summary>
    [Theory]
    [InlineData("C", 1)]
    [InlineData("a cat", 1)]
    [InlineData("a dog", 0)]
    [InlineData("A", 0)]
    public void Choices_of_the_data_set_come_before_those_in_the_text(string answer, double expected)
    {
        Problem problem = new("p", "Which of (A) and (B) is meant?", "C") { Choices = ["a dog", "a bird", "a cat"] };
        Assert.Equal(expected, new ChoiceReward().Score(problem, $@"\boxed{{{answer}}}").Value);
    }

    [Fact]
    public void A_letter_is_a_letter_even_where_a_choice_has_it_as_its_text()
    {
        const string vitamins = "Which vitamin?\nA. C\nB. D\nC. A";
        Assert.True(Score(vitamins, "A", @"\boxed{A}").Correct);
        Assert.False(Score(vitamins, "A", @"\boxed{C}").Correct);
    }

    [Fact]
    public void Without_choices_in_the_problem_letters_are_compared()
    {
        Assert.True(Score("Which?", "B", @"\boxed{(B)}").Correct);
        Assert.False(Score("Which?", "B", @"\boxed{12}").Correct);
        Assert.True(Score("Which?", "BD", @"\boxed{B, D}").Correct);
        Assert.False(Score("Which?", "BD", @"\boxed{B}").Correct);
    }

    [Fact]
    public void The_answer_stands_where_it_is_looked_for()
    {
        Assert.Equal("NoAnswer", Score(Plain, "B", "It is (B).").Verdict);
        Assert.True(Score(Plain, "B", "I choose (B) because of that", AnswerPlace.Usual).Correct);
        Assert.True(Score(Plain, "B", " (B) ", AnswerPlace.Response).Correct);
    }

    [Theory]
    [InlineData(Plain, "E", "not one of the letters A to D or the text of one choice")]
    [InlineData(Plain, "13", "not one of the letters A to D or the text of one choice")]
    [InlineData(Plain, "", "empty")]
    [InlineData("Which?", "13", "not a letter")]
    [InlineData("Same?\n(A) 1\n(B) 1.0", "1", "the text of several choices")]
    public void A_label_that_names_no_choice_is_found(string problem, string label, string reason)
    {
        Assert.Equal(reason, new ChoiceReward().LabelProblem(new Problem("p", problem, label)));
        Assert.Equal("UnparsableLabel", Score(problem, label, @"\boxed{A}").Verdict);
    }

    [Theory]
    [InlineData(Plain, "10|12|\\frac{1}{2}|none of these")]
    [InlineData("Q? A) red B) blue C) both", "red|blue|both")]
    [InlineData("Q?\nA. red\nB. blue\n\nThink first.", "red|blue")]
    [InlineData(@"Q? $\textbf{(A)}\ 3 \qquad \textbf{(B)}\ 4\frac12 \qquad\textbf{(C)}\ \sqrt{2}$", @"3|4\frac12|\sqrt{2}")]
    [InlineData("Find f(A) and (B).", "")]
    [InlineData("A. Smith has three pens. How many?", "")]
    [InlineData("", "")]
    public void Choices_are_read_from_the_problem(string problem, string choices) => Assert.Equal(choices, string.Join('|', Choices.Read(problem)));

    [Theory]
    [InlineData("B", 'B')]
    [InlineData(" (c) ", 'C')]
    [InlineData("D: because", 'D')]
    [InlineData("A dog", null)]
    [InlineData("Bat", null)]
    [InlineData("(B", null)]
    [InlineData("12", null)]
    [InlineData("", null)]
    public void A_letter_is_told_from_a_word(string text, char? letter)
    {
        Assert.Equal(letter.HasValue, Choices.TryLetter(text, out char found));
        Assert.Equal(letter ?? default, found);
    }
}
