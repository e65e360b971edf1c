namespace Rlvr.Text.Jinja;

/// <summary>
/// Bounds a rendering: a template comes from a download, and must not hang the program or fill its memory. One unit is about one
/// operation, or 16 characters or items copied. An honest template takes thousands.
/// </summary>
internal sealed class JinjaBudget(long units = 20_000_000, int maxLength = 16_000_000)
{
    private long left = units;

    /// <summary>Takes the units for an operation and for <paramref name="size"/> characters or items that it makes or reads.</summary>
    public void Spend(long size = 0)
    {
        if (size > maxLength) throw new JinjaException($"the template makes a text or list of more than {maxLength} characters or items");
        left -= 1 + size / 16;
        if (left < 0) throw new JinjaException("the template does too much work");
    }
}
