using System.Text.Json;
using Rlvr.Models;
using Rlvr.Tensors;
using Rlvr.Tests.Shared;
using TorchSharp;

namespace Rlvr.Tests.Models;

/// <summary>Every broken file and folder of the reference data has its own clear error.</summary>
public sealed class MalformedTests
{
    private static string Malformed(string name) => TestFiles.Fixture("models", "malformed", name);

    [Theory]
    [InlineData("empty", "the file has 0 bytes")]
    [InlineData("seven-bytes", "the file has 7 bytes")]
    [InlineData("length-only", "but only 0 bytes follow")]
    [InlineData("header-length-zero", "the header is empty")]
    [InlineData("header-length-beyond-file", "but only 136 bytes follow")]
    [InlineData("header-length-too-large", "at most 100000000 expected")]
    [InlineData("header-length-max-u64", "header length 18446744073709551615 found")]
    [InlineData("header-length-negative-i64", "at most 100000000 expected")]
    [InlineData("header-length-short", "the header is not valid JSON")]
    [InlineData("truncated-data", "the file is cut off")]
    [InlineData("truncated-header", "bytes follow in the file")]
    [InlineData("trailing-data", "4 bytes follow the last tensor, none expected")]
    [InlineData("not-json", "header")]
    [InlineData("json-array", "the header begins with '['")]
    [InlineData("json-trailing-garbage", "the header is not valid JSON")]
    [InlineData("invalid-utf8", "not UTF-8")]
    [InlineData("zip-instead", "looks like a zip archive")]
    [InlineData("pickle-instead", "looks like a Python pickle")]
    [InlineData("overlapping-offsets", "overlap those of")]
    [InlineData("identical-offsets", "overlap those of")]
    [InlineData("hole-between", "a gap of 4 bytes that belong to no tensor lies after 'a'")]
    [InlineData("hole-at-start", "lies at the start of the data")]
    [InlineData("reversed-offsets", "end before they begin")]
    [InlineData("negative-offset", "data_offsets holds the negative number")]
    [InlineData("offset-beyond-file", "the file is cut off")]
    [InlineData("offset-huge", "tensor")]
    [InlineData("shape-size-mismatch", "needs 24 bytes, but data_offsets [0, 16] give 16")]
    [InlineData("shape-overflow", "the product overflows")]
    [InlineData("shape-overflow-to-fit", "the product overflows")]
    [InlineData("shape-negative", "shape holds the negative number")]
    [InlineData("shape-fraction", "whole numbers expected")]
    [InlineData("wrong-dtype-size", "of F16 needs")]
    [InlineData("unknown-dtype", "unknown dtype")]
    [InlineData("dtype-lower-case", "unknown dtype 'f32'")]
    [InlineData("missing-dtype", "dtype is missing")]
    [InlineData("missing-shape", "shape is missing")]
    [InlineData("missing-offsets", "data_offsets is missing")]
    [InlineData("three-offsets", "data_offsets has 3 numbers, two expected")]
    [InlineData("tensor-is-null", "the entry is null")]
    [InlineData("metadata-not-strings", "only strings are allowed there")]
    [InlineData("deeply-nested-header", "list")]
    [InlineData("duplicate-names", "occurs twice in the header")]
    [InlineData("duplicate-names-same-bytes", "occurs twice in the header")]
    [InlineData("leading-space-header", "the header begins with ' '")]
    public void A_broken_file_is_refused_with_its_own_error(string name, string expected)
    {
        string path = Malformed(name + ".safetensors");
        string message = Assert.Throws<RlvrException>(() => new SafeTensorsFile(path)).Message;
        Assert.StartsWith(path + ": ", message);
        Assert.Contains(expected, message);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void The_tests_above_cover_all_refused_files_and_the_rest_loads_with_its_values()
    {
        NativeRuntime.Initialize();
        using DisposeScope scope = torch.NewDisposeScope();
        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllText(Malformed("manifest.json")));
        foreach (JsonElement entry in manifest.RootElement.GetProperty("entries").EnumerateArray())
        {
            if (!entry.TryGetProperty("file", out JsonElement fileName)) continue;
            string path = Malformed(fileName.GetString()!);
            if (entry.GetProperty("verdict").GetString() != "accept")
            {
                Assert.Throws<RlvrException>(() => new SafeTensorsFile(path));
                continue;
            }
            using SafeTensorsFile file = new(path);
            if (!entry.TryGetProperty("values", out JsonElement values)) continue;
            foreach (JsonProperty tensor in values.EnumerateObject())
            {
                torch.Tensor found = file.Load(tensor.Name, torch.ScalarType.Float64);
                Assert.Equal(Flatten(tensor.Value), found.numel() == 0 ? [] : found.data<double>().ToArray());
            }
        }
    }

    [Theory]
    [InlineData("index-missing-shard", "names the shard 'model-00002-of-00002.safetensors', which is not in the folder")]
    [InlineData("index-wrong-shard", "puts tensor 'model.embed_tokens.weight' in model-00002-of-00002.safetensors, which does not hold it")]
    [InlineData("index-path-traversal", "shard name '../valid-two-tensors.safetensors' leaves the model folder")]
    [InlineData("index-not-json", "model.safetensors.index.json: not valid JSON")]
    [InlineData("config-not-json", "config.json: not valid JSON")]
    [InlineData("config-unknown-type", "'model_type' = \"mamba\" is not a supported architecture")]
    [InlineData("config-shape-mismatch", "that config.json asks for are missing, the first is")]
    public void A_broken_folder_is_refused_with_its_own_error(string name, string expected)
    {
        string message = Assert.Throws<RlvrException>(() => ModelFolder.Open(Malformed(name))).Message;
        Assert.Contains(name, message);
        Assert.Contains(expected, message);
        Assert.DoesNotContain('\n', message);
    }

    private static IEnumerable<double> Flatten(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.EnumerateArray().SelectMany(Flatten),
        JsonValueKind.String => [double.Parse(value.GetString()!)],
        JsonValueKind.True => [1],
        JsonValueKind.False => [0],
        _ => [value.GetDouble()],
    };
}
