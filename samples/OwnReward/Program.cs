using Rlvr;
using Rlvr.Data;
using Rlvr.Rewards;
using Rlvr.Rollouts;
using Rlvr.Training;

// Your problems: an id, a text, and whatever your reward wants to compare with.
Problem[] problems =
[
    new("bags", "Ann has 65 pens and 7 bags of 2 pens. How many pens in all?", "79"),
    new("sum", "Compute 12+6*7.", "54"),
];

// Your reward: one function of a problem and a response. Here: the boxed number is right, and short answers are better.
FunctionReward reward = new((problem, response) => response.Contains($"\\boxed{{{problem.Answer}}}") ? 1 - (0.001 * response.Length) : 0, correct: 0.5);

Recipe recipe = new()
{
    Steps = 15,
    Data = new() { Prompt = "micro" },
    Rollout = new() { BatchSize = 8, GroupSize = 8, MaxNewTokens = 112 },
    Optimizer = new() { LearningRate = 1e-4 },
};

using LanguageModel model = LanguageModel.Load(FileLocator.Find("models/micro-math"));
using RlTrainer trainer = new(model, problems, reward, recipe);
for (int step = 1; step <= recipe.Steps; step++)
{
    StepResult result = trainer.Step(step);
    Console.WriteLine($"step {step,2}: accuracy {result.Metrics["train_accuracy"]:P0}, reward {result.Metrics["reward_mean"]:F2}");
}
model.Save("runs/own-reward", overwrite: true); // a Hugging Face folder
