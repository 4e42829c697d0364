/**
 * A machine on which scripts run and files lie: a host behind ssh (ssh.ts), or the one that nudge runs on, where that is
 * a cluster's login node.
 */
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { LaunchError } from "./launcher.ts";

export type Ran = { readonly code: number; readonly stdout: Buffer; readonly stderr: string };

export interface Shell {
	/** For messages. */
	readonly name: string;
	/** Runs a POSIX shell script; `args` are its $1, $2, ... Throws LaunchError where the machine cannot be reached. */
	run(script: string, args?: readonly string[], signal?: AbortSignal): Promise<Ran>;
	/** As `run`, for a script that has to succeed: its standard output. */
	must(script: string, args?: readonly string[], signal?: AbortSignal): Promise<string>;
	/** Copies what is in a folder here into a folder there. What is the same there already is not sent again. */
	push(from: string, to: string, onLine?: (line: string) => void, signal?: AbortSignal): Promise<void>;
	/** Copies a folder there into one here; what was cut off goes on where it stopped. */
	pull(from: string, to: string, onLine?: (line: string) => void, signal?: AbortSignal): Promise<void>;
	close(): Promise<void>;
}

/** This machine. */
export class Here implements Shell {
	readonly name = hostname();
	readonly #env: NodeJS.ProcessEnv;

	constructor(env: NodeJS.ProcessEnv = process.env) {
		this.#env = env;
	}

	run(script: string, args: readonly string[] = [], signal?: AbortSignal): Promise<Ran> {
		return spawned("sh", ["-s", "--", ...args], { env: this.#env, stdin: Buffer.from(script), signal });
	}

	async must(script: string, args: readonly string[] = [], signal?: AbortSignal): Promise<string> {
		return succeeded(await this.run(script, args, signal), this.name);
	}

	async push(from: string, to: string): Promise<void> {
		copied(from, to, this.name);
	}

	async pull(from: string, to: string): Promise<void> {
		if (!existsSync(from)) throw new LaunchError(`there is no ${from} on ${this.name}`);
		copied(from, to, this.name);
	}

	async close(): Promise<void> {}
}

function copied(from: string, to: string, name: string): void {
	try {
		mkdirSync(to, { recursive: true });
		cpSync(from, to, { recursive: true, preserveTimestamps: true });
	} catch (error) {
		throw new LaunchError(`on ${name}: ${from} cannot be copied to ${to}: ${(error as Error).message}`);
	}
}

export function succeeded({ code, stdout, stderr }: Ran, name: string): string {
	if (code === 0) return stdout.toString("utf8");
	throw new LaunchError(`on ${name}: ${lastWords(stderr) || `a command failed with exit code ${code}`}`);
}

/** The last line that says something. */
export function lastWords(stderr: string): string {
	const lines = stderr.split("\n").map((line) => line.trim());
	const noise = /^(Connection to .* closed|rsync error:|Warning: Permanently)/;
	return lines.findLast((line) => line !== "" && !noise.test(line)) ?? "";
}

/** For a POSIX shell. */
export function quoted(text: string): string {
	return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Standard output at most: a far side that does not end talking fills no memory. */
const MOST_BYTES = 64 << 20;
const STDERR_CHARS = 16_384;

export type Spawning = {
	readonly env: NodeJS.ProcessEnv;
	readonly stdin: Uint8Array;
	readonly signal?: AbortSignal | undefined;
	/** Told each line instead of keeping the output. */
	readonly onLine?: ((line: string) => void) | undefined;
};

export function spawned(
	program: string,
	args: readonly string[],
	{ env, stdin, signal, onLine }: Spawning,
): Promise<Ran> {
	return new Promise((resolve, reject) => {
		signal?.throwIfAborted();
		const child = spawn(program, args, { env, stdio: "pipe" });
		const out: Buffer[] = [];
		let bytes = 0;
		let stderr = "";
		const abort = (): void => void child.kill("SIGTERM");
		signal?.addEventListener("abort", abort, { once: true });
		const over = (): void => signal?.removeEventListener("abort", abort);
		child.stdout.on("data", (piece: Buffer) => {
			if (onLine) {
				const lines = piece.toString("utf8").split(/[\r\n]/);
				const line = lines.findLast((text) => text.trim() !== "");
				if (line !== undefined) onLine(line.trim());
				return;
			}
			bytes += piece.length;
			if (bytes <= MOST_BYTES) out.push(piece);
			else child.kill("SIGTERM");
		});
		child.stderr.on("data", (piece: Buffer) => {
			stderr = (stderr + piece.toString("utf8")).slice(-STDERR_CHARS);
		});
		child.once("error", (error: NodeJS.ErrnoException) => {
			over();
			const says =
				error.code === "ENOENT" ? `there is no ${program} on this machine: install it` : error.message;
			reject(new LaunchError(says));
		});
		child.once("close", (code, killedBy) => {
			over();
			if (signal?.aborted) reject(signal.reason);
			else if (bytes > MOST_BYTES)
				reject(new LaunchError(`${program} did not stop printing: given up after ${MOST_BYTES} bytes`));
			else resolve({ code: code ?? (killedBy ? 128 : 1), stdout: Buffer.concat(out), stderr });
		});
		// A program that ends before it has read all: its exit code says why.
		child.stdin.on("error", () => {});
		child.stdin.end(stdin);
	});
}
