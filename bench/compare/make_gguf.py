"""Writes a model folder (Qwen2, tied embeddings) as GGUF for llama.cpp, without a tokenizer: enough for its benchmarks.

    python3 make_gguf.py FOLDER OUT.gguf [--precision fp32|bf16]

The names and keys are those that llama.cpp's own converter gives. Needs the package gguf, torch and safetensors.
"""

import argparse
import json
import os

import gguf
import torch
from safetensors import safe_open

LAYER = {
    "input_layernorm.weight": "attn_norm.weight", "post_attention_layernorm.weight": "ffn_norm.weight",
    "self_attn.q_proj.weight": "attn_q.weight", "self_attn.k_proj.weight": "attn_k.weight", "self_attn.v_proj.weight": "attn_v.weight",
    "self_attn.q_proj.bias": "attn_q.bias", "self_attn.k_proj.bias": "attn_k.bias", "self_attn.v_proj.bias": "attn_v.bias",
    "self_attn.o_proj.weight": "attn_output.weight", "mlp.gate_proj.weight": "ffn_gate.weight", "mlp.up_proj.weight": "ffn_up.weight", "mlp.down_proj.weight": "ffn_down.weight",
}


def name_of(name: str) -> str:
    """The name of a parameter in GGUF."""
    fixed = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight"}
    if name in fixed:
        return fixed[name]
    _, _, layer, rest = name.split(".", 3)
    return f"blk.{layer}.{LAYER[rest]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("out")
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="bf16")
    options = parser.parse_args()
    with open(os.path.join(options.folder, "config.json")) as file:
        config = json.load(file)
    if config["model_type"] != "qwen2" or not config["tie_word_embeddings"]:
        raise SystemExit(f"{options.folder}: a Qwen2 model with tied embeddings expected")
    writer = gguf.GGUFWriter(options.out, "qwen2")
    writer.add_name("random")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_tokenizer_model("no_vocab")
    bf16 = gguf.GGMLQuantizationType.BF16
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_BF16 if options.precision == "bf16" else gguf.LlamaFileType.ALL_F32)
    with safe_open(os.path.join(options.folder, "model.safetensors"), "pt") as weights:
        for name in weights.keys():
            tensor = weights.get_tensor(name).float()
            if options.precision == "bf16" and tensor.dim() == 2:  # vectors stay float32, as the converter leaves them
                writer.add_tensor(name_of(name), tensor.to(torch.bfloat16).view(torch.uint8).numpy(), raw_dtype=bf16)
            else:
                writer.add_tensor(name_of(name), tensor.numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
