/**
 * `node bench/python.ts`: what a trace's own Python costs, against starting Python anew, in the same run.
 *
 * Opening: `open()`, after which a session with numpy, sympy and scipy loaded waits for its first block, isolated; and
 * the same with the answer of a first block that uses them.
 * Baseline: `python -c "import numpy, sympy, scipy"` of the same environment, not isolated. The two alternate, so that
 * a busy machine burdens both. Blocks: `1 + 1` there and back, one after the other, from TypeScript; and traces of eight
 * blocks that build on each other, against running all earlier blocks again in a new process pool (rerun-all.py).
 * Memory: what a session of its own adds, 250 of them open.
 */
import { execFile, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ensureEnvironment } from "../src/python/environment.ts";
import { openHost } from "../src/python/host.ts";

const ROUNDS = 15;
const OPENS_A_ROUND = 6;
const PAUSE_MS = 60;
const BURST = 16;
const BLOCKS = 2000;
const BLOCK_ROUNDS = 8;
const TRACE = Array.from(
	{ length: 8 },
	(_, at) => `y${at} = sum(range(100)) + ${at}\nx = y${at} * 2\nprint(x)`,
);
const TRACES_A_ROUND = 25;
const OPEN = 250;

const run = promisify(execFile);
const environment = await ensureEnvironment({ onProgress: ({ detail }) => console.error(detail) });
const host = await openHost({ environment });

async function timeMs(what: () => Promise<unknown>): Promise<number> {
	const began = performance.now();
	await what();
	return performance.now() - began;
}

type Opening = { readonly open: number; readonly answered: number };

async function openOnce(): Promise<Opening> {
	const began = performance.now();
	const session = await host.open();
	const open = performance.now() - began;
	const { text } = await session.run("import numpy, sympy, scipy\nint(numpy.ones(3).sum())");
	const answered = performance.now() - began;
	if (text !== "3") throw new Error(text);
	await session.close();
	return { open, answered };
}

const cold: number[] = [];
const spaced: Opening[] = [];
for (let round = 0; round < ROUNDS; round++) {
	const env = { PATH: process.env.PATH, OPENBLAS_NUM_THREADS: "1" };
	cold.push(await timeMs(() => run(environment.python, ["-I", "-c", "import numpy, sympy, scipy"], { env })));
	for (let count = 0; count < OPENS_A_ROUND; count++) {
		await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
		spaced.push(await openOnce());
	}
}
const backToBack: Opening[] = [];
for (let count = 0; count < 30; count++) backToBack.push(await openOnce());
const burst = (await timeMs(() => Promise.all(Array.from({ length: BURST }, openOnce)))) / BURST;

const session = await host.open();
const rates: number[] = [];
for (let round = 0; round < BLOCK_ROUNDS; round++) {
	const took = await timeMs(async () => {
		for (let count = 0; count < BLOCKS; count++) await session.run("1 + 1");
	});
	rates.push(BLOCKS / (took / 1000));
}
await session.close();

/** The whole trace, all blocks anew in a new pool each time. Seconds. */
async function rerunAll(): Promise<number> {
	const child = spawn(environment.python, [join(import.meta.dirname, "rerun-all.py")], {
		stdio: ["pipe", "pipe", "inherit"],
		env: { PATH: process.env.PATH, OPENBLAS_NUM_THREADS: "1" },
	});
	child.stdin.end(`${JSON.stringify(TRACE)}\n`);
	let said = "";
	for await (const piece of child.stdout) said += String(piece);
	const [took, outputs] = JSON.parse(said) as [number, string[]];
	if (outputs.at(-1) !== "9914\n") throw new Error(said);
	return took;
}

async function ourTrace(): Promise<void> {
	const own = await host.open();
	let last = "";
	for (const block of TRACE) last = (await own.run(block)).text;
	if (last !== "9914\n") throw new Error(last);
	await own.close();
}

const inWarm: number[] = [];
const inNew: number[] = [];
const again: number[] = [];
for (let round = 0; round < 7; round++) {
	again.push(TRACE.length / (await rerunAll()));
	const warm = await host.open();
	const tookWarm = await timeMs(async () => {
		for (let count = 0; count < TRACES_A_ROUND; count++) for (const block of TRACE) await warm.run(block);
	});
	await warm.close();
	inWarm.push((TRACES_A_ROUND * TRACE.length) / (tookWarm / 1000));
	const tookNew = await timeMs(async () => {
		for (let count = 0; count < TRACES_A_ROUND; count++) await ourTrace();
	});
	inNew.push((TRACES_A_ROUND * TRACE.length) / (tookNew / 1000));
}

const available = (): number =>
	Number(/MemAvailable:\s+(\d+)/.exec(readFileSync("/proc/meminfo", "latin1"))?.[1]) / 1024;
const beforeMiB = available();
const openMs = await timeMs(async () => {
	const open = await Promise.all(Array.from({ length: OPEN }, () => host.open()));
	await Promise.all(open.map((one) => one.run("import numpy, sympy, scipy\nx = sympy.factorint(360)")));
});
const eachMiB = (beforeMiB - available()) / OPEN;
await host.close();

const at = (values: readonly number[], share: number): number =>
	[...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]!;
const row = (name: string, values: readonly number[]): void =>
	console.log(
		`${name.padEnd(48)} ${`${values.length}`.padStart(4)} ${ms(at(values, 0.5)).padStart(10)} ${ms(at(values, 0.95)).padStart(10)}`,
	);
const ms = (value: number): string => `${value.toFixed(1)} ms`;
const ratio = (name: string, values: readonly number[]): void =>
	console.log(
		`${name.padEnd(53)} ${`${(at(cold, 0.5) / at(values, 0.5)).toFixed(0)} x`.padStart(10)} ${`${(at(cold, 0.95) / at(values, 0.95)).toFixed(0)} x`.padStart(10)}`,
	);
const opened = spaced.map((one) => one.open);
const answered = spaced.map((one) => one.answered);

console.log(
	`Python ${environment.version}, isolated by ${host.isolation.kind}; "x": times faster than the cold start`,
);
console.log(`${"".padEnd(48)} ${"n".padStart(4)} ${"p50".padStart(10)} ${"p95".padStart(10)}`);
row("cold start: import numpy, sympy, scipy", cold);
row(`new isolated session, one every ${PAUSE_MS} ms`, opened);
ratio("", opened);
row("  and its first block answered", answered);
ratio("", answered);
const hurried = backToBack.map((one) => one.answered);
row("back to back, first block answered", hurried);
ratio("", hurried);
console.log(`${BURST} at once, first blocks answered: ${ms(burst)} a session`);
console.log(
	`warm blocks, there and back: median ${at(rates, 0.5).toFixed(0)} a second, ` +
		`from ${Math.min(...rates).toFixed(0)} to ${Math.max(...rates).toFixed(0)} over ${BLOCK_ROUNDS} rounds of ${BLOCKS}`,
);
const rate = (values: readonly number[]): string =>
	`${at(values, 0.5).toFixed(0)} (${at(values, 0.05).toFixed(0)} to ${at(values, 0.95).toFixed(0)})`;
const times = (values: readonly number[]): string => (at(values, 0.5) / at(again, 0.5)).toFixed(0);
console.log(
	`traces of ${TRACE.length} blocks, blocks a second: all run again in a new pool ${rate(again)}; ` +
		`in a warm session ${rate(inWarm)}, ${times(inWarm)} x; with a new session for each trace ${rate(inNew)}, ${times(inNew)} x`,
);
console.log(
	`${OPEN} sessions opened at once and used: ${ms(openMs / OPEN)} and ${eachMiB.toFixed(1)} MiB of memory each`,
);
