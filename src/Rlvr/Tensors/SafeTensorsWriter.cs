using System.Buffers;
using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>
/// Writes safetensors files as the reference implementation does: tensors sorted by element type and name, header padded to eight
/// bytes. Tensors are converted and written piece by piece, so no second copy of the weights is ever in memory.
/// </summary>
public static class SafeTensorsWriter
{
    private const int ChunkBytes = 8 << 20;
    private static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// Writes tensors to a file. It is written under a temporary name beside <paramref name="path"/>, flushed to the disk and then
    /// renamed, so that a file of this name is always whole.
    /// </summary>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <param name="tensors">Names and tensors, of any layout and on any device.</param>
    /// <param name="dtype">Element type in the file for all floating-point tensors; that of each tensor where null.</param>
    /// <param name="metadata">Text pairs for the header; format = pt where null, which Hugging Face libraries expect.</param>
    /// <exception cref="RlvrException">A name occurs twice or is reserved, an element type has no name in the format, or the file cannot be written.</exception>
    public static void Write(string path, IEnumerable<(string Name, Tensor Tensor)> tensors, ScalarType? dtype = null, IReadOnlyDictionary<string, string>? metadata = null)
    {
        NativeRuntime.Initialize();
        List<Item> items = Plan(path, tensors, dtype);
        byte[] header = Header(items, metadata ?? new Dictionary<string, string> { ["format"] = "pt" });
        string temporary = path + $".tmp-{Environment.ProcessId}";
        try
        {
            using (FileStream stream = new(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                stream.Write(header);
                foreach (Item item in items) WriteData(stream, item);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e)
        {
            if (File.Exists(temporary)) File.Delete(temporary);
            if (e is IOException or UnauthorizedAccessException) throw new RlvrException($"{path}: cannot be written: {e.Message}", e);
            throw;
        }
    }

    /// <summary>Bytes that a tensor will take in a file.</summary>
    internal static long ByteCount(Tensor tensor, ScalarType? dtype) =>
        tensor.numel() * SafeTensorsDtype.Bits(SafeTensorsDtype.NameOf(FileType(tensor, dtype)) ?? "F32") / 8;

    private static ScalarType FileType(Tensor tensor, ScalarType? dtype) => dtype is { } wanted && tensor.is_floating_point() ? wanted : tensor.dtype;

    private static List<Item> Plan(string path, IEnumerable<(string Name, Tensor Tensor)> tensors, ScalarType? dtype)
    {
        List<Item> items = [];
        HashSet<string> names = new(StringComparer.Ordinal) { "__metadata__" };
        foreach ((string name, Tensor tensor) in tensors)
        {
            if (!names.Add(name))
                throw new RlvrException($"{path}: tensor name '{name}' {(name == "__metadata__" ? "is reserved by the format" : "was given twice")}");
            ScalarType type = FileType(tensor, dtype);
            string typeName = SafeTensorsDtype.NameOf(type)
                ?? throw new RlvrException($"{path}: tensor '{name}' has element type {type}, which the safetensors format cannot hold");
            items.Add(new Item(name, tensor, type, typeName));
        }
        items.Sort((a, b) => a.TypeName == b.TypeName ? string.CompareOrdinal(a.Name, b.Name)
            : SafeTensorsDtype.Rank(b.TypeName).CompareTo(SafeTensorsDtype.Rank(a.TypeName)));
        return items;
    }

    private static byte[] Header(List<Item> items, IReadOnlyDictionary<string, string> metadata)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter json = new(buffer, JsonOptions))
        {
            json.WriteStartObject();
            if (metadata.Count > 0)
            {
                json.WriteStartObject("__metadata__");
                foreach ((string key, string value) in metadata) json.WriteString(key, value);
                json.WriteEndObject();
            }
            long end = 0;
            foreach (Item item in items)
            {
                json.WriteStartObject(item.Name);
                json.WriteString("dtype", item.TypeName);
                WriteNumbers(json, "shape", item.Tensor.shape);
                long begin = end;
                end += item.Tensor.numel() * SafeTensorsDtype.Bits(item.TypeName) / 8;
                WriteNumbers(json, "data_offsets", [begin, end]);
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        int length = (buffer.WrittenCount + 7) / 8 * 8;
        byte[] header = new byte[8 + length];
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)length);
        buffer.WrittenSpan.CopyTo(header.AsSpan(8));
        header.AsSpan(8 + buffer.WrittenCount).Fill((byte)' ');
        return header;
    }

    private static void WriteNumbers(Utf8JsonWriter json, string key, long[] numbers)
    {
        json.WriteStartArray(key);
        foreach (long number in numbers) json.WriteNumberValue(number);
        json.WriteEndArray();
    }

    private static void WriteData(FileStream stream, Item item)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        Tensor flat = item.Tensor.detach().reshape(-1);
        long count = flat.numel();
        int chunk = ChunkBytes / (SafeTensorsDtype.Bits(item.TypeName) / 8);
        for (long at = 0; at < count; at += chunk)
        {
            using DisposeScope piece = NewDisposeScope();
            Tensor part = flat.narrow(0, at, long.Min(chunk, count - at)).to(item.Type).cpu().contiguous();
            stream.Write(part.bytes);
        }
    }

    private sealed record Item(string Name, Tensor Tensor, ScalarType Type, string TypeName);
}
