"""How fast Hugging Face transformers decodes, measured as `bench -- decode` measures Rlvr.

A prompt of 64 tokens goes through the model once, its cache is repeated for every row, and every row of the batch draws new tokens at temperature 1 from
the whole vocabulary. The time is that from the first token to the last: prompt and first token are not in it. Two ways:

  generate  model.generate as its users call it
  loop      the model called token by token with the cache that generate takes, softmax and multinomial: nothing but what must be done

    python3 decode_transformers.py --model FOLDER --precision fp32 --batch 1 8 64
    python3 decode_transformers.py --random --precision bf16          # Qwen2.5-0.5B's shape, random weights, no folder needed

Seconds are of the clock; those of the processor stand beside them, because on a busy machine only they can be compared (with one thread the two are
equal on a quiet one). Needs torch and transformers 5; no network and no tokenizer.
"""

import argparse
import os
import resource
import time

os.environ.setdefault("HF_HUB_OFFLINE", "1")
threads_first = argparse.ArgumentParser(add_help=False)
threads_first.add_argument("--threads", type=int, default=1)
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # read when the libraries are loaded
    os.environ[name] = str(threads_first.parse_known_args()[0].threads)

import torch  # noqa: E402
import transformers  # noqa: E402
from transformers import AutoModelForCausalLM, DynamicCache, Qwen2Config, StoppingCriteria, StoppingCriteriaList  # noqa: E402

# Qwen2.5-0.5B as it is published.
SHAPE = dict(
    vocab_size=151936, hidden_size=896, intermediate_size=4864, num_hidden_layers=24, num_attention_heads=14, num_key_value_heads=2,
    max_position_embeddings=32768, rms_norm_eps=1e-6, rope_parameters=dict(rope_type="default", rope_theta=1_000_000.0), tie_word_embeddings=True, use_sliding_window=False,
)


def resident() -> int:
    """Bytes of this process in memory now."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def load(options, dtype):
    """The model, and seconds and resident bytes that it took."""
    before, start = resident(), time.perf_counter()
    if options.random:
        torch.manual_seed(1)
        model = AutoModelForCausalLM.from_config(Qwen2Config(**SHAPE), dtype=dtype)
    else:
        model = AutoModelForCausalLM.from_pretrained(options.model, dtype=dtype)
    model.eval()
    for parameter in model.parameters():  # read them all, in case they are only mapped from the file
        parameter.view(-1)[::512].float().sum()
    return model, time.perf_counter() - start, resident() - before


def draw(logits):
    """[B, V] to [B, 1]: a token of each row at temperature 1."""
    return torch.multinomial(logits.float().softmax(-1), 1)


class Clock(StoppingCriteria):
    """Notes the time after every token of generate, and stops nothing."""

    def __init__(self):
        self.times = []

    def __call__(self, input_ids, scores, **kwargs):
        self.times.append(now())
        return torch.zeros(input_ids.shape[0], dtype=torch.bool, device=input_ids.device)


def now():
    """Seconds of the clock and of the processor."""
    return time.perf_counter(), time.process_time()


def prefill(model, prompt):
    """The cache of a prompt without its last token, for one row."""
    cache = DynamicCache(config=model.config)
    model(input_ids=prompt[:, :-1], past_key_values=cache, use_cache=True, logits_to_keep=1)
    return cache


def generate(model, ids, cache, new_tokens):
    """As users call it: no filter, no end. Returns the times after each token."""
    clock = Clock()
    model.generate(
        ids, attention_mask=torch.ones_like(ids), past_key_values=cache, do_sample=True, temperature=1.0, top_k=0, top_p=1.0,
        max_new_tokens=new_tokens, min_new_tokens=new_tokens, eos_token_id=None, pad_token_id=0, use_cache=True, stopping_criteria=StoppingCriteriaList([clock]),
    )
    return clock.times


def loop(model, ids, cache, new_tokens):
    """The prompt's last token, then one token a call. Returns the times after each token."""
    token, times = ids[:, -1:], []
    for _ in range(new_tokens):
        token = draw(model(input_ids=token, past_key_values=cache, use_cache=True, logits_to_keep=1).logits[:, -1])
        times.append(now())
    return times


def measure(way, model, prompt, batch, new_tokens, repeats):
    """Least seconds from the first token of all rows to the last, by the clock and of the processor."""
    tries = []
    with torch.inference_mode():
        for _ in range(repeats):
            cache = prefill(model, prompt)
            cache.batch_repeat_interleave(batch)
            times = way(model, prompt.expand(batch, -1), cache, 1 + new_tokens)
            tries.append([end - begin for begin, end in zip(times[0], times[-1])])
    return (min(t[i] for t in tries) for i in (0, 1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], parents=[threads_first])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--model", help="a model folder (config.json and safetensors)")
    source.add_argument("--random", action="store_true", help="random weights in Qwen2.5-0.5B's shape")
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--prompt", type=int, default=64, help="tokens of the prompt")
    parser.add_argument("--tokens", type=int, default=32, help="new tokens of each row")
    parser.add_argument("--ways", nargs="+", choices=["generate", "loop"], default=["generate", "loop"])
    parser.add_argument("--repeats", type=int, default=2, help="tries, of which the fastest counts")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    dtype = torch.float32 if options.precision == "fp32" else torch.bfloat16
    model, took, memory = load(options, dtype)
    size = sum(p.numel() * p.element_size() for p in model.parameters())
    print(f"transformers {transformers.__version__}, torch {torch.__version__} ({torch.backends.cpu.get_cpu_capability()}), {options.precision}, {torch.get_num_threads()} thread(s): "
          f"{'made' if options.random else 'loaded'} in {took:.2f} s; {size / 1e9:.2f} GB of weights, resident {memory / size:.2f} times that", flush=True)
    prompt = torch.tensor([[1000 + i * 37 for i in range(options.prompt)]])
    for batch in options.batch:
        for name in options.ways:
            clock, processor = measure({"generate": generate, "loop": loop}[name], model, prompt, batch, options.tokens, options.repeats)
            print(f"batch {batch:3}, {name:8}: {batch * options.tokens / clock:8.1f} tokens/s, {1e3 * clock / options.tokens:.1f} ms a step ({1e3 * processor / options.tokens:.1f} of the processor)", flush=True)


if __name__ == "__main__":
    main()
