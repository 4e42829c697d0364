/**
 * Kill tests: run a program, end it with SIGKILL at some instant, and see what it owes.
 *
 * What a program owes is counted by its own clock: each line that it prints is a JSON object with `t`, the milliseconds
 * when it showed what the line says, and whatever it showed more than 100 ms before the last line that it got out must
 * be on disk. So a machine that lets the program wait does not fail the test, and a program that holds text back does.
 */
import { spawn } from "node:child_process";

export type Shown = { readonly t: number; readonly [field: string]: unknown };

export type Killed = {
	/** The lines that came out whole before the end. */
	readonly shown: readonly Shown[];
	/** The program had ended by itself before the kill. */
	readonly endedItself: boolean;
	readonly stderr: string;
};

export type Killable = {
	readonly command: string;
	readonly args: readonly string[];
	readonly env?: NodeJS.ProcessEnv;
	readonly cwd?: string;
	/** Counted from its first output, so that its start does not count. */
	readonly afterMs: number;
};

export function runAndKill({ command, args, env, cwd, afterMs }: Killable): Promise<Killed> {
	const child = spawn(command, args, {
		stdio: ["ignore", "pipe", "pipe"],
		env: { ...process.env, NODE_OPTIONS: "", ...env },
		...(cwd !== undefined && { cwd }),
	});
	let out = "";
	let stderr = "";
	let timer: NodeJS.Timeout | undefined;
	let killed = false;
	child.stdout.setEncoding("utf8").on("data", (text: string) => {
		out += text;
		timer ??= setTimeout(() => {
			killed = child.kill("SIGKILL");
		}, afterMs);
	});
	child.stderr.setEncoding("utf8").on("data", (text: string) => {
		stderr += text;
	});
	return new Promise((done, fail) => {
		child.on("error", fail);
		child.on("close", () => {
			clearTimeout(timer);
			const whole = out.slice(0, out.lastIndexOf("\n") + 1);
			const shown = whole.split("\n").filter(Boolean);
			done({ shown: shown.map((line) => JSON.parse(line) as Shown), endedItself: !killed, stderr });
		});
	});
}

/** What must be on disk: all lines that are more than `marginMs` older than the last one. */
export function owed(shown: readonly Shown[], marginMs = 100): readonly Shown[] {
	const last = shown.at(-1);
	return last ? shown.filter(({ t }) => t < last.t - marginMs) : [];
}
