"""The baseline of bench/python.ts for many blocks of one trace: a stateless executor, as CoRT's is described in its
repository (github.com/ChengpengLi1003/CoRT at 337dbb7): for each block a new process pool, in which all earlier blocks
run again without their prints, then the new one, whose output is read. Generous: the libraries are loaded beforehand and
the worker is forked with them, and nothing is isolated or limited.

Standard input: a JSON list of blocks. Standard output: how long the whole trace took, in seconds, and its outputs.
"""

import contextlib
import io
import json
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor

import numpy  # noqa: F401
import scipy  # noqa: F401
import sympy  # noqa: F401


def without_prints(code: str) -> str:
    return "\n".join(line for line in code.split("\n") if "print(" not in line)


def run(earlier: list[str], code: str) -> str:
    names: dict = {}
    for block in earlier:
        exec(without_prints(block), names)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, names)
    return out.getvalue()


def main() -> None:
    blocks = json.loads(sys.stdin.readline())
    fork = multiprocessing.get_context("fork")
    began = time.perf_counter()
    outputs = []
    for count, code in enumerate(blocks):
        with ProcessPoolExecutor(1, mp_context=fork) as pool:
            outputs.append(pool.submit(run, blocks[:count], code).result(30))
    print(json.dumps([time.perf_counter() - began, outputs]))


main()
