using TorchSharp;

namespace Rlvr.Tensors;

/// <summary>The element types of the safetensors format and the tensor types that hold them.</summary>
internal static class SafeTensorsDtype
{
    // In the order of the reference implementation, which sorts a file's tensors by it (larger first).
    private static readonly (string Name, int Bits, torch.ScalarType? Type)[] Table =
    [
        ("BOOL", 8, torch.ScalarType.Bool),
        ("F4", 4, null),
        ("F6_E2M3", 6, null),
        ("F6_E3M2", 6, null),
        ("U8", 8, torch.ScalarType.Byte),
        ("I8", 8, torch.ScalarType.Int8),
        ("F8_E5M2", 8, null),
        ("F8_E4M3", 8, null),
        ("F8_E8M0", 8, null),
        ("I16", 16, torch.ScalarType.Int16),
        ("U16", 16, null),
        ("F16", 16, torch.ScalarType.Float16),
        ("BF16", 16, torch.ScalarType.BFloat16),
        ("I32", 32, torch.ScalarType.Int32),
        ("U32", 32, null),
        ("F32", 32, torch.ScalarType.Float32),
        ("C64", 64, torch.ScalarType.ComplexFloat32),
        ("F64", 64, torch.ScalarType.Float64),
        ("I64", 64, torch.ScalarType.Int64),
        ("U64", 64, null),
    ];

    /// <summary>All names of the format.</summary>
    public static IEnumerable<string> Names => Table.Select(row => row.Name);

    /// <summary>Bits of one element, or 0 for a name that the format does not know (names are case sensitive).</summary>
    public static int Bits(string name) => Array.Find(Table, row => row.Name == name).Bits;

    /// <summary>The tensor type, or null where this library has none.</summary>
    public static torch.ScalarType? TypeOf(string name) => Array.Find(Table, row => row.Name == name).Type;

    /// <summary>The format's name of a tensor type, or null where it has none.</summary>
    public static string? NameOf(torch.ScalarType type) => Array.Find(Table, row => row.Type == type).Name;

    /// <summary>Position in the order by which tensors are sorted in a file.</summary>
    public static int Rank(string name) => Array.FindIndex(Table, row => row.Name == name);
}
