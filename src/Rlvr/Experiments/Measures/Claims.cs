namespace Rlvr.Experiments.Measures;

/// <summary>A measured number with a name for the reader.</summary>
internal readonly record struct Named(string Name, Measurement Value);

/// <summary>
/// Decides claims about two numbers by their difference d and its standard error e, √(e₁² + e₂²): what is known with some confidence is that the true difference
/// lies within d ± 2e. <see cref="Measurement.StandardError"/> says what is in them: the spread between seeds, and the sampling error clustered by problem.
/// </summary>
internal static class Claims
{
    /// <summary>Standard errors on both sides of a difference that count as noise.</summary>
    public const double Errors = 2;

    /// <summary>
    /// "a is greater than b": agrees when d - 2e is above 0, disagrees when d + 2e is below <paramref name="margin"/> (the effect is absent, negligible or the
    /// opposite), and is unclear otherwise.
    /// </summary>
    /// <param name="claim">The paper's, in a sentence.</param>
    /// <param name="a">What should be greater.</param>
    /// <param name="b">What should be smaller.</param>
    /// <param name="margin">The smallest difference worth the name, in the number's own unit (shares from 0 to 1).</param>
    /// <param name="unit">How the numbers are shown.</param>
    public static Finding Greater(string claim, Named a, Named b, double margin, Unit? unit = null) =>
        Decide(claim, a, b, unit ?? Unit.Percent, (low, high) => high < margin ? Agreement.Disagrees : low > 0 ? Agreement.Agrees : Agreement.Unclear);

    /// <summary>
    /// "a is close to b": agrees when d ± 2e lies within ±<paramref name="margin"/>, disagrees when all of it lies outside, and is unclear otherwise.
    /// </summary>
    /// <param name="claim">The paper's, in a sentence.</param>
    /// <param name="a">One of them.</param>
    /// <param name="b">The other.</param>
    /// <param name="margin">The greatest difference that still counts as close.</param>
    /// <param name="unit">How the numbers are shown.</param>
    public static Finding Close(string claim, Named a, Named b, double margin, Unit? unit = null) =>
        Decide(claim, a, b, unit ?? Unit.Percent, (low, high) =>
            low >= -margin && high <= margin ? Agreement.Agrees : low > margin || high < -margin ? Agreement.Disagrees : Agreement.Unclear);

    /// <summary>"a is at least about b": agrees when d - 2e is above -<paramref name="margin"/>, disagrees when d + 2e is below it.</summary>
    public static Finding NotBelow(string claim, Named a, Named b, double margin, Unit? unit = null) =>
        Decide(claim, a, b, unit ?? Unit.Percent, (low, high) => low > -margin ? Agreement.Agrees : high < -margin ? Agreement.Disagrees : Agreement.Unclear);

    /// <summary>A claim that holds when all its parts do: one part against it decides, and one that is missing leaves it open.</summary>
    public static Finding All(string claim, params IReadOnlyList<Finding> parts) => new(
        claim,
        parts.Any(p => p.Agreement == Agreement.Disagrees) ? Agreement.Disagrees
            : parts.Any(p => p.Agreement == Agreement.NotMeasured) ? Agreement.NotMeasured
            : parts.All(p => p.Agreement == Agreement.Agrees) ? Agreement.Agrees : Agreement.Unclear,
        string.Join(" ", parts.Select(p => p.Detail)));

    /// <summary>A claim decided by something else than a difference.</summary>
    /// <param name="claim">The paper's, in a sentence.</param>
    /// <param name="holds">Whether it holds; null where it cannot be told.</param>
    /// <param name="detail">The numbers.</param>
    public static Finding When(string claim, bool? holds, string detail) =>
        new(claim, holds switch { true => Agreement.Agrees, false => Agreement.Disagrees, null => Agreement.Unclear }, detail);

    /// <summary>A claim whose results are not there yet.</summary>
    /// <param name="claim">The paper's, in a sentence.</param>
    /// <param name="missing">What is missing.</param>
    public static Finding NotMeasured(string claim, params IReadOnlyList<string> missing) => new(claim, Agreement.NotMeasured, $"Not measured yet: {string.Join(", ", missing)}.");

    private static Finding Decide(string claim, Named a, Named b, Unit unit, Func<double, double, Agreement> rule)
    {
        string[] missing = [.. new[] { a, b }.Where(n => !n.Value.Exists).Select(n => n.Name)];
        if (missing.Length > 0) return NotMeasured(claim, missing);
        double difference = a.Value.Mean - b.Value.Mean;
        double error = double.Sqrt((a.Value.StandardError * a.Value.StandardError) + (b.Value.StandardError * b.Value.StandardError));
        string numbers = $"{Show(a, unit)}, {Show(b, unit)}: {unit.ShowSigned(difference)}{unit.Name}";
        return double.IsFinite(error)
            ? new Finding(claim, rule(difference - (Errors * error), difference + (Errors * error)), $"{numbers}, standard error {unit.Show(error)}.")
            : new Finding(claim, Agreement.Unclear, $"{numbers}; one seed alone does not tell how large chance is.");
    }

    private static string Show(Named n, Unit unit) => $"{n.Name} {unit.Show(n.Value)}" + (n.Value.Seeds > 1 ? $" ({n.Value.Seeds} seeds)" : "");
}
