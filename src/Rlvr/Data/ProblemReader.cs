using Rlvr.Data.Reading;

namespace Rlvr.Data;

/// <summary>
/// Reads problems from files as their owners publish them: one JSON object a line (.jsonl), an array in JSON (.json), parquet. The first
/// bytes decide what a file is. Which layouts are known says docs/data.md.
/// </summary>
public static class ProblemReader
{
    /// <summary>Reads all problems of a file.</summary>
    /// <param name="path">The file; texts are UTF-8.</param>
    /// <param name="fields">The names of the fields; by default those of the published sets.</param>
    /// <returns>At least one problem, in the file's order. Ids are unique: one that occurred before is numbered, <c>id#2</c>.</returns>
    /// <exception cref="RlvrException">
    /// The file is missing, holds no problem, or a row is broken or lacks a field: the message names file, row and field. Labels that are
    /// there but cannot be read are no error here: they are listed before anything is trained or judged.
    /// </exception>
    public static IReadOnlyList<Problem> Read(string path, ProblemFields? fields = null) =>
        Read([path], Path.GetFileNameWithoutExtension(path), fields ?? new());

    /// <summary>Reads the problems of several files as one set.</summary>
    /// <param name="paths">The files.</param>
    /// <param name="name">What problems without a name are numbered under: <c>name:3</c>.</param>
    /// <param name="fields">The names of the fields.</param>
    internal static IReadOnlyList<Problem> Read(IReadOnlyList<string> paths, string name, ProblemFields fields)
    {
        ProblemBuilder builder = new(name, fields);
        List<Problem> problems = [];
        int before = 0;
        foreach (string path in paths)
        {
            int last = 0, count = problems.Count;
            foreach (DataRow row in DataFile.Rows(path)) problems.Add(builder.Build(row, before + (last = row.Number)));
            if (problems.Count == count) throw new RlvrException($"{path}: error: there are no problems in it. Expected one JSON object a line, an array of them, or parquet.");
            before += last;
        }
        return fields.Requested.FirstOrDefault(field => !builder.Found.Contains(field)) is { } missing
            ? throw new RlvrException($"{paths[0]}: error: no row has the field '{missing}' that was asked for.") : problems;
    }
}
