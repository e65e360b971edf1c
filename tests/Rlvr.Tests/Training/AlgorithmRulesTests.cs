using Rlvr.Algorithms;
using Rlvr.Algorithms.Advantages;
using Rlvr.Rollouts;
using Rlvr.Tests.Shared;
using Rlvr.Training;

namespace Rlvr.Tests.Training;

/// <summary>Switches that contradict each other are one error that says which, and what to do.</summary>
public sealed class AlgorithmRulesTests : IDisposable
{
    private const string Minimal = "model: models/micro-math\ndata:\n  train: micro:pi-1\n";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private Recipe Load(string sets) => RecipeFile.Load(folder.Write("recipe.yaml", Minimal), sets.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    [Theory]
    [InlineData("loss.advantage=gae", "'gae' needs a critic, and critic.enabled is false; set critic.enabled: true")]
    [InlineData("critic.enabled=true", "critic.enabled is true, but loss.advantage 'grpo' uses no critic; set loss.advantage: gae")]
    [InlineData("critic.learning_rate=1e-4", "section 'critic' is set, but critic.enabled is false")]
    [InlineData("rollout.group_size=1", "loss.advantage 'grpo' compares the rollouts of a group, and rollout.group_size is 1")]
    [InlineData("loss.advantage=rloo rollout.group_size=1", "'rloo' compares the rollouts of a group")]
    [InlineData("loss.advantage=reinforce_plus_plus_baseline rollout.group_size=1", "compares the rollouts of a group")]
    [InlineData("loss.advantage=remax rollout.group_size=1 rollout.dynamic_sampling=2", "rollout.dynamic_sampling replaces groups whose rewards are all equal")]
    [InlineData("loss.reference=none", "loss.reference is 'none', but loss.kl is 0.001")]
    [InlineData("loss.reference=none loss.kl=0 loss.kl_in_reward=0.1", "loss.kl_in_reward is 0.1; set both to 0")]
    [InlineData("loss.reference=models/micro-math loss.kl=0", "nothing is compared with it")]
    [InlineData("loss.kl_target=0.1", "loss.kl_target is 0.1, but loss.kl_in_reward is 0")]
    [InlineData("compute.reuse_forward=true loss.updates_per_step=4", "compute.reuse_forward is true, but loss.updates_per_step is 4 and loss.epochs is 1: after the first of several updates the policy is no longer")]
    [InlineData("compute.reuse_forward=true compute.recompute=true", "compute.reuse_forward is true, but compute.recompute is true: layers are either kept from decoding or computed again. Set compute.reuse_forward: auto, or")]
    [InlineData("loss.updates_per_step=3", "must be a multiple of loss.updates_per_step (3)")]
    [InlineData("loss.updates_per_step=3 loss.epochs=2", "loss.updates_per_step (3) must be a multiple of loss.epochs (2)")]
    [InlineData("loss.updates_per_step=6 loss.epochs=2", "must be a multiple of loss.updates_per_step / loss.epochs (3)")]
    [InlineData("loss.policy_loss=gspo loss.clip_high=0.3", "do not apply to loss.policy_loss 'gspo'; remove them. Its own range is set with loss.policy_parameters: [clip_low=0.0003, clip_high=0.0004]")]
    [InlineData("loss.policy_loss=kl_cov loss.clip_high=0.3", "do not apply to loss.policy_loss 'kl_cov'; remove them")]
    [InlineData("loss.policy_loss=gspo loss.aggregation=token", "loss.aggregation is 'token', but loss.policy_loss 'gspo' is a mean over rows")]
    [InlineData("loss.policy_loss=dual_clip loss.policy_parameters=bond=4", "'dual_clip' has no parameter 'bond'. It has bound. Did you mean 'bound'?")]
    [InlineData("loss.advantage=gae critic.enabled=true loss.advantage_parameters=gamma=2", "'gamma' of 'gae' must be from 0 to 1")]
    [InlineData("loss.sampler_correction=token loss.sampler_correction_low=3", "must not be above loss.sampler_correction_high (2)")]
    [InlineData("rollout.temperature=0", "rollout.temperature is 0 (greedy)")]
    public void Contradictions_are_refused(string sets, string message)
    {
        var error = Assert.Throws<RecipeException>(() => RecipeRules.CheckTogether(Load(sets)));
        Assert.StartsWith("recipe: error: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal(2, error.ExitCode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("loss.advantage=gae critic.enabled=true critic.warmup_steps=5 loss.kl=0 loss.kl_in_reward=0.001 loss.kl_target=0.05")]
    [InlineData("loss.advantage=gae critic.enabled=true rollout.group_size=1 loss.advantage_parameters=gamma=0.99,lambda=0.95")]
    [InlineData("loss.advantage=remax rollout.group_size=1")]
    [InlineData("loss.advantage=reinforce_plus_plus rollout.group_size=1 rollout.temperature=0")]
    [InlineData("loss.policy=0 loss.kl=0 loss.entropy=0.001")]
    [InlineData("loss.policy=0 loss.kl=0 loss.entropy=0")]
    [InlineData("loss.reference=none loss.kl=0")]
    [InlineData("loss.updates_per_step=8")]
    [InlineData("loss.updates_per_step=8 loss.epochs=8 rollout.batch_size=3")]
    [InlineData("loss.policy_loss=gspo loss.policy_parameters=clip_low=1e-3 loss.aggregation=sequence_mean")]
    [InlineData("loss.policy_loss=dual_clip loss.policy_parameters=bound=4 loss.clip_high=0.28")]
    public void What_fits_together_is_accepted(string sets) => RecipeRules.CheckTogether(Load(sets));

    [Theory]
    [InlineData("loss.policy_loss=cispoo", "'loss.policy_loss' must be 'cispo', ")]
    [InlineData("loss.advantage=ppo", "'loss.advantage' must be 'dr_grpo', 'gae', ")]
    [InlineData("loss.high_entropy_share=0", "'loss.high_entropy_share' must be above 0 and at most 1; found 0.")]
    [InlineData("critic.value_clip=0", "'critic.value_clip' must be above 0; found 0.")]
    [InlineData("rollout.dynamic_sampling=-1", "'rollout.dynamic_sampling' must be at least 0; found -1.")]
    public void Values_out_of_range_are_refused_where_they_stand(string set, string message) =>
        Assert.Contains(message, Assert.Throws<RecipeException>(() => Load(set)).Message, StringComparison.Ordinal);

    [Fact]
    public void An_algorithm_of_ones_own_says_what_it_needs()
    {
        RowEstimator groups = new((scores, _, _) => scores.ToArray()), none = new((scores, _, _) => scores.ToArray(), comparesGroups: false);
        Recipe single = Load("rollout.group_size=1");
        string message = Assert.Throws<RecipeException>(() => RecipeRules.CheckTogether(single, new Algorithm { Advantage = groups })).Message;
        Assert.Contains("the advantage estimator RowEstimator compares the rollouts of a group", message, StringComparison.Ordinal);
        RecipeRules.CheckTogether(single, new Algorithm { Advantage = none });
    }

    [Fact]
    public void A_reference_or_critic_of_another_vocabulary_is_refused()
    {
        using LanguageModel model = TinyLanguage.Create();
        using (Rlvr.Models.Transformer other = Models.TinyModels.Create()) other.Save(folder["other"]);
        string Error(Recipe recipe) => Assert.Throws<RlvrException>(() => new RlTrainer(model, TinyTask.Problems(1), TinyTask.Ascii, recipe)).Message;
        Assert.Contains("a vocabulary of 41 tokens, the policy one of 257", Error(TinyTask.Recipe with { Loss = new LossOptions { Reference = folder["other"] } }), StringComparison.Ordinal);
        string critic = Error(TinyTask.Recipe with { Loss = new LossOptions { Advantage = "gae" }, Critic = new CriticOptions { Enabled = true, Model = folder["other"] } });
        Assert.StartsWith("critic.model: ", critic, StringComparison.Ordinal);
        Assert.Contains("a vocabulary of 41 tokens", critic, StringComparison.Ordinal);
    }
}
