namespace Rlvr.Experiments.Catalog;

/// <summary>The recipes that experiments are made of. Their names are those of files in recipes/micro and recipes/paper.</summary>
internal static class Recipes
{
    // One model, different data.
    public static RunName OneShot { get; } = new("one-shot", "math-1.5b-pi1");
    public static RunName OneShotSecond { get; } = new("one-shot-geometry", "math-1.5b-pi13");
    public static RunName TwoShot { get; } = new("two-shot", "math-1.5b-pi1-pi13");
    public static RunName OtherTwoShot { get; } = new(null, "math-1.5b-pi1-pi2");
    public static RunName FourShot { get; } = new("four-shot", "math-1.5b-4-shot");
    public static RunName SixteenShot { get; } = new("sixteen-shot", "math-1.5b-16-shot");
    public static RunName FullSet { get; } = new("full-set", "math-1.5b-dsr-sub");
    public static RunName Math7500 { get; } = new("pool-large", "math-1.5b-math");
    public static RunName OneShotLong { get; } = new("one-shot-long", "math-1.5b-pi1");
    public static RunName Simplified { get; } = new("one-shot-simplified", "math-1.5b-pi1-simplified");

    // The reward.
    public static RunName Format { get; } = new("full-set-format", "math-1.5b-format");
    public static RunName FormatWithoutEntropy { get; } = new("full-set-format-no-entropy", "math-1.5b-format-no-entropy");
    public static RunName OneShotFormat { get; } = new("format", "math-1.5b-pi1-format");
    public static RunName OneShotFormatWithoutEntropy { get; } = new("format-no-entropy", "math-1.5b-pi1-format-no-entropy");

    // The loss (Table 5, in its order), and the temperature.
    public static RunName PolicyOnly { get; } = new("one-shot-policy-only", "math-1.5b-pi1-policy-only");
    public static RunName PolicyDecay { get; } = new("one-shot-policy-decay", "math-1.5b-pi1-policy-weight-decay");
    public static RunName WithoutEntropy { get; } = new("one-shot-no-entropy", "math-1.5b-pi1-no-entropy");
    public static RunName MoreEntropy { get; } = new("one-shot-entropy-0.003", "math-1.5b-pi1-entropy-0.003");
    public static RunName PolicyEntropy { get; } = new("one-shot-policy-entropy", "math-1.5b-pi1-policy-entropy");
    public static RunName DecayKl { get; } = new("one-shot-decay-kl", "math-1.5b-pi1-no-policy-no-entropy");
    public static RunName DecayKlEntropy { get; } = new("one-shot-decay-kl-entropy", "math-1.5b-pi1-no-policy-loss");
    public static RunName EntropyAlone { get; } = new("entropy-alone", "math-1.5b-pi1-entropy-only");
    public static RunName EntropyAloneSlow { get; } = new("entropy-alone-slow", null);
    public static RunName EntropyAloneLarge { get; } = new(null, "math-7b-entropy-only");
    public static RunName EntropyAloneLlama { get; } = new(null, "llama-3b-entropy-only");
    public static RunName Temperature1WithoutEntropy { get; } = new(null, "math-1.5b-pi1-temperature-1-no-entropy");
    public static RunName Temperature1 { get; } = new("one-shot-temperature-1", "math-1.5b-pi1-temperature-1");

    // Labels.
    public static RunName LabelNear { get; } = new("one-shot-label-near", "math-1.5b-pi1-label-12.7");
    public static RunName LabelGuess { get; } = new("one-shot-label-guess", "math-1.5b-pi1-label-4");
    public static RunName LabelFar { get; } = new("one-shot-label-far", "math-1.5b-pi1-label-929725");
    public static RunName Noise60 { get; } = new("noise-60", "math-1.5b-noise-60");
    public static RunName Noise90 { get; } = new("noise-90", "math-1.5b-noise-90");

    // PPO.
    public static RunName PpoOneShot { get; } = new("ppo-one-shot", "math-1.5b-ppo-pi1");
    public static RunName PpoFullSet { get; } = new("ppo-full-set", "math-1.5b-ppo-dsr-sub");
    public static RunName PpoNoise60 { get; } = new("ppo-noise-60", "math-1.5b-ppo-noise-60");
    public static RunName PpoNoise90 { get; } = new("ppo-noise-90", "math-1.5b-ppo-noise-90");

    // Other models; in the micro world recipes/micro/pretrain-*.yaml makes them.
    public static RunName LargeOneShot { get; } = new("large-one-shot", "math-7b-pi1");
    public static RunName LargeTwoShot { get; } = new("large-two-shot", "math-7b-pi1-pi13");
    public static RunName LargeFourShot { get; } = new(null, "math-7b-4-shot");
    public static RunName LargeSixteenShot { get; } = new(null, "math-7b-16-shot");
    public static RunName LargeRandom16 { get; } = new(null, "math-7b-random-16");
    public static RunName LargeFormat { get; } = new(null, "math-7b-format");
    public static RunName LargeFullSet { get; } = new("large-full-set", "math-7b-dsr-sub");
    public static RunName LargeMiddle { get; } = new(null, "math-7b-pi605");
    public static RunName LargeLast { get; } = new(null, "math-7b-pi1209");
    public static RunName LlamaOneShot { get; } = new("llama-one-shot", "llama-3b-pi1");
    public static RunName LlamaTwoShot { get; } = new("llama-two-shot", "llama-3b-pi1-pi13");
    public static RunName LlamaFourShot { get; } = new(null, "llama-3b-4-shot");
    public static RunName LlamaFullSet { get; } = new("llama-full-set", "llama-3b-dsr-sub");
    public static RunName DistillOneShot { get; } = new("distill-one-shot", "r1-1.5b-pi1");
    public static RunName DistillFourShot { get; } = new("distill-four-shot", "r1-1.5b-4-shot");
    public static RunName DistillSixteenShot { get; } = new(null, "r1-1.5b-16-shot");
    public static RunName DistillFullSet { get; } = new("distill-full-set", "r1-1.5b-dsr-sub");
    public static RunName WeakOneShot { get; } = new("weak-one-shot", "qwen-1.5b-pi1");
    public static RunName WeakFourShot { get; } = new("weak-four-shot", "qwen-1.5b-4-shot");
    public static RunName WeakSixteenShot { get; } = new(null, "qwen-1.5b-16-shot");
    public static RunName WeakFullSet { get; } = new("weak-full-set", "qwen-1.5b-dsr-sub");
    public static RunName InstructOneShot { get; } = new("instruct-one-shot", "math-1.5b-instruct-pi1");
    public static RunName InstructFullSet { get; } = new("instruct-full-set", "math-1.5b-instruct-dsr-sub");
}
