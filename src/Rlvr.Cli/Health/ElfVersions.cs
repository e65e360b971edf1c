using System.Buffers.Binary;
using System.Text;

namespace Rlvr.Cli.Health;

/// <summary>Reads which symbol versions an ELF library asks for (System V ABI, "Symbol Versioning": the section .gnu.version_r).</summary>
internal static class ElfVersions
{
    private const uint VerneedType = 0x6ffffffe;

    /// <summary>The names of the versions, such as GLIBC_2.14 and GLIBCXX_3.4.</summary>
    /// <exception cref="InvalidDataException">The file is no little-endian 64-bit ELF file, or is cut off.</exception>
    public static IReadOnlyList<string> Needed(ReadOnlySpan<byte> elf)
    {
        if (elf.Length < 64 || !elf.StartsWith("\u007fELF"u8) || elf[4] != 2 || elf[5] != 1) throw new InvalidDataException("not a little-endian 64-bit ELF file");
        try
        {
            long table = BinaryPrimitives.ReadInt64LittleEndian(elf[0x28..]);
            int size = BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3A..]), count = BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3C..]);
            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<byte> header = elf[checked((int)(table + ((long)i * size)))..];
                if (BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) != VerneedType) continue;
                uint link = BinaryPrimitives.ReadUInt32LittleEndian(header[0x28..]);
                ReadOnlySpan<byte> stringsHeader = elf[checked((int)(table + (link * (long)size)))..];
                return Read(elf, Offset(header), elf[Offset(stringsHeader)..]);
            }
            return [];
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or OverflowException)
        {
            throw new InvalidDataException("the file is cut off", e);
        }
    }

    private static int Offset(ReadOnlySpan<byte> sectionHeader) => checked((int)BinaryPrimitives.ReadInt64LittleEndian(sectionHeader[0x18..]));

    /// <summary>For each needed file (Elf64_Verneed) its versions (Elf64_Vernaux), both chained by relative offsets.</summary>
    private static List<string> Read(ReadOnlySpan<byte> elf, int verneed, ReadOnlySpan<byte> strings)
    {
        List<string> names = [];
        for (int need = verneed; ;)
        {
            int versions = BinaryPrimitives.ReadUInt16LittleEndian(elf[(need + 2)..]);
            int aux = need + BinaryPrimitives.ReadInt32LittleEndian(elf[(need + 8)..]);
            for (int i = 0; i < versions; i++, aux += BinaryPrimitives.ReadInt32LittleEndian(elf[(aux + 12)..]))
            {
                ReadOnlySpan<byte> name = strings[BinaryPrimitives.ReadInt32LittleEndian(elf[(aux + 8)..])..];
                names.Add(Encoding.ASCII.GetString(name[..name.IndexOf((byte)0)]));
            }
            int next = BinaryPrimitives.ReadInt32LittleEndian(elf[(need + 12)..]);
            if (next <= 0) return names;
            need += next;
        }
    }
}
