/**
 * Math-Verify behind a process boundary. It hangs on some inputs, and sympy holds Python's global lock while it does,
 * so that only a kill from outside ends it: that is what this file is for.
 *
 * What always holds: every request ends, in a reply or after `timeLimitMs` of its own work (waiting in line and the
 * start of Python do not count); a comparison that was killed is `unparseable` with the reason, never wrong; one that
 * failed because Python or Math-Verify is not there throws, because that says nothing about the answer. A worker never
 * sees the user's environment variables.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export type Comparison = {
	/** `unchecked`: the gold answer cannot be read, which says nothing of the answer. */
	readonly verdict: "correct" | "wrong" | "unparseable" | "unchecked";
	readonly reason?: string;
	/** How each side was read, where that was asked for: sympy's form as text. */
	readonly parsed?: { readonly gold: readonly string[]; readonly answer: readonly string[] };
};

/** The verifier itself is broken: nothing is known of any answer. */
export class ScoreError extends Error {
	override readonly name = "ScoreError";
}

export type MathVerifyOptions = {
	/** The Python that has math-verify, asked for when the first comparison needs it. */
	readonly python: () => Promise<string>;
	/** For one comparison. */
	readonly timeLimitMs?: number;
	/** From the start of Python to its first word; a cold disk may need long. */
	readonly startLimitMs?: number;
	/** Processes at most; each is started when all others are busy. */
	readonly workers?: number;
};

/** Requests that a worker is given at once. */
const AHEAD = 16;
const KNOWN = 4096;
const KNOWN_CHARS = 2000;
const GUEST = fileURLToPath(new URL("../../src/score/guest/verify_worker.py", import.meta.url));

type Task = {
	readonly gold: string;
	readonly answer: string;
	readonly explain: boolean;
	readonly signal: AbortSignal | undefined;
	readonly resolve: (comparison: Comparison) => void;
	readonly reject: (error: Error) => void;
};

export class MathVerify {
	readonly #python: () => Promise<string>;
	readonly #timeLimitMs: number;
	readonly #startLimitMs: number;
	readonly #workers: number;
	readonly #queue: Task[] = [];
	readonly #idle: Worker[] = [];
	readonly #all = new Set<Worker>();
	#running = 0;
	#closed = false;
	/** Samples of one problem often say the same: what was compared last, oldest first. */
	readonly #known = new Map<string, Comparison>();

	constructor(options: MathVerifyOptions) {
		this.#python = options.python;
		this.#timeLimitMs = options.timeLimitMs ?? 10_000;
		this.#startLimitMs = options.startLimitMs ?? 120_000;
		this.#workers = Math.max(1, options.workers ?? 1);
	}

	/** Whether an answer equals the gold one; not symmetric. Rejects with the signal's reason when that is aborted. */
	async compare(gold: string, answer: string, signal?: AbortSignal): Promise<Comparison> {
		const key = `${gold}\0${answer}`;
		const known = this.#known.get(key);
		if (known && !this.#closed && !signal?.aborted) return known;
		const comparison = await this.#ask(gold, answer, false, signal);
		if (key.length <= KNOWN_CHARS) this.#known.set(key, comparison);
		if (this.#known.size > KNOWN) this.#known.delete(this.#known.keys().next().value!);
		return comparison;
	}

	/** The same with how each side was read. */
	explain(gold: string, answer: string, signal?: AbortSignal): Promise<Comparison> {
		return this.#ask(gold, answer, true, signal);
	}

	#ask(gold: string, answer: string, explain: boolean, signal?: AbortSignal): Promise<Comparison> {
		if (this.#closed) return Promise.reject(new ScoreError("the verifier is closed"));
		const { promise, resolve, reject } = Promise.withResolvers<Comparison>();
		this.#queue.push({ gold, answer, explain, signal, resolve, reject });
		if (this.#running < this.#workers) void this.#serve();
		return promise;
	}

	async close(): Promise<void> {
		this.#closed = true;
		for (const task of this.#queue.splice(0)) task.reject(new ScoreError("the verifier was closed"));
		await Promise.all([...this.#all].map((worker) => worker.end()));
	}

	/**
	 * Works the queue off with one worker, then lays the worker by. It is given several at a time, so that on a busy
	 * machine it need not wait for this process between two of them.
	 */
	async #serve(): Promise<void> {
		this.#running++;
		try {
			while (this.#queue.length > 0) {
				const share = Math.ceil(this.#queue.length / this.#workers);
				const tasks = this.#queue.splice(0, Math.min(AHEAD, share)).filter((task) => !dropped(task));
				const [first] = tasks;
				if (!first) continue;
				try {
					this.#queue.unshift(...(await this.#some(tasks, first.signal)));
				} catch (error) {
					// No worker could be started: the others may have better luck, or be aborted as well.
					first.reject(error instanceof Error ? error : new ScoreError(String(error)));
					if (this.#closed) for (const task of tasks) task.reject(new ScoreError("the verifier was closed"));
					else this.#queue.unshift(...tasks.slice(1));
				}
			}
		} finally {
			this.#running--;
		}
	}

	/** Returns those that the worker did not come to. */
	async #some(tasks: readonly Task[], signal: AbortSignal | undefined): Promise<readonly Task[]> {
		let worker = this.#idle.pop();
		if (!worker?.alive) worker = await this.#start(signal);
		const left = await worker.ask(tasks, this.#timeLimitMs);
		if (worker.alive) this.#idle.push(worker);
		return left;
	}

	async #start(signal: AbortSignal | undefined): Promise<Worker> {
		const python = await this.#python();
		if (this.#closed) throw new ScoreError("the verifier was closed");
		const worker = new Worker(python, () => this.#all.delete(worker));
		this.#all.add(worker);
		await worker.ready(this.#startLimitMs, signal);
		return worker;
	}
}

/** Whether somebody has given it up meanwhile; it is told so. */
function dropped({ signal, reject }: Task): boolean {
	if (!signal?.aborted) return false;
	reject(signal.reason);
	return true;
}

/** One Python process. It takes requests ahead and answers them one after the other. */
class Worker {
	readonly #process: ChildProcessWithoutNullStreams;
	readonly #python: string;
	readonly #gone: Promise<unknown>;
	#next = 1;
	#alive = true;
	#ended = false;
	#complaint = "";
	#heard: ((line: string | undefined) => void) | undefined;
	/** Lines that came before anybody asked. */
	readonly #lines: string[] = [];

	constructor(python: string, onGone: () => void) {
		this.#python = python;
		this.#process = spawn(python, ["-I", "-B", GUEST], { env: { LANG: "C.UTF-8" }, stdio: "pipe" });
		const over = (): void => {
			if (!this.#alive) return;
			this.#alive = false;
			onGone();
			this.#tell(undefined);
		};
		this.#gone = new Promise((resolve) => {
			this.#process.once("close", resolve);
			this.#process.once("error", (error) => {
				this.#complaint = error.message;
				resolve(undefined);
			});
		}).then(over);
		// A worker that dies while it is written to shows in "close"; the pipe's own error would be the same news twice.
		this.#process.stdin.on("error", () => {});
		this.#process.stderr.setEncoding("utf8").on("data", (text: string) => {
			this.#complaint = (this.#complaint + text).slice(-2000);
		});
		createInterface({ input: this.#process.stdout }).on("line", (line) => this.#tell(line));
	}

	get alive(): boolean {
		return this.#alive;
	}

	async ready(limitMs: number, signal: AbortSignal | undefined): Promise<void> {
		const line = await this.#hear(limitMs, signal);
		if (typeof line === "string" && line.includes('"ready"')) return;
		await this.kill();
		const why =
			line === "late" ? `it said nothing for ${Math.round(limitMs / 1000)} s` : lastLine(this.#complaint);
		throw new ScoreError(
			`Math-Verify did not start with ${this.#python}: ${why}. ` +
				"Answers that need algebra cannot be checked until that Python has math-verify 0.9.0.",
		);
	}

	/**
	 * Judges tasks in order, and settles each; returns those that it did not come to, because it had to be killed or died.
	 * The time of a task runs from when the one before it was answered.
	 */
	async ask(tasks: readonly Task[], limitMs: number): Promise<readonly Task[]> {
		const from = this.#next;
		this.#next += tasks.length;
		const lines = tasks.map(({ gold, answer, explain }, i) =>
			JSON.stringify({ id: from + i, gold, answer, explain, seconds: limitMs / 1000 }),
		);
		this.#process.stdin.write(`${lines.join("\n")}\n`);
		for (const [i, task] of tasks.entries()) {
			try {
				const { last, ...comparison } = await this.#answer(from + i, task, limitMs);
				task.resolve(comparison);
				if (last) await this.kill();
			} catch (error) {
				task.reject(error as Error);
				await this.kill();
			}
			if (!this.#alive) return tasks.slice(i + 1);
		}
		return [];
	}

	async #answer(
		id: number,
		{ signal }: Task,
		limitMs: number,
	): Promise<Comparison & { readonly last?: boolean }> {
		const line = await this.#hear(limitMs, signal);
		if (line === "late") {
			await this.kill();
			const reason = `comparing took too long: it was stopped after ${seconds(limitMs)} s`;
			return { verdict: "unparseable", reason };
		}
		if (line === undefined) {
			if (this.#ended) throw new ScoreError("the verifier was closed");
			return { verdict: "unparseable", reason: `Math-Verify died of this answer (${this.#cause()})` };
		}
		const { id: answered, ...reply } = JSON.parse(line) as Comparison & { id: number };
		if (answered !== id) throw new ScoreError("the Math-Verify worker answered out of order");
		return reply;
	}

	/** The verifier is closed: nothing more is judged. */
	async end(): Promise<void> {
		this.#ended = true;
		await this.kill();
	}

	async kill(): Promise<void> {
		this.#process.kill("SIGKILL");
		await this.#gone;
	}

	/** The next line, undefined when the process ended, "late" when the time is up. An abort kills and throws. */
	async #hear(limitMs: number, signal: AbortSignal | undefined): Promise<string | undefined> {
		const there = this.#lines.shift();
		if (there !== undefined && !signal?.aborted) return there;
		if (!this.#alive) return undefined;
		signal?.throwIfAborted();
		const { promise, resolve } = Promise.withResolvers<string | undefined>();
		this.#heard = resolve;
		const timer = setTimeout(() => this.#tell("late"), limitMs);
		const stop = (): void => void this.#process.kill("SIGKILL");
		signal?.addEventListener("abort", stop, { once: true });
		try {
			const line = await promise;
			if (signal?.aborted) await this.kill();
			signal?.throwIfAborted();
			return line;
		} finally {
			clearTimeout(timer);
			signal?.removeEventListener("abort", stop);
		}
	}

	#tell(line: string | undefined): void {
		const heard = this.#heard;
		this.#heard = undefined;
		if (heard) heard(line);
		else if (line !== undefined) this.#lines.push(line);
	}

	#cause(): string {
		const { signalCode, exitCode } = this.#process;
		return signalCode ? `signal ${signalCode}` : `exit code ${exitCode}`;
	}
}

function lastLine(text: string): string {
	return text.trim().split("\n").at(-1) || "it ended without a word";
}

function seconds(ms: number): string {
	return String(Math.round(ms / 100) / 10);
}
