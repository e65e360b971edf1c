// 1-shot RLVR in one file: a small language model learns from ONE problem with a checkable answer, and gets better at all kinds of problems.
//
// One step of GRPO, in the order of the code below:
//   1. sample many responses to the problem,
//   2. reward each with 1 if its boxed answer is right, else 0,
//   3. turn rewards into advantages: how much better than the rest of its group was this response?
//   4. raise the probability of the tokens of better responses and lower that of worse ones, not straying far from the base model.
//
// Departures from the textbook, each for a reason:
//   - There is one update per batch of samples, so the ratio to the sampling policy is exactly 1 and its clipping never acts.
//   - The prompt goes through the model once for all responses; the numbers are the same as if it were repeated.
//   - The gradient of log-probabilities and entropies is computed analytically (TokenLogProbs), not by autograd through the vocabulary.
//
// Shapes: R responses, N input tokens (the prompt, then all responses one after another), M response tokens, V vocabulary.

using Rlvr;
using Rlvr.Algorithms.Advantages;
using Rlvr.Algorithms.Losses;
using Rlvr.Data;
using Rlvr.MicroMath;
using Rlvr.Models;
using Rlvr.Rewards;
using Rlvr.Rollouts;
using Rlvr.Tensors;
using TorchSharp;
using static TorchSharp.torch;

const int steps = 30, groups = 8, groupSize = 8, maxNewTokens = 112;
const double temperature = 0.6, learningRate = 1e-4;

using LanguageModel model = LanguageModel.Load(FileLocator.Find("models/micro-math"));
ThreadChoice.Apply(requested: 0, model.Network.Config.HiddenSize);
PromptTemplate template = PromptTemplate.Get("micro");
MathReward reward = new();

// The one example, and problems of six subjects that it says nothing about.
Problem example = ToProblem(MicroSuites.Get("pi-1")[0]);
Problem[] test = [.. MicroSuites.Get("micro500").Where((_, i) => i % 4 == 0).Select(ToProblem)];
Console.WriteLine($"The one training example: {example.Text} (answer {example.Answer})");
Console.WriteLine($"Before: {Evaluate():P1} of {test.Length} test problems right");

// The reference that the policy must not stray far from is the model as it is now.
using Transformer reference = model.Network.Clone();
model.Network.RequireGradients(true);
using FusedAdamW optimizer = new(model.Network.Parameters.Select(p => (p.Key, p.Value)));
int[] prompt = model.Tokenizer.Encode(template.Render(example));

for (int step = 1; step <= steps; step++)
{
    using DisposeScope scope = NewDisposeScope(); // frees all tensors of the step

    // 1. Responses. Each token is drawn with a random number that is a pure function of (seed, step, rollout, position).
    GenerationRequest[] requests = [.. Enumerable.Range(0, groups * groupSize).Select(i => new GenerationRequest(prompt, (ulong)i))];
    IReadOnlyList<Rollout> rollouts = Sample(requests, temperature, (ulong)step);

    // 2. Rewards: the verifier extracts the last \boxed{...} and compares it with the label exactly.
    double[] rewards = [.. rollouts.Select(r => reward.Score(example, r.Text).Value)];

    // 3. Advantages: (reward - mean of its group) / (standard deviation of its group + 1e-6).
    int[] groupOf = [.. Enumerable.Range(0, rollouts.Count).Select(i => i / groupSize)];
    double[] advantages = Grpo.Compute(rewards, groupOf);

    // 4. Update. Log-probabilities of all response tokens, under the policy and under the reference.
    int[] lengths = [.. rollouts.Select(r => r.Tokens.Length)];
    SharedPrefixBatch batch = new([prompt], [.. rollouts.Select(r => (0, r.Tokens))], model.Network.Device);
    Tensor referenceLogProbs;
    using (no_grad()) referenceLogProbs = LogProbs(reference, reference.Hidden(batch), batch).LogProbs; // [M]
    IHiddenPass hidden = model.Network.HiddenForLoss(batch);
    TokenLogProbs tokens = LogProbs(model.Network, hidden.Values, batch);
    Tensor logProbs = tokens.LogProbs.requires_grad_();   // [M]
    Tensor entropies = tokens.Entropies!.requires_grad_(); // [M]

    // loss = policy term - 0.001 * entropy + 0.001 * KL, each a mean over all response tokens.
    Tensor perToken = RowAdvantages.ToPacked(advantages, lengths); // [M]
    Tensor ratio = logProbs.sub(logProbs.detach()).exp();          // 1, but with the gradient of the log-probability
    Tensor policy = ratio.mul(perToken).neg().mean();
    Tensor kl = Kl.Penalty(logProbs, referenceLogProbs, KlEstimator.K3).mean();
    Tensor loss = policy.sub(entropies.mean().mul(0.001)).add(kl.mul(0.001));
    loss.backward();

    optimizer.ZeroGradients();
    tokens.Backward(logProbs.grad!, entropies.grad); // from the response tokens into the hidden states
    hidden.Backward();                               // and on into the parameters
    double norm = GradientNorm.Clip(optimizer.Parameters, maxNorm: 1);
    optimizer.Step(learningRate);

    if (step == 1 || step % 5 == 0)
        Console.WriteLine($"step {step,2}: training accuracy {rewards.Average(),4:P0}   entropy {entropies.mean().item<float>():F3}   KL {kl.item<float>():F4}   gradient norm {norm:F2}");
}

model.Network.RequireGradients(false);
Console.WriteLine($"After:  {Evaluate():P1} of {test.Length} test problems right");
Console.WriteLine("A response to the example now:");
Console.WriteLine("  " + Sample([new GenerationRequest(prompt, 0)], 0, 0)[0].Text.Replace("\n", "\n  ", StringComparison.Ordinal));
return;

TokenLogProbs LogProbs(Transformer network, Tensor hidden, SharedPrefixBatch batch) => // hidden: [N, hidden]
    new(network, hidden, batch, temperature, withEntropy: true, keepForBackward: true);

IReadOnlyList<Rollout> Sample(GenerationRequest[] requests, double at, ulong step) =>
    new Rlvr.Rollouts.Generator(model.Network, model.Tokenizer).Generate(requests, new SamplingOptions
    {
        Temperature = at,
        MaxNewTokens = maxNewTokens,
        MaxRows = 128,
        StopIds = model.StopIds,
        Seed = 1,
        Step = step,
    });

double Evaluate()
{
    GenerationRequest[] requests = [.. test.Select((problem, i) => new GenerationRequest(model.Tokenizer.Encode(template.Render(problem)), (ulong)i))];
    return Sample(requests, at: 0, step: 0).Select((response, i) => reward.Score(test[i], response.Text).Value).Average();
}

static Problem ToProblem(MicroProblem problem) => new(problem.Id, problem.Text, problem.Answer, problem.Subject);
