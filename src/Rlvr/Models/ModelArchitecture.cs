namespace Rlvr.Models;

/// <summary>The model families that this library computes. Their Hugging Face names are in <see cref="ModelConfig.ModelType"/>.</summary>
public enum ModelArchitecture
{
    /// <summary>Qwen2 and Qwen2.5: biases on the query, key and value projections.</summary>
    Qwen2,

    /// <summary>Llama 2 and 3: no biases; Llama 3.1 and later scale the rotary frequencies.</summary>
    Llama,

    /// <summary>Qwen3: no biases; queries and keys are normalised per head.</summary>
    Qwen3,
}
