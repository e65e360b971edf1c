namespace Rlvr.Experiments.Measures;

/// <summary>How a number is shown.</summary>
internal sealed record Unit(double Factor, string Format, string Name)
{
    /// <summary>A share from 0 to 1, shown in percent; a difference of two is in points.</summary>
    public static Unit Percent { get; } = new(100, "0.0", "");

    /// <summary>A length in tokens.</summary>
    public static Unit Tokens { get; } = new(1, "0.0", " tokens");

    /// <summary>A number of any size.</summary>
    public static Unit Number { get; } = new(1, "0.####", "");

    /// <summary>The number; empty where it is not finite.</summary>
    public string Show(double value) => double.IsFinite(value) ? (value * Factor).ToString(Format) : "";

    /// <summary>The number with its sign.</summary>
    public string ShowSigned(double value)
    {
        string text = Show(value);
        return text.Length > 0 && text[0] != '-' ? "+" + text : text;
    }

    /// <summary>Mean ± standard deviation between seeds; the mean alone for a single seed, empty for none.</summary>
    public string Show(Measurement measured) => Show(measured.Mean) + (double.IsFinite(measured.Deviation) ? " ± " + Show(measured.Deviation) : "");
}
