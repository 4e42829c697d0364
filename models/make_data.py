"""Makes the problems, the tokenizer and the training documents of nudge-tiny. Everything is seeded.

    python models/make_data.py problems --split test --n 200 --seed 7 > problems.jsonl
    python models/make_data.py tokenizer --out models/nudge-tiny
    python models/make_data.py documents --tokens 16e6 --seed 1 --tokenizer models/nudge-tiny --out data.npz
    python models/make_data.py show --n 4 --seed 3

`documents` holds flat arrays: ids, train (1 where the loss counts) and starts (the offset of every document).
"""
import argparse
import json
import multiprocessing
import random
import sys
from itertools import islice
from pathlib import Path

import numpy as np

from documents import Pen, document
from families import FAMILIES, draw

ADDED = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>"]
# Qwen2's pre-tokenizer: single digits; llama.cpp knows it as "qwen2"
PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
           r"|\s*[\r\n]+|\s+(?!\S)|\s+")


def work_by_hand(item):
    """How long the first way of an item is, in characters."""
    pen = Pen(random.Random(0), check=0)
    item.ways[0][1](pen)
    return sum(len(text) for text, _ in pen.spans)


def problems(split, n, seed, hard=False):
    """n problems of a split, the families in turn, no key twice; a family that has no more to give is left out.
    hard: of three draws the one that takes the longest by hand.
    """
    rng, seen, names, turn = random.Random(seed), set(), list(FAMILIES), 0
    while len(seen) < n and names:
        name = names[turn % len(names)]
        fresh = (i for i in (draw(rng, name) for _ in range(2000)) if i.split == split and i.key not in seen)
        item = max(islice(fresh, 3 if hard else 1), key=work_by_hand, default=None)
        if item is None:
            names.remove(name)
            continue
        turn += 1
        seen.add(item.key)
        yield {"id": f"tiny-{split}-{item.key}", "source": f"nudge-tiny/{item.family}", "domain": "math",
               "problem": rng.choice(item.asks), "answer": str(item.answer)}


def train_tokenizer(out, vocabulary, seed):
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PATTERN), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tok.decoder = decoders.ByteLevel()
    rng = random.Random(seed)
    texts = ("".join(t for t, _ in document(rng, draw(rng, split="train"))) for _ in range(4000))
    strip = lambda t: [p for p in __import__("re").split("|".join(map(__import__("re").escape, ADDED)), t) if p]
    tok.train_from_iterator((p for t in texts for p in strip(t)), trainers.BpeTrainer(
        vocab_size=vocabulary - len(ADDED), initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    # </think> and <think> stay visible in decoded text, as in Qwen3; the other three are control tokens
    for t in ADDED:
        tok.add_tokens([AddedToken(t, special=True, normalized=False)] if t.startswith("<|") else [AddedToken(t, normalized=False)])
    Path(out).mkdir(parents=True, exist_ok=True)
    tok.save(f"{out}/tokenizer.json")
    print(f"{tok.get_vocab_size()} tokens -> {out}/tokenizer.json", file=sys.stderr)


def encode_share(job):
    """One worker's documents, tokenized span by span: exactly how the loop feeds a model that is continued."""
    from tokenizers import Tokenizer
    tokens, seed, path, longest, split, share = job
    tok, rng = Tokenizer.from_file(f"{path}/tokenizer.json"), random.Random(seed)
    ids, train, starts = [], [], []
    while len(ids) < tokens:
        spans = [s for s in document(rng, draw(rng, split=split), share) if s[0]]
        encoded = [e.ids for e in tok.encode_batch([t for t, _ in spans], add_special_tokens=False)]
        if sum(map(len, encoded)) > longest:
            continue
        starts.append(len(ids))
        for span_ids, (_, t) in zip(encoded, spans):
            ids += span_ids
            train += [t] * len(span_ids)
    return np.array(ids, np.uint16), np.array(train, np.uint8), np.array(starts, np.int64)


def write_documents(tokens, seed, path, out, longest, processes, split, share):
    shares = 16
    jobs = [(tokens / shares, seed * 1000 + i, path, longest, split, share) for i in range(shares)]
    with multiprocessing.Pool(processes) as pool:
        parts = pool.map(encode_share, jobs, chunksize=1)
    offsets = np.cumsum([0] + [len(p[0]) for p in parts])
    ids, train = (np.concatenate([p[i] for p in parts]) for i in (0, 1))
    starts = np.concatenate([p[2] + o for p, o in zip(parts, offsets)])
    np.savez(out, ids=ids, train=train, starts=starts)
    print(f"{len(ids):,} tokens, {train.mean():.0%} trained, {len(starts):,} documents -> {out}", file=sys.stderr)


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("command", choices=["problems", "tokenizer", "documents", "show"])
    p.add_argument("--split", default="train", choices=["train", "dev", "test"])
    p.add_argument("--n", type=int, default=200)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--tokens", type=float, default=16e6)
    p.add_argument("--longest", type=int, default=1100, help="documents with more tokens are left out")
    p.add_argument("--vocabulary", type=int, default=1280)
    p.add_argument("--tokenizer", default="models/nudge-tiny")
    p.add_argument("--processes", type=int, default=2)
    p.add_argument("--hinted", type=float, default=.33, help="share of the documents that come with hints")
    p.add_argument("--hard", action="store_true", help="problems that take long by hand")
    p.add_argument("--out")
    a = p.parse_args()
    if a.command == "problems":
        text = "".join(json.dumps(x, ensure_ascii=False) + "\n" for x in problems(a.split, a.n, a.seed, a.hard))
        Path(a.out).write_text(text) if a.out else sys.stdout.write(text)
    elif a.command == "tokenizer":
        train_tokenizer(a.out or a.tokenizer, a.vocabulary, a.seed)
    elif a.command == "documents":
        write_documents(int(a.tokens), a.seed, a.tokenizer, a.out or "data.npz", a.longest, a.processes, a.split, a.hinted)
    else:
        rng = random.Random(a.seed)
        for _ in range(a.n):
            print("".join(t for t, _ in document(rng, draw(rng))), "\n" + "-" * 80)
