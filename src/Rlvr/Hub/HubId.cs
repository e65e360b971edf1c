using System.Diagnostics.CodeAnalysis;

namespace Rlvr.Hub;

/// <summary>What a repository of a hub holds.</summary>
public enum HubKind
{
    /// <summary>A model: configuration, tokenizer and weights.</summary>
    Model,

    /// <summary>A data set.</summary>
    Dataset,
}

/// <summary>A repository of a hub at a revision, such as <c>Qwen/Qwen2.5-Math-1.5B</c> or <c>HuggingFaceH4/MATH-500@main</c>.</summary>
public sealed record HubId
{
    /// <summary>The revision where none is named.</summary>
    public const string Main = "main";

    private const int MaxRepositoryLength = 96, MaxRevisionLength = 200, CommitLength = 40;

    /// <summary>Names a repository.</summary>
    /// <param name="kind">What it holds.</param>
    /// <param name="repository">NAME or OWNER/NAME.</param>
    /// <param name="revision">A branch, a tag, or a commit of 40 hexadecimal digits.</param>
    /// <exception cref="RlvrException">The name or the revision is not one that a hub could have.</exception>
    public HubId(HubKind kind, string repository, string revision = Main)
    {
        if ((WhyNoRepository(repository) ?? WhyNoRevision(revision)) is { } reason) throw new RlvrException(reason);
        (Kind, Repository, Revision) = (kind, repository, revision);
    }

    /// <summary>Model or data set.</summary>
    public HubKind Kind { get; }

    /// <summary>OWNER/NAME, or NAME.</summary>
    public string Repository { get; }

    /// <summary>A branch, a tag, or a commit.</summary>
    public string Revision { get; }

    /// <summary>Whether the revision is a commit, which never changes.</summary>
    public bool IsCommit => IsCommitName(Revision);

    /// <summary>model, or data set.</summary>
    internal string KindName => Kind == HubKind.Model ? "model" : "data set";

    /// <summary>models or datasets, as in the addresses of the hub's API.</summary>
    internal string ApiName => Kind == HubKind.Model ? "models" : "datasets";

    /// <summary>The command that fetches it, for messages.</summary>
    internal string PullCommand => $"rlvr pull {this}{(Kind == HubKind.Dataset ? " --dataset" : "")}";

    /// <summary>Reads <c>REPO</c> or <c>REPO@REVISION</c>.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="kind">What the repository holds.</param>
    /// <param name="id">The repository.</param>
    /// <param name="reason">Why it is none: one sentence that names what was found.</param>
    public static bool TryParse(string text, HubKind kind, [NotNullWhen(true)] out HubId? id, [NotNullWhen(false)] out string? reason)
    {
        int at = text.IndexOf('@', StringComparison.Ordinal);
        (string repository, string revision) = at < 0 ? (text, Main) : (text[..at], text[(at + 1)..]);
        reason = WhyNoRepository(repository) ?? WhyNoRevision(revision);
        id = reason is null ? new HubId(kind, repository, revision) : null;
        return id is not null;
    }

    /// <summary>REPO, with @REVISION unless that is main.</summary>
    public override string ToString() => Revision == Main ? Repository : $"{Repository}@{Revision}";

    /// <summary>Whether a text is the full name of a commit.</summary>
    internal static bool IsCommitName(string text) => text.Length == CommitLength && text.All(char.IsAsciiHexDigitLower);

    private static string? WhyNoRepository(string name)
    {
        bool fits = name.Length is > 0 and <= MaxRepositoryLength && name.Count(c => c == '/') <= 1
            && name.Split('/').All(part => part.Length > 0 && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') && part[0] is not ('-' or '.') && part[^1] is not ('-' or '.'))
            && !name.Contains("--", StringComparison.Ordinal) && !name.Contains("..", StringComparison.Ordinal) && !name.EndsWith(".git", StringComparison.Ordinal);
        return fits ? null : $"'{Shown(name)}' is no name of a repository. Expected OWNER/NAME of at most {MaxRepositoryLength} letters, digits, '-', '_' and '.', such as Qwen/Qwen2.5-Math-1.5B.";
    }

    // The rules of git for names of references, and those for paths, since the cache keeps a file of that name.
    private static string? WhyNoRevision(string name)
    {
        bool fits = name.Length <= MaxRevisionLength && HubPath.WhyUnsafe(name) is null
            && !name.AsSpan().ContainsAny(" ~^[\u007F") && !name.Contains("..", StringComparison.Ordinal) && !name.Contains("@{", StringComparison.Ordinal)
            && name.Split('/').All(part => part[0] is not ('.' or '-') && !part.EndsWith(".lock", StringComparison.OrdinalIgnoreCase));
        return fits ? null : $"'{Shown(name)}' is no revision. Expected a branch, a tag, or a commit of {CommitLength} hexadecimal digits.";
    }

    private static string Shown(string text) => text.Length <= MaxRevisionLength ? text : text[..MaxRevisionLength] + "...";
}
