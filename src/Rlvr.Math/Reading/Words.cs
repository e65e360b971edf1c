using System.Collections.Frozen;

namespace Rlvr.Math.Reading;

/// <summary>Which runs of letters are words although they stand in mathematics.</summary>
internal static class Words
{
    private static readonly FrozenSet<string> Common = (
        "an pct mph kmh kph kmph yes no not true false none odd even east west north south is are the of to per by for in on at it as all no any with from than "
        + "more less least most total answer answers final result value values solution solutions probability percent degrees area "
        + "volume length width height option choice square cubic sq cu mod base am pm monday tuesday wednesday thursday friday saturday sunday "
        + "january february march april may june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec "
        + "undefined dne nan real reals number numbers integer integers half third quarter half halves thirds hence thus so where when "
        + "let then has have way ways red blue green black white boy girl boys girls man men cat dog cats dogs pen pens box toy toys bus car cars "
        + "fourth fourths fifth fifths sixth sixths seventh eighth eighths ninth tenth tenths quarters th st nd rd a.m p.m noon midnight such that exactly").Split(' ').ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Words that turn what stands beside them into something else, so that a value beside them is not simply the answer.</summary>
    private static readonly FrozenSet<string> Contradicting = (
        "not no isn't never neither nor wrong incorrect false except without is are was be cannot or and but than more less fewer greater least most "
        + "between approximately about roughly nearly almost around if unless until other another minus plus times divided mod modulo base to "
        + "maybe perhaps possibly unknown undefined invalid impossible none nan dne over under above below half twice thrice").Split(' ')
        .ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Words of a phrase that introduces an answer: "the final answer is".</summary>
    private static readonly FrozenSet<string> Introducing = (
        "the a an final answer answers is are so thus hence therefore result value values we get have our total correct be equals equal solution "
        + "solutions ans of sum number area volume length probability perimeter ratio product difference it".Trim()).Split(' ')
        .ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static bool IsKnown(string run) =>
        Common.Contains(run) || NumberWords.IsPart(run) || (run.Length >= 2 && Units.TryGet(run, out _));

    public static bool IsContradicting(string word) => Contradicting.Contains(word);

    public static bool IsIntroducing(string word) => Introducing.Contains(word);
}
