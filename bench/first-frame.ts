/**
 * From the start of `nudge` to its first frame on a real pty, in turns with a plain Ink program that shows one line, and
 * with Node doing nothing. The model loads behind the first frame.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { heading, line, show, spread } from "./measure.ts";

const pty = createRequire(import.meta.url)("node-pty") as {
	spawn(
		file: string,
		args: readonly string[],
		options: { cols: number; rows: number; env: NodeJS.ProcessEnv },
	): {
		onData(listener: (data: string) => void): void;
		onExit(listener: () => void): void;
		kill(signal?: string): void;
	};
};

const TIMES = 15;
const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "nudge-first-"));
const plain = join(root, "node_modules", `.first-frame-${process.pid}.mjs`);
writeFileSync(
	plain,
	'import { render, Text } from "ink"; import { createElement } from "react"; render(createElement(Text, null, "nudge"), { alternateScreen: true }); setInterval(() => {}, 1000);',
);

/** Milliseconds until the terminal was sent `says`; undefined `says`: until the program ended. */
function until(args: readonly string[], says: string | undefined): Promise<number> {
	const { CI: _, ...env } = process.env;
	const from = performance.now();
	const child = pty.spawn(process.execPath, args, {
		cols: 200,
		rows: 50,
		env: { ...env, TERM: "xterm-256color", NUDGE_HOME: folder, NODE_ENV: "production" },
	});
	return new Promise((resolve) => {
		let seen = "";
		let took = Number.NaN;
		child.onData((data) => {
			seen += data;
			if (says === undefined || !Number.isNaN(took) || !seen.includes(says)) return;
			took = performance.now() - from;
			child.kill();
		});
		child.onExit(() => resolve(Number.isNaN(took) ? performance.now() - from : took));
	});
}

const ours: number[] = [];
const ink: number[] = [];
const nothing: number[] = [];
for (let n = 0; n <= TIMES; n++) {
	const all = [
		await until([join(root, "bin", "nudge.cjs")], "a new session"),
		await until([plain], "nudge"),
		await until(["-e", "0"], undefined),
	] as const;
	// The first round fills the compile cache.
	if (n === 0) continue;
	ours.push(all[0]);
	ink.push(all[1]);
	nothing.push(all[2]);
}
rmSync(folder, { recursive: true, force: true });
rmSync(plain);
heading("From the start to the first frame, 200x50, in a pty");
line("nudge (launcher, then the screen)", show(spread(ours), " ms", 0));
line("a plain Ink program with one line", show(spread(ink), " ms", 0));
line("node -e 0", show(spread(nothing), " ms", 0));
line("nudge / plain Ink", show(spread(ours.map((value, n) => value / (ink[n] ?? 1))), "", 2));
