using System.CommandLine;
using Rlvr.Rollouts;

namespace Rlvr.Cli.Commands;

/// <summary>The options of sampling that <c>generate</c> and <c>eval</c> share.</summary>
internal sealed class SamplingSettings(double temperature)
{
    public Option<double> Temperature { get; } = new("--temperature", "-t") { Description = "sampling temperature; 0 is greedy", DefaultValueFactory = _ => temperature, HelpName = "T" };

    public Option<double> TopP { get; } = new("--top-p") { Description = "keep the smallest set of tokens with this probability; 1 is off", DefaultValueFactory = _ => 1, HelpName = "P" };

    public Option<int> TopK { get; } = new("--top-k") { Description = "keep the K likeliest tokens; 0 is off", HelpName = "K" };

    public Option<double> MinP { get; } = new("--min-p") { Description = "drop tokens below this share of the likeliest one; 0 is off", HelpName = "P" };

    public Option<int> MaxNewTokens { get; } = new("--max-new-tokens") { Description = "most tokens of a response; 0 takes what fits, at most 3072", HelpName = "N" };

    public Option<ulong> Seed { get; } = new("--seed") { Description = "the same seed draws the same responses", DefaultValueFactory = _ => 1UL, HelpName = "N" };

    public void AddTo(Command command)
    {
        AddRange(command, Temperature, t => t >= 0 && double.IsFinite(t), "at least 0");
        AddRange(command, TopP, p => p is > 0 and <= 1, "above 0 and at most 1");
        AddRange(command, TopK, k => k >= 0, "at least 0");
        AddRange(command, MinP, p => p is >= 0 and <= 1, "from 0 to 1");
        AddRange(command, MaxNewTokens, n => n >= 0, "at least 0");
        command.Add(Seed);
    }

    /// <summary>Adds an option whose value must satisfy something.</summary>
    public static void AddRange<T>(Command command, Option<T> option, Func<T, bool> holds, string expected)
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<T>() is { } value && !holds(value)) result.AddError($"{option.Name} is {value}, expected {expected}");
        });
        command.Add(option);
    }

    /// <summary>The options for a generator.</summary>
    public SamplingOptions Read(ParseResult result, int maxNewTokens) => new()
    {
        Temperature = result.GetValue(Temperature),
        TopP = result.GetValue(TopP),
        TopK = result.GetValue(TopK),
        MinP = result.GetValue(MinP),
        MaxNewTokens = maxNewTokens,
        Seed = result.GetValue(Seed),
    };
}
