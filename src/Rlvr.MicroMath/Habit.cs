namespace Rlvr.MicroMath;

/// <summary>A manner of answering. In the pretraining corpus it varies independently of the problem's numbers.</summary>
public enum Habit
{
    /// <summary>Right steps, the answer boxed; sometimes checks itself and goes through the steps again.</summary>
    Careful,

    /// <summary>Right steps, the answer in words instead of a box.</summary>
    Unboxed,

    /// <summary>Stops one step early and boxes that; sometimes checks itself first, and then is right.</summary>
    Rush,

    /// <summary>One step off by 1 or 10, the wrong result boxed; sometimes checks itself first, and then is right.</summary>
    Slip,

    /// <summary>Boxes a guess at once, most often a wrong one.</summary>
    Terse,
}
