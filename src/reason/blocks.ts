/**
 * The blocks of one trace: runs them in the trace's interpreter, frames what comes back as the dialect says, and
 * brings the namespace of a trace that was taken up again back by running its earlier blocks once more.
 */
import type { FenceDialect } from "../hints/marker.ts";
import { frameOutput } from "../hints/output.ts";
import type { Interpreter } from "../python/interpreter.ts";
import type { TraceEvent } from "../trace/events.ts";
import { untilAborted } from "./abort.ts";
import type { On, ReasonDeps, Standing } from "./request.ts";
import type { Writing } from "./writing.ts";

export class Blocks {
	readonly #opens: () => Promise<Interpreter>;
	readonly #dialect: FenceDialect;
	readonly #signal: AbortSignal | undefined;
	readonly #on: On;
	readonly #most: number;
	/** To be run again before the next block, from this one on. */
	readonly #earlier: Standing["blocks"];
	#from: number;
	#interpreter: Interpreter | undefined;
	#count: number;

	constructor(
		deps: Pick<ReasonDeps, "interpreter" | "dialect" | "signal">,
		on: On,
		most: number,
		from: Pick<Standing, "blocks" | "blocksFrom"> | undefined,
	) {
		this.#opens = deps.interpreter;
		this.#dialect = deps.dialect;
		this.#signal = deps.signal;
		this.#on = on;
		this.#most = most;
		this.#earlier = from?.blocks ?? [];
		this.#from = from?.blocksFrom ?? 0;
		this.#count = this.#earlier.length;
	}

	/** Blocks that ran in this trace. */
	get count(): number {
		return this.#count;
	}

	/** Blocks that may still run. */
	get left(): number {
		return Math.max(0, this.#most - this.#count);
	}

	/** Runs a block that stands at the end of the turn and puts its output behind it. */
	async *put(writing: Writing, code: string): AsyncGenerator<TraceEvent, void, void> {
		const newline = writing.text.endsWith("\n") ? "" : "\n";
		const block = this.#count + 1;
		if (this.left === 0) {
			const piece = await writing.append(newline + this.#dialect.callsUsedUp);
			yield { ...this.#on("limit"), block, ...piece };
			return;
		}
		yield { ...this.#on("call"), block, code };
		const interpreter = await this.#open();
		for (const text of await this.#bringBack(interpreter))
			yield { ...this.#on("notice"), level: "warning", text };
		const { text, verdict, durationMs, stateLost } = await interpreter.run(code, {
			by: "model",
			...this.#until,
		});
		this.#signal?.throwIfAborted();
		this.#count++;
		yield {
			...this.#on("output"),
			block,
			...(await writing.append(newline + this.#frame(text))),
			output: text,
			verdict,
			durationMs,
			...(stateLost ? { stateLost: true } : {}),
		};
	}

	async #open(): Promise<Interpreter> {
		this.#interpreter ??= await untilAborted(this.#opens(), this.#signal);
		return this.#interpreter;
	}

	/** Runs the blocks of before the break again; says which of them answered differently this time. */
	async #bringBack(interpreter: Interpreter): Promise<readonly string[]> {
		const says: string[] = [];
		for (; this.#from < this.#earlier.length; this.#from++) {
			const { code, output } = this.#earlier[this.#from]!;
			const { text } = await interpreter.run(code, this.#until);
			const which = `block ${this.#from + 1} was run again to bring its names back`;
			if (text !== output) says.push(`${which} and printed something else than the first time`);
		}
		return says;
	}

	get #until(): { readonly signal?: AbortSignal } {
		return this.#signal ? { signal: this.#signal } : {};
	}

	#frame(output: string): string {
		return frameOutput(this.#dialect, output) + (this.left === 0 ? this.#dialect.callsUsedUp : "");
	}
}
