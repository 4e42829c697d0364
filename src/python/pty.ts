/**
 * The interpreter that a person sees and types into: a real Python prompt on a terminal, in the same namespace and the
 * same isolation as the model's blocks, which are shown there as they run. One queue: while one runs the other waits,
 * and `running` says who it is. What `run` returns is captured apart from the screen, exactly.
 *
 * The terminal lives inside the sandbox; here are its bytes. Feed them to a terminal emulator, and write it the keys.
 */
import { type BlockEnd, frame, idFrame, readBlockEnd } from "./frames.ts";
import type { PythonHost } from "./host.ts";
import type { Interpreter, Limits } from "./interpreter.ts";

export type Runner = "model" | "person" | null;

export type PtyOptions = {
	readonly cols: number;
	readonly rows: number;
	readonly limits?: Partial<Limits>;
	/** Stands above the first prompt. */
	readonly notice?: string;
};

export interface PtyInterpreter extends Interpreter {
	/** Who runs now; the prompt waits where nobody does. */
	readonly running: Runner;
	/** The number of the block that runs, or ran last, as its screen and its tracebacks call it; 0 before the first. */
	readonly block: number;
	/** False after it was lost, until a block or `restart` has opened a new one. */
	readonly connected: boolean;
	onRunning(listener: (running: Runner) => void): void;
	/** A block that had begun has ended; of a lost one nobody can tell. */
	onBlock(listener: (ended: BlockEnd) => void): void;
	/** The session broke off by itself: its namespace is gone. The prompt's history is kept for the next one. */
	onLost(listener: () => void): void;
	/** Bytes for a terminal emulator. */
	onData(listener: (data: Uint8Array) => void): void;
	/** Keys. While the model's block runs they wait for its end, but Ctrl+C interrupts it. */
	write(keys: Uint8Array | string): void;
	resize(cols: number, rows: number): void;
	/** Backpressure: Python's writing waits, nothing is lost. */
	pause(): void;
	resume(): void;
}

const HISTORY_LINES = 1000;

const RUNNERS: readonly Runner[] = [null, "model", "person"];

export async function openPtyInterpreter(host: PythonHost, options: PtyOptions): Promise<PtyInterpreter> {
	const dataListeners: ((data: Uint8Array) => void)[] = [];
	const runningListeners: ((running: Runner) => void)[] = [];
	let held: Uint8Array[] =
		options.notice === undefined ? [] : [Buffer.from(`\x1b[2m${options.notice}\x1b[0m\r\n`)];
	let paused = false;
	let running: Runner = null;
	let block = 0;
	const blockListeners: ((ended: BlockEnd) => void)[] = [];
	const lostListeners: (() => void)[] = [];
	const history: string[] = [];
	const runs = (who: Runner): void => {
		running = who;
		for (const listener of runningListeners) listener(running);
	};
	const show = (data: Uint8Array): void => {
		if (paused || dataListeners.length === 0) held.push(data);
		else for (const listener of dataListeners) listener(data);
	};
	const release = (): void => {
		const waiting = held;
		held = [];
		for (const data of waiting) show(data);
	};
	let size = { cols: options.cols, rows: options.rows };
	const session = await host.openSession(options.limits ?? {}, {
		terminal: () => ({ ...size, history }),
		onFrame: ({ kind, payload }) => {
			if (kind === "T") show(payload);
			if (kind === "h") {
				history.push(payload.toString("utf8"));
				if (history.length > HISTORY_LINES) history.shift();
			}
			if (kind === "b") for (const listener of blockListeners) listener(readBlockEnd(payload));
			if (kind === "s") {
				const number = payload.readUInt32LE(1);
				if (number > 0) block = number;
				runs(RUNNERS[payload[0] ?? 0] ?? null);
			}
		},
		onLost: () => {
			paused = false;
			release();
			for (const listener of lostListeners) listener();
			block = 0;
			if (running !== null) runs(null);
		},
	});
	const flow = (stop: boolean): void => {
		paused = stop;
		session.send(frame("F", Uint8Array.of(stop ? 1 : 0)));
		if (!stop) release();
	};
	return {
		isolation: session.isolation,
		get running() {
			return running;
		},
		get block() {
			return block;
		},
		get connected() {
			return session.connected;
		},
		run: (code, runOptions) => session.run(code, runOptions),
		interrupt: async () => {
			if (running === "person") session.send(idFrame("I", 0));
			else await session.interrupt();
		},
		restart: async (says) => {
			await session.restart(says);
			block = 0;
		},
		close: () => session.close(),
		onData: (listener) => {
			dataListeners.push(listener);
			if (!paused) release();
		},
		onRunning: (listener) => void runningListeners.push(listener),
		onBlock: (listener) => void blockListeners.push(listener),
		onLost: (listener) => void lostListeners.push(listener),
		write: (keys) => session.send(frame("K", typeof keys === "string" ? Buffer.from(keys) : keys)),
		resize: (cols, rows) => {
			if (cols === size.cols && rows === size.rows) return;
			size = { cols, rows };
			const payload = Buffer.allocUnsafe(4);
			payload.writeUInt16LE(cols, 0);
			payload.writeUInt16LE(rows, 2);
			session.send(frame("Z", payload));
		},
		pause: () => flow(true),
		resume: () => flow(false),
	};
}
