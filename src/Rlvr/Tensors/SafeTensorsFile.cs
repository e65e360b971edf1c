using System.IO.MemoryMappedFiles;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>
/// Reads a safetensors file through a memory map: opening it reads only the header, and loading a tensor copies its bytes from the
/// map straight into the tensor, so that no second copy of the weights is ever in memory. The file must not be shortened while open.
/// </summary>
public sealed unsafe class SafeTensorsFile : IDisposable
{
    /// <summary>Bytes copied or converted at a time where the element type changes or the tensor lies on a device.</summary>
    private const int ChunkBytes = 8 << 20;

    private readonly SafeTensorsHeader _header;
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;
    private bool _disposed;

    /// <summary>Opens a file and checks its header strictly.</summary>
    /// <param name="path">Path of the file.</param>
    /// <exception cref="RlvrException">The file is missing, unreadable, or breaks a rule of the format; the message says which.</exception>
    public SafeTensorsFile(string path)
    {
        Path = path;
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            long length = stream.Length;
            Span<byte> first = stackalloc byte[8];
            stream.ReadAtLeast(first, 8, throwOnEndOfStream: false);
            int headerLength = SafeTensorsHeader.ReadLength(path, first, length);
            _map = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            _view = _map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
            _header = SafeTensorsHeader.Parse(path, new ReadOnlySpan<byte>(_start + 8, headerLength), length);
        }
        catch (Exception e)
        {
            Dispose();
            if (e is FileNotFoundException or DirectoryNotFoundException) throw new RlvrException($"{path}: no such file", e);
            if (e is IOException or UnauthorizedAccessException) throw new RlvrException($"{path}: cannot be read: {e.Message}", e);
            throw;
        }
    }

    /// <summary>The path given at opening.</summary>
    public string Path { get; }

    /// <summary>The tensors by name, as the header describes them.</summary>
    public IReadOnlyDictionary<string, SafeTensorsEntry> Entries => _header.Entries;

    /// <summary>The free text pairs of the header, such as format = pt.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>
    /// Loads one tensor. It belongs to the caller (and to the dispose scope in force, if any) and needs no gradient.
    /// </summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="castTo">Element type of the result; that of the file where null.</param>
    /// <param name="device">Where the result lies; the CPU where null.</param>
    /// <exception cref="RlvrException">The file has no such tensor, or its element type has no counterpart here.</exception>
    public Tensor Load(string name, ScalarType? castTo = null, Device? device = null)
    {
        NativeRuntime.Initialize();
        SafeTensorsEntry entry = Entry(name);
        Tensor tensor = empty([.. entry.Shape], castTo ?? TypeOf(entry), device ?? CPU);
        CopyTo(name, tensor);
        return tensor;
    }

    /// <summary>Copies one tensor of the file into an existing one of the same shape, converting the element type where it differs.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="target">A contiguous tensor of the same shape, of any element type and on any device.</param>
    /// <exception cref="RlvrException">No such tensor, another shape, or an element type without counterpart here.</exception>
    public void CopyTo(string name, Tensor target)
    {
        SafeTensorsEntry entry = Entry(name);
        ScalarType type = TypeOf(entry);
        if (!target.shape.AsSpan().SequenceEqual([.. entry.Shape]))
            throw new RlvrException($"{Path}: tensor '{name}' has shape [{string.Join(", ", entry.Shape)}], [{string.Join(", ", target.shape)}] expected");
        if (entry.ByteCount == 0) return;

        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        byte* source = _start + _header.DataStart + entry.Begin;
        int elementSize = SafeTensorsDtype.Bits(entry.Dtype) / 8;
        long count = entry.ByteCount / elementSize;
        int chunk = ChunkBytes / elementSize;
        bool direct = target.dtype == type && target.device_type == DeviceType.CPU;
        Tensor flat = target.detach().view(-1);
        // Not used where bytes go straight into the target.
        Tensor staging = direct ? flat : empty(long.Min(chunk, count), type);
        for (long at = 0; at < count; at += chunk)
        {
            int now = (int)long.Min(chunk, count - at);
            using Tensor part = flat.narrow(0, at, now);
            using Tensor into = direct ? part.alias() : staging.narrow(0, 0, now);
            new ReadOnlySpan<byte>(source + at * elementSize, now * elementSize).CopyTo(into.bytes);
            if (!direct) part.copy_(into);
        }
    }

    /// <summary>The raw bytes of (a part of) a tensor, for comparing without loading it.</summary>
    internal ReadOnlySpan<byte> Bytes(string name, long offset, int count)
    {
        SafeTensorsEntry entry = Entry(name);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + count, entry.ByteCount);
        return new ReadOnlySpan<byte>(_start + _header.DataStart + entry.Begin + offset, count);
    }

    /// <summary>Closes the file. Tensors loaded from it stay valid.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        if (_start is not null) _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view?.Dispose();
        _map?.Dispose();
    }

    private SafeTensorsEntry Entry(string name)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return Entries.TryGetValue(name, out SafeTensorsEntry? entry) ? entry
            : throw new RlvrException($"{Path}: no tensor '{name}' among its {Entries.Count} tensors");
    }

    private ScalarType TypeOf(SafeTensorsEntry entry) => SafeTensorsDtype.TypeOf(entry.Dtype)
        ?? throw new RlvrException($"{Path}: tensor '{entry.Name}' has element type {entry.Dtype}, which is not supported; save it as F32, BF16 or F16");
}
