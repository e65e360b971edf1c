// An MSBuild task, compiled by the build itself (RoslynCodeTaskFactory), so it uses nothing beyond the base library.
using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

/// <summary>
/// Writes a copy of TorchSharp's libLibTorchSharp.so that loads with the libstdc++ of GCC 12 (Debian 12, Ubuntu 22.04).
/// The library was linked against GCC 13, and exactly one symbol asks for GLIBCXX_3.4.32:
/// std::ios_base_library_init(), which makes sure that the standard streams are initialised. The older and shorter
/// std::ios_base::Init::Init() does the same and exists everywhere. So the copy differs in three places (System V ABI, "Symbol Versioning"):
/// the symbol's name in .dynstr, its entry in .gnu.version, and the GLIBCXX_3.4.32 entry of .gnu.version_r, which becomes GLIBCXX_3.4.
/// A library that does not ask for that symbol is copied as it is.
/// </summary>
public class RelaxLibstdcxx : Task
{
    private const string NewSymbol = "_ZSt21ios_base_library_initv", NewVersion = "GLIBCXX_3.4.32";
    private const string OldSymbol = "_ZNSt8ios_base4InitC1Ev", OldVersion = "GLIBCXX_3.4";

    /// <summary>The library as TorchSharp's package has it.</summary>
    [Required] public string Source { get; set; }

    /// <summary>Where the copy goes.</summary>
    [Required] public string Destination { get; set; }

    public override bool Execute()
    {
        byte[] elf = File.ReadAllBytes(Source);
        string outcome;
        try
        {
            outcome = Patch(elf);
        }
        catch (Exception e) when (e is InvalidDataException || e is ArgumentException || e is IndexOutOfRangeException)
        {
            Log.LogWarning("{0}: left as it is ({1}). If it does not load, install a libstdc++ of GCC 13 or later.", Source, e.Message);
            outcome = "unchanged";
        }
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(Destination)));
        string temporary = Destination + ".tmp";
        File.WriteAllBytes(temporary, elf);
        File.Delete(Destination); // the destination may be a hard link to the package cache: never write through it
        File.Move(temporary, Destination);
        Log.LogMessage(MessageImportance.Low, "{0}: {1}", Destination, outcome);
        return true;
    }

    private static string Patch(byte[] elf)
    {
        if (elf.Length < 64 || elf[0] != 0x7f || elf[1] != 'E' || elf[4] != 2 || elf[5] != 1)
            throw new InvalidDataException("not a little-endian ELF64 file");
        long sectionTable = BitConverter.ToInt64(elf, 0x28);
        int sectionSize = BitConverter.ToUInt16(elf, 0x3A), sectionCount = BitConverter.ToUInt16(elf, 0x3C);
        const uint dynsymType = 11, versymType = 0x6fffffff, verneedType = 0x6ffffffe;
        long dynsym = 0, dynsymLength = 0, dynstr = 0, dynstrLength = 0, versym = 0, verneed = 0;
        for (int i = 0; i < sectionCount; i++)
        {
            long header = sectionTable + (long)i * sectionSize;
            uint type = BitConverter.ToUInt32(elf, (int)header + 4);
            long offset = BitConverter.ToInt64(elf, (int)header + 0x18), length = BitConverter.ToInt64(elf, (int)header + 0x20);
            if (type == versymType) versym = offset;
            if (type == verneedType) verneed = offset;
            if (type != dynsymType) continue;
            dynsym = offset;
            dynsymLength = length;
            long strings = sectionTable + (long)BitConverter.ToUInt32(elf, (int)header + 0x28) * sectionSize;
            dynstr = BitConverter.ToInt64(elf, (int)strings + 0x18);
            dynstrLength = BitConverter.ToInt64(elf, (int)strings + 0x20);
        }
        if (dynsym == 0 || versym == 0 || verneed == 0) return "no versioned symbols, copied";

        int symbol = -1;
        for (int i = 0; i < dynsymLength / 24 && symbol < 0; i++)
            if (NameAt(elf, dynstr + BitConverter.ToUInt32(elf, (int)dynsym + i * 24)) == NewSymbol) symbol = i;
        if (symbol < 0) return "does not need " + NewVersion + ", copied";

        // Version needs: for each needed file (Elf64_Verneed, 16 bytes) its versions (Elf64_Vernaux, 16 bytes).
        long newAux = 0, oldAux = 0;
        for (long need = verneed; ; need += BitConverter.ToUInt32(elf, (int)need + 12))
        {
            int count = BitConverter.ToUInt16(elf, (int)need + 2);
            long aux = need + BitConverter.ToUInt32(elf, (int)need + 8);
            for (int i = 0; i < count; i++, aux += BitConverter.ToUInt32(elf, (int)aux + 12))
            {
                string version = NameAt(elf, dynstr + BitConverter.ToUInt32(elf, (int)aux + 8));
                if (version == NewVersion) newAux = aux;
                if (version == OldVersion) oldAux = aux;
            }
            if (BitConverter.ToUInt32(elf, (int)need + 12) == 0) break;
        }
        if (newAux == 0 || oldAux == 0) throw new InvalidDataException("its version table has no " + NewVersion + " or no " + OldVersion);
        ushort newIndex = BitConverter.ToUInt16(elf, (int)newAux + 6), oldIndex = BitConverter.ToUInt16(elf, (int)oldAux + 6);
        for (int i = 0; i < dynsymLength / 24; i++)
            if (i != symbol && BitConverter.ToUInt16(elf, (int)versym + i * 2) == newIndex)
                throw new InvalidDataException("another symbol needs " + NewVersion + ": " + NameAt(elf, dynstr + BitConverter.ToUInt32(elf, (int)dynsym + i * 24)));

        long name = dynstr + BitConverter.ToUInt32(elf, (int)dynsym + symbol * 24);
        if (name + NewSymbol.Length > dynstr + dynstrLength) throw new InvalidDataException("its string table is cut off");
        byte[] replacement = Encoding.ASCII.GetBytes(OldSymbol.PadRight(NewSymbol.Length, '\0'));
        Buffer.BlockCopy(replacement, 0, elf, (int)name, replacement.Length);
        Buffer.BlockCopy(BitConverter.GetBytes(oldIndex), 0, elf, (int)versym + symbol * 2, 2);
        Buffer.BlockCopy(elf, (int)oldAux, elf, (int)newAux, 4);          // vna_hash
        Buffer.BlockCopy(elf, (int)oldAux + 8, elf, (int)newAux + 8, 4);  // vna_name
        return NewSymbol + " -> " + OldSymbol;
    }

    private static string NameAt(byte[] elf, long offset)
    {
        int end = Array.IndexOf(elf, (byte)0, (int)offset);
        return Encoding.ASCII.GetString(elf, (int)offset, end - (int)offset);
    }
}
