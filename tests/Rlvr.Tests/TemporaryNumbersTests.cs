using System.Reflection;
using System.Reflection.Emit;
using TorchSharp;

namespace Rlvr.Tests;

/// <summary>
/// TorchSharp makes a temporary <see cref="Scalar"/> of every number that a tensor operation takes, and of the factor 1 inside <c>x.add(y)</c>, and keeps only its native handle: a garbage
/// collection of another thread just before the native call frees it. Where other threads allocate while tensors are computed (rewards are scored while the rest decodes), numbers are kept alive.
/// </summary>
public class TemporaryNumbersTests
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> OpCodesByValue =
        typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (OpCode)f.GetValue(null)!).ToDictionary(o => o.Value);

    /// <summary>Formulas (Rlvr.Algorithms) are left out: they read as they are written, and are computed in an update, during which no other thread of a run allocates.</summary>
    [Theory]
    [InlineData("Rlvr.Models")]
    [InlineData("Rlvr.Rollouts")]
    [InlineData("Rlvr.Tensors")]
    [InlineData("Rlvr.Training")]
    public void None_is_made_where_other_threads_allocate(string part)
    {
        HashSet<MethodBase> making = Making();
        string[] wrong = [.. from method in Methods(typeof(Rlvr.Models.Transformer).Assembly)
                             where method.DeclaringType!.Namespace is { } name && (name == part || name.StartsWith(part + ".", StringComparison.Ordinal))
                             from call in Calls(method).Where(making.Contains).Where(c => c.DeclaringType != typeof(torch.jit.CompilationUnit)).Distinct() // it is given Scalars
                             select $"{method.DeclaringType}.{method.Name} calls {call.DeclaringType!.Name}.{call.Name}({string.Join(", ", call.GetParameters().Select(p => p.ParameterType.Name))})"];
        Assert.True(wrong.Length == 0, string.Join("\n", wrong));
    }

    [Fact]
    public void What_makes_them_is_found()
    {
        HashSet<string> making = [.. Making().Select(m => m.Name)];
        Assert.Empty(new[] { "op_Implicit", "add", "add_", "square", "vector_norm", "op_Addition", "arange" }.Except(making));
        Assert.DoesNotContain("matmul", making);
    }

    /// <summary>The conversions, what of TorchSharp makes a number and does not dispose of it, and all of TorchSharp that calls them.</summary>
    private static HashSet<MethodBase> Making()
    {
        (MethodBase Method, MethodBase[] Calls)[] methods = [.. Methods(typeof(torch).Assembly).Select(m => (m, Calls(m).ToArray()))];
        HashSet<MethodBase> making = [.. methods.Select(m => m.Method).Where(m => m.Name == "op_Implicit" && m is MethodInfo { ReturnType: Type type } && type == typeof(Scalar)),
            .. methods.Where(m => m.Calls.Any(c => c.Name == "ToScalar") && !m.Calls.Any(c => c.Name == "Dispose")).Select(m => m.Method)];
        for (int before = 0; making.Count > before;)
        {
            before = making.Count;
            making.UnionWith(methods.Where(m => m.Calls.Any(making.Contains)).Select(m => m.Method));
        }
        return making;
    }

    private static IEnumerable<MethodBase> Methods(Assembly assembly) =>
        assembly.GetTypes().SelectMany(t => t.GetMethods(All).Concat<MethodBase>(t.GetConstructors(All)));

    private static IEnumerable<MethodBase> Calls(MethodBase method)
    {
        if (method.GetMethodBody()?.GetILAsByteArray() is not { } code) yield break;
        Type[] ofType = method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : [], ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : [];
        for (int at = 0; at < code.Length;)
        {
            OpCode operation = OpCodesByValue[code[at] == 0xfe ? (short)(0xfe00 | code[at + 1]) : code[at]];
            at += operation.Size;
            if (operation.OperandType == OperandType.InlineMethod && method.Module.ResolveMethod(BitConverter.ToInt32(code, at), ofType, ofMethod) is { } called) yield return called;
            at += operation.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }
    }
}
