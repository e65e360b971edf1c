namespace Rlvr.Text.Jinja;

/// <summary>
/// Bounds a rendering: a template comes with a download, and must not hang the program or fill its memory. One unit is about one
/// operation, one item of a list, or 16 characters. An honest template takes thousands; all of them are a second or two.
/// </summary>
internal sealed class JinjaBudget(long units = 10_000_000, int maxLength = 16_000_000)
{
    private long left = units;

    /// <summary>Takes the units for an operation that makes or reads some characters.</summary>
    public void Spend(long characters = 0)
    {
        CheckLength(characters);
        SpendItems(characters / 16);
    }

    /// <summary>Refuses a text that is too long.</summary>
    public void CheckLength(long characters)
    {
        if (characters > maxLength) throw new JinjaException($"the template makes a text of more than {maxLength} characters");
    }

    /// <summary>Takes the units for an operation that makes or reads some items; <see cref="Values.Size"/> says how many a value has.</summary>
    public void SpendItems(long items)
    {
        left -= 1 + items;
        if (left < 0) throw new JinjaException("the template does too much work");
    }
}
