using System.Numerics;

namespace Rlvr.Math.Numerics;

/// <summary>Elementary functions of <see cref="BigFloat"/>; errors are a few units in the last of 256 bits.</summary>
internal static class Transcendental
{
    private const int Guard = 320;

    public static BigFloat ComputePi()
    {
        // Machin: pi = 16 atan(1/5) - 4 atan(1/239)
        BigInteger one = BigInteger.One << Guard;
        return BigFloat.Create((16 * InverseTangent(5, one, -1)) - (4 * InverseTangent(239, one, -1)), -Guard);
    }

    // ln 2 = 2 atanh(1/3)
    public static BigFloat ComputeLn2() => BigFloat.Create(2 * InverseTangent(3, BigInteger.One << Guard, 1), -Guard);

    private static BigInteger InverseTangent(int n, BigInteger one, int sign)
    {
        BigInteger power = one / n, sum = power;
        for (int k = 3; !power.IsZero; k += 2)
        {
            power = power / (n * n) * sign;
            sum += power / k;
        }
        return sum;
    }

    /// <summary>e^x; null where the result is beyond any use.</summary>
    public static BigFloat? Exp(BigFloat x)
    {
        if (x.IsZero) return BigFloat.One;
        if (x.Magnitude > 40) return null;
        BigInteger k = (x / BigFloat.Ln2).Round();
        const int Halvings = 16;
        BigFloat r = (x - (BigFloat.FromInteger(k) * BigFloat.Ln2)).Scale(-Halvings);
        BigFloat term = BigFloat.One, sum = BigFloat.One;
        for (int n = 1; n < 60; n++)
        {
            term = (term * r).Divide(n);
            if (term.IsZero || term.Magnitude < -BigFloat.Precision - Halvings) break;
            sum += term;
        }
        for (int i = 0; i < Halvings; i++) sum *= sum;
        return sum.Scale((long)k);
    }

    /// <summary>The natural logarithm of a positive number.</summary>
    public static BigFloat Ln(BigFloat x)
    {
        long k = x.Magnitude;
        BigFloat m = x.Scale(-k); // in [1/2, 1)
        BigFloat y = BigFloat.FromDouble(double.Log(m.ToDouble()));
        for (int i = 0; i < 2; i++) // Halley: each step triples the number of correct bits
        {
            BigFloat e = Exp(y)!.Value;
            y += ((m - e) / (m + e)).Scale(1);
        }
        return y + (BigFloat.FromInteger(k) * BigFloat.Ln2);
    }

    /// <summary>Sine and cosine; null where the argument is too large to be reduced.</summary>
    public static (BigFloat Sin, BigFloat Cos)? SinCos(BigFloat x)
    {
        if (x.Magnitude > 60) return null;
        BigInteger quarter = (x / BigFloat.Pi).Scale(1).Round();
        BigFloat r = x - (BigFloat.FromInteger(quarter) * BigFloat.Pi).Scale(-1);
        BigFloat square = r * r, sine = r, cosine = BigFloat.One, s = r, c = BigFloat.One;
        for (int n = 1; n < 80; n++)
        {
            c = -(c * square).Divide(2 * n * ((2 * n) - 1));
            s = -(s * square).Divide(2 * n * ((2 * n) + 1));
            if (c.IsZero || c.Magnitude < -BigFloat.Precision - 8) break;
            cosine += c;
            sine += s;
        }
        return (int)(((quarter % 4) + 4) % 4) switch
        {
            0 => (sine, cosine),
            1 => (cosine, -sine),
            2 => (-sine, -cosine),
            _ => (-cosine, sine),
        };
    }

    public static BigFloat Atan(BigFloat x)
    {
        if (x.IsZero) return x;
        if (x.Magnitude > 1) // beyond 1: pi/2 - atan(1/x)
        {
            BigFloat half = BigFloat.Pi.Scale(-1);
            return (x.Sign < 0 ? -half : half) - Atan(BigFloat.One / x);
        }
        BigFloat y = x.Magnitude < -300 ? x : BigFloat.FromDouble(double.Atan(x.ToDouble()));
        for (int i = 0; i < 2; i++)
        {
            (BigFloat sin, BigFloat cos) = SinCos(y)!.Value;
            BigFloat d = ((x * cos) - sin) / (cos + (x * sin)); // tan of what is missing
            y += d - (d * d * d).Divide(3);
        }
        return y;
    }

    public static BigFloat Atan2(BigFloat y, BigFloat x)
    {
        if (x.IsZero)
            return y.IsZero ? BigFloat.Zero : y.Sign > 0 ? BigFloat.Pi.Scale(-1) : -BigFloat.Pi.Scale(-1);
        BigFloat angle = Atan(y / x);
        return x.Sign > 0 ? angle : y.Sign < 0 ? angle - BigFloat.Pi : angle + BigFloat.Pi;
    }
}
