using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;
using Fractions;

namespace Rlvr.Math.Expressions;

/// <summary>What has a normal form.</summary>
internal interface IForm
{
    /// <summary>Writes the normal form.</summary>
    void Write(FormWriter form);
}

/// <summary>Writes normal forms up to a length: the form of an answer of thousands of terms is for nobody to read.</summary>
internal sealed class FormWriter
{
    private const int Longest = 20_000;
    private const int MaxDigits = 400;

    private readonly StringBuilder _text = new();
    private readonly int _limit;

    private FormWriter(int limit) => _limit = limit;

    /// <summary>The normal form; beyond <paramref name="limit"/> characters it is cut.</summary>
    public static string Of(IForm value, int limit = Longest)
    {
        FormWriter writer = new(limit);
        value.Write(writer);
        if (writer._text.Length <= limit) return writer._text.ToString();
        writer._text.Length = limit;
        return writer._text.Append("...").ToString();
    }

    public FormWriter Append(string text)
    {
        _text.Append(text);
        return this;
    }

    public FormWriter Append(int number)
    {
        _text.Append(CultureInfo.InvariantCulture, $"{number}");
        return this;
    }

    public FormWriter Append(IForm value)
    {
        if (_text.Length <= _limit && RuntimeHelpers.TryEnsureSufficientExecutionStack()) value.Write(this);
        return this;
    }

    public FormWriter Append(Fraction value)
    {
        Append(value.Numerator);
        return value.Denominator.IsOne ? this : Append("/").Append(value.Denominator);
    }

    // All digits of a long number take time, and say nothing.
    private FormWriter Append(BigInteger value)
    {
        if (value.GetBitLength() <= MaxDigits * 3) return Append(value.ToString(CultureInfo.InvariantCulture));
        double log = BigInteger.Log10(BigInteger.Abs(value)), exponent = double.Floor(log);
        _text.Append(CultureInfo.InvariantCulture, $"{(value.Sign < 0 ? "-" : "")}{double.Pow(10, log - exponent):0.#########}e{exponent:0}");
        return this;
    }

    public FormWriter Join(string separator, IReadOnlyList<IForm> values)
    {
        for (int i = 0; i < values.Count && _text.Length <= _limit; i++)
        {
            if (i > 0) Append(separator);
            Append(values[i]);
        }
        return this;
    }

    public FormWriter Rows(Expression[][] rows)
    {
        for (int i = 0; i < rows.Length && _text.Length <= _limit; i++)
        {
            if (i > 0) Append("; ");
            Join(", ", rows[i]);
        }
        return this;
    }
}
