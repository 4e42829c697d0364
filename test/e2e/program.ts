/**
 * The real program, in a home of its own that shares nothing with the user's but the Python environment (which would
 * take a minute to make for each).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureEnvironment } from "../../src/python/environment.ts";
import type { TraceEvent } from "../../src/trace/events.ts";
import { homes } from "../../src/trace/home.ts";

export const BIN = fileURLToPath(new URL("../../bin/nudge.cjs", import.meta.url));
export const MAKING_TIMEOUT_MS = 600_000;

export type Home = { readonly dir: string; readonly env: NodeJS.ProcessEnv; remove(): void };

export async function makeHome(): Promise<Home> {
	await ensureEnvironment();
	const dir = mkdtempSync(join(tmpdir(), "nudge-e2e-"));
	mkdirSync(join(dir, "data"), { recursive: true });
	symlinkSync(join(homes().data, "python"), join(dir, "data", "python"));
	const { NO_COLOR: _, FORCE_COLOR: __, CI: ___, ...rest } = process.env;
	const env = Object.fromEntries(Object.entries(rest).filter(([name]) => !/^(NUDGE|VITEST)/.test(name)));
	return {
		dir,
		env: { ...env, NUDGE_HOME: dir },
		remove: () => rmSync(dir, { recursive: true, force: true }),
	};
}

export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

export function start(home: Home, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
	return spawn(process.execPath, [BIN, ...args], {
		cwd: home.dir,
		env: { ...home.env, ...env },
		stdio: ["ignore", "pipe", "pipe"],
	});
}

export function ended(child: ChildProcess): Promise<Ended> {
	let stdout = "";
	let stderr = "";
	child.stdout?.setEncoding("utf8").on("data", (text: string) => {
		stdout += text;
	});
	child.stderr?.setEncoding("utf8").on("data", (text: string) => {
		stderr += text;
	});
	return new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
}

export const nudge = (home: Home, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ended> =>
	ended(start(home, args, env));

export const eventsOf = (text: string): TraceEvent[] =>
	text
		.split("\n")
		.filter((line) => line !== "")
		.map((line) => JSON.parse(line) as TraceEvent);

export const journalOf = (home: Home, session: string): TraceEvent[] =>
	eventsOf(readFileSync(join(home.dir, "data", "sessions", session, "journal.jsonl"), "utf8"));

/** The assistant's text that the events of one branch add up to. */
export const textOf = (events: readonly TraceEvent[]): string =>
	events
		.map((event) =>
			event.type === "tokens" || event.type === "hint" || event.type === "output" || event.type === "limit"
				? event.text
				: "",
		)
		.join("");

/** How many processes carry this text in their environment or command line: what a run left behind. */
export function processesWith(mark: string): number[] {
	const { readdirSync } = process.getBuiltinModule("node:fs");
	return readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
		.filter((pid) => {
			try {
				return (
					readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(mark) ||
					readFileSync(`/proc/${pid}/environ`, "utf8").includes(mark)
				);
			} catch {
				return false;
			}
		})
		.map(Number);
}
