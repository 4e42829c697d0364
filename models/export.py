"""Writes a checkpoint of train.py as a Hugging Face folder and as a GGUF file, with the same weights in both.

    python models/export.py run/checkpoint.pt models/nudge-tiny

The weights are rounded to float16 once; both files hold the rounded values. The architecture is Qwen3's, whose rotary
halves llama.cpp and transformers order alike, so no row is permuted. tokenizer.json must already lie in the folder.
"""
import json
import sys
from pathlib import Path

import gguf
import numpy as np
import torch
from safetensors.torch import save_file

TEMPLATE = """{%- for message in messages -%}
{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{- '<|im_start|>assistant\\n<think>\\n' -}}
{%- endif -%}"""
CONTROL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
LAYER = {"input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
         "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
         "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
         "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}


def gguf_name(name):
    if name.startswith("layers."):
        _, layer, rest = name.split(".", 2)
        return f"blk.{layer}.{LAYER[rest.removesuffix('.weight')]}.weight"
    return {"embed_tokens.weight": "token_embd.weight", "norm.weight": "output_norm.weight"}[name]


def write_hf(folder, weights, c, ids):
    save_file({f"model.{k}": v.contiguous() for k, v in weights.items()}, folder / "model.safetensors", {"format": "pt"})
    dump = lambda name, value: (folder / name).write_text(json.dumps(value, indent=2) + "\n")
    theta = c.pop("rope_theta")
    dump("config.json", {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", **c, "rope_theta": theta,
                         "rope_parameters": {"rope_type": "default", "rope_theta": theta}, "hidden_act": "silu",
                         "attention_bias": False, "attention_dropout": 0.0, "tie_word_embeddings": True, "dtype": "float16",
                         "use_cache": True, "use_sliding_window": False, "layer_types": ["full_attention"] * c["num_hidden_layers"],
                         "bos_token_id": None, "eos_token_id": ids["<|im_end|>"], "pad_token_id": ids["<|endoftext|>"]})
    c["rope_theta"] = theta
    dump("generation_config.json", {"eos_token_id": [ids["<|im_end|>"], ids["<|endoftext|>"]],
                                    "pad_token_id": ids["<|endoftext|>"], "do_sample": False})
    dump("tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast", "add_bos_token": False, "bos_token": None,
                                   "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "unk_token": None,
                                   "clean_up_tokenization_spaces": False, "model_max_length": c["max_position_embeddings"]})
    (folder / "chat_template.jinja").write_text(TEMPLATE)


def write_gguf(path, weights, c, tokenizer, ids):
    w = gguf.GGUFWriter(path, "qwen3")
    w.add_name("nudge-tiny")
    w.add_author("the nudge authors")
    w.add_license("mit")
    w.add_description("A model organism of START (arXiv 2503.04625): thinks by hand, and uses Python when a hint asks for it.")
    w.add_tags(["text-generation", "reasoning", "tool-use"])
    w.add_languages(["en"])
    w.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    w.add_quantization_version(gguf.GGML_QUANT_VERSION)
    w.add_context_length(c["max_position_embeddings"])
    w.add_embedding_length(c["hidden_size"])
    w.add_block_count(c["num_hidden_layers"])
    w.add_feed_forward_length(c["intermediate_size"])
    w.add_head_count(c["num_attention_heads"])
    w.add_head_count_kv(c["num_key_value_heads"])
    w.add_key_length(c["head_dim"])
    w.add_value_length(c["head_dim"])
    w.add_rope_freq_base(c["rope_theta"])
    w.add_layer_norm_rms_eps(c["rms_norm_eps"])
    w.add_vocab_size(c["vocab_size"])
    tokens = sorted(ids, key=ids.get)
    kinds = [gguf.TokenType.CONTROL if t in CONTROL else gguf.TokenType.USER_DEFINED if t in ("<think>", "</think>")
             else gguf.TokenType.NORMAL for t in tokens]
    while len(tokens) < c["vocab_size"]:
        tokens.append(f"[PAD{len(tokens)}]")
        kinds.append(gguf.TokenType.UNUSED)
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre("qwen2")
    w.add_token_list(tokens)
    w.add_token_types(kinds)
    w.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in tokenizer["model"]["merges"]])
    w.add_eos_token_id(ids["<|im_end|>"])
    w.add_pad_token_id(ids["<|endoftext|>"])
    w.add_add_bos_token(False)
    w.add_chat_template(TEMPLATE)
    for name, value in weights.items():
        array = value.float().numpy()                       # norms stay float32, as llama.cpp wants them
        w.add_tensor(gguf_name(name), array.astype(np.float16) if array.ndim == 2 else array)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def main(checkpoint, folder):
    folder = Path(folder)
    state = torch.load(checkpoint, map_location="cpu", weights_only=False)
    weights = {k: v.half() for k, v in state["model"].items()}
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    ids = dict(tokenizer["model"]["vocab"]) | {t["content"]: t["id"] for t in tokenizer["added_tokens"]}
    write_hf(folder, weights, state["config"], ids)
    write_gguf(folder / "nudge-tiny.gguf", weights, state["config"], tokenizer, ids)
    for f in sorted(folder.iterdir()):
        print(f"{f.stat().st_size:>10,}  {f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
