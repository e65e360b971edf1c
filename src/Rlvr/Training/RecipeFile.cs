namespace Rlvr.Training;

/// <summary>
/// Reads recipes: YAML of two levels (keys, and sections of keys), one optional <c>extends: other.yaml</c> beside the file, and
/// <c>section.key=value</c> settings on top. Whatever is not understood is an error that names its place.
/// </summary>
public static class RecipeFile
{
    /// <summary>Reads a training recipe.</summary>
    /// <param name="path">The YAML file.</param>
    /// <param name="sets">Settings over it, in order: <c>key=value</c> or <c>section.key=value</c>; lists as <c>a,b</c>.</param>
    /// <exception cref="RecipeException">The file or a setting cannot be used.</exception>
    public static Recipe Load(string path, IEnumerable<string>? sets = null) => Load<Recipe>(path, sets, RecipeRules.Training);

    /// <summary>Reads a recipe of another kind: any record of settings and of sections of settings.</summary>
    /// <param name="path">The YAML file.</param>
    /// <param name="sets">Settings over it, in order: <c>key=value</c> or <c>section.key=value</c>; lists as <c>a,b</c>.</param>
    /// <param name="rules">What the values must satisfy.</param>
    /// <exception cref="RecipeException">The file or a setting cannot be used.</exception>
    public static T Load<T>(string path, IEnumerable<string>? sets = null, IReadOnlyList<RecipeRule>? rules = null)
        where T : class, new()
    {
        var binder = new RecipeBinder<T>();
        foreach (var document in ReadChain(path))
            binder.Apply(document);
        foreach (var set in sets ?? [])
            binder.ApplySet(set);
        RecipeRules.Check(binder.Recipe, rules ?? [], key => binder.Origin(key) ?? path);
        return binder.Recipe;
    }

    /// <summary>The resolved recipe as YAML: every key, in order. Reading it gives an equal recipe.</summary>
    public static string ToYaml<T>(T recipe) where T : class => RecipeYaml.Write(recipe);

    /// <summary>The file and those it extends, the farthest first.</summary>
    private static List<RecipeDocument> ReadChain(string path)
    {
        var chain = new List<RecipeDocument>();
        var seen = new List<string>();
        var next = (Name: path, Where: path);
        while (true)
        {
            var full = Path.GetFullPath(next.Name);
            if (seen.Contains(full))
                throw new RecipeException($"{next.Where}: error: '{next.Name}' extends itself, in the end; remove one 'extends'.");
            seen.Add(full);
            var document = RecipeDocument.Parse(next.Name, ReadText(next.Name, next.Where));
            chain.Insert(0, document);
            if (document.Extends is not { } extends)
                return chain;
            if (extends.Scalar is not { Length: > 0 } other || extends.IsEmpty)
                throw new RecipeException($"{extends.Where}: error: 'extends' takes one file beside this one, found {extends}.");
            next = (Beside(next.Name, other), extends.Where);
        }
    }

    private static string Beside(string file, string other)
    {
        var full = Path.GetFullPath(other, Path.GetDirectoryName(Path.GetFullPath(file))!);
        return Path.IsPathRooted(file) ? full : Path.GetRelativePath(Directory.GetCurrentDirectory(), full);
    }

    private static string ReadText(string path, string where)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new RecipeException($"{where}: error: there is no recipe '{path}'.{SimilarFile(path)}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RecipeException(Directory.Exists(path)
                ? $"{where}: error: '{path}' is a folder; name the recipe's file in it."
                : $"{where}: error: the recipe '{path}' cannot be read: {e.Message}", e);
        }
    }

    private static string SimilarFile(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Directory.Exists(folder))
            return $" There is no folder '{folder}' either.";
        var names = Directory.EnumerateFiles(folder, "*.yaml").Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal);
        return Suggestion.DidYouMean(Path.GetFileName(path), names);
    }
}
