/**
 * `node bench/verify.ts [FILE]`: answers judged a second, gold answers against themselves and against those of other
 * problems, by nudge (the quick look, then Math-Verify in worker processes) and by Math-Verify alone in one process that
 * is warm; the two in turns, each round with fresh processes, their start left out. The number of answers on which they
 * disagree must be 0. FILE: problems with gold answers; without one, answers of the kinds that contests have are made.
 */
import { execFileSync } from "node:child_process";
import { readProblems } from "../src/data/problems.ts";
import { ensureEnvironment } from "../src/python/environment.ts";
import { createVerifier } from "../src/score/verifier.ts";
import type { Problem } from "../src/trace/events.ts";
import { heading, inTurns, line, show } from "./measure.ts";

const ROUNDS = 5;
const WORKERS = 2;

/** Math-Verify as its readme uses it, without its time limits, which cost a signal each. */
const ALONE = `
import json, sys, time, logging
logging.disable(logging.CRITICAL)
from math_verify import parse, verify
pairs = json.load(sys.stdin)
def same(gold, answer):
    try:
        return verify(parse("\\\\boxed{" + gold + "}", parsing_timeout=None), parse("\\\\boxed{" + answer + "}", parsing_timeout=None), timeout_seconds=None)
    except Exception:
        return False
same("1/2", "x")
began = time.perf_counter()
verdicts = [same(gold, answer) for gold, answer in pairs]
print(json.dumps({"seconds": time.perf_counter() - began, "verdicts": verdicts}))
`;

type Pair = readonly [string, string];

/** As MATH500's gold answers are mixed: two thirds numbers, the rest formulas. */
function made(): string[] {
	const kinds: ((n: number) => string)[] = [
		(n) => String(n * 7 - 40),
		(n) => String(n * n),
		(n) => String(3 * n + 1),
		(n) => `\\frac{${n + 1}}{${n + 8}}`,
		(n) => `${n}\\sqrt{${n + 2}}`,
		(n) => `\\left( ${n}, \\frac{\\pi}{${n + 1}} \\right)`,
		(n) => `x^2 - ${n}x + ${2 * n}`,
		(n) => String(n + 11),
		(n) => `${n}.5`,
	];
	return Array.from({ length: 360 }, (_, i) => kinds[i % kinds.length]!(Math.floor(i / kinds.length) + 2));
}

async function goldsOf(file: string): Promise<string[]> {
	const golds: string[] = [];
	for await (const { answer } of readProblems(file)) if (answer !== undefined) golds.push(answer);
	return golds;
}

const [file] = process.argv.slice(2);
const { python } = await ensureEnvironment({ onProgress: ({ detail }) => console.error(detail) });
const golds = file === undefined ? made() : await goldsOf(file);
heading(
	`verify: ${golds.length} gold answers${file === undefined ? ", made for this" : ` of ${file.split("/").at(-1)}`}`,
);

for (const [name, pairs] of [
	["against themselves", golds.map((gold): Pair => [gold, gold])],
	["shuffled", golds.map((gold, i): Pair => [gold, golds[(i + 1) % golds.length]!])],
] as const) {
	let theirs: boolean[] = [];
	let disagreements = 0;
	const ours = async (): Promise<number> => {
		const verifier = createVerifier({ python: async () => python, workers: WORKERS });
		const problems = pairs.map(([answer]): Problem => ({ id: "p", domain: "math", problem: "", answer }));
		// Each process is started, and Math-Verify loaded, before the clock runs.
		const warm: Problem = { id: "w", domain: "math", problem: "", answer: "\\frac{1}{2}y" };
		await Promise.all(Array.from({ length: WORKERS }, (_, i) => verifier.verify(warm, `\\boxed{y^${i}}`)));
		const began = performance.now();
		const verdicts = await Promise.all(
			problems.map(
				async (problem, i) => (await verifier.verify(problem, `\\boxed{${pairs[i]![1]}}`)).verdict,
			),
		);
		const seconds = (performance.now() - began) / 1000;
		disagreements += verdicts.filter((verdict, i) => (verdict === "correct") !== theirs[i]).length;
		await verifier.close();
		return pairs.length / seconds;
	};
	const alone = (): number => {
		const out = execFileSync(python, ["-I", "-c", ALONE], { input: JSON.stringify(pairs), encoding: "utf8" });
		const { seconds, verdicts } = JSON.parse(out) as { seconds: number; verdicts: boolean[] };
		theirs = verdicts;
		return pairs.length / seconds;
	};
	const rates = await inTurns(ROUNDS, ours, alone);
	line(`${name}: nudge, ${WORKERS} workers`, `${show(rates.ours, "/s", 0)}`);
	line(`${name}: Math-Verify alone`, `${show(rates.baseline, "/s", 0)}`);
	line(`${name}: times as fast`, show(rates.ratio));
	line(`${name}: disagreements in ${ROUNDS} rounds`, String(disagreements));
	if (disagreements > 0) process.exitCode = 1;
}
