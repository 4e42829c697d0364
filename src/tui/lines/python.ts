/** The Python of a session without a screen: the model's blocks and the lines of a person, one after the other. */
import type { Interpreter } from "../../python/interpreter.ts";
import { blockOf, inTime } from "./says.ts";
import { trouble, type Voice } from "./voice.ts";

export type PythonOptions = {
	/** Called again only after it failed. */
	readonly open: () => Promise<Interpreter>;
	readonly voice: Voice;
	/** Milliseconds after which a person is told that their code is still running. */
	readonly patienceMs?: number;
};

const PATIENCE_MS = 2_000;

export class LinePython {
	readonly #options: PythonOptions;
	#opening: Promise<Interpreter> | undefined;
	#running = 0;
	#closed = false;

	constructor(options: PythonOptions) {
		this.#options = options;
	}

	/** A person's code runs, or waits for its turn. */
	get busy(): boolean {
		return this.#running > 0;
	}

	interpreter(): Promise<Interpreter> {
		if (this.#closed) return Promise.reject(new Error("the session was left"));
		this.#opening ??= this.#open();
		return this.#opening;
	}

	async #open(): Promise<Interpreter> {
		try {
			const interpreter = await this.#options.open();
			if (!this.#closed) return interpreter;
			await interpreter.close();
			throw new Error("the session was left");
		} catch (error) {
			this.#opening = undefined;
			throw error;
		}
	}

	/** Says what came of it. */
	async run(code: string): Promise<void> {
		const { voice, patienceMs = PATIENCE_MS } = this.#options;
		this.#running++;
		const late = setTimeout(
			() => voice.say("Python runs; interrupt python, or Ctrl+C, ends it."),
			patienceMs,
		);
		try {
			const interpreter = await this.interpreter();
			const { verdict, text, durationMs, stateLost } = await interpreter.run(code, { by: "person" });
			const lost = stateLost ? ", what was defined is lost" : "";
			if (!this.#closed) voice.say(blockOf(`Python, ${verdict}, ${inTime(durationMs)}${lost}`, text));
		} catch (error) {
			if (!this.#closed) voice.say(trouble("error", wordsOf(error)));
		} finally {
			clearTimeout(late);
			this.#running--;
		}
	}

	async interrupt(): Promise<void> {
		await (await this.#opening?.catch(() => undefined))?.interrupt();
	}

	async restart(): Promise<void> {
		const { voice } = this.#options;
		try {
			await (await this.interpreter()).restart();
			voice.say("Python is fresh: what was defined in it is gone.");
		} catch (error) {
			voice.say(trouble("error", wordsOf(error)));
		}
	}

	async close(): Promise<void> {
		if (this.#closed) return;
		this.#closed = true;
		await (await this.#opening?.catch(() => undefined))?.close();
	}
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
