/**
 * What the clients of both protocols share: the blocks of a trace run one after the other, each can be stopped, and what
 * comes back is cut as the local interpreter cuts it.
 */
import { cutMiddle } from "./cut.ts";
import type {
	BlockResult,
	BlockVerdict,
	Interpreter,
	InterpreterHost,
	Isolation,
	Limits,
} from "./interpreter.ts";
import { isThisMachine } from "./remote-spec.ts";

export const RESTARTED = "[the Python session was restarted: earlier variables are gone]";
const NOTHING = Buffer.alloc(0);

export type RunOptions = NonNullable<Parameters<Interpreter["run"]>[1]>;

/** What one block came to, before it is cut. */
export type Came = {
	readonly verdict: BlockVerdict;
	readonly output: string;
	readonly notices?: readonly string[];
	readonly stateLost?: boolean;
};

/** One trace's namespace on a cluster, in the words of its protocol. */
export interface RemoteNamespace {
	run(code: string, limits: Limits, signal: AbortSignal): Promise<Came>;
	/** A block was stopped in the middle; nobody knows how far it got. */
	stopped(): Promise<void>;
	restart(): Promise<void>;
	close(): Promise<void>;
}

export class RemoteSession implements Interpreter {
	readonly isolation: Isolation;
	readonly #namespace: RemoteNamespace;
	readonly #limits: Limits;
	readonly #onClose: () => void;
	#last: Promise<unknown> = Promise.resolve();
	#stop: AbortController | undefined;
	#closed = false;

	constructor(isolation: Isolation, namespace: RemoteNamespace, limits: Limits, onClose: () => void) {
		this.isolation = isolation;
		this.#namespace = namespace;
		this.#limits = limits;
		this.#onClose = onClose;
	}

	run(code: string, options: RunOptions = {}): Promise<BlockResult> {
		const result = this.#last.then(() =>
			this.#run(code, { ...this.#limits, ...options.limits }, options.signal),
		);
		this.#last = result.catch(() => {});
		return result;
	}

	async #run(code: string, limits: Limits, signal: AbortSignal | undefined): Promise<BlockResult> {
		if (this.#closed) return never("[not run: the interpreter is closed]");
		if (signal?.aborted) return never("[not run: stopped before its turn]");
		const stop = new AbortController();
		this.#stop = stop;
		const began = performance.now();
		let came: Came;
		try {
			came = await this.#namespace.run(
				code,
				limits,
				signal ? AbortSignal.any([stop.signal, signal]) : stop.signal,
			);
		} catch (error) {
			if (!stop.signal.aborted && !signal?.aborted) throw error;
			await this.#namespace.stopped().catch(() => {});
			came = { verdict: "killed", output: "", notices: ["[stopped]", RESTARTED], stateLost: true };
		} finally {
			this.#stop = undefined;
		}
		const whole = Buffer.from(came.output);
		const captured = { head: whole, tail: NOTHING, droppedBytes: 0, droppedChars: 0 };
		const output = cutMiddle(captured, limits.outputChars);
		const notice = (came.notices ?? []).join("\n");
		const gap = output === "" || output.endsWith("\n") || notice === "" ? "" : "\n";
		return {
			verdict: came.verdict,
			text: output + gap + notice,
			outputBytes: whole.length,
			durationMs: performance.now() - began,
			stateLost: came.stateLost ?? false,
		};
	}

	async interrupt(): Promise<void> {
		this.#stop?.abort();
	}

	async restart(): Promise<void> {
		await this.interrupt();
		await this.#last;
		await this.#namespace.restart();
	}

	async close(): Promise<void> {
		if (this.#closed) return;
		this.#closed = true;
		this.#onClose();
		await this.interrupt();
		await this.#last;
		await this.#namespace.close().catch(() => {});
	}
}

export class RemoteHost implements InterpreterHost {
	readonly isolation: Isolation;
	readonly #limits: Limits;
	readonly #make: () => RemoteNamespace;
	readonly #sessions = new Set<RemoteSession>();

	constructor(url: URL, what: string, limits: Limits, make: () => RemoteNamespace) {
		const where = isThisMachine(url)
			? `It runs on this machine: if that server does not isolate, a model's code can read and change your files.`
			: `That server isolates, or does not; nudge cannot check it.`;
		this.isolation = { kind: "remote", says: `Python runs in the ${what} at ${url.host}. ${where}` };
		this.#limits = limits;
		this.#make = make;
	}

	async open(options: { readonly limits?: Partial<Limits> } = {}): Promise<Interpreter> {
		const limits = { ...this.#limits, ...options.limits };
		const session: RemoteSession = new RemoteSession(this.isolation, this.#make(), limits, () =>
			this.#sessions.delete(session),
		);
		this.#sessions.add(session);
		return session;
	}

	async close(): Promise<void> {
		await Promise.all([...this.#sessions].map((session) => session.close()));
	}
}

function never(text: string): BlockResult {
	return { verdict: "killed", text, outputBytes: 0, durationMs: 0, stateLost: false };
}

export const timeoutNotice = (timeoutMs: number): string => `[timeout: stopped after ${timeoutMs / 1000} s]`;
