/**
 * `node bench/dataset.ts [GB...] [--naive-gb GB] [--rounds N] [--out FOLDER]`: what building D_seed costs, in MB/s and peak memory, at
 * each size (0.25 GB without arguments; the issue asks for 1, 4 and 16, which need that much room on the disk).
 *
 * A plain run and a hinted one are generated on the spot, half of the size each: 16 samples a problem, rollouts of 5 to
 * 60 kB (text of the model with ids and lengths, hints, two blocks with outputs), 40 % correct plain and 60 % hinted, the
 * samples of many problems mixed as a sampler mixes them.
 *
 * Ours: `seed`, and `start` of the hinted run alone (in which every correct rollout goes through all rules), with the
 * rules of the recipe `start`. Every measurement is a process of its own; MB/s are of what it read.
 * Baselines: every line parsed and nothing kept (the floor of whoever parses everything); every line parsed into one
 * array, grouped and chosen from (how it is written in an afternoon), where --naive-gb says that it still fits (1).
 * "x" is against every line parsed in the same round, by CPU time (of all threads), which a machine that others use
 * disturbs less than wall time; 3 rounds up to 1 GB, one above.
 */
import { execFile } from "node:child_process";
import { closeSync, createReadStream, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { makeSeed, makeStart } from "../src/data/dataset/from-runs.ts";
import { readRecipe } from "../src/data/recipe.ts";
import { keyOf, type Rollout } from "../src/data/rollout.ts";
import { ruleContext } from "../src/data/rules/context.ts";
import { rolloutFiles } from "../src/data/run-folder.ts";
import { newSheet, putSheet } from "../src/data/run-sheet.ts";
import type { Span } from "../src/trace/span.ts";
import { heading, line, show, spread } from "./measure.ts";

const SAMPLES = 16;
const BODIES = 200;
/** Problems whose samples come mixed. */
const AT_ONCE = 32;
const FILES = 4;
const WAYS = ["seed", "start", "parse", "array"] as const;
type Way = (typeof WAYS)[number];
const NAMES: Readonly<Record<Way, string>> = {
	seed: "ours, seed, all rules",
	start: "ours, start of the hinted half, all rules",
	parse: "every line parsed, nothing kept",
	array: "every line parsed into one array",
};
type Measured = {
	readonly seconds: number;
	readonly cpuSeconds: number;
	readonly peakMb: number;
	readonly samples: number;
};

/** The same numbers every time. */
function numbers(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
	};
}

const LETTERS = "etaoinshrdlucmfwypvbgkjqxz";

/** Prose of made-up words with numbers, as ids and lengths of about four characters a token have it. */
function prose(tokens: number, random: () => number): Span {
	let text = "";
	const ids: number[] = [];
	const lens: number[] = [];
	for (let i = 0; i < tokens; i++) {
		let word = i % 17 === 16 ? ".\n" : " ";
		const letters = 2 + Math.floor(random() * 4);
		for (let j = 0; j < letters; j++) word += LETTERS[Math.floor(random() ** 2 * LETTERS.length)];
		text += word;
		ids.push(Math.floor(random() * 150_000));
		lens.push(word.length);
	}
	return { kind: "model", text, ids, lens };
}

function bodyOf(tokens: number, random: () => number): Pick<Rollout, "spans" | "calls"> {
	const part = Math.floor(tokens / 3);
	const code = "\n```python\nprint(sum(range(10)))\n```\n";
	const own = (text: string): Span => ({ kind: "model", text, ids: [1, 2, 3], lens: [0, 0, text.length] });
	const output: Span = { kind: "output", text: "```output\n45\n```\n", ids: [4, 5], lens: [0, 16] };
	const spans = [0, 1].flatMap(() => [prose(part, random), own(code), output]);
	const end = own(`\n</think>\n\nThe answer is \\boxed{45}.`);
	const ok = { text: "45\n", verdict: "ok", durationMs: 3, stateLost: false } as const;
	return {
		spans: [...spans, prose(part, random), end],
		calls: [0, 1].map((block) => ({ at: 0, block, code: "print(sum(range(10)))\n", output: ok })),
	};
}

function generate(folder: string, bytes: number, plain: boolean): number {
	const random = numbers(plain ? 1 : 2);
	const sheet = newSheet({
		nudge: "0",
		settings: {
			model: "made",
			exact: true,
			dialect: "qwen",
			policy: plain ? "off" : "auto",
			sampling: { temperature: 0.6, seed: 0 },
			budgets: { maxTokens: 16_384, maxCalls: 6, maxRounds: 1 },
			python: {},
		},
		samples: SAMPLES,
		problems: [{ file: "made.jsonl", sha256: "made", problems: 0 }],
		environment: {},
	});
	mkdirSync(folder, { recursive: true });
	putSheet(folder, sheet, "new");
	// A tail of each of 200 sizes, made once: what differs is put before it.
	const tails = Array.from({ length: BODIES }, (_, index) => {
		const { spans, calls } = bodyOf(330 + Math.floor((3700 * index) / BODIES), random);
		const [first, ...rest] = spans.map((span) => JSON.stringify(span));
		return {
			calls: JSON.stringify(calls),
			first: first!.slice('{"kind":"model","text":"'.length),
			rest: rest.join(","),
		};
	});
	const files = Array.from({ length: FILES }, (_, index) =>
		openSync(join(folder, `rollouts-${index + 1}of${FILES}.jsonl`), "wx"),
	);
	let [written, rollouts] = [0, 0];
	for (let base = 0; written < bytes; base += AT_ONCE) {
		for (let turn = 0; turn < AT_ONCE * SAMPLES && written < bytes; turn++) {
			const problem = base + (turn % AT_ONCE);
			const sample = Math.floor(turn / AT_ONCE);
			const id = `made-${problem}`;
			const { calls, first, rest } = tails[Math.floor(random() * BODIES)]!;
			const right = random() < (plain ? 0.4 * ((problem % 4) / 2) : 0.6);
			const head = {
				key: keyOf(id, sheet.hash, sample),
				problem: {
					id,
					domain: "math",
					problem: `Let n be ${problem}. ${"Find the number of ways to do what is asked of you here. ".repeat(4)}`,
					answer: "45",
				},
				sample,
				settings: { engine: "made", ...sheet.settings },
				verdict: right ? "correct" : "wrong",
				answer: right ? "45" : "44",
				end: { reason: "eos", eos: "<eos>", eosIds: [0] },
				usage: { sampledTokens: 1000, hints: 0, calls: 2, durationMs: 1 },
			};
			// What the first span says of itself makes each trace another one; its lengths are not looked at.
			const text = `${JSON.stringify(head).slice(0, -1)},"hints":[],"calls":${calls},"header":{"text":"<think>\\n"},"spans":[{"kind":"model","text":"Sample ${sample} of ${problem}. ${first},${rest}],"begun":"2026-01-01T00:00:00.000Z"}\n`;
			written += writeSync(files[problem % FILES]!, text);
			rollouts++;
		}
	}
	for (const file of files) closeSync(file);
	return rollouts;
}

async function ours(root: string, way: "seed" | "start"): Promise<number> {
	const out = join(root, `out-${way}`);
	const making = {
		out,
		recipe: readRecipe("start", root),
		nudge: "0",
		context: ruleContext({ env: { NUDGE_HOME: root }, cwd: root }),
	};
	const [plain, hinted] = [join(root, "plain"), join(root, "hinted")];
	const { sheet } =
		way === "seed" ? await makeSeed(plain, [hinted], 0, making) : await makeStart([hinted], making);
	rmSync(out, { recursive: true });
	return sheet.waterfall.samples;
}

async function* linesOf(folder: string): AsyncGenerator<string, void, void> {
	for (const file of rolloutFiles(folder))
		yield* createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
}

async function parseAlone(root: string): Promise<number> {
	let correct = 0;
	for (const folder of ["plain", "hinted"])
		for await (const text of linesOf(join(root, folder)))
			if ((JSON.parse(text) as Rollout).verdict === "correct") correct++;
	return correct;
}

async function inOneArray(root: string): Promise<number> {
	const all: Record<string, Rollout[]> = { plain: [], hinted: [] };
	for (const folder of ["plain", "hinted"])
		for await (const text of linesOf(join(root, folder))) all[folder]!.push(JSON.parse(text) as Rollout);
	const solved = new Set(
		all.plain!.filter(({ verdict }) => verdict === "correct").map(({ problem }) => problem.id),
	);
	const best = new Map<string, Rollout>();
	for (const one of all.hinted!) {
		if (one.verdict !== "correct" || solved.has(one.problem.id)) continue;
		if (!one.calls.some(({ output }) => output?.verdict === "ok")) continue;
		const tokens = ({ spans }: Rollout): number =>
			spans.reduce((sum, { ids }) => sum + (ids?.length ?? 0), 0);
		const there = best.get(one.problem.id);
		if (!there || tokens(one) < tokens(there)) best.set(one.problem.id, one);
	}
	return best.size;
}

async function measured(way: Way, root: string): Promise<Measured> {
	const began = performance.now();
	const before = process.cpuUsage();
	const samples =
		way === "parse"
			? await parseAlone(root)
			: way === "array"
				? await inOneArray(root)
				: await ours(root, way);
	const seconds = (performance.now() - began) / 1000;
	const { user, system } = process.cpuUsage(before);
	return {
		seconds,
		cpuSeconds: (user + system) / 1e6,
		peakMb: process.resourceUsage().maxRSS / 1000,
		samples,
	};
}

const run = promisify(execFile);

async function inChild(way: Way, root: string): Promise<Measured> {
	const memory = way === "array" ? ["--max-old-space-size=12000"] : [];
	const { stdout } = await run(process.execPath, [
		...memory,
		"--disable-warning=ExperimentalWarning",
		fileURLToPath(import.meta.url),
		"--way",
		way,
		"--at",
		root,
	]);
	return JSON.parse(stdout) as Measured;
}

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: {
		way: { type: "string" },
		at: { type: "string" },
		out: { type: "string" },
		"naive-gb": { type: "string" },
		rounds: { type: "string" },
	},
});

if (values.way) process.stdout.write(JSON.stringify(await measured(values.way as Way, values.at!)));
else {
	heading("Building D_seed of a plain run and a hinted one");
	for (const gb of positionals.length > 0 ? positionals.map(Number) : [0.25]) {
		const root = mkdtempSync(join(values.out ?? tmpdir(), "nudge-bench-dataset-"));
		try {
			const half = (gb * 1e9) / 2;
			const rollouts =
				generate(join(root, "plain"), half, true) + generate(join(root, "hinted"), half, false);
			process.stdout.write(`${gb} GB, ${rollouts} rollouts of ${((gb * 1e6) / rollouts).toFixed(1)} kB\n`);
			const ways = WAYS.filter((way) => way !== "array" || gb <= Number(values["naive-gb"] ?? 1));
			const rounds = Number(values.rounds ?? (gb <= 1 ? 3 : 1));
			const found = new Map<Way, Measured[]>(ways.map((way) => [way, []]));
			// In turns, so that what else the machine does weighs on all of them.
			for (let round = 0; round < rounds; round++)
				for (const way of ways) found.get(way)!.push(await inChild(way, root));
			const megabytes = (way: Way): number => gb * (way === "start" ? 500 : 1000);
			const byCpu = (way: Way, { cpuSeconds }: Measured): number => megabytes(way) / cpuSeconds;
			for (const [way, all] of found) {
				const wall = spread(all.map(({ seconds }) => megabytes(way) / seconds));
				const cpu = spread(all.map((one) => byCpu(way, one)));
				const parsed = found.get("parse")!.map((one) => byCpu("parse", one));
				const ratio = spread(all.map((one, round) => byCpu(way, one) / parsed[round]!));
				const peak = Math.max(...all.map(({ peakMb }) => peakMb));
				line(
					NAMES[way],
					`${peak.toFixed(0)} MB peak, ${all[0]!.samples} ${way === "parse" ? "correct" : "samples"}`,
				);
				line("", `${show(wall, " MB/s", 0)}`);
				line("", `${show(cpu, " MB per CPU second", 0)}; ${show(ratio, " x", 2)}`);
			}
		} finally {
			rmSync(root, { recursive: true, force: true });
		}
	}
}
