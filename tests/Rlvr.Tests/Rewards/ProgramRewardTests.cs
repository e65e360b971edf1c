using System.Diagnostics;
using Rlvr.Data;
using Rlvr.Rewards;
using Rlvr.Tests.Shared;

namespace Rlvr.Tests.Rewards;

public sealed class ProgramRewardTests : IDisposable
{
    /// <summary>The number of a request, in $id.</summary>
    private const string ReadId = "id=${line#*\\\"id\\\":}; id=${id%%,*}; ";

    private static readonly Problem Problem = new("p", "1 + 2?", "3");

    private readonly TemporaryFolder folder = new();

    public ProgramRewardTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "the programs of these tests are scripts for /bin/sh");

    public void Dispose() => folder.Dispose();

    /// <summary>A program that runs <paramref name="body"/> for every request, whose number is in $id.</summary>
    private ProgramReward Loop(string body, ProgramOptions? options = null) => Script($"while read -r line; do {ReadId}{body}; done", options);

    private ProgramReward Script(string script, ProgramOptions? options = null) => new((options ?? Patient) with { Command = ["/bin/sh", folder.Write("reward.sh", script + "\n")] });

    /// <summary>Times for machines that are busy with other tests.</summary>
    private static ProgramOptions Patient => new() { Command = [], Timeout = TimeSpan.FromSeconds(60) };

    private static ProgramOptions Impatient => Patient with { Timeout = TimeSpan.FromSeconds(1), Retries = 0 };

    [Fact]
    public void A_program_scores_responses()
    {
        using ProgramReward reward = Loop("""case $line in *three*) printf '{"id":%s,"reward":1.5}\n' $id ;; *) printf '{"id":%s,"reward":0.25,"correct":true,"verdict":"Close"}\n' $id ;; esac""");
        Assert.Equal(new RewardResult(1.5, true, "Correct"), reward.Score(Problem, "It is three."));
        Assert.Equal(new RewardResult(0.25, true, "Close"), reward.Score(Problem, "It is\nfour."));
        Assert.Equal((0, 0), (reward.Failures, reward.Restarts));
    }

    [Fact]
    public void Many_threads_share_a_few_processes()
    {
        using ProgramReward reward = Loop("""n=${line#*u003C}; printf '{"id":%s,"reward":%s,"verdict":"%s"}\n' $id ${n%%e*} $$""", Patient with { Workers = 3 });
        RewardResult[] results = new RewardResult[120];
        Parallel.For(0, results.Length, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i => results[i] = reward.Score(Problem, $"<{i}e"));
        Assert.Equal(Enumerable.Range(0, results.Length).Select(i => (double)i), results.Select(r => r.Value));
        Assert.InRange(results.Select(r => r.Verdict).Distinct().Count(), 1, 3);
    }

    [Fact]
    public void A_program_that_dies_now_and_then_is_started_again()
    {
        using ProgramReward reward = Loop("""n=$((n+1)); [ $n -eq 4 ] && exit 9; printf '{"id":%s,"reward":1}\n' $id""", Patient with { Workers = 1 });
        for (int i = 0; i < 10; i++) Assert.Equal(1, reward.Score(Problem, "x").Value);
        Assert.Equal((0, 3), (reward.Failures, reward.Restarts));
    }

    [Fact]
    public void A_response_that_was_tried_in_vain_is_a_failure_and_no_zero()
    {
        string log = folder["log"];
        using ProgramReward reward = Script($"echo start >> '{log}'; read -r line; echo first >&2; echo 'no model' >&2; exit 3", Patient with { Retries = 2 });
        RewardResult result = reward.Score(Problem, "x");
        Assert.True(result.IsFailure);
        Assert.Equal((false, "RewardFailed"), (result.Correct, result.Verdict));
        Assert.Equal("it ended with exit code 3 instead of an answer (its standard error ends with: first | no model)", result.Reason);
        Assert.Equal((1, 3), (reward.Failures, reward.Restarts));
        Assert.Equal(3, File.ReadAllLines(log).Length);
    }

    [Fact]
    public void A_program_that_does_not_answer_in_time_is_ended_with_what_it_started()
    {
        string pids = folder["pids"];
        using ProgramReward reward = Script($"read -r line; sleep 600 & echo $$ $! > '{pids}'; wait", Impatient);
        long start = Stopwatch.GetTimestamp();
        Assert.Equal("no answer within 1 s", reward.Score(Problem, "x").Reason);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0.9, 40);
        foreach (string pid in File.ReadAllText(pids).Split(' ', '\n', StringSplitOptions.RemoveEmptyEntries)) AssertGone(int.Parse(pid));
    }

    [Theory]
    [InlineData("echo hello", "expected a JSON object, found 'hello'")]
    [InlineData("""printf '{"id":%s,"reward":1}\n' $((id+1))""", "expected \"id\": 1, found '2'")]
    [InlineData("""printf '{"id":%s}\n' $id""", "expected \"reward\" to be a finite number, found none")]
    [InlineData("head -c 100000 /dev/zero | tr '\\0' x; echo", "a line of more than 65536 bytes")]
    [InlineData("exec 1>&-; read -r line", "it closed its standard output instead of an answer")]
    public void What_is_no_answer_is_a_failure(string body, string reason)
    {
        using ProgramReward reward = Loop(body, Patient with { Retries = 0 });
        Assert.Equal(reason, reward.Score(Problem, "x").Reason);
    }

    [Fact]
    public void Two_lines_for_one_request_are_found_at_the_next()
    {
        using ProgramReward reward = Loop("""printf '{"id":%s,"reward":1}\n' $id $id""", Patient with { Retries = 0, Workers = 1 });
        Assert.Equal(1, reward.Score(Problem, "x").Value);
        Assert.Equal("expected \"id\": 2, found '1'", reward.Score(Problem, "x").Reason);
        Assert.Equal(1, reward.Score(Problem, "x").Value); // of another process
    }

    [Fact]
    public void A_program_that_writes_without_end_holds_up_nobody()
    {
        using ProgramReward reward = Script("exec yes", Patient with { Retries = 0 });
        Assert.Equal("expected a JSON object, found 'y'", reward.Score(Problem, "x").Reason);
        using ProgramReward noLine = Script("cat /dev/zero", Impatient);
        Assert.Equal("no answer within 1 s", noLine.Score(Problem, "x").Reason);
    }

    [Fact]
    public void A_program_that_reads_nothing_holds_up_nobody()
    {
        using ProgramReward reward = Script("sleep 600", Impatient);
        Assert.Equal("no answer within 1 s", reward.Score(Problem, new string('x', 1_000_000)).Reason); // more than a pipe holds
    }

    [Fact]
    public void What_a_program_says_to_its_standard_error_does_not_hold_it_up()
    {
        using ProgramReward reward = Loop("""head -c 200000 /dev/zero >&2; echo >&2; printf '{"id":%s,"reward":1}\n' $id""");
        Assert.Equal(1, reward.Score(Problem, "x").Value);
    }

    [Fact]
    public void A_broken_program_ends_the_step_and_is_named_with_its_last_words()
    {
        using ProgramReward reward = Script("read -r line; echo 'no such module' >&2; exit 1", Patient with { Retries = 0, GiveUpAfter = 3 });
        Assert.True(reward.Score(Problem, "x").IsFailure);
        Assert.True(reward.Score(Problem, "x").IsFailure);
        string message = Assert.Throws<RlvrException>(() => reward.Score(Problem, "x")).Message;
        Assert.StartsWith("the reward program '/bin/sh ", message, StringComparison.Ordinal);
        Assert.Contains("failed on 3 responses in a row; the last time: it ended with exit code 1 instead of an answer.", message, StringComparison.Ordinal);
        Assert.Contains("Its standard error ends with: no such module.", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_success_between_failures_counts_them_anew()
    {
        using ProgramReward reward = Loop("""case $line in *good*) printf '{"id":%s,"reward":1}\n' $id ;; *) echo ;; esac""", Patient with { Retries = 0, GiveUpAfter = 2 });
        for (int i = 0; i < 4; i++)
        {
            Assert.True(reward.Score(Problem, "bad").IsFailure);
            Assert.Equal(1, reward.Score(Problem, "good").Value);
        }
        Assert.Equal(4, reward.Failures);
    }

    [Theory]
    [InlineData("no-such-program-at-all")]
    [InlineData("/no/such/program")]
    [InlineData("/")]
    public void A_program_that_cannot_be_started_is_found_at_once(string name)
    {
        string message = Assert.Throws<RlvrException>(() => new ProgramReward(Patient with { Command = [name, "reward.py"] })).Message;
        Assert.StartsWith($"the reward program '{name} reward.py' cannot be started: ", message, StringComparison.Ordinal);
        if (name != "/") Assert.Contains(": No such file or directory. Expected the name of a program", message, StringComparison.Ordinal);
    }

    [Fact]
    public void When_it_is_over_no_process_is_left()
    {
        string pids = folder["pids"], farewell = folder["farewell"];
        ProgramReward reward = Script($"echo $$ >> '{pids}'; while read -r line; do {ReadId} printf '{{\"id\":%s,\"reward\":1}}\\n' $id; done; echo bye >> '{farewell}'");
        Assert.Equal(1, reward.Score(Problem, "x").Value);
        reward.Dispose();
        reward.Dispose();
        Assert.Equal(["bye"], File.ReadAllLines(farewell)); // it had the time to leave by itself
        Assert.All(File.ReadAllLines(pids), pid => AssertGone(int.Parse(pid)));
        Assert.Throws<ObjectDisposedException>(() => reward.Score(Problem, "x"));

        ProgramReward deaf = Script($"echo $$ >> '{pids}'; sleep 600");
        while (File.ReadAllLines(pids).Length < 2) Thread.Sleep(10);
        deaf.Dispose();
        Assert.All(File.ReadAllLines(pids), pid => AssertGone(int.Parse(pid)));
    }

    [Fact]
    public void Options_are_checked()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ProgramReward(Patient));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ProgramReward(Patient with { Command = ["x"], Timeout = TimeSpan.Zero }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ProgramReward(Patient with { Command = ["x"], Workers = -1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ProgramReward(Patient with { Command = ["x"], Retries = -1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ProgramReward(Patient with { Command = ["x"], GiveUpAfter = 0 }));
    }

    /// <summary>The process has ended, or does so soon.</summary>
    private static void AssertGone(int pid)
    {
        for (int i = 0; i < 500; i++)
        {
            try
            {
                using Process process = Process.GetProcessById(pid);
                if (process.HasExited) return;
            }
            catch (ArgumentException)
            {
                return;
            }
            Thread.Sleep(20);
        }
        Assert.Fail($"process {pid} still runs");
    }
}
