"""Compares answers with Math-Verify, one JSON line in, one JSON line out. Runs in nudge's own Python environment.

    {"id": 1, "gold": "\\frac{1}{2}", "answer": "0.5", "seconds": 10}
 -> {"id": 1, "verdict": "correct"}

With "explain": true the reply also says how each side was read: {"parsed": {"gold": ["1/2"], "answer": ["0.5"]}}.
A gold answer that cannot be read is "unchecked": it says nothing of the answer.

What always holds: the first line written is {"ready": true, ...}; every request gets one reply or the death of the
process, which the caller tells apart; nothing here measures time, because sympy holds the interpreter for seconds on
some inputs and only a kill from outside ends it. An alarm with the kernel's default action is armed a little later
than the caller's limit, so that a worker whose caller is gone does not spin for ever.
Both sides are wrapped in \\boxed{}; comparing is asymmetric (gold first). "wrong" is said only of two things that were
both understood.
Method: Math-Verify 0.9.0, https://github.com/huggingface/Math-Verify
"""
import json
import os
import re
import resource
import signal
import sys
from functools import lru_cache

MEMORY_BYTES = 2 << 30
# "$1$ or $2$": a text that says itself where its mathematics is; an escaped dollar is money
DELIMITED = re.compile(r"(?<!\\)\$")


def limit():
    """Less of everything that comparing two expressions does not need."""
    for what, amount in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)):
        try:
            resource.setrlimit(what, (amount, amount))
        except (OSError, ValueError):
            pass  # not every system has every limit; the time limit holds anyway


@lru_cache(maxsize=512)
def read(text):
    """What Math-Verify makes of a text. The gold answer of a problem comes again with each of its samples."""
    from math_verify import parse

    # no time limits of its own: they turn "too long" into "wrong"
    whole = "\\boxed" in text or DELIMITED.search(text)
    return tuple(parse(text if whole else "\\boxed{" + text + "}", parsing_timeout=None))


def shown(text):
    """How a side was read, as texts: sympy's form, or the string where it is none."""
    try:
        return [f"{x} ({type(x).__name__})"[:500] for x in read(text)]
    except Exception as error:
        return [f"it cannot be shown ({type(error).__name__})"]


def understood(parsed):
    """The expressions among what Math-Verify extracted; a string among them is what it could not parse."""
    return [x for x in parsed if not isinstance(x, str)]


def short(text):
    return text if len(text) <= 80 else text[:80] + "..."


def compare(gold, answer):
    from math_verify import verify

    try:
        golds = read(gold)
    except RecursionError:
        return "unchecked", "the problem's own answer is nested too deeply"
    if not golds:
        return "unchecked", f"Math-Verify found nothing to compare with in the problem's own answer, {short(gold)}"
    if not understood(golds):
        return "unchecked", f"Math-Verify cannot parse the problem's own answer, {short(gold)}"
    answers = read(answer)
    if not answers:
        return "unparseable", "Math-Verify found no expression in the answer"
    trouble = None
    for g in golds:
        for a in answers:
            try:
                if verify(g, a, timeout_seconds=None, raise_on_error=True):
                    return "correct", None
            except MemoryError:
                raise
            except Exception as error:  # sympy raises anything; another pair may still agree
                trouble = type(error).__name__
    if trouble:
        return "unparseable", f"Math-Verify could not compare the two ({trouble})"
    if not understood(answers):
        return "unparseable", "Math-Verify cannot parse the answer"
    return "wrong", None


def main():
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # whatever a library prints must not look like a reply
    os.dup2(2, 1)
    import logging

    logging.disable(logging.CRITICAL)
    import math_verify  # noqa: F401  the slow import, before "ready"

    compare("1", "2")  # builds the parsers and their caches, so that the first request is not slower than the others
    limit()

    def say(message):
        replies.write(json.dumps(message) + "\n")
        replies.flush()

    say({"ready": True})
    for line in sys.stdin:
        request = json.loads(line)
        signal.setitimer(signal.ITIMER_REAL, request["seconds"] + 5)
        try:
            verdict, reason = compare(request["gold"], request["answer"])
        except MemoryError:
            verdict, reason = "unparseable", f"comparing needed more than {MEMORY_BYTES >> 30} GiB of memory"
        except RecursionError:
            verdict, reason = "unparseable", "the expression is nested too deeply"
        except Exception as error:
            verdict, reason = "unparseable", f"Math-Verify failed ({type(error).__name__})"
        reply = {"id": request["id"], "verdict": verdict}
        if request.get("explain"):
            reply["parsed"] = {"gold": shown(request["gold"]), "answer": shown(request["answer"])}
        signal.setitimer(signal.ITIMER_REAL, 0)
        if reason:
            reply["reason"] = reason
        if reason and "memory" in reason:
            say({**reply, "last": True})
            return  # what is left may be crippled; the caller starts another
        say(reply)


if __name__ == "__main__":
    main()
