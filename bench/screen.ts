/**
 * The session's screen at 200x50 while a model streams, against two plain Ink programs in the same run: the whole text in
 * one Text, and its last 8,000 characters in one. For transcripts of several lengths: share of a core, from a key to the
 * changed cell, bytes per frame, memory. `--minutes 10` runs ours alone for that long and says how its memory grew;
 * `--flood` adds 5,000 tokens a second.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import xterm from "@xterm/headless";
import { heading, line, spread } from "./measure.ts";

const pty = createRequire(import.meta.url)("node-pty") as {
	spawn(
		file: string,
		args: readonly string[],
		options: { cols: number; rows: number; env: NodeJS.ProcessEnv },
	): {
		onData(listener: (data: string) => void): void;
		onExit(listener: () => void): void;
		write(data: string): void;
		kill(signal?: string): void;
	};
};

const CHILD = fileURLToPath(new URL("screen-child.ts", import.meta.url));
const SECONDS = 8;
/** Keys are pressed this often, a little off the beat of the frames. */
const KEY_MS = 173;
const KINDS = ["ours", "tail", "whole"] as const;

type Measured = {
	readonly cpu: number;
	readonly frames: number;
	readonly rssMb: number;
	readonly heapMb: number;
	readonly tokensPerSecond: number;
	readonly wallMs: number;
	readonly keys: readonly number[];
	readonly bytes: number;
};

async function measure(
	kind: string,
	characters: number,
	perSecond: number,
	seconds = SECONDS,
): Promise<Measured> {
	const folder = mkdtempSync(join(tmpdir(), "nudge-bench-"));
	const report = join(folder, "report.json");
	const screen = new xterm.Terminal({ cols: 200, rows: 50, allowProposedApi: true });
	const { CI: _, ...env } = process.env;
	const child = pty.spawn(process.execPath, [CHILD, kind, String(characters), String(perSecond), report], {
		cols: 200,
		rows: 50,
		env: { ...env, TERM: "xterm-256color", COLORTERM: "truecolor", NODE_ENV: "production" },
	});
	let bytes = 0;
	let changed = (): void => {};
	child.onData((data) => {
		bytes += data.length;
		screen.write(data, () => changed());
	});
	const ended = new Promise<void>((resolve) => child.onExit(resolve));
	// The mark of the focus: it moves with the key. Ours stands on the left, that of the plain programs on the right.
	const mark = (): string =>
		screen.buffer.active
			.getLine(kind === "ours" ? 1 : 0)
			?.getCell(kind === "ours" ? 0 : 120)
			?.getChars() || " ";
	await sleep(2500);
	// First the stream alone; then keys on top of it.
	const from = bytes;
	await sleep(seconds * 1000);
	child.write("c");
	const sent = bytes - from;
	while (!existsSync(report)) await sleep(20);
	const said = JSON.parse(readFileSync(report, "utf8")) as Omit<Measured, "keys" | "bytes">;
	const keys: number[] = [];
	const until = performance.now() + Math.min(seconds, SECONDS) * 1000;
	for (let n = 0; performance.now() < until; n++) {
		const before = mark();
		const pressed = performance.now();
		await new Promise<void>((resolve) => {
			const timer = setTimeout(resolve, 20_000);
			changed = () => {
				if (mark() === before) return;
				clearTimeout(timer);
				resolve();
			};
			child.write(n % 2 === 0 ? "2" : "1");
		});
		changed = () => {};
		keys.push(performance.now() - pressed);
		await sleep(KEY_MS);
	}
	child.write("q");
	const timer = setTimeout(() => child.kill("SIGKILL"), 30_000);
	await ended;
	clearTimeout(timer);
	rmSync(folder, { recursive: true, force: true });
	return { ...said, keys, bytes: sent };
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function say(kind: string, one: Measured): void {
	const { p50, p95 } = spread(one.keys);
	const perFrame = one.bytes / Math.max(1, one.frames);
	line(
		kind,
		[
			`${(one.cpu * 100).toFixed(0)} % of a core`,
			`key ${p50.toFixed(0)} / ${p95.toFixed(0)} ms`,
			`${(perFrame / 1000).toFixed(1)} kB a frame`,
			`${((one.frames * 1000) / one.wallMs).toFixed(0)} frames/s`,
			`${one.rssMb.toFixed(0)} MB`,
			`${one.tokensPerSecond.toFixed(0)} tok/s`,
		].join(", "),
	);
}

const minutesAt = process.argv.indexOf("--minutes");
if (minutesAt > 0) {
	const minutes = Number(process.argv[minutesAt + 1]);
	heading(`The screen for ${minutes} minutes at 500 tokens/s, from 1,000,000 characters`);
	const short = await measure("ours", 1_000_000, 500, 30);
	say("after half a minute", short);
	const long = await measure("ours", 1_000_000, 500, minutes * 60);
	say(`after ${minutes} minutes`, long);
	line("memory, later / sooner", (long.rssMb / short.rssMb).toFixed(2));
} else {
	heading("The session's screen, 200x50, against plain Ink (key: p50 / p95 to the changed cell)");
	const sizes = process.argv.includes("--quick") ? [10_000, 500_000] : [10_000, 100_000, 500_000, 1_000_000];
	for (const characters of sizes) {
		process.stdout.write(`${characters.toLocaleString("en")} characters, 500 tokens/s\n`);
		const all: Partial<Record<string, Measured>> = {};
		for (const kind of KINDS) {
			const one = await measure(kind, characters, 500);
			all[kind] = one;
			say(
				kind === "ours"
					? "ours"
					: kind === "tail"
						? "plain Ink, last 8,000 characters"
						: "plain Ink, whole text",
				one,
			);
		}
		const { ours, tail, whole } = all;
		if (!ours || !tail || !whole) continue;
		const ratio = (other: Measured): string =>
			`${(ours.cpu / other.cpu).toFixed(2)} of the processor, ${(spread(ours.keys).p95 / spread(other.keys).p95).toFixed(3)} of the key's p95`;
		line("ours / last 8,000", ratio(tail));
		line("ours / whole", ratio(whole));
	}
	process.stdout.write("Flood: 100,000 characters, 5,000 tokens/s\n");
	for (const kind of KINDS) say(kind, await measure(kind, 100_000, 5_000));
}
