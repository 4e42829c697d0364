"""Evaluates nudge-tiny on held-out problems: plain, and with one, two and three hints, with real Python.

    python models/evaluate.py --model models/nudge-tiny --n 420 --seed 7 --report models/nudge-tiny/report.json

Greedy decoding, rows in batches. A trace grows only by appending, as the product's loop does it: the model's text up to
a stop, then the hint or the output. Greedy runs repeat themselves, so a hinted run begins with the plain one, cut before
`</think>` or right after the first reflection word; a second round begins with the first one, cut likewise. Every share is given with its Wilson 95 % interval (Wilson,
JASA 1927), and the gain over plain with a paired bootstrap over the problems: one trace per problem, so problems are the
clusters. A trace without a boxed answer counts as not correct and is reported apart.
"""
import argparse
import json
import math
import multiprocessing
import random
import re
import resource
import signal
import time
from collections import defaultdict
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

from cells import run_cell
from documents import NO_CALLS, prompt
from make_data import problems
from wordings import wording

FENCE, MAX_CALLS = "```python\n", 6


def run_last(sources):
    """Worker: the blocks of a trace in a fresh namespace; returns the output of the last and whether it ran."""
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    namespace, text, ok = {}, "", True
    for i, source in enumerate(sources, 1):
        signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(TimeoutError("the block ran too long")))
        signal.alarm(5)
        text, ok = run_cell(source, namespace, i)
        signal.alarm(0)
    return text[:600] + ("\n" if len(text) > 600 else ""), ok


def closes_code(text):
    return text.endswith("\n```\n") and text.rfind(FENCE) > text.rfind("```output\n")


class Trace:
    """One assistant turn: prompt, text so far, and what happened in it."""

    def __init__(self, problem):
        self.problem, self.text, self.tokens, self.blocks, self.errors, self.state = problem, "", 0, [], 0, "thinking"
        self.hints, self.ids = 0, None       # ids: prompt and text as fed to the model; None after a cut: encode anew

    def copy(self):
        t = Trace(self.problem)
        t.__dict__.update({k: (list(v) if isinstance(v, list) else v) for k, v in self.__dict__.items()})
        return t

    @property
    def answer(self):
        found = re.search(r"\\boxed\{([^}]*)\}", self.text.split("</think>")[-1]) if "</think>" in self.text else None
        return found[1].strip() if found else None

    @property
    def correct(self):
        return self.answer == self.problem["answer"]


class Sampler:
    """Greedy batched continuation of texts, each until its own stop."""

    def __init__(self, folder, device, batch):
        self.tok = Tokenizer.from_file(f"{folder}/tokenizer.json")
        self.model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).to(device).eval()
        self.device, self.batch = device, batch
        self.end = self.tok.token_to_id("<|im_end|>")
        self.fences = {i for i in range(self.tok.get_vocab_size()) if "`" in self.decode([i]) or self.decode([i]).endswith("\n")}

    def encode(self, text):
        return self.tok.encode(text, add_special_tokens=False).ids

    def decode(self, ids):
        return self.tok.decode(ids, skip_special_tokens=False)

    def extend(self, traces, cap):
        order = sorted(traces, key=lambda t: len(t.text))
        for i in range(0, len(order), self.batch):
            self.extend_batch(order[i:i + self.batch], cap)

    @torch.inference_mode()
    def extend_batch(self, traces, cap):
        for t in traces:
            if t.ids is None:
                t.ids = self.encode(prompt(t.problem["problem"]) + t.text)
        ids = [t.ids for t in traces]
        width, n = max(map(len, ids)), len(ids)
        x, mask = torch.zeros(n, width, dtype=torch.long), torch.zeros(n, width, dtype=torch.long)
        for row, r in enumerate(ids):
            x[row, width - len(r):], mask[row, width - len(r):] = torch.tensor(r), 1
        x, mask, cache = x.to(self.device), mask.to(self.device), None
        new, live, position = [[] for _ in ids], [True] * n, mask.cumsum(1) - 1
        while sum(live) > n // 2 or (any(live) and n <= 16):   # few left: the caller begins again with those alone
            out = self.model(input_ids=x, attention_mask=mask, position_ids=position.clamp(min=0), past_key_values=cache,
                             use_cache=True, logits_to_keep=1)
            cache, nxt = out.past_key_values, out.logits[:, -1].argmax(-1)
            for row, token in enumerate(nxt.tolist()):
                if not live[row]:
                    continue
                t = traces[row]
                t.tokens += 1
                if token == self.end:
                    t.state = "done"
                else:
                    new[row].append(token)
                    if token in self.fences and closes_code(t.text + self.decode(new[row])):
                        t.state = "code"
                    elif t.tokens >= cap:
                        t.state = "cap"
                    else:
                        continue
                live[row] = False
            x, mask = nxt[:, None], torch.cat((mask, torch.ones_like(nxt[:, None])), 1)
            position = mask.sum(1, keepdim=True) - 1
        for t, r in zip(traces, new):
            t.text += self.decode(r)
            t.ids = t.ids + r


def reason(sampler, pool, traces, cap):
    """Runs every trace on until it is done; the outputs of its code are put in as they come."""
    while live := [t for t in traces if t.state == "thinking"]:
        sampler.extend(live, cap)
        coded = [t for t in live if t.state == "code"]
        for t in coded:
            t.blocks.append(t.text[t.text.rfind(FENCE) + len(FENCE):-len("```\n")])
        for t, (output, ok) in zip(coded, pool.map(run_last, [t.blocks for t in coded])):
            t.errors += not ok
            reply = f"```output\n{output}```\n" + (NO_CALLS if len(t.blocks) >= MAX_CALLS else "")
            t.text, t.ids = t.text + reply, t.ids + sampler.encode(reply)
            t.state = "thinking" if len(t.blocks) <= MAX_CALLS else "cap"


def wilson(k, n, z=1.96):
    if n == 0:
        return [None, None, None]
    p, d = k / n, 1 + z * z / n
    mid, half = (p + z * z / (2 * n)) / d, z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / d
    return [round(100 * x, 1) for x in (p, mid - half, mid + half)]


def gain(plain, other, rng, draws=2000):
    """Mean and 95 % interval of the paired difference in accuracy, in points."""
    d = [100 * (b.correct - a.correct) for a, b in zip(plain, other)]
    means = sorted(sum(rng.choices(d, k=len(d))) / len(d) for _ in range(draws))
    return [round(sum(d) / len(d), 1), round(means[int(.025 * draws)], 1), round(means[int(.975 * draws)], 1)]


def summary(traces, plain, rng):
    n, coded = len(traces), [t for t in traces if t.blocks]
    blocks = sum(len(t.blocks) for t in traces)
    return {"accuracy": wilson(sum(t.correct for t in traces), n), "gain": gain(plain, traces, rng),
            "uses_python": wilson(len(coded), n), "hinted": wilson(sum(t.hints > 0 for t in traces), n),
            "blocks_that_run": wilson(blocks - sum(t.errors for t in traces), blocks),
            "python_without_error": wilson(sum(t.errors == 0 for t in coded), len(coded)),
            "no_answer": wilson(sum(t.answer is None for t in traces), n),
            "mean_blocks": round(blocks / n, 2), "mean_new_tokens": round(sum(t.tokens for t in traces) / n, 1)}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", default="models/nudge-tiny")
    p.add_argument("--split", default="test", choices=["dev", "test"])
    p.add_argument("--n", type=int, default=420)
    p.add_argument("--seed", type=int, default=7)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--batch", type=int, default=128)
    p.add_argument("--quick", action="store_true", help="plain and one round only")
    p.add_argument("--report", help="where to write the figures as JSON")
    p.add_argument("--traces", help="where to write every trace, for reading")
    a = p.parse_args()
    torch.set_num_threads(2)
    began, device = time.time(), "cuda" if torch.cuda.is_available() else "cpu"
    sampler, pool = Sampler(a.model, device, a.batch), multiprocessing.Pool(2)
    rows = list(problems(a.split, a.n, a.seed))
    plain = [Trace(r) for r in rows]
    reason(sampler, pool, plain, 700)
    settings = {"plain": plain}

    def fresh(cut):
        """The plain run up to its cut; what has no such place stays as it was, unhinted."""
        out = []
        for t in plain:
            c = t.copy()
            at = cut(c.text)
            if at is not None:
                c.text, c.state, c.ids = c.text[:at], "place", None
            out.append(c)
        return out

    end = lambda text: text.find("</think>") if "</think>" in text else None
    marker = lambda text: m.end() if (m := re.search(r"(?:^|\n)(?:Wait|Alternatively)", text)) and m.end() < (end(text) or len(text)) else None

    def hinted(name, start, word, fence, unseen=False):
        rng = random.Random(f"{a.seed} {name}")
        for t in start:
            if t.state == "place":
                t.text += f"{word}, {wording(rng, unseen)}.\n" + (FENCE if fence else "")
                t.state, t.hints = "thinking", t.hints + 1
        reason(sampler, pool, start, 1400)
        settings[name] = start
        print(f"{name}: {summary(start, plain, random.Random(0))}  {time.time() - began:.0f} s", flush=True)

    print(f"plain: {summary(plain, plain, random.Random(0))}  {time.time() - began:.0f} s", flush=True)
    hinted("1 round at the end", fresh(end), "Wait", True)
    hinted("1 round at the end, no fence", fresh(end), "Wait", False)
    if not a.quick:
        for i in range(2, a.rounds + 1):
            last = settings[f"{i - 1} round{'s' * (i > 2)} at the end"]
            start = [t.copy() for t in last]
            for t in start:
                if t.state == "done" and (at := end(t.text)):
                    t.text, t.state, t.ids = t.text[:at], "place", None
            hinted(f"{i} rounds at the end", start, "Wait", True)
        hinted("1 round at the end, unseen wordings", fresh(end), "Wait", True, unseen=True)
        hinted("1 round at the end, unseen wordings, no fence", fresh(end), "Wait", False, unseen=True)
        hinted("at the first Wait or Alternatively", fresh(marker), "", True)
        hinted("at the first Wait or Alternatively, no fence", fresh(marker), "", False)

    families = defaultdict(dict)
    for name, traces in settings.items():
        by = defaultdict(list)
        for t in traces:
            by[t.problem["source"].split("/")[1]].append(t.correct)
        for f, xs in by.items():
            families[f][name] = [sum(xs), len(xs)]
    report = {"model": Path(a.model).name, "split": a.split, "problems": a.n, "seed": a.seed, "decoding": "greedy, float32",
              "interval": "Wilson 95 %, one trace a problem; gain: paired bootstrap, 95 %",
              "settings": {k: summary(v, plain, random.Random(0)) for k, v in settings.items()}, "families": families,
              "seconds": round(time.time() - began)}
    if a.report:
        Path(a.report).write_text(json.dumps(report, indent=1) + "\n")
    if a.traces:
        with open(a.traces, "w") as f:
            for name, traces in settings.items():
                for t in traces:
                    f.write(json.dumps({"setting": name, "id": t.problem["id"], "problem": t.problem["problem"], "answer": t.problem["answer"],
                                        "correct": t.correct, "state": t.state, "errors": t.errors, "tokens": t.tokens, "text": t.text}) + "\n")
    print("| setting | accuracy % | gain | uses Python % | blocks that run % | tokens |\n| --- | --- | --- | --- | --- | --- |")
    cell = lambda x: "-" if x[0] is None else f"{x[0]} [{x[1]}, {x[2]}]"
    for name, s in report["settings"].items():
        print(f"| {name} | {cell(s['accuracy'])} | {cell(s['gain'])} | {cell(s['uses_python'])} | {cell(s['blocks_that_run'])} | {s['mean_new_tokens']} |")
    names = list(settings)[:4]
    print("\n| family | " + " | ".join(names) + " |\n|" + " --- |" * (len(names) + 1))
    for f, by in sorted(families.items()):
        print(f"| {f} | " + " | ".join(f"{by[n][0]}/{by[n][1]}" for n in names if n in by) + " |")


if __name__ == "__main__":
    main()
