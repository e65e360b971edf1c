using System.Buffers.Binary;
using System.Text;
using CsCheck;
using Rlvr.Tensors;
using Rlvr.Tests.Shared;
using TorchSharp;
using static TorchSharp.torch;

namespace Rlvr.Tests.Tensors;

public sealed class SafeTensorsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rlvr-safetensors-").FullName;
    private readonly DisposeScope _scope = CreateScope();

    private static DisposeScope CreateScope()
    {
        NativeRuntime.Initialize();
        return NewDisposeScope();
    }

    public void Dispose()
    {
        _scope.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string File_(string name) => Path.Combine(_folder, name);

    [Fact]
    public void Elements_come_back_in_every_supported_type()
    {
        using SafeTensorsFile file = new(TestFiles.Fixture("models", "malformed", "valid-many-dtypes.safetensors"));
        Assert.Equal([1f, -2.5f], file.Load("bf16", ScalarType.Float32).data<float>().ToArray());
        Assert.Equal([0.5f, -2f], file.Load("f16", ScalarType.Float32).data<float>().ToArray());
        Assert.Equal([1e300], file.Load("f64").data<double>().ToArray());
        Assert.Equal([-3L], file.Load("i64").data<long>().ToArray());
        Assert.Equal([1, 2, 255], file.Load("u8").data<byte>().ToArray().Select(b => (int)b));
        Assert.Equal([true], file.Load("bool").data<bool>().ToArray());
        Assert.Equal(ScalarType.BFloat16, file.Load("bf16").dtype);
        Assert.Equal(ScalarType.Float16, file.Load("f16").dtype);
    }

    [Fact]
    public void Scalars_and_empty_tensors_are_read()
    {
        using SafeTensorsFile file = new(TestFiles.Fixture("models", "malformed", "valid-scalar-and-empty.safetensors"));
        Assert.Empty(file.Load("s").shape);
        Assert.Equal(5.5f, file.Load("s").item<float>());
        Assert.Equal(0, file.Load("e").numel());
    }

    [Fact]
    public void An_unknown_name_and_a_wrong_target_are_named()
    {
        using SafeTensorsFile file = new(TestFiles.Fixture("models", "malformed", "valid-two-tensors.safetensors"));
        Assert.Contains("no tensor 'c'", Assert.Throws<RlvrException>(() => file.Load("c")).Message);
        string message = Assert.Throws<RlvrException>(() => file.CopyTo("a", zeros(4))).Message;
        Assert.Contains("tensor 'a' has shape [2, 2], [4] expected", message);
    }

    [Fact]
    public void A_closed_file_refuses_instead_of_reading_freed_memory()
    {
        SafeTensorsFile file = new(TestFiles.Fixture("models", "malformed", "valid-two-tensors.safetensors"));
        file.Dispose();
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Load("a"));
    }

    [Fact]
    public void A_type_without_counterpart_is_read_as_a_header_and_refused_on_load()
    {
        string path = File_("f8.safetensors");
        Handmade(path, """{"w":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}}""", 2);
        using SafeTensorsFile file = new(path);
        Assert.Contains("F8_E4M3, which is not supported", Assert.Throws<RlvrException>(() => file.Load("w")).Message);
    }

    [Fact]
    public void A_missing_file_and_a_folder_are_clear_errors()
    {
        Assert.Contains("no such file", Assert.Throws<RlvrException>(() => new SafeTensorsFile(File_("none.safetensors"))).Message);
        Assert.Contains("cannot be read", Assert.Throws<RlvrException>(() => new SafeTensorsFile(_folder)).Message);
    }

    [Fact]
    public void Git_lfs_pointers_are_recognised()
    {
        string path = File_("pointer.safetensors");
        File.WriteAllText(path, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n");
        Assert.Contains("git lfs pull", Assert.Throws<RlvrException>(() => new SafeTensorsFile(path)).Message);
    }

    [Fact]
    public void What_is_written_is_read_back_bit_by_bit()
    {
        // Larger than one chunk, to cross the border between two.
        Tensor large = rand(3, 1_000_003);
        Tensor strided = arange(12, dtype: ScalarType.Float32).reshape(3, 4).t();
        (string, Tensor)[] tensors = [("large", large), ("strided", strided), ("ids", tensor(new long[] { 1, -2 })), ("half", rand(5, dtype: ScalarType.Float32).to(ScalarType.BFloat16)), ("scalar", tensor(2.5f)), ("empty", zeros(0, 3))];
        SafeTensorsWriter.Write(File_("all.safetensors"), tensors);
        using SafeTensorsFile file = new(File_("all.safetensors"));
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Equal(tensors.Length, file.Entries.Count);
        foreach ((string name, Tensor expected) in tensors)
        {
            Tensor found = file.Load(name);
            Assert.Equal(expected.dtype, found.dtype);
            Assert.Equal(expected.shape, found.shape);
            Assert.True(found.equal(expected).all().item<bool>(), name);
        }
        Assert.Equal([File_("all.safetensors")], Directory.GetFiles(_folder));
    }

    [Fact]
    public void A_mapped_tensor_is_the_files_memory_and_outlives_the_file_object()
    {
        Tensor matrix = rand(7, 9).to(ScalarType.BFloat16), vector = rand(5);
        string path = File_("mapped.safetensors");
        SafeTensorsWriter.Write(path, [("matrix", matrix), ("vector", vector), ("empty", zeros(0, 3))]);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead); // as in the cache of a hub
        byte[] bytes = File.ReadAllBytes(path);
        Tensor mapped, other;
        using (SafeTensorsFile file = new(path))
        {
            (mapped, other) = (file.MapTensor("matrix")!, file.MapTensor("vector")!);
            Assert.Null(file.MapTensor("empty"));
            Assert.Contains("no tensor 'c'", Assert.Throws<RlvrException>(() => file.MapTensor("c")).Message);
        }
        Assert.Equal((ScalarType.BFloat16, ScalarType.Float32), (mapped.dtype, other.dtype));
        Assert.Equal(matrix.shape, mapped.shape);
        Assert.True(mapped.eq(matrix).all().item<bool>() && other.eq(vector).all().item<bool>());
        // Another file may take its name: what is mapped is the old one.
        SafeTensorsWriter.Write(path, [("matrix", zeros(7, 9))]);
        Assert.True(mapped.eq(matrix).all().item<bool>());
        File.WriteAllBytes(File_("again.safetensors"), bytes);
        using SafeTensorsFile again = new(File_("again.safetensors"));
        again.MapTensor("matrix")!.zero_();
        Assert.Equal(bytes, File.ReadAllBytes(File_("again.safetensors")));
    }

    [Fact]
    public void A_tensor_that_does_not_begin_at_an_element_is_not_mapped()
    {
        string path = File_("odd.safetensors");
        string header = """{"w":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}""";
        Handmade(path, header.PadRight(header.Length + (header.Length % 2 == 0 ? 1 : 0)), 4);
        using SafeTensorsFile file = new(path);
        Assert.Null(file.MapTensor("w"));
        Assert.Equal([0f, 0f], file.Load("w", ScalarType.Float32).data<float>().ToArray());
        Handmade(path, header.PadRight(header.Length + (header.Length % 2)), 4);
        using SafeTensorsFile even = new(path);
        Assert.Equal(2, even.MapTensor("w")!.numel());
    }

    [Theory]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.Float32)]
    public void Conversion_on_saving_and_loading_is_that_of_the_tensor_engine(ScalarType type)
    {
        Tensor weights = randn(1237, 3);
        SafeTensorsWriter.Write(File_("w.safetensors"), [("w", weights), ("ids", tensor(new long[] { 7 }))], type);
        using SafeTensorsFile file = new(File_("w.safetensors"));
        Assert.True(file.Load("w").equal(weights.to(type)).all().item<bool>());
        Assert.True(file.Load("w", ScalarType.Float32).equal(weights.to(type).to(ScalarType.Float32)).all().item<bool>());
        Assert.Equal(ScalarType.Int64, file.Load("ids").dtype);
    }

    [Fact]
    public void Loading_into_a_parameter_works_and_needs_no_gradient()
    {
        using SafeTensorsFile file = new(TestFiles.Fixture("models", "malformed", "valid-two-tensors.safetensors"));
        Tensor parameter = zeros([2, 2], ScalarType.Float64).requires_grad_();
        file.CopyTo("a", parameter);
        Assert.Equal([1, -2.5, 3.25, 0], parameter.data<double>().ToArray());
    }

    [Fact]
    public void Files_are_laid_out_as_the_reference_implementation_lays_them_out()
    {
        // The order and the padding of the reference: larger element types first, then by name.
        SafeTensorsWriter.Write(File_("order.safetensors"),
            [("z", zeros(1)), ("b", zeros(1, dtype: ScalarType.BFloat16)), ("a", zeros(2)), ("i", tensor(new long[] { 1 }))]);
        byte[] bytes = File.ReadAllBytes(File_("order.safetensors"));
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        string header = Encoding.UTF8.GetString(bytes, 8, length);
        Assert.Equal("""{"__metadata__":{"format":"pt"},"i":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},"z":{"dtype":"F32","shape":[1],"data_offsets":[16,20]},"b":{"dtype":"BF16","shape":[1],"data_offsets":[20,22]}}""",
            header.TrimEnd(' '));
        Assert.Equal(0, length % 8);
        Assert.Equal(8 + length + 22, bytes.Length);
    }

    [Fact]
    public void Writing_the_same_name_twice_or_a_reserved_one_is_refused()
    {
        Assert.Contains("given twice", Assert.Throws<RlvrException>(() => SafeTensorsWriter.Write(File_("x"), [("a", zeros(1)), ("a", zeros(1))])).Message);
        Assert.Contains("reserved", Assert.Throws<RlvrException>(() => SafeTensorsWriter.Write(File_("x"), [("__metadata__", zeros(1))])).Message);
        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_a_clear_error()
    {
        string path = Path.Combine(_folder, "missing", "x.safetensors");
        Assert.Contains("cannot be written", Assert.Throws<RlvrException>(() => SafeTensorsWriter.Write(path, [("a", zeros(1))])).Message);
    }

    [Fact]
    public void Names_with_any_characters_survive() => Gen.String.Where(s => s != "__metadata__" && !s.Any(char.IsSurrogate)).Sample(name =>
    {
        string path = File_($"{Guid.NewGuid():N}.safetensors");
        using Tensor one = tensor(1f);
        SafeTensorsWriter.Write(path, [(name, one)]);
        using SafeTensorsFile file = new(path);
        return file.Entries.Keys.Single() == name;
    }, iter: 100);

    [Fact]
    public void No_damage_to_a_header_crashes_the_reader()
    {
        // Every single-byte change of a valid file is either read within bounds or refused with the family's exception.
        byte[] valid = File.ReadAllBytes(TestFiles.Fixture("models", "malformed", "valid-two-tensors.safetensors"));
        Gen.Select(Gen.Int[0, valid.Length - 1], Gen.Byte).Sample((position, value) =>
        {
            byte[] bytes = [.. valid];
            bytes[position] = value;
            string path = File_($"{Guid.NewGuid():N}.safetensors");
            File.WriteAllBytes(path, bytes);
            try
            {
                using SafeTensorsFile file = new(path);
                foreach (string name in file.Entries.Keys)
                {
                    using Tensor tensor = file.Load(name);
                }
            }
            catch (RlvrException) { }
            File.Delete(path);
        }, iter: 2000);
    }

    private static void Handmade(string path, string header, int dataBytes)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        byte[] bytes = new byte[8 + json.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, json.Length);
        json.CopyTo(bytes, 8);
        File.WriteAllBytes(path, bytes);
    }
}
