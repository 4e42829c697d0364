/**
 * One trace's interpreter: a connection to its supervisor and a queue. Every block that is run ends in a verdict, also
 * where the session, the fork server or the machine fails: then the verdict is `lost` and the next block finds a fresh
 * namespace.
 */
import type { Socket } from "node:net";
import { cutMiddle } from "./cut.ts";
import { type Done, type Frame, FrameReader, frame, idFrame, readDone, runFrame } from "./frames.ts";
import type { BlockResult, Interpreter, Isolation, Limits } from "./interpreter.ts";
import type { Turn, Turns } from "./turns.ts";

/** Past its time limit the supervisor has this long to report before it is given up. */
const SUPERVISOR_PATIENCE_MS = 30_000;
const RECONNECTS = 8;
const LOST = "[lost: the Python session ended unexpectedly; earlier variables are gone]";
/** As the supervisor says it (guest/block.py). */
const RESTARTED = "[the Python session was restarted: earlier variables are gone]";

export type RunOptions = {
	readonly limits?: Partial<Limits>;
	readonly signal?: AbortSignal;
	readonly by?: "model" | "person";
};

type Waiting = {
	readonly id: number;
	readonly code: string;
	readonly byPerson: boolean;
	readonly limits: Limits;
	readonly resolve: (result: BlockResult) => void;
	ended: Promise<unknown>;
	sentAt?: number;
	stopping?: boolean;
	patience?: NodeJS.Timeout;
};

export type TerminalSetup = {
	readonly cols: number;
	readonly rows: number;
	/** Lines that the person entered before, oldest first. */
	readonly history: readonly string[];
};

export type SessionOptions = {
	readonly connect: () => Promise<Socket>;
	readonly isolation: Isolation;
	readonly limits: Limits;
	/** The size of the terminal, for a session that a person types into. Asked at each opening. */
	readonly terminal?: () => TerminalSetup;
	readonly onFrame?: (frame: Frame) => void;
	/** The connection broke by itself: names are gone, and the next block or `restart` opens a new session. */
	readonly onLost?: () => void;
	readonly onClose?: () => void;
	/** Where blocks of many sessions wait for each other. */
	readonly turns?: Turns;
};

export class Session implements Interpreter {
	readonly isolation: Isolation;
	private readonly options: SessionOptions;
	private socket: Socket | undefined;
	private reader = new FrameReader();
	private readonly queue: Waiting[] = [];
	private running: Waiting | undefined;
	private ids = 0;
	private closed = false;
	private turn: Turn | undefined;
	/** A block has run in the namespace; and that one was lost since, which the next result has to say. */
	private used = false;
	private lostMeanwhile = false;
	private opening: Promise<void> | undefined;
	private acknowledge: (() => void) | undefined;
	private refuse: ((error: Error) => void) | undefined;

	private constructor(options: SessionOptions) {
		this.options = options;
		this.isolation = options.isolation;
	}

	static async open(options: SessionOptions): Promise<Session> {
		const session = new Session(options);
		await session.connect();
		return session;
	}

	run(code: string, options: RunOptions = {}): Promise<BlockResult> {
		const limits = { ...this.options.limits, ...options.limits };
		const { promise, resolve } = Promise.withResolvers<BlockResult>();
		const signal = options.signal;
		const byPerson = options.by === "person";
		const waiting: Waiting = { id: ++this.ids, code, byPerson, limits, resolve, ended: promise };
		if (this.closed) resolve(never("[not run: the interpreter is closed]"));
		else if (signal?.aborted) resolve(never("[not run: stopped before its turn]"));
		else {
			const stop = (): void => this.stop(waiting);
			signal?.addEventListener("abort", stop, { once: true });
			void promise.then(() => signal?.removeEventListener("abort", stop));
			this.queue.push(waiting);
			this.next();
		}
		return promise;
	}

	async interrupt(): Promise<void> {
		if (this.running) this.stop(this.running);
	}

	/** `says` stands on the terminal, where there is one, above the new prompt. */
	async restart(says = ""): Promise<void> {
		await this.interrupt();
		while (this.running || this.opening) await (this.running?.ended ?? this.opening);
		if (this.closed) return;
		// Whoever asks for a fresh namespace knows that the old one is gone.
		this.used = this.lostMeanwhile = false;
		if (!this.socket) return this.reopen();
		await this.ask(frame("X", Buffer.from(says)));
	}

	/** Whether a session stands at the other end. */
	get connected(): boolean {
		return this.socket !== undefined && this.opening === undefined;
	}

	async close(): Promise<void> {
		this.closed = true;
		this.options.onClose?.();
		for (const waiting of this.queue.splice(0))
			waiting.resolve(never("[not run: the interpreter is closed]"));
		if (!this.running) this.giveTurn();
		const socket = this.socket;
		if (!socket) return;
		await new Promise<void>((resolve) => {
			socket.once("close", () => resolve());
			socket.destroy();
		});
	}

	/** For the terminal's keys, size and flow. */
	send(what: Buffer): void {
		this.socket?.write(what);
	}

	private async connect(): Promise<void> {
		const socket = await this.options.connect();
		this.socket = socket;
		this.reader = new FrameReader();
		socket.on("data", (data: Buffer) => this.receive(socket, data));
		socket.on("error", () => socket.destroy());
		socket.on("close", () => this.disconnected(socket));
		const { memoryBytes, scratchBytes, processes } = this.options.limits;
		const asked = { memoryBytes, scratchBytes, processes, terminal: this.options.terminal?.() ?? null };
		await this.ask(frame("O", Buffer.from(JSON.stringify(asked))));
	}

	/** Whoever asks while a new session is being opened gets that one; what waits in the queue runs when it stands. */
	private async reopen(): Promise<void> {
		const { promise, resolve } = Promise.withResolvers<void>();
		this.opening = promise;
		try {
			await this.reconnect();
		} catch (error) {
			const why = `[lost: no new Python session could be opened: ${(error as Error).message}]`;
			for (const waiting of this.queue.splice(0)) waiting.resolve(never(why));
			throw error;
		} finally {
			this.opening = undefined;
			resolve();
			if (this.socket) this.next();
		}
	}

	/** A fork server that has just died may still take a connection; the next try finds its successor. */
	private async reconnect(): Promise<void> {
		for (let tries = 1; ; tries++) {
			try {
				return await this.connect();
			} catch (error) {
				if (tries === RECONNECTS) throw error;
				await new Promise((resolve) => setTimeout(resolve, 100 * tries));
			}
		}
	}

	private ask(what: Buffer): Promise<void> {
		return new Promise((resolve, reject) => {
			this.acknowledge = resolve;
			this.refuse = reject;
			this.socket?.write(what);
		});
	}

	private receive(socket: Socket, data: Buffer): void {
		try {
			for (const one of this.reader.push(data)) this.take(one);
		} catch (error) {
			this.refuse?.(error as Error);
			socket.destroy();
		}
	}

	private take(one: Frame): void {
		if (one.kind === "D") this.done(readDone(one.payload));
		else if (one.kind === "r") this.acknowledge?.();
		else if (one.kind === "E") throw new Error(one.payload.toString("utf8"));
		else {
			if (one.kind === "w" && this.running) this.watch(this.running, true);
			if (one.kind === "s" && this.running) this.watch(this.running, one.payload[0] === 1);
			this.options.onFrame?.(one);
		}
	}

	private next(): void {
		if (this.running || this.opening) return;
		if (this.queue.length === 0) {
			this.giveTurn();
			return;
		}
		if (!this.socket) {
			this.reopen().catch(() => {}); // the blocks were told
			return;
		}
		this.turn ??= this.options.turns?.ask(() => this.next());
		if (this.turn && !this.turn.granted) return;
		const waiting = this.queue.shift()!;
		this.used = true;
		this.running = waiting;
		waiting.sentAt = performance.now();
		this.watch(waiting, this.options.terminal === undefined);
		const { id, byPerson, code, limits } = waiting;
		this.socket.write(runFrame({ ...limits, id, byPerson, code }));
	}

	private giveTurn(): void {
		const { turn } = this;
		this.turn = undefined;
		turn?.give();
	}

	/** The supervisor keeps the time and gives a sign while a block runs; this watches the supervisor. */
	private watch(waiting: Waiting, begun: boolean): void {
		clearTimeout(waiting.patience);
		if (!begun) return;
		waiting.patience = setTimeout(
			() => this.socket?.destroy(),
			waiting.limits.timeoutMs + SUPERVISOR_PATIENCE_MS,
		);
		waiting.patience.unref();
	}

	private stop(waiting: Waiting): void {
		const place = this.queue.indexOf(waiting);
		if (place >= 0) {
			this.queue.splice(place, 1);
			waiting.resolve(never("[not run: stopped before its turn]"));
			this.next();
		} else if (this.running === waiting && !waiting.stopping) {
			waiting.stopping = true;
			this.socket?.write(idFrame("I", waiting.id));
		}
	}

	private done(done: Done): void {
		const waiting = this.running;
		if (!waiting || waiting.id !== done.id) return;
		this.running = undefined;
		clearTimeout(waiting.patience);
		const output = cutMiddle(done, waiting.limits.outputChars);
		const notice =
			this.lostMeanwhile && !done.stateLost ? `${RESTARTED}\n${done.notice}`.trimEnd() : done.notice;
		const gap = output === "" || output.endsWith("\n") || notice === "" ? "" : "\n";
		const stateLost = done.stateLost || this.lostMeanwhile;
		this.lostMeanwhile = false;
		this.giveTurn();
		waiting.resolve({
			verdict: done.verdict,
			text: output + gap + notice,
			outputBytes: done.totalBytes,
			durationMs: done.durationMs,
			stateLost,
		});
		this.next();
	}

	private disconnected(socket: Socket): void {
		if (this.socket !== socket) return;
		this.socket = undefined;
		this.refuse?.(new Error("the Python session ended while it was opened"));
		const waiting = this.running;
		this.running = undefined;
		this.giveTurn();
		// A running block says so itself.
		this.lostMeanwhile = !waiting && (this.lostMeanwhile || this.used);
		this.used = false;
		if (waiting) {
			clearTimeout(waiting.patience);
			const durationMs = performance.now() - (waiting.sentAt ?? performance.now());
			waiting.resolve({ verdict: "lost", text: LOST, outputBytes: 0, durationMs, stateLost: true });
		}
		if (!this.closed && !this.opening) this.options.onLost?.();
		this.next();
	}
}

function never(text: string): BlockResult {
	return {
		verdict: text.startsWith("[lost") ? "lost" : "killed",
		text,
		outputBytes: 0,
		durationMs: 0,
		stateLost: false,
	};
}
