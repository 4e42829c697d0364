"""The problem families: what nudge-tiny can be asked.

One function per family draws parameters and returns an Item: the question in several phrasings, ways to think it
through by hand, and Python blocks that compute it. What always holds: `answer` is computed here by exact integer
arithmetic and never by a way or a block; parameters whose order does not matter are sorted before they are hashed, so
that no mirror image of a test problem is trained on.
"""
import hashlib
from dataclasses import dataclass
from math import comb, gcd, lcm


@dataclass
class Item:
    family: str
    params: tuple        # canonical: what the split is hashed from
    asks: list           # phrasings of the question
    goal: str            # the question in a few words: "find the gcd of 84 and 126"
    answer: int
    ways: list           # [(name, function of a Pen)]: each writes its steps and returns its value
    codes: list          # [(what it does, source)]: different methods, each prints or shows the answer

    @property
    def key(self):
        return f"{self.family}:{','.join(map(str, self.params))}"

    @property
    def split(self):
        """Tenths by hash: 0 test, 1 dev, the others train."""
        bucket = int(hashlib.sha256(self.key.encode()).hexdigest(), 16) % 10
        return {0: "test", 1: "dev"}.get(bucket, "train")


FAMILIES = {}


def family(make):
    FAMILIES[make.__name__] = make
    return make


def draw(rng, name=None, split=None):
    """An Item of the wished family and split; by rejection, so that a split never changes how parameters are drawn."""
    while True:
        item = FAMILIES[name or rng.choice(list(FAMILIES))](rng)
        if split is None or item.split == split:
            return item


# ---- shared ways of working by hand; `t` is a Pen (documents.py): t.say(text), t.calc(expression, value) -> value

def split_places(n):
    """347 -> [300, 40, 7]"""
    s = str(n)
    return [int(d) * 10 ** (len(s) - 1 - i) for i, d in enumerate(s) if d != "0"]


def times(t, a, b):
    """a*b by the places of b, one product a line, then the running sum."""
    parts = split_places(b)
    if len(parts) == 1:
        return t.calc(f"{a}*{b}", a * b)
    t.say(f"{a}*{b}={'+'.join(f'{a}*{p}' for p in parts)}")
    total = None
    for p in parts:
        x = t.calc(f"{a}*{p}", a * p)
        total = x if total is None else t.calc(f"{total}+{x}", total + x)
    return total


def times_round(t, a, b):
    """a*b from the next ten above b, less what was too much."""
    up = -(-b // 10) * 10
    if up == b:
        return times(t, b, a)
    t.say(f"{b} is {up}-{up - b}.")
    x = t.calc(f"{a}*{up}", a * up)
    y = t.calc(f"{a}*{up - b}", a * (up - b))
    return t.calc(f"{x}-{y}", x - y)


def divisors(n):
    return [d for d in range(1, n + 1) if n % d == 0]


def add_up(t, xs):
    total = xs[0]
    for x in xs[1:]:
        total = t.calc(f"{total}+{x}", total + x)
    return total


# ---- the families

@family
def product(r):
    a, b = r.choice([((12, 99), (3, 9)), ((12, 99), (12, 99)), ((100, 999), (3, 9)), ((100, 999), (12, 99)),
                     ((100, 999), (12, 99)), ((100, 999), (100, 999)), ((100, 999), (100, 999))])
    a, b = sorted((r.randint(*a), r.randint(*b)), reverse=True)
    x, y = (a, b) if r.random() < .6 else (b, a)
    asks = [f"What is {x} * {y}?", f"Compute {x} × {y}.", f"Multiply {x} by {y}.", f"What is {x} times {y}?",
            f"Find the product of {x} and {y}.", f"Calculate {x}*{y}.", f"What is the product of {x} and {y}?",
            f"A hall has {x} rows of {y} seats. How many seats are there?",
            f"There are {x} boxes with {y} pencils in each. How many pencils are there in all?"]
    return Item("product", (a, b), asks, f"multiply {x} by {y}", a * b,
                [("split the product by places", lambda t: times(t, a, b)),
                 ("round one factor up", lambda t: times_round(t, a, b))],
                [("multiplies directly", f"a = {x}\nb = {y}\nprint(a * b)\n"),
                 ("adds one factor again and again", f"total = 0\nfor i in range({y}):\n    total += {x}\nprint(total)\n"),
                 ("sums over a range", f"a = {x}\nb = {y}\nsum(a for i in range(b))\n")])


@family
def product_plus(r):
    a, b = sorted((r.choice([r.randint(11, 99), r.randint(100, 600)]), r.randint(3, 99)), reverse=True)
    c = r.randint(10, 900)
    asks = [f"What is {a} * {b} + {c}?", f"Compute {a} × {b} + {c}.", f"Multiply {a} by {b} and add {c}.",
            f"A store has {a} crates of {b} apples and {c} loose apples. How many apples is that?",
            f"Tom saves {b} dollars a week for {a} weeks. He had {c} dollars before. How many dollars does he have now?"]
    def by_places(t):
        x = times(t, a, b)
        return t.calc(f"{x}+{c}", x + c)
    def by_rounding(t):
        x = times_round(t, a, b)
        return t.calc(f"{x}+{c}", x + c)
    return Item("product_plus", (a, b, c), asks, f"multiply {a} by {b} and add {c}", a * b + c,
                [("multiply first and then add", by_places), ("round one factor up", by_rounding)],
                [("computes it directly", f"a = {a}\nb = {b}\nc = {c}\nprint(a * b + c)\n"),
                 ("adds in a loop", f"total = {c}\nfor i in range({b}):\n    total += {a}\nprint(total)\n"),
                 ("sums a list", f"sum([{a}] * {b}) + {c}\n")])


@family
def power_mod(r):
    a, k, m = r.randint(2, 15), r.randint(3, 10), r.randint(5, 50)
    asks = [f"What is the remainder of {a}^{k} divided by {m}?", f"Find {a}^{k} mod {m}.",
            f"Compute {a} to the power {k} modulo {m}.", f"When {a}^{k} is divided by {m}, what is the remainder?"]
    def one_by_one(t):
        x = a % m
        t.say(f"{a}^1 mod {m} is {x}.")
        for i in range(2, k + 1):
            y = t.calc(f"{x}*{a}", x * a)
            x = y % m if y < m else t.calc(f"{y}-{m}*{y // m}", y % m)
            t.say(f"{a}^{i} mod {m} is {x}.")
        return x
    return Item("power_mod", (a, k, m), asks, f"find {a}^{k} mod {m}", pow(a, k, m),
                [("multiply and reduce at every step", one_by_one)],
                [("uses pow", f"print(pow({a}, {k}, {m}))\n"),
                 ("multiplies in a loop", f"x = 1\nfor i in range({k}):\n    x = x * {a} % {m}\nprint(x)\n"),
                 ("takes the full power", f"n = {a} ** {k}\nn % {m}\n")])


@family
def greatest_divisor(r):
    g = r.choice([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 18, 20])
    a, b = sorted((g * r.randint(2, 24), g * r.randint(2, 24)), reverse=True)
    if a == b:
        a += g
    x, y = (a, b) if r.random() < .5 else (b, a)
    asks = [f"What is the greatest common divisor of {x} and {y}?", f"Find gcd({x}, {y}).",
            f"What is the largest number that divides both {x} and {y}?", f"Find the gcd of {x} and {y}.",
            f"{x} red and {y} blue beads go into equal bags with none left. What is the largest number of bags?"]
    def euclid(t):
        p, q = a, b
        while q and p > 0:
            rest = t.calc(f"{p}-{p // q}*{q}", p % q)
            p, q = q, rest if rest < q else 0
        return p
    def listing(t):
        small = divisors(b)
        t.say(f"The divisors of {b} are {', '.join(map(str, small))}.")
        for d in reversed(small):
            if a % d == 0:
                t.say(f"{a}={d}*{a // d}, so {d} works.")
                return d
            t.say(f"{d} does not divide {a}.")
    return Item("greatest_divisor", (a, b), asks, f"find the gcd of {x} and {y}", gcd(a, b),
                [("use the Euclidean algorithm", euclid)] + ([("list the divisors", listing)] if len(divisors(b)) < 9 else []),
                [("uses math.gcd", f"import math\nprint(math.gcd({x}, {y}))\n"),
                 ("runs the Euclidean algorithm", f"a, b = {x}, {y}\nwhile b:\n    a, b = b, a % b\nprint(a)\n"),
                 ("tries every divisor", f"max(d for d in range(1, {y} + 1) if {x} % d == 0 and {y} % d == 0)\n")])


@family
def least_multiple(r):
    a, b = sorted((r.randint(4, 90), r.randint(3, 60)), reverse=True)
    if a == b:
        a += 1
    x, y = (a, b) if r.random() < .5 else (b, a)
    asks = [f"What is the least common multiple of {x} and {y}?", f"Find lcm({x}, {y}).",
            f"What is the smallest number that both {x} and {y} divide?", f"Find the lcm of {x} and {y}.",
            f"One bus comes every {x} minutes and one every {y} minutes. They come together now. After how many minutes again?"]
    def by_gcd(t):
        p, q = a, b
        while q and p > 0:
            rest = t.calc(f"{p}-{p // q}*{q}", p % q)
            p, q = q, rest if rest < q else 0
        t.say(f"The gcd is {p}.")
        n = t.calc(f"{b}/{p}", b // p)
        return times(t, a, n) if n > 9 else t.calc(f"{a}*{n}", a * n)
    def by_multiples(t):
        n = a
        for i in range(1, 9):
            if a * i % b == 0:
                t.say(f"{b} divides {a * i}.")
                return a * i
            t.say(f"{b} does not divide {a * i}.")
    return Item("least_multiple", (a, b), asks, f"find the lcm of {x} and {y}", lcm(a, b),
                [("find the gcd first", by_gcd)] + ([("go through the multiples", by_multiples)] if lcm(a, b) // a < 9 else []),
                [("uses math.lcm", f"import math\nprint(math.lcm({x}, {y}))\n"),
                 ("divides the product by the gcd", f"from math import gcd\na, b = {x}, {y}\nprint(a * b // gcd(a, b))\n"),
                 ("goes through the multiples", f"n = {x}\nwhile n % {y} != 0:\n    n += {x}\nprint(n)\n")])


@family
def divisor_count(r):
    n = r.randint(12, 600)
    asks = [f"How many divisors does {n} have?", f"How many positive divisors does {n} have?",
            f"Find the number of divisors of {n}.", f"Count the positive integers that divide {n}."]
    def factor(t):
        rest, p, powers = n, 2, []
        while p * p <= rest:
            e = 0
            while rest % p == 0:
                rest = t.calc(f"{rest}/{p}", rest // p)
                e += 1
                if e > 9:
                    return 0
            if e:
                t.say(f"So {p} goes in {e} times.")
                powers.append(e)
            p += 1 if p == 2 else 2
        if rest > 1:
            t.say(f"{rest} is prime.")
            powers.append(1)
        product_ = 1
        for e in powers:
            product_ *= e + 1
        return t.calc("*".join(f"({e}+1)" for e in powers), product_)
    return Item("divisor_count", (n,), asks, f"count the divisors of {n}", len(divisors(n)),
                [("factor the number", factor)],
                [("tries every number", f"n = {n}\nprint(sum(1 for d in range(1, n + 1) if n % d == 0))\n"),
                 ("counts in a loop", f"count = 0\nfor d in range(1, {n} + 1):\n    if {n} % d == 0:\n        count += 1\nprint(count)\n"),
                 ("lists the divisors", f"n = {n}\ndivs = [d for d in range(1, n + 1) if n % d == 0]\nlen(divs)\n")])


@family
def divisor_sum(r):
    n = r.randint(8, 200)
    asks = [f"What is the sum of the divisors of {n}?", f"Find the sum of all positive divisors of {n}.",
            f"Add up all positive integers that divide {n}."]
    def listing(t):
        pairs = [(d, n // d) for d in divisors(n) if d * d <= n]
        t.say(f"The pairs are {', '.join(f'{p}*{q}' for p, q in pairs)}.")
        xs = []
        for p, q in pairs:
            xs.append(p if p == q else t.calc(f"{p}+{q}", p + q))
        return add_up(t, xs)
    return Item("divisor_sum", (n,), asks, f"add up the divisors of {n}", sum(divisors(n)),
                [("find the pairs of divisors", listing)],
                [("tries every number", f"n = {n}\nprint(sum(d for d in range(1, n + 1) if n % d == 0))\n"),
                 ("adds in a loop", f"total = 0\nfor d in range(1, {n} + 1):\n    if {n} % d == 0:\n        total += d\nprint(total)\n"),
                 ("lists the divisors", f"n = {n}\ndivs = [d for d in range(1, n + 1) if n % d == 0]\nsum(divs)\n")])


@family
def digit_sum(r):
    if r.random() < .4:
        n = r.randint(1000, 9999999)
        what, code, params = str(n), str(n), (n,)
    else:
        a, b = sorted((r.choice([r.randint(11, 99), r.randint(100, 999)]), r.randint(11, 99)), reverse=True)
        n, what, code, params = a * b, f"{a} * {b}", f"{a} * {b}", (a, b)
    asks = [f"What is the sum of the digits of {what}?", f"Find the digit sum of {what}.", f"Add the digits of {what}."]
    def by_hand(t):
        m = times(t, *params) if len(params) == 2 else n
        return add_up(t, [int(d) for d in str(m)])
    return Item("digit_sum", params, asks, f"add the digits of {what}", sum(map(int, str(n))),
                [("add the digits one by one", by_hand)],
                [("turns the number into text", f"n = {code}\nprint(sum(int(d) for d in str(n)))\n"),
                 ("takes the digits off one by one", f"n = {code}\ntotal = 0\nwhile n > 0:\n    total += n % 10\n    n //= 10\nprint(total)\n"),
                 ("maps the digits", f"sum(map(int, str({code})))\n")])


@family
def series(r):
    a, d, n = r.randint(1, 60), r.randint(2, 12), r.randint(5, 40)
    asks = [f"What is the sum of the first {n} terms of the arithmetic sequence {a}, {a + d}, {a + 2 * d}, ...?",
            f"An arithmetic sequence starts with {a} and grows by {d}. What is the sum of its first {n} terms?",
            f"A runner runs {a} km on the first day and {d} km more on every next day. How many km is that in {n} days?"]
    def formula(t):
        x = t.calc(f"{n}-1", n - 1)
        x = t.calc(f"{x}*{d}", x * d)
        last = t.calc(f"{a}+{x}", a + x)
        s = t.calc(f"{a}+{last}", a + last)
        p = times(t, s, n)
        return t.calc(f"{p}/2", p // 2)
    return Item("series", (a, d, n), asks, f"add {n} terms that start with {a} and grow by {d}", sum(a + d * i for i in range(n)),
                [("use first and last term", formula)],
                [("adds the terms", f"a, d, n = {a}, {d}, {n}\nprint(sum(a + d * i for i in range(n)))\n"),
                 ("adds in a loop", f"total = 0\nx = {a}\nfor i in range({n}):\n    total += x\n    x += {d}\nprint(total)\n"),
                 ("uses the formula", f"a, d, n = {a}, {d}, {n}\nprint(n * (2 * a + (n - 1) * d) // 2)\n")])


@family
def discount(r):
    p, q = r.randint(2, 90) * 20, r.choice([5, 10, 15, 20, 25, 30, 35, 40, 45, 60])
    asks = [f"A coat costs {p} dollars. It is sold at a discount of {q} percent. What is the new price in dollars?",
            f"A phone of {p} dollars gets {q}% cheaper. What does it cost now?",
            f"What is {p} reduced by {q} percent?"]
    def off(t):
        one = t.calc(f"{p}*{q}", p * q)
        x = t.calc(f"{one}/100", one // 100)
        return t.calc(f"{p}-{x}", p - x)
    def rest(t):
        keep = t.calc(f"100-{q}", 100 - q)
        x = t.calc(f"{p}*{keep}", p * keep)
        return t.calc(f"{x}/100", x // 100)
    return Item("discount", (p, q), asks, f"take {q} percent off {p}", p - p * q // 100,
                [("find the discount first", off), ("find what is left to pay", rest)],
                [("takes the discount off", f"p = {p}\nq = {q}\nprint(p - p * q // 100)\n"),
                 ("uses the rest", f"p = {p}\nkeep = 100 - {q}\nprint(p * keep // 100)\n"),
                 ("works with fractions", f"from fractions import Fraction\nx = {p} * (1 - Fraction({q}, 100))\nprint(x)\n")])


@family
def pairs(r):
    a, b = sorted((r.randint(2, 9), r.randint(3, 12)))
    if a == b:
        b += 1
    c = r.randint(2, 8) * b + r.randint(0, a)
    asks = [f"How many pairs of nonnegative integers (x, y) satisfy {a}x + {b}y = {c}?",
            f"Count the solutions of {a}x + {b}y = {c} in nonnegative integers.",
            f"Pens cost {a} dollars and books {b} dollars. In how many ways can one spend exactly {c} dollars?"]
    def walk(t):
        count = 0
        for y in range(c // b + 1):
            left = t.calc(f"{c}-{b}*{y}", c - b * y)
            if left % a == 0:
                count += 1
                t.say(f"{a} divides {left}: {count} so far.")
            else:
                t.say(f"{a} does not divide {left}.")
        return count
    return Item("pairs", (a, b, c), asks, f"count the solutions of {a}x+{b}y={c}", sum((c - b * y) % a == 0 for y in range(c // b + 1)),
                [("try every y", walk)],
                [("tries every y", f"a, b, c = {a}, {b}, {c}\nprint(sum(1 for y in range(c // b + 1) if (c - b * y) % a == 0))\n"),
                 ("tries all pairs", f"count = 0\nfor x in range({c} + 1):\n    for y in range({c} + 1):\n        if {a} * x + {b} * y == {c}:\n            count += 1\nprint(count)\n"),
                 ("lists the pairs", f"a, b, c = {a}, {b}, {c}\nlen([y for y in range(c + 1) if b * y <= c and (c - b * y) % a == 0])\n")])


@family
def primes(r):
    lo = r.randint(2, 180)
    hi = lo + r.randint(6, 16)
    found = [n for n in range(lo, hi + 1) if n > 1 and all(n % p for p in range(2, n))]
    asks = [f"How many prime numbers are there from {lo} to {hi}?", f"Count the primes between {lo} and {hi} (both included).",
            f"How many numbers from {lo} to {hi} are prime?"]
    def check(t):
        count = 0
        for n in range(lo, hi + 1):
            if n > 2 and n % 2 == 0:
                continue
            p = next((p for p in range(2, n) if n % p == 0), None)
            if p:
                t.say(f"{n}={p}*{n // p}.")
            else:
                count += 1
                t.say(f"{n} is prime: {count}.")
        return count
    return Item("primes", (lo, hi), asks, f"count the primes from {lo} to {hi}", len(found),
                [("check the odd numbers", check)],
                [("tests every number", f"count = 0\nfor n in range({lo}, {hi} + 1):\n    if n > 1 and all(n % p for p in range(2, n)):\n        count += 1\nprint(count)\n"),
                 ("lists the primes", f"ps = [n for n in range({lo}, {hi} + 1) if n > 1 and all(n % p for p in range(2, n))]\nprint(ps)\nlen(ps)\n"),
                 ("counts divisors", f"print(sum(1 for n in range({lo}, {hi} + 1) if sum(n % d == 0 for d in range(1, n + 1)) == 2))\n")])


@family
def squares(r):
    n, e = r.randint(3, 18), r.choice([2, 2, 3])
    m = r.randint(max(1, n - 7), max(1, n - 3))
    word = {2: "squares", 3: "cubes"}[e]
    asks = [f"What is the sum of the {word} of the integers from {m} to {n}?", f"Add the {word} of all numbers from {m} to {n}.",
            f"Compute {m}^{e} + ... + {n}^{e} over all integers from {m} to {n}."]
    def run(t):
        total = m ** e
        t.say(f"{m}^{e}={total}")
        for i in range(m + 1, n + 1):
            x = t.calc(f"{i}^{e}", i ** e)
            total = t.calc(f"{total}+{x}", total + x)
        return total
    return Item("squares", (m, n, e), asks, f"add the {word} from {m} to {n}", sum(i ** e for i in range(m, n + 1)),
                [("add them one by one", run)],
                [("sums a range", f"print(sum(i ** {e} for i in range({m}, {n} + 1)))\n"),
                 ("adds in a loop", f"total = 0\nfor i in range({m}, {n} + 1):\n    total += i ** {e}\nprint(total)\n"),
                 ("lists the terms", f"xs = [i ** {e} for i in range({m}, {n} + 1)]\nsum(xs)\n")])


@family
def either(r):
    a, b = sorted((r.randint(2, 9), r.randint(3, 12)))
    if a == b:
        b += 1
    n = r.randint(20, 500)
    m = lcm(a, b)
    asks = [f"How many integers from 1 to {n} are divisible by {a} or by {b}?",
            f"Count the numbers from 1 to {n} that are multiples of {a} or of {b}."]
    def sieve(t):
        x = t.calc(f"{n}//{a}", n // a)
        y = t.calc(f"{n}//{b}", n // b)
        t.say(f"Both divide the multiples of {m}.")
        z = t.calc(f"{n}//{m}", n // m)
        s = t.calc(f"{x}+{y}", x + y)
        return t.calc(f"{s}-{z}", s - z)
    return Item("either", (a, b, n), asks, f"count the multiples of {a} or {b} up to {n}", n // a + n // b - n // m,
                [("count both and take off what is counted twice", sieve)],
                [("tests every number", f"print(sum(1 for i in range(1, {n} + 1) if i % {a} == 0 or i % {b} == 0))\n"),
                 ("counts in a loop", f"count = 0\nfor i in range(1, {n} + 1):\n    if i % {a} == 0 or i % {b} == 0:\n        count += 1\nprint(count)\n"),
                 ("joins two sets", f"xs = set(range({a}, {n} + 1, {a})) | set(range({b}, {n} + 1, {b}))\nlen(xs)\n")])


@family
def journey(r):
    v, h, w, k = r.randint(11, 180), r.randint(2, 12), r.randint(11, 180), r.randint(2, 12)
    asks = [f"A train goes {v} km an hour for {h} hours and then {w} km an hour for {k} hours. How many km does it go?",
            f"Anna buys {h} books for {v} dollars each and {k} lamps for {w} dollars each. What does she pay in dollars?",
            f"Compute {v} * {h} + {w} * {k}."]
    def both(t):
        x = t.calc(f"{v}*{h}", v * h)
        y = t.calc(f"{w}*{k}", w * k)
        return t.calc(f"{x}+{y}", x + y)
    def other(t):
        y = t.calc(f"{k}*{w}", w * k)
        x = t.calc(f"{h}*{v}", v * h)
        return t.calc(f"{y}+{x}", x + y)
    return Item("journey", (v, h, w, k), asks, f"add {v}*{h} and {w}*{k}", v * h + w * k,
                [("take the two parts one by one", both), ("begin with the second part", other)],
                [("adds the two products", f"first = {v} * {h}\nsecond = {w} * {k}\nprint(first + second)\n"),
                 ("goes through the parts", f"total = 0\nfor a, b in [({v}, {h}), ({w}, {k})]:\n    total += a * b\nprint(total)\n"),
                 ("adds step by step", f"sum([{v}] * {h} + [{w}] * {k})\n")])


@family
def remainder(r):
    a, m = r.randint(100, 99999), r.randint(3, 40)
    asks = [f"What is the remainder when {a} is divided by {m}?", f"Find {a} mod {m}.",
            f"{a} eggs are packed in boxes of {m}. How many eggs are left over?"]
    def long_division(t):
        x = 0
        for digit in str(a):
            x = x * 10 + int(digit)
            if x >= m:
                x = t.calc(f"{x}-{m}*{x // m}", x % m)
            else:
                t.say(f"{x} is less than {m}.")
        return x
    return Item("remainder", (a, m), asks, f"find {a} mod {m}", a % m,
                [("divide digit by digit", long_division)],
                [("uses the remainder operator", f"print({a} % {m})\n"),
                 ("takes the divisor off", f"n = {a}\nwhile n >= {m}:\n    n -= {m}\nprint(n)\n"),
                 ("uses divmod", f"q, rest = divmod({a}, {m})\nrest\n")])


@family
def choose(r):
    n, k = r.randint(5, 60), r.choice([2, 3])
    asks = [f"In how many ways can {k} people be chosen from {n}?", f"Find the binomial coefficient {n} choose {k}.",
            f"How many groups of {k} can be formed from {n} students?"]
    def formula(t):
        p = t.calc(f"{n}*{n - 1}", n * (n - 1))
        if k == 3:
            p = times(t, p, n - 2)
        return t.calc(f"{p}/{k * (k - 1)}", p // (k * (k - 1)))
    return Item("choose", (n, k), asks, f"choose {k} from {n}", comb(n, k),
                [("multiply and divide", formula)],
                [("uses math.comb", f"import math\nprint(math.comb({n}, {k}))\n"),
                 ("counts the groups", f"from itertools import combinations\nprint(len(list(combinations(range({n}), {k}))))\n"),
                 ("uses factorials", f"from math import factorial as f\nf({n}) // f({k}) // f({n} - {k})\n")])


@family
def binary(r):
    n = r.randint(20, 4000)
    asks = [f"How many ones are in the binary form of {n}?", f"Write {n} in binary. How many digits 1 does it have?",
            f"Count the ones of {n} in base 2."]
    def halve(t):
        x, ones = n, 0
        while x:
            ones += x % 2
            t.say(f"{x}=2*{x // 2}+{x % 2}, ones {ones}.")
            x //= 2
        return ones
    return Item("binary", (n,), asks, f"count the ones of {n} in binary", bin(n).count("1"),
                [("halve again and again", halve)],
                [("uses bin", f"print(bin({n}).count('1'))\n"),
                 ("halves in a loop", f"n = {n}\nones = 0\nwhile n > 0:\n    ones += n % 2\n    n //= 2\nprint(ones)\n"),
                 ("looks at the bits", f"n = {n}\nsum((n >> i) & 1 for i in range(12))\n")])


@family
def list_sum(r):
    xs = [r.randint(10, 99) for _ in range(r.randint(3, 8))]
    shown = ", ".join(map(str, xs))
    asks = [f"What is the sum of {shown}?", f"Add the numbers {shown}.",
            f"A shop sold {shown} cakes on {len(xs)} days. How many cakes in all?"]
    return Item("list_sum", tuple(sorted(xs)), asks, f"add {shown}", sum(xs),
                [("add from the left", lambda t: add_up(t, xs)), ("add from the right", lambda t: add_up(t, xs[::-1]))],
                [("sums the list", f"xs = [{shown}]\nprint(sum(xs))\n"),
                 ("adds in a loop", f"total = 0\nfor x in [{shown}]:\n    total += x\nprint(total)\n"),
                 ("writes the sum out", f"{' + '.join(map(str, xs))}\n")])


@family
def equation(r):
    a, x, b = r.randint(2, 25), r.randint(2, 120), r.randint(3, 200)
    c = a * x + b
    asks = [f"Solve {a}x + {b} = {c} for x.", f"For which x is {a}x + {b} = {c}?",
            f"{a} equal tickets and a fee of {b} dollars cost {c} dollars. What does one ticket cost in dollars?"]
    def solve(t):
        y = t.calc(f"{c}-{b}", c - b)
        return t.calc(f"{y}/{a}", y // a)
    return Item("equation", (a, b, c), asks, f"solve {a}x+{b}={c}", x,
                [("take the constant off and divide", solve)],
                [("solves it directly", f"a, b, c = {a}, {b}, {c}\nprint((c - b) // a)\n"),
                 ("tries every x", f"for x in range({c} + 1):\n    if {a} * x + {b} == {c}:\n        print(x)\n"),
                 ("searches a range", f"next(x for x in range({c}) if {a} * x + {b} == {c})\n")])


@family
def recursion(r):
    x, q, c, n = r.randint(1, 12), r.randint(2, 5), r.randint(1, 12), r.randint(3, 7)
    asks = [f"A sequence starts with {x}. Every next term is {q} times the last one plus {c}. What is term {n}?",
            f"Let a_1 = {x} and a_(n+1) = {q}a_n + {c}. Find a_{n}."]
    def run(t):
        y = x
        for i in range(2, n + 1):
            z = t.calc(f"{q}*{y}", q * y)
            y = t.calc(f"{z}+{c}", z + c)
            t.say(f"Term {i} is {y}.")
        return y
    y = x
    for _ in range(n - 1):
        y = q * y + c
    return Item("recursion", (x, q, c, n), asks, f"find term {n} of the sequence that starts with {x}", y,
                [("go term by term", run)],
                [("goes term by term", f"x = {x}\nfor i in range({n} - 1):\n    x = {q} * x + {c}\nprint(x)\n"),
                 ("keeps a list", f"xs = [{x}]\nwhile len(xs) < {n}:\n    xs.append({q} * xs[-1] + {c})\nprint(xs[-1])\n"),
                 ("defines a function", f"def a(n):\n    return {x} if n == 1 else {q} * a(n - 1) + {c}\nprint(a({n}))\n")])
