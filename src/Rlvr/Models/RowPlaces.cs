namespace Rlvr.Models;

/// <summary>
/// Which rows are where in a key/value cache. A row keeps its place until it leaves, whatever its number: of the rows the last takes the number of one that leaves,
/// and nothing moves in memory.
/// </summary>
internal sealed class RowPlaces
{
    private readonly List<int> places = [], lengths = []; // by row
    private readonly Stack<int> free = [];

    /// <summary>Rows in use: 0..Rows-1.</summary>
    public int Rows => places.Count;

    /// <summary>The place of each row.</summary>
    public IReadOnlyList<int> Places => places;

    /// <summary>Tokens of each row.</summary>
    public IReadOnlyList<int> Lengths => lengths;

    /// <summary>Adds a row.</summary>
    /// <param name="length">Its tokens.</param>
    /// <returns>Its place, one that was free.</returns>
    public int Add(int length)
    {
        places.Add(free.Pop());
        lengths.Add(length);
        return places[^1];
    }

    /// <summary>Makes a row longer.</summary>
    /// <returns>Its tokens before.</returns>
    public int Extend(int row) => lengths[row]++;

    /// <summary>Takes the last tokens of a row back.</summary>
    public void Drop(int row, int count)
    {
        if (count < 0 || count > lengths[row]) throw new ArgumentOutOfRangeException(nameof(count), count, $"The row has {lengths[row]} tokens.");
        lengths[row] -= count;
    }

    /// <summary>Removes a row: the last row takes its number.</summary>
    /// <returns>The number of the row that moved, or -1 if the removed one was the last.</returns>
    public int Remove(int row)
    {
        int last = places.Count - 1;
        free.Push(places[row]);
        (places[row], lengths[row]) = (places[last], lengths[last]);
        places.RemoveAt(last);
        lengths.RemoveAt(last);
        return row == last ? -1 : last;
    }

    /// <summary>Says that the rows were copied to the first places of a new memory, in their order.</summary>
    /// <param name="count">Places there.</param>
    public void Moved(int count)
    {
        for (int row = 0; row < places.Count; row++) places[row] = row;
        free.Clear();
        for (int place = count - 1; place >= places.Count; place--) free.Push(place);
    }
}
