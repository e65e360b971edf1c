"""How long the micro step of `bench -- step` takes in transformers, computed as general trainers of GRPO compute it.

The same model (2.4 million parameters, random weights), one prompt of 76 tokens, 128 rollouts of exactly 64 tokens, groups of 8, KL and entropy in the loss:

  rollouts   model.generate with a sampled token at temperature 1; the prompt is repeated for every row
  reference  log-probabilities of all rows, without gradients, over prompt and response
  update     the same of the policy with gradients, entropy, GRPO's clipped loss with KL, backward, clipping, AdamW

Rows are padded to one length (here all are of one), logits are those of the response's positions only. A trainer does more beside (texts, rewards, data, accelerate): not here.

    python3 bench/compare/grpo_step.py [--threads 1] [--repeats 3]

Seconds of the clock, and of the processor in brackets. Needs torch and transformers 5; no network.
"""

import argparse
import os
import time

os.environ.setdefault("HF_HUB_OFFLINE", "1")
parser = argparse.ArgumentParser()
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--repeats", type=int, default=3)
arguments = parser.parse_args()
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # read when the libraries are loaded
    os.environ[name] = str(arguments.threads)

import torch  # noqa: E402
import transformers  # noqa: E402
from transformers import AutoModelForCausalLM, GenerationConfig, Qwen2Config  # noqa: E402

PROMPT, ROLLOUTS, TOKENS, GROUP = 76, 128, 64, 8
SHAPE = dict(
    vocab_size=100, hidden_size=192, intermediate_size=512, num_hidden_layers=6, num_attention_heads=6, num_key_value_heads=2, max_position_embeddings=1024, tie_word_embeddings=True,
    use_sliding_window=False, bos_token_id=None, eos_token_id=None, pad_token_id=0,
)


def log_probs(model, sequences, entropy=False):
    """[R, T] log-probabilities of the responses, and their mean entropy where it is asked for."""
    logits = model(input_ids=sequences, attention_mask=torch.ones_like(sequences), use_cache=False, logits_to_keep=TOKENS + 1).logits[:, :-1]
    everything = logits.float().log_softmax(-1)
    chosen = everything.gather(-1, sequences[:, PROMPT:].unsqueeze(-1)).squeeze(-1)
    return (chosen, -(everything.exp() * everything).sum(-1).mean()) if entropy else chosen


def timed(what):
    clock, processor = time.perf_counter(), time.process_time()
    result = what()
    return result, (time.perf_counter() - clock, time.process_time() - processor)


torch.set_num_threads(arguments.threads)
torch.manual_seed(1)
policy = AutoModelForCausalLM.from_config(Qwen2Config(**SHAPE), dtype=torch.float32)
reference = AutoModelForCausalLM.from_config(Qwen2Config(**SHAPE), dtype=torch.float32).eval().requires_grad_(False)
optimizer = torch.optim.AdamW(policy.parameters(), lr=1e-5)
prompt = torch.tensor([[(i * 37 % 97) + 1 for i in range(PROMPT)]]).repeat(ROLLOUTS, 1)
sampling = GenerationConfig(do_sample=True, temperature=1.0, top_k=0, top_p=1.0, min_new_tokens=TOKENS, max_new_tokens=TOKENS, pad_token_id=0, eos_token_id=None, bos_token_id=None)
print(f"torch {torch.__version__}, transformers {transformers.__version__}, {torch.get_num_threads()} thread(s), {sum(p.numel() for p in policy.parameters()):,} parameters")


def generate():
    policy.eval()
    with torch.no_grad():
        return policy.generate(input_ids=prompt, attention_mask=torch.ones_like(prompt), generation_config=sampling)


def refer(sequences):
    with torch.no_grad():
        return log_probs(reference, sequences)


def update(sequences, reference_log_probs):
    policy.train()
    rewards = (sequences[:, -1] % 2).float().view(-1, GROUP)
    advantages = ((rewards - rewards.mean(1, keepdim=True)) / (rewards.std(1, keepdim=True) + 1e-4)).view(-1, 1)
    chosen, entropy = log_probs(policy, sequences, entropy=True)
    ratio = torch.exp(chosen - chosen.detach())
    loss = -torch.min(ratio * advantages, ratio.clamp(0.8, 1.2) * advantages)
    difference = reference_log_probs - chosen
    loss = (loss + (0.001 * (torch.exp(difference) - difference - 1))).mean() - (0.001 * entropy)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()


steps = []
for repeat in range(arguments.repeats + 1):
    sequences, rollouts = timed(generate)
    assert sequences.shape == (ROLLOUTS, PROMPT + TOKENS)
    referred, second = timed(lambda: refer(sequences))
    _, third = timed(lambda: update(sequences, referred))
    if repeat > 0:  # the first is a warm-up
        steps.append((rollouts, second, third))


def median(values):
    values = sorted(values)
    return values[len(values) // 2]


for number, name in enumerate(("rollouts", "reference", "update")):
    print(f"{name:10} {median(s[number][0] for s in steps):7.3f} s [{median(s[number][1] for s in steps):.3f}]")
print(f"{'step':10} {median(sum(p[0] for p in s) for s in steps):7.3f} s [{median(sum(p[1] for p in s) for s in steps):.3f}]")
