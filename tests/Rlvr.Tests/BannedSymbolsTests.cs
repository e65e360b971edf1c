using System.Reflection;
using Rlvr.Tests.Shared;
using TorchSharp;

namespace Rlvr.Tests;

/// <summary>An entry of BannedSymbols.txt that names nothing bans nothing, and says so nowhere.</summary>
public class BannedSymbolsTests
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly string[] Entries =
        [.. File.ReadAllLines(Path.Combine(TestFiles.Root, "BannedSymbols.txt")).Where(l => l.Length > 0 && !l.StartsWith("//", StringComparison.Ordinal))];

    private static readonly HashSet<string> Banned = [.. Entries.Select(e => e.Split(';')[0])];

    [Fact]
    public void Every_entry_names_something_and_says_why()
    {
        HashSet<string> existing = [.. new[] { typeof(torch).Assembly, typeof(object).Assembly }.SelectMany(a => a.GetExportedTypes())
            .SelectMany(t => t.GetMethods(All).Select(Id).Append("T:" + Name(t)).Concat(t.GetProperties(All).Select(p => $"P:{Name(t)}.{p.Name}")))];
        Assert.All(Entries, e => Assert.Matches("^[MPT]:[^;]+;.{20,}$", e));
        Assert.All(Banned, id => Assert.True(existing.Contains(id), $"{id} names nothing"));
    }

    [Fact]
    public void What_lacks_the_exception_guard_is_banned_in_every_form()
    {
        Type[] matrices = [typeof(torch), typeof(torch.linalg), typeof(torch.Tensor)];
        string[] dangerous = [.. matrices.SelectMany(t => t.GetMethods(All)).Where(m => m.Name == "matmul").Select(Id),
            .. typeof(torch.autograd).GetMethods(All).Where(m => m.Name == "grad").Select(Id)];
        Assert.True(dangerous.Length >= 3);
        Assert.Empty(dangerous.Except(Banned));
    }

    /// <summary>A method's documentation id.</summary>
    private static string Id(MethodInfo method)
    {
        string parameters = string.Join(',', method.GetParameters().Select(p => Name(p.ParameterType)));
        string generic = method.IsGenericMethod ? $"``{method.GetGenericArguments().Length}" : "";
        return $"M:{Name(method.DeclaringType!)}.{method.Name}{generic}{(parameters.Length > 0 ? $"({parameters})" : "")}";
    }

    private static string Name(Type type)
    {
        if (type.IsByRef) return Name(type.GetElementType()!) + "@";
        if (type.IsArray) return $"{Name(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        if (type.IsPointer) return Name(type.GetElementType()!) + "*";
        if (type.IsGenericParameter) return (type.DeclaringMethod is null ? "`" : "``") + type.GenericParameterPosition;
        if (!type.IsConstructedGenericType) return (type.FullName ?? type.Name).Replace('+', '.');
        string name = type.GetGenericTypeDefinition().FullName!.Replace('+', '.');
        return $"{name[..name.IndexOf('`', StringComparison.Ordinal)]}{{{string.Join(',', type.GetGenericArguments().Select(Name))}}}";
    }
}
