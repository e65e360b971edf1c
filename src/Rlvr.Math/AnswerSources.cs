namespace Rlvr.Math;

/// <summary>Where an answer may be looked for. The first source in this order that yields one decides.</summary>
[Flags]
public enum AnswerSources
{
    /// <summary>The last complete <c>\boxed{...}</c> or <c>\fbox{...}</c>.</summary>
    Box = 1,

    /// <summary>A box that is not written well: never closed, or without its backslash.</summary>
    BrokenBox = 2,

    /// <summary>The line after the last <c>####</c>, as GSM8K has it.</summary>
    Hashes = 4,

    /// <summary>"The answer is ...", "Answer: ...".</summary>
    Phrase = 8,

    /// <summary>A letter in parentheses or behind "option" or "choice".</summary>
    ChoiceLetter = 16,

    /// <summary>The last mathematics between dollar signs, in the last paragraph.</summary>
    LastMath = 32,

    /// <summary>What looks like mathematics at the end of the text, or the last number.</summary>
    LastNumber = 64,

    /// <summary>Every source but choice letters.</summary>
    Usual = Box | BrokenBox | Hashes | Phrase | LastMath | LastNumber,
}
