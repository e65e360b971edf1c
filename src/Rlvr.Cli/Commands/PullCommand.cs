using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Rlvr.Cli.Output;
using Rlvr.Hub;

namespace Rlvr.Cli.Commands;

/// <summary><c>rlvr pull</c>: gets a model or a data set from a hub into the cache.</summary>
internal static class PullCommand
{
    public static Command Create(Terminal terminal)
    {
        Argument<string> repository = new("REPO") { Description = "OWNER/NAME, or OWNER/NAME@REVISION" };
        Option<string?> revision = new("--revision", "-r") { Description = "a branch, a tag or a commit; main by default", HelpName = "REVISION" };
        Option<bool> dataset = new("--dataset") { Description = "REPO is a data set" };
        Option<string[]> include = new("--include") { Description = "fetch the files that this pattern fits (* is anything), instead of those that are needed; may be repeated", HelpName = "PATTERN" };
        Option<string[]> exclude = new("--exclude") { Description = "leave out the files that this pattern fits; may be repeated", HelpName = "PATTERN" };
        Option<int> jobs = new("--jobs", "-j") { Description = "files fetched at once", DefaultValueFactory = _ => 4, HelpName = "N" };
        Option<string?> endpoint = new("--endpoint") { Description = "the hub's address; by default HF_ENDPOINT, else https://huggingface.co", HelpName = "URL" };
        Option<string?> cache = new("--cache") { Description = "the cache's folder; by default HF_HUB_CACHE, else hub in HF_HOME, else ~/.cache/huggingface/hub", HelpName = "DIR" };
        Option<bool> json = new("--json") { Description = "one JSON object on standard output" };
        ExampleCommand command = new("pull", "Get a model or a data set from a Hugging Face style hub; prints its folder. Ctrl-C stops, the same command goes on.",
            "rlvr pull Qwen/Qwen2.5-Math-1.5B",
            "rlvr pull HuggingFaceH4/MATH-500 --dataset --include test.jsonl")
        { repository, revision, dataset, include, exclude };
        SamplingSettings.AddRange(command, jobs, n => n is >= 1 and <= 64, "1 to 64");
        command.Add(endpoint);
        command.Add(cache);
        command.Add(json);
        command.SetAction(result =>
        {
            HubId id = Id(result.GetRequiredValue(repository), result.GetValue(revision), result.GetValue(dataset) ? HubKind.Dataset : HubKind.Model);
            HubSettings settings = HubSettings.FromEnvironment(endpoint: result.GetValue(endpoint), cache: result.GetValue(cache));
            PullOptions options = new() { Include = result.GetValue(include) ?? [], Exclude = result.GetValue(exclude) ?? [], Jobs = result.GetValue(jobs) };
            Stopwatch watch = Stopwatch.StartNew();
            HubSnapshot snapshot = Pull(terminal, id, settings, options);
            terminal.Error.WriteLine(Summary(snapshot, watch.Elapsed));
            if (result.GetValue(json)) JsonOutput.Write(terminal, ToJson(snapshot));
            else terminal.Out.WriteLine(snapshot.Folder);
            return ExitCode.Done;
        });
        return command;
    }

    private static HubId Id(string repository, string? revision, HubKind kind)
    {
        if (revision is not null && repository.Contains('@', StringComparison.Ordinal)) throw new UsageException($"'{repository}' names a revision already; leave out --revision.");
        return HubId.TryParse(revision is null ? repository : $"{repository}@{revision}", kind, out HubId? id, out string? reason) ? id : throw new UsageException(reason);
    }

    private static HubSnapshot Pull(Terminal terminal, HubId id, HubSettings settings, PullOptions options)
    {
        PullView view = new(terminal);
        try
        {
            return HubPull.RunAsync(id, settings, options, view, terminal.Cancellation).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            view.Note("what has come is kept; the same command goes on");
            throw;
        }
        finally
        {
            view.Close();
        }
    }

    private static string Summary(HubSnapshot snapshot, TimeSpan time)
    {
        int there = snapshot.Files.Count(f => f.Cached), fetched = snapshot.Files.Count - there;
        string fetching = $"fetched {fetched} file{(fetched == 1 ? "" : "s")}, {ByteSize.Text(snapshot.BytesReceived)}, in {Durations.Words(time)}";
        return $"{snapshot.Id} at commit {snapshot.Commit}: {(fetched == 0 ? "all files were there" : there == 0 ? fetching : $"{fetching}; {there} were there")}";
    }

    private static JsonObject ToJson(HubSnapshot snapshot) => new()
    {
        ["repository"] = snapshot.Id.Repository,
        ["kind"] = snapshot.Id.Kind == HubKind.Model ? "model" : "dataset",
        ["revision"] = snapshot.Id.Revision,
        ["commit"] = snapshot.Commit,
        ["folder"] = snapshot.Folder,
        ["bytes_received"] = snapshot.BytesReceived,
        ["files"] = new JsonArray([.. snapshot.Files.Select(f => new JsonObject { ["path"] = f.Path, ["size"] = f.Size, ["cached"] = f.Cached })]),
    };
}
