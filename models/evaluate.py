"""Evaluates nudge-tiny on held-out problems: plain, and with one, two and three hints, with real Python.

    python models/evaluate.py --model models/nudge-tiny --n 336 --seed 7 --report models/nudge-tiny/report.json

The shipped GGUF runs in llama.cpp (package xllamacpp), greedy, as the product's embedded engine runs it. A trace grows
only by appending: what the model wrote, then the output or the hint. Greedy runs repeat themselves, so a hinted run begins
with the plain one, cut before `</think>` or right after the first reflection word; a second round begins with the first
one, cut likewise. Every share comes with its Wilson 95 % interval (Wilson, JASA 1927), the gain over plain with a paired
bootstrap over the problems; there is one trace a problem, so problems are the clusters. A trace without a boxed answer
counts as not correct and is reported apart.
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
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue

from cells import run_cell
from documents import NO_CALLS, prompt
from make_data import problems
from wordings import wording

FENCE, MAX_CALLS, SECONDS = "```python\n", 6, 5


@dataclass
class Trace:
    """One assistant turn. `blocks` and `errors` count the Python of the whole turn, also what stood before a cut."""
    problem: dict
    text: str = ""
    tokens: int = 0
    blocks: tuple = ()
    errors: int = 0
    hints: int = 0
    state: str = "open"      # open, done, cap (no room left)

    @property
    def answer(self):
        found = re.search(r"\\boxed\{([^}]*)\}", self.text.split("</think>")[-1]) if "</think>" in self.text else None
        return found[1].strip() if found else None

    @property
    def correct(self):
        return self.answer == self.problem["answer"]


def run_last(sources):
    """In a process of its own: the blocks of a trace in a fresh namespace; the output of the last, and whether it ran."""
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    def late(*_):
        raise TimeoutError("the block ran too long")
    namespace, text, ok = {}, "", True
    for number, source in enumerate(sources, 1):
        signal.signal(signal.SIGALRM, late)
        signal.alarm(SECONDS)
        text, ok = run_cell(source, namespace, number)
        signal.alarm(0)
    return text if len(text) <= 600 else text[:600] + "\n", ok


class Engine:
    """llama.cpp servers with one thread each: they never wait for each other, whatever else the machine does."""

    def __init__(self, gguf, workers, pool):
        import xllamacpp
        self.pool, self.free = pool, SimpleQueue()
        for _ in range(workers):
            params = xllamacpp.CommonParams()
            params.model.path, params.n_ctx, params.n_parallel, params.n_gpu_layers = gguf, 2048, 1, 0
            params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
            params.warmup, params.verbosity = False, 0
            self.free.put(xllamacpp.Server(params))

    def finish(self, trace, cap, temperature=0.0):
        """Runs an open trace to its end, putting in the outputs of its code. At most `cap` new tokens, outputs not counted."""
        server = self.free.get()
        try:
            while trace.state == "open":
                out = server.handle_completions({"prompt": prompt(trace.problem["problem"]) + trace.text, "n_predict": cap - trace.tokens,
                                                 "temperature": temperature, "top_p": 0.95, "seed": 1, "stop": ["```\n"], "cache_prompt": True})
                choice = out["choices"][0]
                trace.text += choice["text"]
                trace.tokens += out["usage"]["completion_tokens"]
                in_code = trace.text.rfind(FENCE) > trace.text.rfind("```output\n")
                if choice["finish_reason"] != "stop" or trace.tokens >= cap or len(trace.blocks) > MAX_CALLS:
                    trace.state = "cap"
                elif not in_code:
                    trace.state = "done"
                else:
                    source = trace.text[trace.text.rfind(FENCE) + len(FENCE):]
                    trace.blocks += (source,)
                    output, ok = self.pool.apply(run_last, (trace.blocks,))
                    trace.errors += not ok
                    trace.text += f"```\n```output\n{output}```\n" + (NO_CALLS if len(trace.blocks) >= MAX_CALLS else "")
        finally:
            self.free.put(server)
        return trace


def cut(trace, at, hint):
    """The trace up to `at` with a hint behind it, open again; as it was where there is no such place."""
    return replace(trace) if at is None else replace(trace, text=trace.text[:at] + hint, state="open", hints=trace.hints + 1)


def end_of_thinking(trace):
    return trace.text.find("</think>") if "</think>" in trace.text else None


def first_marker(trace):
    found = re.search(r"(?:^|\n)(?:Wait|Alternatively)", trace.text)
    return found.end() if found else None


def wilson(k, n, z=1.96):
    """Share in percent with its 95 % interval; three Nones where there is nothing to share."""
    if n == 0:
        return [None, None, None]
    p, d = k / n, 1 + z * z / n
    mid, half = (p + z * z / (2 * n)) / d, z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / d
    return [round(100 * x, 1) for x in (p, mid - half, mid + half)]


def gain(before, after, draws=2000):
    """Mean and 95 % interval of the paired difference in accuracy, in points."""
    rng, d = random.Random(0), [100 * (b.correct - a.correct) for a, b in zip(before, after)]
    means = sorted(sum(rng.choices(d, k=len(d))) / len(d) for _ in range(draws))
    return [round(x, 1) for x in (sum(d) / len(d), means[int(.025 * draws)], means[int(.975 * draws)])]


def summary(traces, plain):
    n, coded, blocks = len(traces), [t for t in traces if t.blocks], sum(len(t.blocks) for t in traces)
    hinted = [t for t in traces if t.hints]
    return {"accuracy": wilson(sum(t.correct for t in traces), n), "gain": gain(plain, traces),
            "uses_python": wilson(len(coded), n), "hinted": wilson(len(hinted), n),
            "uses_python_when_hinted": wilson(sum(bool(t.blocks) for t in hinted), len(hinted)),
            "blocks_that_run": wilson(blocks - sum(t.errors for t in traces), blocks),
            "python_without_error": wilson(sum(t.errors == 0 for t in coded), len(coded)),
            "no_answer": wilson(sum(t.answer is None for t in traces), n),
            "mean_blocks": round(blocks / n, 2), "mean_new_tokens": round(sum(t.tokens for t in traces) / n, 1)}


def tables(report):
    cell = lambda x: "-" if x[0] is None else f"{x[0]} [{x[1]}, {x[2]}]"
    lines = ["| setting | accuracy % | gain, points | uses Python % | blocks that run % | blocks | tokens |", "|" + " --- |" * 7]
    for name, s in report["settings"].items():
        lines.append(f"| {name} | {cell(s['accuracy'])} | {'' if name == 'plain' else cell(s['gain'])} | {cell(s['uses_python'])} | "
                     f"{cell(s['blocks_that_run'])} | {s['mean_blocks']} | {s['mean_new_tokens']} |")
    names = [n for n in report["settings"] if n == "plain" or n.endswith("at the end")]
    lines += ["", "| family | " + " | ".join(names) + " |", "|" + " --- |" * (len(names) + 1)]
    for f, by in sorted(report["families"].items()):
        lines.append(f"| {f} | " + " | ".join(f"{by[n][0]}/{by[n][1]}" for n in names) + " |")
    return "\n".join(lines)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", default="models/nudge-tiny")
    p.add_argument("--split", default="test", choices=["dev", "test"])
    p.add_argument("--n", type=int, default=336)
    p.add_argument("--seed", type=int, default=7)
    p.add_argument("--hard", action="store_true", help="problems that take long by hand (make_data.py problems --hard)")
    p.add_argument("--workers", type=int, default=2)
    p.add_argument("--library", default="hints/math.yaml", help="the product's wordings: the items indented by six spaces")
    p.add_argument("--quick", action="store_true", help="plain and one round only")
    p.add_argument("--report", help="where to write the figures as JSON")
    p.add_argument("--traces", help="where to write every trace, for reading")
    a = p.parse_args()
    began, rows, settings = time.time(), list(problems(a.split, a.n, a.seed, a.hard)), {}
    pool = multiprocessing.Pool(a.workers)           # before the engine: the children must not hold its threads
    engine = Engine(f"{a.model}/nudge-tiny.gguf", a.workers, pool)

    def measure(name, traces, cap=1400, temperature=0.0):
        with ThreadPoolExecutor(a.workers) as threads:
            settings[name] = list(threads.map(lambda t: engine.finish(t, cap, temperature), traces))
        s = summary(settings[name], settings["plain"])
        print(f"{name}: {s['accuracy']}, Python {s['uses_python']}, blocks run {s['blocks_that_run']}, {time.time() - began:.0f} s", flush=True)
        write()

    def hinted(name, before, place, word="Wait", fence=True, unseen=False, library=None):
        rng = random.Random(f"{a.seed} {name}")
        hint = lambda: f"{word}, {rng.choice(library) if library else wording(rng, unseen)}.\n" + (FENCE if fence else "")
        measure(name, [cut(t, place(t), hint()) for t in settings[before]])

    def write():
        families = defaultdict(lambda: defaultdict(lambda: [0, 0]))
        for name, traces in settings.items():
            for t in traces:
                count = families[t.problem["source"].split("/")[1]][name]
                count[0] += t.correct
                count[1] += 1
        report = {"model": "nudge-tiny.gguf", "split": a.split, "problems": len(rows), "hard": a.hard, "seed": a.seed, "decoding": "llama.cpp, greedy",
                  "interval": "accuracy and shares: Wilson 95 %, one trace a problem; gain over plain: paired bootstrap 95 %",
                  "settings": {k: summary(v, settings["plain"]) for k, v in settings.items()}, "families": families,
                  "seconds": round(time.time() - began)}
        if a.report:
            Path(a.report).write_text(json.dumps(report, indent=1) + "\n")
        if a.traces:
            Path(a.traces).write_text("".join(json.dumps(
                {"setting": k, "correct": t.correct, "state": t.state, "errors": t.errors, "blocks": len(t.blocks), "tokens": t.tokens,
                 **t.problem, "text": t.text}) + "\n" for k, v in settings.items() for t in v))
        return report

    measure("plain", [Trace(r) for r in rows], 700)
    hinted("1 round at the end", "plain", end_of_thinking)
    if not a.quick:
        library = re.findall(r"^ {6}- (.+)$", Path(a.library).read_text(), re.M)
        hinted("2 rounds at the end", "1 round at the end", end_of_thinking)
        hinted("3 rounds at the end", "2 rounds at the end", end_of_thinking)
        hinted("at the first Wait or Alternatively", "plain", first_marker, word="")
        hinted("1 round, no fence in the hint", "plain", end_of_thinking, fence=False)
        hinted("1 round, unseen wordings", "plain", end_of_thinking, unseen=True)
        hinted("1 round, unseen wordings, no fence", "plain", end_of_thinking, fence=False, unseen=True)
        hinted("at the first Wait or Alternatively, no fence", "plain", first_marker, word="", fence=False)
        hinted("1 round, wordings of the product's library", "plain", end_of_thinking, library=library)
        measure("plain, temperature 0.6", [Trace(r) for r in rows], 700, 0.6)
    print(tables(write()))


if __name__ == "__main__":
    main()
