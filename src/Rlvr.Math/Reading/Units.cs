using System.Collections.Frozen;
using Fractions;

namespace Rlvr.Math.Reading;

/// <summary>Units of measurement: which dimension they measure, and how many of its base unit they are.</summary>
internal static class Units
{
    /// <param name="Dimension">The base unit's name.</param>
    /// <param name="Scale">How many base units one of it is.</param>
    /// <param name="Power">2 for areas such as acres, otherwise 1.</param>
    public readonly record struct Entry(string Dimension, Fraction Scale, int Power);

    private static readonly FrozenDictionary<string, Entry> Table = Build();

    public static bool TryGet(string word, out Entry entry) =>
        Table.TryGetValue(word, out entry) || (word.Length > 1 && Table.TryGetValue(word.ToLowerInvariant(), out entry));

    private static FrozenDictionary<string, Entry> Build()
    {
        Dictionary<string, Entry> table = new(StringComparer.Ordinal);
        void Add(string dimension, long numerator, long denominator, string names, int power = 1)
        {
            foreach (string name in names.Split(' ')) table[name] = new(dimension, new Fraction(numerator, denominator), power);
        }
        Add("m", 1, 1, "m meter meters metre metres");
        Add("m", 1000, 1, "km kms kilometer kilometers kilometre kilometres");
        Add("m", 1, 100, "cm cms centimeter centimeters centimetre centimetres");
        Add("m", 1, 1000, "mm millimeter millimeters millimetre millimetres");
        Add("m", 1, 10, "dm decimeter decimeters");
        Add("m", 254, 10000, "in inch inches ins");
        Add("m", 3048, 10000, "ft foot feet");
        Add("m", 9144, 10000, "yd yds yard yards");
        Add("m", 1609344, 1000, "mi mile miles");
        Add("s", 1, 1, "s sec secs second seconds");
        Add("s", 60, 1, "min mins minute minutes");
        Add("s", 3600, 1, "h hr hrs hour hours");
        Add("s", 86400, 1, "day days");
        Add("s", 604800, 1, "wk week weeks");
        Add("month", 1, 1, "month months");
        Add("month", 12, 1, "yr yrs year years");
        Add("month", 120, 1, "decade decades");
        Add("month", 1200, 1, "century centuries");
        Add("kg", 1, 1, "kg kgs kilogram kilograms");
        Add("kg", 1, 1000, "g gram grams gm gms");
        Add("kg", 1, 1000000, "mg milligram milligrams");
        Add("kg", 1000, 1, "t tonne tonnes");
        Add("lb", 1, 1, "lb lbs pound pounds");
        Add("lb", 1, 16, "oz ounce ounces");
        Add("lb", 2000, 1, "ton tons");
        Add("liter", 1, 1, "l liter liters litre litres L");
        Add("liter", 1, 1000, "ml milliliter milliliters millilitre mL");
        Add("cup", 1, 1, "cups");
        Add("cup", 2, 1, "pint pints");
        Add("cup", 4, 1, "quart quarts qt");
        Add("cup", 16, 1, "gallon gallons gal");
        Add("usd", 1, 1, "dollar dollars usd bucks $ USD");
        Add("usd", 1, 100, "cent cents ¢");
        Add("euro", 1, 1, "euro euros eur EUR");
        Add("gbp", 1, 1, "gbp");
        Add("yen", 1, 1, "yen");
        Add("rupee", 1, 1, "rupee rupees rs Rs INR inr");
        Add("yuan", 1, 1, "yuan rmb");
        Add("degree", 1, 1, "degree degrees deg °");
        Add("degree", 1, 60, "arcmin arcminute arcminutes");
        Add("degree", 1, 3600, "arcsec arcsecond arcseconds");
        Add("radian", 1, 1, "rad rads radian radians");
        Add("celsius", 1, 1, "celsius °C");
        Add("fahrenheit", 1, 1, "fahrenheit °F");
        Add("kelvin", 1, 1, "kelvin kelvins");
        Add("acre", 1, 1, "acre acres");
        Add("m", 10000, 1, "hectare hectares", 2);
        Add("joule", 1, 1, "J joule joules");
        Add("watt", 1, 1, "W watt watts");
        Add("watt", 1000, 1, "kW kilowatt kilowatts");
        Add("newton", 1, 1, "N newton newtons");
        Add("volt", 1, 1, "V volt volts");
        Add("hz", 1, 1, "Hz hz hertz");
        Add("dozen", 1, 1, "dozen dozens");
        Add("unit", 1, 1, "unit units");
        return table.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
