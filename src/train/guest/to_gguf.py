#!/usr/bin/env python3
"""Writes a transformers folder as one GGUF file for llama.cpp, float16.

    python to_gguf.py FOLDER FILE.gguf [NAME]

Knows the dense Llama, Qwen2 and Qwen3 layouts with a byte-level BPE tokenizer whose way of cutting text llama.cpp has a name for.
For every other model it says which script of llama.cpp to use. Needs gguf, numpy and safetensors, no torch.

What always holds: it refuses rather than guesses. A wrong pre-tokenizer or an unpermuted row makes a file that loads and talks nonsense.
"""

import json
import sys
from pathlib import Path

LAYER = {"input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
         "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
         "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}
WHOLE = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight", "lm_head.weight": "output.weight"}
KNOWN = {"llama": "llama", "qwen2": "qwen2", "qwen3": "qwen3"}

# How text is cut before BPE, by the pattern in tokenizer.json, and llama.cpp's name for it (its llama-vocab.cpp has the same patterns).
QWEN2 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
LLAMA3 = QWEN2.replace(r"|\p{N}|", r"|\p{N}{1,3}|")
PRE = {QWEN2: "qwen2", LLAMA3: "llama-bpe"}


class Unknown(Exception):
    """This model is none of those that are known here."""

    def __init__(self, what, folder):
        super().__init__(f"{what}. llama.cpp's own script knows more: python convert_hf_to_gguf.py {folder} --outfile model.gguf --outtype f16")


def pre_of(tokenizer, folder):
    model, cut = tokenizer["model"], tokenizer.get("pre_tokenizer") or {}
    parts = cut.get("pretokenizers", [cut])
    patterns = [part["pattern"].get("Regex") for part in parts if part.get("type") == "Split"]
    if model.get("type") != "BPE" or not any(part.get("type") == "ByteLevel" for part in parts) or len(patterns) != 1 or patterns[0] not in PRE:
        raise Unknown("its tokenizer cuts text in a way that is not known here", folder)
    normalizer = (tokenizer.get("normalizer") or {}).get("type")
    if normalizer not in (None, "NFC"):
        raise Unknown(f"its tokenizer normalises text ({normalizer})", folder)
    return PRE[patterns[0]]


def name_of(name, folder):
    if name in WHOLE:
        return WHOLE[name]
    if name.startswith("model.layers."):
        _, _, layer, rest = name.split(".", 3)
        kind, _, ending = rest.rpartition(".")
        if kind in LAYER and ending in ("weight", "bias"):
            return f"blk.{layer}.{LAYER[kind]}.{ending}"
    raise Unknown(f"it has a tensor {name}", folder)


def permuted(rows, heads):
    """llama.cpp turns Llama's query and key rows in pairs (even, odd), transformers in halves."""
    return rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def load(file):
    """Tensors of a safetensors file as numpy, bfloat16 widened to float32."""
    import numpy as np

    with open(file, "rb") as opened:
        header = json.loads(opened.read(int.from_bytes(opened.read(8), "little")))
        start = opened.tell()
        kinds = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16}
        for name, about in header.items():
            if name == "__metadata__":
                continue
            begin, end = about["data_offsets"]
            opened.seek(start + begin)
            value = np.frombuffer(opened.read(end - begin), kinds[about["dtype"]]).reshape(about["shape"])
            yield name, (value.astype(np.uint32) << 16).view(np.float32) if about["dtype"] == "BF16" else value


def convert(folder, path, name):
    """Writes the file; returns a sentence about it."""
    import gguf
    import numpy as np

    folder = Path(folder)
    config = json.loads((folder / "config.json").read_text())
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    kind = config["model_type"]
    if kind not in KNOWN:
        raise Unknown(f"its layout is {kind}", folder)
    scaling = config.get("rope_scaling") or {}
    rope = config.get("rope_parameters") or {}
    if scaling.get("rope_type", scaling.get("type", "default")) != "default" or rope.get("rope_type", "default") != "default":
        raise Unknown("its positions are scaled (rope_scaling)", folder)
    if config.get("use_sliding_window"):
        raise Unknown("its attention slides over a window", folder)
    pre = pre_of(tokenizer, folder)
    heads = config["num_attention_heads"]
    heads_kv = config.get("num_key_value_heads", heads)
    width = config.get("head_dim") or config["hidden_size"] // heads
    ids = dict(tokenizer["model"]["vocab"]) | {t["content"]: t["id"] for t in tokenizer["added_tokens"]}
    special = {t["content"]: t["special"] for t in tokenizer["added_tokens"]}

    part = Path(f"{path}.part")
    w = gguf.GGUFWriter(part, KNOWN[kind])
    w.add_name(name)
    w.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    w.add_quantization_version(gguf.GGML_QUANT_VERSION)
    w.add_context_length(config["max_position_embeddings"])
    w.add_embedding_length(config["hidden_size"])
    w.add_block_count(config["num_hidden_layers"])
    w.add_feed_forward_length(config["intermediate_size"])
    w.add_head_count(heads)
    w.add_head_count_kv(heads_kv)
    w.add_key_length(width)
    w.add_value_length(width)
    if kind == "llama":
        w.add_rope_dimension_count(width)
    w.add_rope_freq_base(rope.get("rope_theta", config.get("rope_theta", 10000.0)))
    w.add_layer_norm_rms_eps(config["rms_norm_eps"])
    w.add_vocab_size(config["vocab_size"])
    by_id = {number: token for token, number in ids.items()}
    tokens = [by_id.get(number, f"[PAD{number}]") for number in range(config["vocab_size"])]
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre(pre)
    w.add_token_list(tokens)
    w.add_token_types([gguf.TokenType.UNUSED if number not in by_id else
                       (gguf.TokenType.CONTROL if special[token] else gguf.TokenType.USER_DEFINED) if token in special else gguf.TokenType.NORMAL
                       for number, token in enumerate(tokens)])
    w.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in tokenizer["model"]["merges"]])
    settings = json.loads((folder / "tokenizer_config.json").read_text()) if (folder / "tokenizer_config.json").exists() else {}
    written = lambda value: value["content"] if isinstance(value, dict) else value
    eos = written(settings.get("eos_token"))
    if eos in ids:
        w.add_eos_token_id(ids[eos])
    pad = written(settings.get("pad_token"))
    if pad in ids:
        w.add_pad_token_id(ids[pad])
    bos = written(settings.get("bos_token"))
    if bos in ids:
        w.add_bos_token_id(ids[bos])
    w.add_add_bos_token(bool(settings.get("add_bos_token", kind == "llama" and bos in ids)))
    template = (folder / "chat_template.jinja").read_text() if (folder / "chat_template.jinja").exists() else settings.get("chat_template")
    if isinstance(template, str):
        w.add_chat_template(template)
    count = 0
    for file in sorted(folder.glob("*.safetensors")):
        for tensor, value in load(file):
            if tensor == "lm_head.weight" and config.get("tie_word_embeddings"):
                continue
            if kind == "llama" and ("q_proj" in tensor or "k_proj" in tensor):
                value = permuted(value, heads if "q_proj" in tensor else heads_kv)
            count += 1
            # Vectors stay float32, as llama.cpp wants them.
            w.add_tensor(name_of(tensor, folder), value.astype(np.float16 if value.ndim == 2 else np.float32))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
    part.replace(path)
    return f"{Path(path).name}: {count} tensors, {Path(path).stat().st_size / 1e6:.1f} MB, float16"


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    try:
        print(convert(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) == 4 else Path(sys.argv[1]).resolve().name))
    except Unknown as unknown:
        sys.exit(str(unknown))
