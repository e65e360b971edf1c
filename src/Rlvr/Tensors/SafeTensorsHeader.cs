using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Rlvr.Tensors;

/// <summary>
/// The header of a safetensors file: what tensors it holds and where their bytes lie. Reading one checks everything the format
/// promises (https://github.com/huggingface/safetensors#format), so that whoever loads a tensor afterwards cannot leave the file.
/// </summary>
internal sealed class SafeTensorsHeader
{
    /// <summary>The longest header that the format allows, in bytes.</summary>
    public const int MaximumLength = 100_000_000;

    private const string MetadataKey = "__metadata__";
    private const string Damaged = "The file is damaged or incomplete: download or save it again.";

    /// <summary>The tensors by name.</summary>
    public required IReadOnlyDictionary<string, SafeTensorsEntry> Entries { get; init; }

    /// <summary>The free text pairs of the header.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <summary>Where the data of the tensors begins, in bytes from the start of the file.</summary>
    public required long DataStart { get; init; }

    /// <summary>Reads how long the header is from the first eight bytes of a file of <paramref name="fileLength"/> bytes.</summary>
    /// <param name="file">The file's name for messages.</param>
    /// <param name="start">The first bytes of the file: at least eight, unless the file is shorter.</param>
    /// <param name="fileLength">Bytes in the file.</param>
    public static int ReadLength(string file, ReadOnlySpan<byte> start, long fileLength)
    {
        if (fileLength < 8) throw Error(file, $"the file has {fileLength} bytes, but a safetensors file begins with 8 bytes that give the header's length. {Damaged}");
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(start);
        if (length > MaximumLength)
            throw Error(file, $"header length {length} found, at most {MaximumLength} expected{Guess(start)}. {Damaged}");
        if ((long)length > fileLength - 8)
            throw Error(file, $"header length {length} found, but only {fileLength - 8} bytes follow in the file{Guess(start)}. {Damaged}");
        return (int)length;
    }

    /// <summary>Parses and checks a header.</summary>
    /// <param name="file">The file's name for messages.</param>
    /// <param name="json">The header's bytes, without the eight length bytes.</param>
    /// <param name="fileLength">Bytes in the file.</param>
    /// <exception cref="RlvrException">The header breaks a rule of the format; the message names the tensor and the rule.</exception>
    public static SafeTensorsHeader Parse(string file, ReadOnlySpan<byte> json, long fileLength)
    {
        if (json.IsEmpty) throw Error(file, $"the header is empty, a JSON object expected. {Damaged}");
        if (!Utf8.IsValid(json)) throw Error(file, $"the header is not UTF-8 text. {Damaged}");
        if (json[0] != '{')
            throw Error(file, $"the header begins with '{Encoding.UTF8.GetString(json)[0]}', '{{' expected. {Damaged}");

        Dictionary<string, SafeTensorsEntry> entries = new(StringComparer.Ordinal);
        Dictionary<string, string> metadata = new(StringComparer.Ordinal);
        bool metadataSeen = false;
        Utf8JsonReader reader = new(json);
        try
        {
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string name = reader.GetString()!;
                reader.Read();
                if (name == MetadataKey)
                {
                    if (metadataSeen) throw Error(file, $"the key '{MetadataKey}' occurs twice in the header");
                    metadataSeen = true;
                    ReadMetadata(file, ref reader, metadata);
                }
                else if (!entries.TryAdd(name, ReadEntry(file, name, ref reader)))
                {
                    throw Error(file, $"tensor '{name}' occurs twice in the header, once expected. {Damaged}");
                }
            }
            while (reader.Read()) { } // only white space may follow; anything else throws
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            // InvalidOperationException: an escape such as \ud800 alone, which is JSON but no text.
            throw new RlvrException($"{file}: the header is not valid JSON: {OneLine(e.Message)} {Damaged}", e);
        }
        CheckLayout(file, entries.Values, fileLength - 8 - json.Length);
        return new SafeTensorsHeader { Entries = entries, Metadata = metadata, DataStart = 8 + json.Length };
    }

    private static void ReadMetadata(string file, ref Utf8JsonReader reader, Dictionary<string, string> metadata)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw Error(file, $"'{MetadataKey}' is {Describe(reader.TokenType)}, an object of strings expected");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
                throw Error(file, $"'{MetadataKey}' has {Describe(reader.TokenType)} under '{key}', only strings are allowed there");
            if (!metadata.TryAdd(key, reader.GetString()!))
                throw Error(file, $"'{MetadataKey}' has the key '{key}' twice");
        }
    }

    private static SafeTensorsEntry ReadEntry(string file, string name, ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw Error(file, name, $"the entry is {Describe(reader.TokenType)}, an object with dtype, shape and data_offsets expected");
        string? dtype = null;
        long[]? shape = null, offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            switch (key)
            {
                case "dtype" when dtype is null:
                    if (reader.TokenType != JsonTokenType.String)
                        throw Error(file, name, $"dtype is {Describe(reader.TokenType)}, a name such as F32 expected");
                    dtype = reader.GetString()!;
                    if (SafeTensorsDtype.Bits(dtype) == 0)
                        throw Error(file, name, $"unknown dtype '{dtype}', one of {string.Join(", ", SafeTensorsDtype.Names)} expected");
                    break;
                case "shape" when shape is null:
                    shape = ReadNumbers(file, name, key, ref reader);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadNumbers(file, name, key, ref reader);
                    if (offsets.Length != 2)
                        throw Error(file, name, $"data_offsets has {offsets.Length} numbers, two expected (begin and end)");
                    break;
                case "dtype" or "shape" or "data_offsets":
                    throw Error(file, name, $"the key '{key}' occurs twice");
                default:
                    throw Error(file, name, $"unknown key '{key}', only dtype, shape and data_offsets expected");
            }
        }
        if (dtype is null) throw Error(file, name, "dtype is missing");
        if (shape is null) throw Error(file, name, "shape is missing");
        if (offsets is null) throw Error(file, name, "data_offsets is missing");
        CheckSize(file, name, dtype, shape, offsets);
        return new SafeTensorsEntry(name, dtype, shape, offsets[0], offsets[1]);
    }

    private static long[] ReadNumbers(string file, string name, string key, ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw Error(file, name, $"{key} is {Describe(reader.TokenType)}, a list of whole numbers expected");
        List<long> numbers = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number)
                throw Error(file, name, $"{key} holds {Describe(reader.TokenType)}, only whole numbers expected");
            string text = Encoding.UTF8.GetString(reader.ValueSpan);
            if (text.StartsWith('-')) throw Error(file, name, $"{key} holds the negative number {text}, whole numbers from 0 expected");
            if (!text.All(char.IsAsciiDigit)) throw Error(file, name, $"{key} holds {text}, whole numbers expected");
            if (!reader.TryGetInt64(out long number)) throw Error(file, name, $"{key} holds {text}, which is larger than any file (2^63)");
            numbers.Add(number);
        }
        return [.. numbers];
    }

    private static void CheckSize(string file, string name, string dtype, long[] shape, long[] offsets)
    {
        if (offsets[1] < offsets[0])
            throw Error(file, name, $"data_offsets [{offsets[0]}, {offsets[1]}] end before they begin. {Damaged}");
        // A zero anywhere makes an empty tensor, but the other dimensions must still multiply to something sensible.
        UInt128 elements = 1;
        foreach (long size in shape)
        {
            elements *= (ulong)size;
            if (elements > long.MaxValue / 8)
                throw Error(file, name, $"shape [{string.Join(", ", shape)}] has more elements than a file can hold (the product overflows). {Damaged}");
        }
        long bits = (long)elements * SafeTensorsDtype.Bits(dtype);
        if (bits % 8 != 0) throw Error(file, name, $"shape [{string.Join(", ", shape)}] of {dtype} does not fill whole bytes");
        if (bits / 8 != offsets[1] - offsets[0])
        {
            throw Error(file, name, $"shape [{string.Join(", ", shape)}] of {dtype} needs {bits / 8} bytes, " +
                $"but data_offsets [{offsets[0]}, {offsets[1]}] give {offsets[1] - offsets[0]}. {Damaged}");
        }
    }

    /// <summary>The tensors must tile the data: no overlap, no gap, nothing cut off, nothing left over.</summary>
    private static void CheckLayout(string file, IEnumerable<SafeTensorsEntry> entries, long dataLength)
    {
        long end = 0;
        string? previous = null;
        foreach (SafeTensorsEntry entry in entries.OrderBy(e => e.Begin).ThenBy(e => e.End))
        {
            if (entry.Begin < end)
                throw Error(file, entry.Name, $"its bytes [{entry.Begin}, {entry.End}] overlap those of '{previous}', which end at {end}. {Damaged}");
            if (entry.Begin > end)
            {
                string where = previous is null ? "at the start of the data" : $"after '{previous}'";
                throw Error(file, entry.Name, $"a gap of {entry.Begin - end} bytes that belong to no tensor lies {where} (begins at {entry.Begin}, {end} expected). {Damaged}");
            }
            if (entry.End > dataLength)
                throw Error(file, entry.Name, $"the file is cut off: the tensor's bytes end at {entry.End} of the data, the file holds {dataLength}. {Damaged}");
            (end, previous) = (entry.End, entry.Name);
        }
        if (end < dataLength)
            throw Error(file, $"{dataLength - end} bytes follow the last tensor, none expected (data of {end} bytes declared, {dataLength} found). {Damaged}");
    }

    /// <summary>Names well-known files that people rename to .safetensors by mistake.</summary>
    private static string Guess(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith("PK\x03\x04"u8)) return "; it looks like a zip archive (a PyTorch checkpoint?), which must be converted to safetensors first";
        if (start[0] == 0x80 && start[1] is >= 2 and <= 5) return "; it looks like a Python pickle (a PyTorch checkpoint?), which must be converted to safetensors first";
        if (start.StartsWith("version "u8)) return "; it looks like a Git LFS pointer: fetch the real file with 'git lfs pull'";
        return start[0] == '<' ? "; it looks like a web page instead of the file" : "";
    }

    private static string Describe(JsonTokenType type) => type switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "a list",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.Null => "null",
        _ => "true or false",
    };

    private static string OneLine(string message) => message.ReplaceLineEndings(" ").TrimEnd('.') + ".";

    private static RlvrException Error(string file, string what) => new($"{file}: {what}");

    private static RlvrException Error(string file, string tensor, string what) => new($"{file}: tensor '{tensor}': {what}");
}
