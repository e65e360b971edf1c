using System.Text.Json;
using Rlvr.Tensors;
using Rlvr.Tests.Shared;
using static TorchSharp.torch;

namespace Rlvr.Tests.Algorithms;

/// <summary>Reads files of reference numbers, {cases: [{name, inputs, expected}]}, and compares with them.</summary>
internal static class Golden
{
    static Golden() => NativeRuntime.Initialize();

    /// <summary>The cases of a file: from the repository's fixtures, or the larger ones from beside it.</summary>
    public static IReadOnlyList<GoldenCase> Read(string file)
    {
        string fixture = TestFiles.Fixture("algorithms", file);
        string path = File.Exists(fixture) ? fixture : TestFiles.Golden("algorithms", file);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(path));
        return [.. document.RootElement.Clone().GetProperty("cases").EnumerateArray().Select(c => new GoldenCase(c))];
    }

    /// <summary>Asserts |actual - expected| at most atol + rtol |expected|; NaN and infinities equal themselves.</summary>
    public static void Close(JsonElement expected, Tensor actual, string what, double rtol = 1e-9, double atol = 1e-12)
    {
        double[] wanted = Flatten(expected);
        double[] found = actual.detach().to(float64).cpu().contiguous().data<double>().ToArray();
        Assert.True(wanted.Length == found.Length, $"{what}: {found.Length} values, expected {wanted.Length}");
        for (int i = 0; i < wanted.Length; i++) Close(wanted[i], found[i], $"{what}[{i}]", rtol, atol);
    }

    /// <summary>The same for some rows of a matrix, where the mask is 1.</summary>
    public static void Close(JsonElement expected, Tensor actual, string what, Tensor rows, Tensor mask)
    {
        double[] wanted = (GoldenCase.ToTensor(expected).index_select(0, rows) * mask).flatten().data<double>().ToArray();
        double[] found = (actual.detach() * mask).flatten().data<double>().ToArray();
        Assert.Equal(wanted.Length, found.Length);
        for (int i = 0; i < wanted.Length; i++) Close(wanted[i], found[i], $"{what}[{i}]");
    }

    /// <summary>The same for one number.</summary>
    public static void Close(double expected, double actual, string what, double rtol = 1e-9, double atol = 1e-12)
    {
        bool close = expected.Equals(actual) || double.Abs(actual - expected) <= atol + rtol * double.Abs(expected);
        Assert.True(close, $"{what}: {actual:R}, expected {expected:R}");
    }

    public static double[] Flatten(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => [.. element.EnumerateArray().SelectMany(Flatten)],
        JsonValueKind.String => [double.Parse(element.GetString()!)],
        JsonValueKind.True => [1],
        JsonValueKind.False => [0],
        _ => [element.GetDouble()],
    };

    public static long[] Shape(JsonElement element)
    {
        var shape = new List<long>();
        for (; element.ValueKind == JsonValueKind.Array; element = element[0]) shape.Add(element.GetArrayLength());
        return [.. shape];
    }
}

/// <summary>One case of a golden file.</summary>
internal sealed class GoldenCase(JsonElement json)
{
    public string Name => json.GetProperty("name").GetString()!;

    /// <summary>The function the case is for, where the file has several.</summary>
    public string? Function => Property("function");

    /// <summary>A text beside the inputs, or null.</summary>
    public string? Property(string name) => json.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    public JsonElement Inputs => json.GetProperty("inputs");

    public JsonElement Expected => json.GetProperty("expected");

    /// <summary>A setting of inputs.config.</summary>
    public JsonElement Config(string name) => Inputs.GetProperty("config").GetProperty(name);

    public override string ToString() => Name;

    public bool HasInput(string name) => Inputs.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    public bool Expects(string name) => Expected.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    public double Number(string name) => Golden.Flatten(Inputs.GetProperty(name))[0];

    public int Integer(string name) => Inputs.GetProperty(name).GetInt32();

    public string Text(string name) => Inputs.GetProperty(name).GetString()!;

    public double[] Numbers(string name) => Golden.Flatten(Inputs.GetProperty(name));

    public int[] Integers(string name) => [.. Numbers(name).Select(x => (int)x)];

    public Tensor Tensor(string name, ScalarType type = ScalarType.Float64, bool gradient = false) =>
        ToTensor(Inputs.GetProperty(name), type, gradient);

    /// <summary>Compares with expected.NAME.</summary>
    public void Check(string name, Tensor actual, double rtol = 1e-9, double atol = 1e-12) =>
        Golden.Close(Expected.GetProperty(name), actual, $"{Name}: {name}", rtol, atol);

    public static Tensor ToTensor(JsonElement element, ScalarType type = ScalarType.Float64, bool gradient = false)
    {
        Tensor values = tensor(Golden.Flatten(element)).reshape(Golden.Shape(element)).to(type);
        return gradient ? values.requires_grad_() : values;
    }
}
