namespace Rlvr.Cli.Tests;

public sealed class CommandLineTests
{
    public static TheoryData<string> Commands => ["demo", "train", "eval", "compare", "generate", "pull", "pretrain", "export", "select", "report", "verify", "doctor"];

    [Fact]
    public void Without_a_command_the_help_is_the_error()
    {
        CommandRun run = CommandRun.Of();
        Assert.Equal(2, run.Code);
        Assert.Equal("", run.Out);
        Assert.Contains("demo", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Help_lists_all_commands()
    {
        CommandRun run = CommandRun.Of("--help").Succeeded();
        Assert.All(Commands, c => Assert.Contains("  " + c.Data, run.Out, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void The_help_of_each_command_ends_with_an_example(string command)
    {
        CommandRun run = CommandRun.Of(command, "--help").Succeeded();
        Assert.Contains("Example", run.Out, StringComparison.Ordinal);
        Assert.Contains($"  rlvr {command}", run.Out[run.Out.LastIndexOf("Example", StringComparison.Ordinal)..], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unknown command 'demoo'. Did you mean 'demo'?", "demoo")]
    [InlineData("unknown option '--sute'. Did you mean '--suite'?", "eval", "x", "--sute", "a")]
    [InlineData("option '--prompt' is required", "generate", "x")]
    [InlineData("--temperature is -1, expected at least 0", "eval", "x", "-s", "micro500", "-t", "-1")]
    [InlineData("--top-p is 0, expected above 0 and at most 1", "generate", "x", "-p", "y", "--top-p", "0")]
    [InlineData("--number is 0, expected 1 to 100000", "generate", "x", "-p", "y", "-n", "0")]
    [InlineData("cannot parse argument 'many'", "demo", "--steps", "many")]
    [InlineData("argument 'tpu' not recognized. Must be one of: 'auto' 'cpu' 'cuda'.", "eval", "x", "--device", "tpu")]
    [InlineData("no suite: say which with --suite", "eval", "x")]
    [InlineData("--samples 4 needs a --temperature above 0", "eval", "x", "-s", "pi-1", "-k", "4")]
    [InlineData("--out responses.jsonl names a file; it is a folder", "eval", "x", "-s", "pi-1", "--out", "responses.jsonl")]
    [InlineData("--show is -1, expected at least 0", "compare", "x", "y", "--show", "-1")]
    [InlineData("no recipe: say which", "train")]
    [InlineData("say which with --run DIR", "train", "--resume")]
    [InlineData("leave out RECIPE", "train", "x.yaml", "--resume", "--run", "y")]
    [InlineData("'a/b/c' is no name of a repository. Expected OWNER/NAME", "pull", "a/b/c")]
    [InlineData("'x..y' is no revision", "pull", "a/b", "--revision", "x..y")]
    [InlineData("'a/b@main' names a revision already; leave out --revision", "pull", "a/b@main", "-r", "main")]
    [InlineData("--jobs is 0, expected 1 to 64", "pull", "a/b", "-j", "0")]
    [InlineData("there is no recipe 'missing.yaml'", "train", "missing.yaml")]
    [InlineData("there is no recipe 'missing.yaml'", "demo", "--recipe", "missing.yaml")]
    [InlineData("there is no recipe 'missing.yaml'", "pretrain", "missing.yaml")]
    public void Wrong_usage_is_told_in_one_line(string expected, params string[] args) => CommandRun.Of(args).FailedWith(2, expected);
}
