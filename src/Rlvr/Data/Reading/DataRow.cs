using System.Text.Json;

namespace Rlvr.Data.Reading;

/// <summary>One row of a file of data, whatever the file's format. Valid until the next one is asked for.</summary>
/// <param name="Number">The line of a jsonl file, else the row, counted from 1.</param>
/// <param name="Place">File and row, as messages begin: <c>set.jsonl(3)</c>, <c>set.parquet(row 3)</c>.</param>
/// <param name="Value">The row.</param>
internal readonly record struct DataRow(int Number, string Place, JsonElement Value);
