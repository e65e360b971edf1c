namespace Rlvr.Models;

/// <summary>What a forward pass keeps for the way back.</summary>
internal enum LayerMemory
{
    /// <summary>Nothing: there is no way back.</summary>
    Nothing,

    /// <summary>What goes into each layer; the way back computes the rest again.</summary>
    Inputs,

    /// <summary>All that the way back needs.</summary>
    Everything,
}
