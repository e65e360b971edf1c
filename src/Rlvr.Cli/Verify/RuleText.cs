using Rlvr.Math;

namespace Rlvr.Cli.Verify;

/// <summary>What verdicts and rules mean, in a sentence each.</summary>
internal static class RuleText
{
    /// <summary>What a verdict says.</summary>
    public static string Of(Verdict verdict) => verdict switch
    {
        Verdict.Correct => "the answer is the expected one",
        Verdict.Wrong => "the answer was understood, and is another one",
        Verdict.NoAnswer => "there is no answer, or an empty one",
        Verdict.UnparsableAnswer => "there is an answer, but it cannot be read",
        _ => "the expected answer cannot be read, so that nothing can be judged by it",
    };

    /// <summary>Why a rule decides; an empty string for a rule that has no sentence.</summary>
    public static string Of(string rule) => rule switch
    {
        // Texts.
        "same-text" => "both are written the same way, spacing and the like aside",
        "same-normal-form" => "both become the same text when units, braces and spellings are taken away",
        "without-brackets" => "both become the same text when their brackets are taken away",
        "words" => "at least one of them is words, which are compared as words",

        // Values.
        "rational" => "both are rational numbers, which are compared exactly",
        "value" => "both are values: compared exactly where they are rational, else to 77 digits; at several points where there are variables",
        "number" => "both are numbers: equal within 1 in 10,000, or a hundred times or a hundredth of each other",
        "meaning" => "both are read as expressions or relations and compared by value, within 1 in 10,000",
        "quantity" => "both have units of the same kind, and are compared in one unit",
        "other-unit" => "both have units, but of different kinds",
        "percent" => "one is a percentage: it may stand for the number itself or for a hundredth of it",
        "degree" => "the degree sign of one stands for the temperature scale of the other",
        "plus-minus" => "each value that a plus-minus sign stands for is compared",

        // Several values.
        "set" => "each element of one must be in the other, in any order",
        "empty-set" => "one is the empty set: the other must be it too, or say that there is nothing",
        "tuple" => "the items are compared one by one, in order",
        "parts" => "the parts between commas are compared one by one, in order",
        "interval-ends" => "two intervals (or an interval and a pair) whose brackets differ",
        "real-set" => "both are sets of real numbers, compared as intervals with their ends",
        "number-set" => "both must be the same set of numbers, such as all real numbers",
        "set-operation" => "unions, intersections and differences are compared part by part",
        "matrix" => "the entries are compared one by one",
        "vector" => "a vector and a tuple: the entries are compared one by one",
        "ratio" => "both are ratios, which may be scaled",

        // Statements.
        "equation" => "two equations are the same where one is a multiple of the other",
        "constant-equation" => "two equations without variables: the values they state are compared",
        "inequality" => "two inequalities are the same where one is a positive multiple of the other",
        "relation" => "an equation and an inequality",
        "labelled-value" => "both give a value to a name; the values are compared",
        "assignment" => "values that are given to several names are compared with those of the other side",
        "label-added" => "the answer has a name before its value (x = ...); the value is compared",
        "label-omitted" => "the expected answer has a name before its value (x = ...); the value is compared",

        // Notations.
        "time" => "both are times of day",
        "base" => "both are digits in a base; base and digits must be the same",
        "base-ten" => "one is written in a base: only digits in base ten are compared with a plain number",
        "choice" => "the letters of a multiple-choice question are compared",
        "choice-content" => "one of them names a choice with its content; the content is compared",
        "choices" => "the same letters of a multiple-choice question",

        // No comparison.
        "different-kinds" => "they are of different kinds, such as a number and a set",
        "too-much-work" => "the comparison would take more work than is allowed",
        "too-deep" => "they are nested deeper than is allowed",
        "too-long" => "one of them is longer than is read",
        "unreadable" => "it is no notation that is known",
        "broken-box" => "it contains a box whose braces do not match",
        "empty" or "empty-answer" => "it is empty",
        "no-box" => "no answer was found in the response: there is no \\boxed{...}",
        _ when rule.StartsWith(MathVerifier.InternalError, StringComparison.Ordinal) => "the verifier itself failed; please report the two texts",
        _ => "",
    };
}
