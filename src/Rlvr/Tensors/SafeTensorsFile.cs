using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tensors;

/// <summary>
/// Reads a safetensors file through a memory map: opening it reads only the header, and loading a tensor copies its bytes from the
/// map straight into the tensor. Only a window of the file is mapped at a time, so that the process never holds a second copy of the
/// weights. The file must not be shortened while open.
/// </summary>
public sealed unsafe class SafeTensorsFile : IDisposable
{
    /// <summary>Bytes mapped, and copied or converted, at a time.</summary>
    private const int WindowBytes = 16 << 20;

    private readonly SafeTensorsHeader _header;
    private readonly MemoryMappedFile _map;
    private readonly long _length;
    private readonly Dictionary<ScalarType, Tensor> _whole = []; // the file as elements of a type, made by the first MapTensor of such
    private bool _disposed;

    /// <summary>Opens a file and checks its header strictly.</summary>
    /// <param name="path">Path of the file.</param>
    /// <exception cref="RlvrException">The file is missing, unreadable, or breaks a rule of the format; the message says which.</exception>
    public SafeTensorsFile(string path)
    {
        Path = path;
        SafeFileHandle? handle = null;
        try
        {
            handle = File.OpenHandle(path);
            _length = RandomAccess.GetLength(handle);
            Span<byte> first = stackalloc byte[8];
            RandomAccess.Read(handle, first, 0);
            int headerLength = SafeTensorsHeader.ReadLength(path, first, _length);
            _map = MemoryMappedFile.CreateFromFile(handle, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            using Window header = new(_map, 0, 8 + headerLength);
            _header = SafeTensorsHeader.Parse(path, header.Bytes[8..], _length);
        }
        catch (Exception e)
        {
            Dispose();
            handle?.Dispose();
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

    /// <summary>
    /// A tensor whose memory is the file's: nothing is read until it is used, and what was read the system may drop again and read anew. It belongs to the
    /// caller, stays valid when the file is closed, and is not meant to be written to; what is written to it never reaches the file. As long as it lives, the file
    /// must not be written to or shortened; another file may take its name.
    /// </summary>
    /// <param name="name">The tensor's name.</param>
    /// <returns>The tensor on the CPU, in the element type of the file; null where its bytes do not begin at a multiple of an element, so that it must be loaded.</returns>
    /// <exception cref="RlvrException">No such tensor, an element type without counterpart here, or a system that does not map the file.</exception>
    public Tensor? MapTensor(string name)
    {
        SafeTensorsEntry entry = Entry(name);
        ScalarType type = TypeOf(entry);
        int size = SafeTensorsDtype.Bits(entry.Dtype) / 8;
        long start = _header.DataStart + entry.Begin;
        if (entry.ByteCount == 0 || start % size != 0) return null;
        if (!_whole.TryGetValue(type, out Tensor? whole)) _whole[type] = whole = MapWhole(type, size);
        using Tensor elements = whole.narrow(0, start / size, entry.ByteCount / size);
        return elements.view([.. entry.Shape]);
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
        int elementSize = SafeTensorsDtype.Bits(entry.Dtype) / 8;
        long count = entry.ByteCount / elementSize;
        int chunk = WindowBytes / elementSize;
        bool direct = target.dtype == type && target.device_type == DeviceType.CPU;
        Tensor flat = target.detach().view(-1);
        // Not used where bytes go straight into the target.
        Tensor staging = direct ? flat : empty(long.Min(chunk, count), type);
        for (long at = 0; at < count; at += chunk)
        {
            int now = (int)long.Min(chunk, count - at);
            using Tensor part = flat.narrow(0, at, now);
            using Tensor into = direct ? part.alias() : staging.narrow(0, 0, now);
            using Window source = Map(entry, at * elementSize, now * elementSize);
            source.Bytes.CopyTo(into.bytes);
            if (!direct) part.copy_(into);
        }
    }

    /// <summary>Whether two tensors have the same element type, shape and bytes.</summary>
    internal static bool AreEqual(SafeTensorsFile fileA, string nameA, SafeTensorsFile fileB, string nameB)
    {
        SafeTensorsEntry a = fileA.Entry(nameA), b = fileB.Entry(nameB);
        if (a.Dtype != b.Dtype || !a.Shape.SequenceEqual(b.Shape)) return false;
        for (long at = 0; at < a.ByteCount; at += WindowBytes)
        {
            int now = (int)long.Min(WindowBytes, a.ByteCount - at);
            using Window bytesA = fileA.Map(a, at, now), bytesB = fileB.Map(b, at, now);
            if (!bytesA.Bytes.SequenceEqual(bytesB.Bytes)) return false;
        }
        return true;
    }

    /// <summary>Closes the file. Tensors loaded from it stay valid.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _map?.Dispose();
        foreach (Tensor whole in _whole.Values) whole.Dispose(); // tensors that are views of it keep the memory
    }

    /// <summary>The file from its first byte on: a private mapping, whose pages are those of the page cache as long as nobody writes to them.</summary>
    private Tensor MapWhole(ScalarType type, int size)
    {
        NativeRuntime.Initialize();
        try
        {
            return from_file(Path, shared: false, size: _length / size, dtype: type).DetachFromDisposeScope();
        }
        catch (Exception e) when (e is System.Runtime.InteropServices.ExternalException or IOException)
        {
            throw new RlvrException($"{Path}: the system does not map the file into memory: {e.Message.Split('\n')[0]}. Load it instead (compute.reference: memory).", e);
        }
    }

    private Window Map(SafeTensorsEntry entry, long offset, int count) => new(_map, _header.DataStart + entry.Begin + offset, count);

    private SafeTensorsEntry Entry(string name)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return Entries.TryGetValue(name, out SafeTensorsEntry? entry) ? entry
            : throw new RlvrException($"{Path}: no tensor '{name}' among its {Entries.Count} tensors");
    }

    private ScalarType TypeOf(SafeTensorsEntry entry) => SafeTensorsDtype.TypeOf(entry.Dtype)
        ?? throw new RlvrException($"{Path}: tensor '{entry.Name}' has element type {entry.Dtype}, which is not supported; save it as F32, BF16 or F16");

    /// <summary>Some bytes of the file, mapped until disposed.</summary>
    private readonly ref struct Window : IDisposable
    {
        private readonly MemoryMappedViewAccessor _view;

        public Window(MemoryMappedFile map, long start, int count)
        {
            _view = map.CreateViewAccessor(start, count, MemoryMappedFileAccess.Read);
            byte* pointer = null;
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
            // A view begins at a page; PointerOffset leads from there to the byte that was asked for.
            Bytes = new ReadOnlySpan<byte>(pointer + _view.PointerOffset, count);
        }

        public ReadOnlySpan<byte> Bytes { get; }

        public void Dispose()
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
        }
    }
}
