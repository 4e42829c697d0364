"""Loads every export with the library that reads it, and compares what arrives. See try-exports.ts."""

import contextlib
import glob
import json
import os
import subprocess
import sys

import duckdb
import pandas
import pyarrow.parquet
import torch
from datasets import load_dataset
from transformers import AutoTokenizer, Qwen2Config, Qwen2ForCausalLM
from trl import SFTConfig, SFTTrainer

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
exports = json.load(open(sys.argv[1], encoding="utf-8"))
tokenizer = AutoTokenizer.from_pretrained(os.path.abspath(sys.argv[2]))
by_name = {(one["id"], one["parquet"]): one for one in exports}


def rows_of(one, split="train"):
    """The rows of a split as the data card of the export declares them."""
    folder = load_dataset(one["to"], "default", split=split)
    return folder


def expected(one, split="train"):
    parts = next(part for part in one["parts"] if part["format"] == one["id"])
    return next((s["rows"] for s in parts["splits"] if s["split"] == split), 0)


def says(words):
    print(f"ok  {words}", flush=True)


# What the card says about loading works, word by word (training on a named model is tried below).
for one in exports:
    os.chdir(os.path.dirname(one["to"]))
    scope = {}
    for line in one["load"]:
        if '"MODEL"' not in line:
            with contextlib.redirect_stdout(None):
                exec(line, scope)
    assert len(scope["rows"]) == expected(one), one["load"]
says("the lines of the cards load what they say")

# What all formats have to agree with: the canonical samples, as Parquet has them.
canonical = rows_of(by_name["canonical", True]).to_list()
texts = ["".join(s["text"] for s in row["segments"]) for row in canonical]
assert any(s["kind"] == "edit" and s["edited"]["by"] == "try-exports" for row in canonical for s in row["segments"])

for one in exports:
    for split in ("train", "valid"):
        if not expected(one, split):
            continue
        rows = rows_of(one, split)
        assert len(rows) == expected(one, split), (one["id"], split, len(rows))
        pattern = os.path.join(one["to"], "data", f"{split}-*.{'parquet' if one['parquet'] else 'jsonl'}")
        if one["parquet"]:
            (counted,) = duckdb.connect().execute(f"select count(*) from read_parquet('{pattern}')").fetchone()
            frame = pandas.concat(pandas.read_parquet(name) for name in sorted(glob.glob(pattern)))
            assert counted == len(frame) == len(rows)
            assert list(frame.columns) == rows.column_names == pyarrow.parquet.read_schema(glob.glob(pattern)[0]).names
        else:
            (counted,) = duckdb.connect().execute(f"select count(*) from read_json('{pattern}', maximum_object_size=100000000)").fetchone()
            assert counted == len(rows)
    says(f"{one['id']}{' (Parquet)' if one['parquet'] else ''}: {expected(one)} + {expected(one, 'valid')} rows in datasets, DuckDB{' and pandas' if one['parquet'] else ''}")

# Canonical: both forms say the same, segment by segment.
lines = rows_of(by_name["canonical", False]).to_list()
assert [[(s["kind"], s["text"], s["train"], s["ids"]) for s in row["segments"]] for row in lines] == [
    [(s["kind"], s["text"], s["train"], s["ids"]) for s in row["segments"]] for row in canonical
]
says("canonical: JSON Lines and Parquet are the same samples")

# Tokens: exactly three columns; ids decode to the text; labels are the spans that train, by transformers' own tokenizer.
for parquet in (False, True):
    rows = rows_of(by_name["tokens", parquet])
    assert rows.column_names == ["input_ids", "attention_mask", "labels"]
    for row, sample, text in zip(rows, canonical, texts, strict=True):
        ids, labels = row["input_ids"], row["labels"]
        assert len(ids) == len(labels) == len(row["attention_mask"]) and set(row["attention_mask"]) == {1}
        assert tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False) == text
        assert all(label in (-100, token) for token, label in zip(ids, labels))
        trained = tokenizer.decode([label for label in labels if label != -100], skip_special_tokens=False, clean_up_tokenization_spaces=False)
        assert trained == "".join(s["text"] for s in sample["segments"] if s["train"])
        if sample["end"] == "eos":
            assert labels[-1] == tokenizer.eos_token_id
says("tokens: decode to the text, labels to what trains, end of turn trained (transformers)")

# Our tokenizer and transformers' give the same ids for every segment, special tokens spelled out included.
probes = {s["text"] for row in canonical for s in row["segments"]}
probes |= {"naïve 漢字 🎉\r\n\t x  y", "<think>\n</think>", "a<|im_end|>b", "12345 + 6", "\u0000\u200d\ufeff"}
with open(os.path.join(os.path.dirname(sys.argv[1]), "probes.json"), "w", encoding="utf-8") as file:
    json.dump(sorted(probes), file)
script = """
const { openTokenizerFile } = await import(process.argv[1]);
const { readFileSync } = await import("node:fs");
const tokenizer = openTokenizerFile(process.argv[2]);
const probes = JSON.parse(readFileSync(process.argv[3], "utf8"));
console.log(JSON.stringify(probes.map((text) => [tokenizer.encode(text, true), tokenizer.encode(text, false)])));
"""
ours = json.loads(
    subprocess.run(
        ["node", "--input-type=module", "-e", script, os.path.join(root, "dist/data/tokenizer-file.js"), os.path.join(sys.argv[2], "tokenizer.json"), file.name],
        check=True, capture_output=True, text=True,
    ).stdout
)
for text, (special, plain) in zip(sorted(probes), ours, strict=True):
    assert tokenizer(text, add_special_tokens=False)["input_ids"] == special, text
    assert tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"] == plain, text
says(f"tokenizer: {len(probes)} texts have the same ids here and in transformers, with special tokens and without")

# TRL: one step on a tiny random Qwen2; the labels that reach the model are those that were exported.
config = Qwen2Config(vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=True)
for name, packing in (("trl", False), ("trl", True), ("tokens", False)):
    for parquet in (False, True):
        rows = rows_of(by_name[name, parquet])
        exported = sum(label != -100 for row in rows for label in row["labels"])
        longest = max(len(row["input_ids"]) for row in rows)
        torch.manual_seed(0)
        trainer = SFTTrainer(
            Qwen2ForCausalLM(config),
            args=SFTConfig(output_dir=os.path.join(os.path.dirname(sys.argv[1]), "sft"), max_steps=1, per_device_train_batch_size=4, use_cpu=True, bf16=False, gradient_checkpointing=False, report_to=[], save_strategy="no", packing=packing, max_length=longest if packing else None, loss_type="nll"),
            train_dataset=rows,
            processing_class=tokenizer,
        )
        arrived = sum(label != -100 for row in trainer.train_dataset for label in row["labels"])
        assert arrived == exported, (name, packing, arrived, exported)
        if not packing:
            batch = trainer.data_collator([trainer.train_dataset[i] for i in range(4)])
            for i in range(4):
                length = len(rows[i]["labels"])
                assert batch["labels"][i, :length].tolist() == rows[i]["labels"]
                assert (batch["labels"][i, length:] == -100).all()
        loss = trainer.train().training_loss
        assert loss > 0
    says(f"{name}{', packed' if packing else ''}: SFTTrainer took a step (loss {loss:.2f}); {arrived} labels arrived of {exported}")

# axolotl, template-free: what its strategy does with a row (docs/dataset-formats/template_free) gives our masks.
for parquet in (False, True):
    for row, sample, text in zip(rows_of(by_name["axolotl", parquet]), canonical, texts, strict=True):
        assert set(row) == {"segments"} and all(type(s["label"]) is bool and type(s["text"]) is str for s in row["segments"])
        ids, labels = [], []
        for segment in row["segments"]:
            part = tokenizer(segment["text"], add_special_tokens=False)["input_ids"]
            ids += part
            labels += part if segment["label"] else [-100] * len(part)
        assert tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False) == text
        trained = tokenizer.decode([label for label in labels if label != -100], skip_special_tokens=False, clean_up_tokenization_spaces=False)
        assert trained == "".join(s["text"] for s in sample["segments"] if s["train"])
says("axolotl: segments tokenised as its input_output strategy does have our text and masks")

# Conversations: rendered with the model's own template they are the text that was sampled.
def rendered(messages):
    return tokenizer.apply_chat_template(messages, tokenize=False).removesuffix("\n")


for name in ("messages", "openai", "verl"):
    for parquet in (False, True):
        if (name, parquet) not in by_name:
            continue
        for row, text in zip(rows_of(by_name[name, parquet]), texts, strict=True):
            messages = row["messages"]
            roles = [message["role"] for message in messages]
            assert roles[-2:] == ["user", "assistant"] and set(roles) <= {"system", "user", "assistant"}
            assert rendered([{"role": m["role"], "content": m["content"]} for m in messages]) == text
            if name == "openai":
                # OpenAI: weight is 0 or 1 and stands at the assistant's messages alone.
                assert [m.get("weight") for m in messages] == [None] * (len(messages) - 1) + [1]
    says(f"{name}: rendered with the model's template, it is the sampled text")
for name in glob.glob(os.path.join(by_name["openai", False]["to"], "data", "*.jsonl")):
    for line in open(name, encoding="utf-8"):
        row = json.loads(line)
        assert set(row) == {"messages"} and all(set(m) == ({"role", "content", "weight"} if m["role"] == "assistant" else {"role", "content"}) for m in row["messages"])
says("openai: every line has the documented keys and no others")

# LLaMA-Factory: dataset_info.json leads to the rows, which alternate between human and gpt.
for parquet in (False, True):
    folder = by_name["sharegpt", parquet]["to"]
    info = json.load(open(os.path.join(folder, "dataset_info.json"), encoding="utf-8"))
    kind = "parquet" if parquet else "json"
    total = 0
    for entry in info.values():
        assert entry["formatting"] == "sharegpt" and entry["columns"] == {"messages": "conversations", "system": "system"}
        for row in load_dataset(kind, data_files=os.path.join(folder, entry["file_name"]), split="train"):
            assert [turn["from"] for turn in row["conversations"]] == ["human", "gpt"] * (len(row["conversations"]) // 2)
            total += 1
    assert total == expected(by_name["sharegpt", parquet]) + expected(by_name["sharegpt", parquet], "valid")
says("sharegpt: dataset_info.json leads to all rows, turns alternate")

# verl reads a column of lists of {role, content} with pandas, and takes numpy apart itself.
for name in glob.glob(os.path.join(by_name["verl", True]["to"], "data", "train-*.parquet")):
    for messages in pandas.read_parquet(name)["messages"]:
        assert [set(message) for message in messages.tolist()] == [{"role", "content"}] * len(messages)
says("verl: pandas gives lists of {role, content}")

# The ids beside the rows are those of the rows.
ids = [json.loads(line)["id"] for name in sorted(glob.glob(os.path.join(by_name["tokens", True]["to"], "ids", "train-*.jsonl"))) for line in open(name, encoding="utf-8")]
assert ids == [row["id"] for row in canonical]
says("ids: beside the rows, in their order")
