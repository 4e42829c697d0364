"""Long chains of thought, written by a seeded grammar: plain ones, and ones in which a hint wakes Python.

A document is a list of (text, train) spans in the exact form of the product's trace. What always holds: code follows a
hint or an error of earlier code, never the model's own wish; the hint itself, outputs, slips of the pen and faulty code are
never trained on (train=False), what comes after them is. So the model meets mistakes and learns to mend, not to make them.
Documents after the recipe of START (arXiv 2503.04625): hints at Wait/Alternatively and before the end of thinking.
"""
import re

from cells import run_cell
from wordings import WORDS_ONLY, wording

SYSTEMS = ["You are a helpful assistant.", "You are a careful mathematician.", "Think step by step.",
           "Please reason step by step, and put your final answer within \\boxed{}."]
NO_CALLS = "[No Python calls are left. Finish in words.]\n"


def prompt(ask, system=None):
    head = f"<|im_start|>system\n{system}<|im_end|>\n" if system else ""
    return f"{head}<|im_start|>user\n{ask}<|im_end|>\n<|im_start|>assistant\n<think>\n"


def corrupt(rng, value):
    """A believable wrong value: a digit off by one or two, or two digits swapped."""
    s = str(value)
    for _ in range(20):
        i = rng.randrange(len(s))
        if len(s) > 2 and rng.random() < .2 and i:
            t = s[:i - 1] + s[i] + s[i - 1] + s[i + 1:]
        else:
            t = s[:i] + str((int(s[i]) + rng.choice([-2, -1, 1, 2])) % 10) + s[i + 1:]
        if t != s and (t[0] != "0" or len(t) == 1):
            return int(t)
    return value + 1


class Pen:
    """Writes the steps of a way; can slip at one of them. `spans` grows; `marks` are the places a hint may take over."""

    def __init__(self, rng, slip_at=None, caught=False, check=.06, stubborn=False):
        self.rng, self.slip_at, self.caught, self.check, self.stubborn = rng, slip_at, caught, check, stubborn
        self.slips = {}      # a stubborn pen makes the same slip again in a second pass, as a model does
        self.spans, self.marks, self.count, self.last = [], [], 0, None

    def say(self, text, train=True):
        if not text.endswith((".", "?", ":")) and "=" not in text:
            text += "."
        self.spans.append((text + "\n", train))

    def mark(self, word, text):
        """A line that begins with a reflection word; a hint can be put in right after the word."""
        self.marks.append(len(self.spans))
        self.spans += [(word, True), (", " + text + "\n", True)]

    def calc(self, expression, value):
        self.count += 1
        if expression in self.slips:
            self.say(f"{expression}={self.slips[expression]}", False)
            return self.slips[expression]
        if self.count == self.slip_at and isinstance(value, int) and value >= 0:
            wrong = corrupt(self.rng, value)
            self.say(f"{expression}={wrong}", False)
            if self.stubborn:
                self.slips[expression] = wrong
            if not self.caught:
                return wrong
            self.mark("Wait", self.rng.choice(["let me check that step.", "that does not look right.", "is that right?"]))
            self.say(f"{expression}={value}, not {wrong}.")
            return value
        self.say(f"{expression}={value}")
        self.last = (expression, value)
        if self.rng.random() < self.check:
            self.mark("Wait", self.rng.choice(["let me check that step.", "is that right?", "let me look at that again."]))
            self.say(f"{expression}={value}, yes.")
        return value


def walk(pen, item, way, again=False):
    """One approach from its plan to its value."""
    name, steps = way
    r = pen.rng
    if not again:
        pen.say(r.choice([f"I can {name}.", f"One way is to {name}.", f"Let me {name}.",
                          f"My plan is to {name}."]))
    return steps(pen)


def think(rng, item, slip=None, caught=False, short=False, stubborn=False):
    """A whole chain of thought by hand. Returns (pen, value, where the value first stood)."""
    pen = Pen(rng, slip, caught, 0 if short else .06, stubborn)
    pen.say(rng.choice([f"Okay, I have to {item.goal}.", f"Okay, let me {item.goal}.", f"The task is to {item.goal}.",
                        f"I need to {item.goal}.", f"Alright, I want to {item.goal}."]))
    way = rng.choice(item.ways)
    value = walk(pen, item, way)
    pen.say(rng.choice([f"So I get {value}.", f"That gives {value}.", f"So the value is {value}."]))
    known = len(pen.spans)
    others = [w for w in item.ways if w is not way]
    # Greedy decoding shows the likeliest branch alone: a second approach or a second pass has to be the rule.
    x = rng.random()
    if others and x < (.3 if short else .8):
        pen.mark("Alternatively", rng.choice([f"I can {others[0][0]}.", f"let me {others[0][0]}."]))
        value = compare(pen, item, value, walk(pen, item, others[0], again=True))
    elif not others and known < 20 and x < (.25 if short else .75):
        pen.mark("Wait", "let me go through it once more to be sure." if rng.random() < .7 else rng.choice(
            ["let me do it once more to be sure.", "I should go through it again.", "let me redo this slowly."]))
        value = compare(pen, item, value, walk(pen, item, way, again=True))
    elif pen.last and rng.random() < .6:
        expression, last = pen.last
        pen.mark("Wait", "let me double check the last step." if rng.random() < .7 else "was the last step right?")
        pen.say(f"{expression}={last}. Yes, that is right.")
    else:
        short = False
    if not short and rng.random() < .7:
        pen.mark("Wait", "did I read the problem right?" if rng.random() < .7 else "is that what was asked?")
        pen.say(f"I had to {item.goal}. Yes." if rng.random() < .7 else f"The question was to {item.goal}. Good.")
    if not pen.marks:
        pen.mark("Wait", "did I miss anything?")
        pen.say("No, all the steps are done.")
    pen.say(f"So the result is {value}.")
    return pen, value, known


def compare(pen, item, before, now):
    if before == now:
        pen.say(pen.rng.choice([f"This also gives {now}. Good.", f"I get {now} again, so both agree.", f"Again {now}. That fits."]))
        return now
    pen.say(f"Now I get {now}, but before it was {before}.")
    if now == item.answer:
        pen.say("Hmm, I must have slipped the first time.")
    return now


def ending(value):
    return [("</think>\n\nThe answer is \\boxed{" + str(value) + "}.<|im_end|>", True)]


def header(rng, item):
    ask = rng.choice(item.asks)
    if rng.random() < .08:
        ask += rng.choice([" ", "\n", "\n\n"]) + SYSTEMS[3]
    return [(prompt(ask, rng.choice(SYSTEMS) if rng.random() < .15 else None), False)]


def plain(rng, item):
    x = rng.random()
    slip, caught = (rng.randint(1, 6), x < .06) if x < .16 else (None, False)
    pen, value, _ = think(rng, item, slip, caught)
    if value != item.answer:  # a slip that was never found would teach a wrong answer
        pen, value, _ = think(rng, item)
    return header(rng, item) + pen.spans + ending(value)


def by_hand(rng, item):
    """A hint that names no tool and opens no fence: the model goes on in words."""
    pen, value, _ = think(rng, item, short=True)
    redo = Pen(rng, check=0)
    again = rng.choice(item.ways)[1](redo)
    hint = [("Wait", False), (", " + rng.choice(WORDS_ONLY) + ".\n", False)]
    return header(rng, item) + pen.spans + hint + redo.spans + [(f"I get {again} again.\nSo the result is {again}.\n", True)] + ending(again)


# ---- Python

def wrong_number(rng, item, source):
    """The source with one number of the problem copied wrongly. Returns (source, the right number, the wrong one)."""
    numbers = sorted({n for n in re.findall(r"\d+", source) if int(n) > 9 and int(n) in item.params})
    if not numbers:
        return None
    n = rng.choice(numbers)
    w = str(corrupt(rng, int(n)))
    return re.sub(rf"\b{n}\b", w, source), n, w


def with_error(rng, source):
    """The source with a slip that raises. Returns (source, what is wrong)."""
    names = [n for n in re.findall(r"^(\w+) \+?=", source, re.M)]
    if source.startswith(("import", "from")):
        return source.split("\n", 1)[1], "The import is missing."
    if names:
        name = rng.choice(names)
        at = source.rfind(name)
        return source[:at] + name + "s" + source[at + len(name):], f"The name {name}s does not exist."
    if "print(" in source:
        return source.replace("print(", "prin(", 1), "The name prin does not exist."
    return None


def hint(rng, word, cut, fence):
    """A reflection word and a wording, in forms beyond the grammar too: a person may write anything there."""
    text = rng.choice(WORDS_ONLY) if fence and rng.random() < .15 else wording(rng)
    if rng.random() < .12:
        more = wording(rng)
        text += ". " + more[0].upper() + more[1:]
    opened = ".\n" + ("```python\n" if fence else "")
    if not cut and rng.random() < .06:
        return [(text[0].upper() + text[1:] + opened, False)]
    return [(word, cut), (", " + text + opened, False)]


def hinted(rng, item):
    """One to four rounds of hint, code, output and comparison, after a chain of thought that is whole or cut at a mark."""
    x = rng.random()
    slip = rng.randint(1, 4) if rng.random() < .7 else None
    pen, mine, known = think(rng, item, slip, short=rng.random() < .5, stubborn=rng.random() < .8)
    if x < .15:          # a hint right after the first sentence
        spans, mine, word = pen.spans[:1], None, rng.choice(["Wait", "Wait", "Alternatively"])
    elif x < .5:         # at the first mark, or another one
        at = pen.marks[0] if rng.random() < .7 else rng.choice(pen.marks)
        spans, word = pen.spans[:at], pen.spans[at][0]
        mine = stated(spans) if at >= known else None
    else:                # before the end of thinking
        spans, word = list(pen.spans), "Wait"
    spans = header(rng, item) + spans
    rounds = rng.choices([1, 2, 3, 4], [.36, .34, .2, .1])[0]
    codes = rng.sample(item.codes, len(item.codes))
    namespace, number, best, earlier = {}, 0, None, []
    for turn in range(rounds):
        fence = rng.random() < .55
        cut = turn == 0 and .15 <= x < .5
        spans += hint(rng, word if turn == 0 else rng.choice(["Wait", "Wait", "Alternatively"]), cut, fence)
        what, source = codes[turn % len(codes)]
        if not fence and rng.random() < .3:
            spans.append((f"I write code that {what}.\n", True))
        fault = rng.random()
        if fault < .09 and (bad := with_error(rng, source)):
            number += 1
            output, ok = run_cell(bad[0], namespace, number)
            if not ok:
                spans += block(bad[0], output, fence, False)
                spans.append((bad[1] + rng.choice([" I fix the code.\n", " Let me mend that.\n"]), True))
                fence = False
        wrong = wrong_number(rng, item, source) if .09 < fault < .24 and rounds > 1 and (turn < rounds - 1 or earlier) else None
        number += 1
        output, ok = run_cell(wrong[0] if wrong else source, namespace, number)
        if not ok or not output.strip():
            return hinted(rng, item)
        last_call = turn == rounds - 1 and rng.random() < .06
        spans += block(wrong[0] if wrong else source, output, fence, not wrong, last_call)
        value = output.strip().split("\n")[-1]
        lines, best = judge(rng, item, mine, earlier, best, value, wrong)
        earlier.append((value, wrong))
        spans.append((lines + f"So the result is {best}.\n", True))
    if best != str(item.answer):
        return hinted(rng, item)
    return spans + ending(best)


def stated(spans):
    """The last value that the thinking has named as its result."""
    for text, _ in reversed(spans):
        if found := re.search(r"(?:So I get|That gives|the value is|also gives|I get|Again) (\d+)", text):
            return int(found[1])


def block(source, output, fence_open, train, last_call=False):
    return [(("" if fence_open else "```python\n"), True), (source + "```\n", train),
            (f"```output\n{output}```\n" + (NO_CALLS if last_call else ""), False)]


ORDER = ["first", "second", "third", "fourth"]


def judge(rng, item, mine, earlier, best, value, wrong):
    """What the model says of an output, and the result it now believes in."""
    if not earlier:
        if mine is None:
            return f"The output is {value}.\n", value
        if str(mine) == value:
            return rng.choice([f"The output is {value}, the same as mine.\n", f"The output is {value}. This agrees with my work.\n"]), value
        return f"The output is {value}, but I had {mine}.\n" + rng.choice(
            ["My work by hand has a slip, so I trust the code.\n", "I must have made a mistake by hand. I trust the code.\n"]), value
    if value == best:
        return f"The output is {value} again.\n" + rng.choice(["Both ways agree, so I am sure.\n", "The programs agree. Good.\n"]), value
    lines = f"The output is {value}, but before it was {best}.\n"
    if wrong:  # the new block is the faulty one
        return lines + f"The new code has {wrong[2]} where the problem has {wrong[1]}, so {best} stays.\n", best
    old = next((w for v, w in reversed(earlier) if v == best and w), None)
    if old:
        return lines + f"The earlier code has {old[2]} where the problem has {old[1]}, so I trust the new one.\n", value
    return lines + "I trust the new one.\n", value


def document(rng, item, share=.33):
    """About a third of the documents come with hints; share sets how many."""
    x = rng.random()
    return hinted(rng, item) if x < share else by_hand(rng, item) if x < share + .02 else plain(rng, item)
