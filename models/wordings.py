"""The hint wordings nudge-tiny is trained to obey: a grammar with the six functions of START's library for mathematics.

A wording is what stands between "Wait, " (or "Alternatively, ") and the full stop. About one in six is held out of
training by a hash, so that the evaluation can compare wordings seen and unseen.
"""
import hashlib
from itertools import product

USE = ["maybe I can use", "let me use", "I could use", "I should use", "it is safer to use", "it would help to use",
       "perhaps it is best to use", "I think I should use", "it might be good to use", "I can use", "I want to use"]
TOOL = ["Python", "Python code", "a short Python program", "some Python", "a Python script", "the Python interpreter"]
WORK = ["compute", "calculate", "check", "verify", "work out", "evaluate", "confirm", "test"]
THIS = ["this", "the result", "the value", "this exactly", "the answer", "these numbers", "my calculation"]

# function -> list of (template, slots); {t} a tool, {w} a verb, {x} its object
GRAMMAR = {
    "complex calculation": ["{u} {t} to {w} {x}", "this calculation is long. Let me {w} {x} with {t}",
                            "these numbers are large. I will {w} {x} with {t}",
                            "doing this by hand is error-prone. Let me use {t}",
                            "Python can {w} {x} quickly", "this arithmetic is tedious, so I will run {t}"],
    "self-reflection": ["this has many steps and I may have slipped. Let me {w} it with {t}",
                        "I am not sure about this. I can {w} {x} with {t}",
                        "I may have made a mistake. Let me {w} {x} in Python",
                        "maybe I went wrong somewhere. {t} can tell me", "I want to be sure, so let me {w} {x} with {t}"],
    "logic check": ["let me check my reasoning with {t}", "I can test this logic with {t}",
                    "a small experiment in Python will show whether this holds",
                    "let me confirm each step of the argument with {t}", "does this really hold? I can {w} {x} with {t}"],
    "alternative method": ["another way is to {w} {x} with {t}", "I can try a different method and use {t}",
                           "a brute force in Python would settle this", "let me try all cases with {t}",
                           "let me solve it a second time, now with {t}", "we can simply count the cases with {t}"],
    "general tool use": ["a tool would help here. Let me write {t}", "let me run {t}", "maybe I can write {t} for this",
                         "I have {t} at hand, so let me use it", "Python would be a good idea here",
                         "using {t} here is a good idea", "let me write code to {w} {x}", "I can run code to {w} {x}"],
    "deep thinking": ["let me think about this more deeply and {w} {x} with {t}",
                      "let me look at the structure of the problem with {t}",
                      "this deserves more thought. I will explore it with {t}",
                      "before I answer, let me {w} {x} with {t}", "I should think again, and Python can help me"],
}
# No tool is named: Python follows only where the hint itself opens the fence, otherwise words do.
WORDS_ONLY = ["let me think about this again", "I should check this more carefully", "maybe there is another way to see this",
              "let me go over this once more", "I may have made a mistake somewhere", "let me verify this step by step",
              "this needs a closer look", "let me reconsider the problem", "I should think more deeply about this",
              "is this really right", "let me test this idea", "let me look at it from another side"]
DEFAULT = ["maybe I can use Python to check this", "maybe using Python here is a good idea", "let me use Python to compute this"]


def expand():
    found = {}
    for function, templates in GRAMMAR.items():
        for template in templates:
            slots = [s for s, name in ((USE, "{u}"), (TOOL, "{t}"), (WORK, "{w}"), (THIS, "{x}")) if name in template]
            names = [n for n in "utwx" if "{" + n + "}" in template]
            found.setdefault(function, [])
            found[function].append([template.format(**dict(zip(names, values))) for values in product(*slots)])
    return found


def held_out(wording):
    return wording not in DEFAULT and int(hashlib.sha256(wording.encode()).hexdigest(), 16) % 6 == 0


FUNCTIONS = expand()


def wording(rng, unseen=False):
    """A wording that names a tool: function and template first, so that no template with many slots crowds out the rest."""
    while True:
        if not unseen and rng.random() < .08:
            return rng.choice(DEFAULT)
        text = rng.choice(rng.choice(FUNCTIONS[rng.choice(list(FUNCTIONS))]))
        if held_out(text) == unseen:
            return text
