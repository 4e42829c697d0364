/**
 * Owns the child process of the embedded engine: starts it when it is needed, matches answers to requests, and turns its
 * death into an EngineError for everyone who waits. The next request starts a new child.
 */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { EngineError } from "../engine.ts";
import type { FromChild, LoadSettings, ModelFacts, ToChild } from "./protocol.ts";

/** What arrives for one request. `error` is the last thing. */
export type Listener = (message: FromChild | { readonly type: "lost"; readonly error: EngineError }) => void;

/** Kept of what llama.cpp writes to its standard error, for the message of a crash. */
const STDERR_KEPT = 2000;

const PIPES_CLOSE_WITHIN_MS = 1000;

type Started = {
	readonly process: ChildProcess;
	readonly facts: Promise<ModelFacts>;
	readonly listeners: Map<number, Listener>;
	/** Tells everyone who waits that the child is gone; the first reason counts. */
	readonly lose: (error: EngineError) => void;
};

/** The entry beside this file: TypeScript when run from the sources, JavaScript when built. */
export const CHILD_ENTRY = fileURLToPath(
	new URL(import.meta.url.endsWith(".ts") ? "./child.ts" : "./child.js", import.meta.url),
);

export class Host {
	readonly #settings: LoadSettings;
	#started: Started | undefined;
	#nextId = 1;
	#closed = false;

	constructor(settings: LoadSettings) {
		this.#settings = settings;
	}

	/** The process id of the running child, if any. */
	get pid(): number | undefined {
		return this.#started?.process.pid;
	}

	async facts(): Promise<ModelFacts> {
		return (await this.#running()).facts;
	}

	/** Sends a request. `listener` gets every answer to it, and `lost` if the child dies first. */
	async request(
		build: (id: number) => ToChild,
		listener: Listener,
	): Promise<{ send(message: ToChild): void; id: number }> {
		const started = await this.#running();
		await started.facts;
		const id = this.#nextId++;
		started.listeners.set(id, (message) => {
			if (message.type !== "chunk") {
				started.listeners.delete(id);
				this.#letProgramEnd(started);
			}
			listener(message);
		});
		started.process.ref();
		started.process.channel?.ref();
		const send = (message: ToChild): void => {
			if (started.process.connected) started.process.send(message);
		};
		// The child may have died between its start and now, with nobody left to tell.
		if (started.process.connected) send(build(id));
		else started.listeners.get(id)?.({ type: "lost", error: crashed(this.#settings, "it is gone", "") });
		return { send, id };
	}

	async close(): Promise<void> {
		this.#closed = true;
		const started = this.#started;
		this.#started = undefined;
		if (started === undefined) return;
		const { process } = started;
		started.lose(closed());
		if (process.exitCode !== null || process.signalCode !== null) return;
		const ended = new Promise<void>((resolve) => process.once("exit", () => resolve()));
		process.ref();
		if (process.connected) process.disconnect();
		const timer = setTimeout(() => process.kill("SIGKILL"), 2000);
		await ended;
		clearTimeout(timer);
	}

	async #running(): Promise<Started> {
		if (this.#closed) throw closed();
		this.#started ??= this.#start();
		return this.#started;
	}

	#start(): Started {
		const child = fork(CHILD_ENTRY, [], {
			// Type stripping warns on Node 22; the child has nothing to say to a terminal.
			execArgv: CHILD_ENTRY.endsWith(".ts")
				? ["--experimental-strip-types", "--no-warnings"]
				: ["--no-warnings"],
			stdio: ["ignore", "ignore", "pipe", "ipc"],
			// The library samples each sequence on a thread of Node's pool, and llama.cpp puts the rows of a batch in order when
			// the first of them is read (llama_get_logits_ith): with several threads at that, traces were given the logits of
			// others. On one thread they are read one after the other.
			env: { ...process.env, NODE_OPTIONS: "", UV_THREADPOOL_SIZE: "1" },
		});
		const listeners = new Map<number, Listener>();
		let said = "";
		child.stderr?.setEncoding("utf8");
		child.stderr?.on("data", (text: string) => {
			said = (said + text).slice(-STDERR_KEPT);
		});
		(child.stderr as { unref?: () => void } | null)?.unref?.();
		let over = false;
		let ready: (facts: ModelFacts) => void;
		let failed: (error: EngineError) => void;
		const facts = new Promise<ModelFacts>((resolve, reject) => {
			ready = resolve;
			failed = reject;
		});
		facts.catch(() => {});
		const lose = (error: EngineError): void => {
			if (over) return;
			over = true;
			if (this.#started === started) this.#started = undefined;
			failed(error);
			for (const listener of [...listeners.values()]) listener({ type: "lost", error });
		};
		const started: Started = { process: child, facts, listeners, lose };
		child.on("message", (message: FromChild) => {
			if (message.type === "ready") {
				ready(message.facts);
				this.#letProgramEnd(started);
			} else if (message.type === "failed") {
				lose(
					new EngineError(
						message.kind,
						`llama.cpp could not load ${this.#settings.modelPath}: ${message.message} Check that it is a whole GGUF file and that it fits into memory.`,
					),
				);
				child.kill("SIGKILL");
			} else listeners.get(message.id)?.(message);
		});
		child.on("error", (error) => lose(crashed(this.#settings, error.message, said)));
		const gone = (code: number | null, signal: NodeJS.Signals | null): void =>
			lose(crashed(this.#settings, signal === null ? `exit code ${code}` : `signal ${signal}`, said));
		// "close" before "exit": the answers already in the channel, and the last words, come first. But a pipe that something
		// else holds open must not keep anyone waiting.
		child.on("close", gone);
		child.on("exit", (code, signal) => {
			const timer = setTimeout(gone, PIPES_CLOSE_WITHIN_MS, code, signal);
			if (over || listeners.size === 0) timer.unref();
		});
		child.send({ type: "load", settings: this.#settings } satisfies ToChild);
		return started;
	}

	/** An idle engine does not keep the program running. */
	#letProgramEnd(started: Started): void {
		if (started.listeners.size > 0) return;
		started.process.unref();
		started.process.channel?.unref();
	}
}

function closed(): EngineError {
	return new EngineError("refused", "This embedded engine was closed.");
}

function crashed(settings: LoadSettings, how: string, said: string): EngineError {
	const words = said.trim().split("\n").slice(-3).join(" ").trim();
	return new EngineError(
		"crashed",
		`The embedded engine's process ended (${how}) with the model ${settings.modelPath}.${words === "" ? "" : ` Its last words: ${words}`} Nothing that was shown is lost; the next request starts it anew. If it happens again, try fewer threads, a shorter context or another model file.`,
	);
}
