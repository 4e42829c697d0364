/**
 * The blocks of one trace: runs them in the trace's interpreter, frames what comes back as the dialect says, and
 * brings the namespace of a trace that was taken up again back by running its earlier blocks once more.
 */
import type { FenceDialect } from "../hints/marker.ts";
import { frameOutput } from "../hints/output.ts";
import type { BlockResult, Interpreter } from "../python/interpreter.ts";
import { untilAborted } from "./abort.ts";

export type Ran = { readonly result: BlockResult; readonly framed: string };

type Earlier = { readonly code: string; readonly output: string };

export class Blocks {
	readonly #open: () => Promise<Interpreter>;
	readonly #dialect: FenceDialect;
	readonly #signal: AbortSignal | undefined;
	readonly #most: number;
	/** To be run again before the next block, from this one on. */
	readonly #earlier: readonly Earlier[];
	#from: number;
	#interpreter: Interpreter | undefined;
	#count: number;

	constructor(
		deps: {
			readonly interpreter: () => Promise<Interpreter>;
			readonly dialect: FenceDialect;
			readonly signal?: AbortSignal;
		},
		most: number,
		earlier: readonly Earlier[],
		from = 0,
	) {
		this.#open = deps.interpreter;
		this.#dialect = deps.dialect;
		this.#signal = deps.signal;
		this.#most = most;
		this.#earlier = earlier;
		this.#from = from;
		this.#count = earlier.length;
	}

	/** Blocks that ran in this trace. */
	get count(): number {
		return this.#count;
	}

	/** Blocks that may still run. */
	get left(): number {
		return Math.max(0, this.#most - this.#count);
	}

	/** Runs the blocks of before the break again; says which of them answered differently this time. */
	async bringBack(): Promise<readonly string[]> {
		const says: string[] = [];
		this.#interpreter ??= await untilAborted(this.#open(), this.#signal);
		for (; this.#from < this.#earlier.length; this.#from++) {
			const { code, output } = this.#earlier[this.#from]!;
			const result = await this.#interpreter.run(code, this.#signal ? { signal: this.#signal } : {});
			if (result.text !== output)
				says.push(
					`block ${this.#from + 1} was run again to bring its names back and printed something else than the first time`,
				);
		}
		return says;
	}

	async run(code: string): Promise<Ran> {
		this.#interpreter ??= await untilAborted(this.#open(), this.#signal);
		const result = await this.#interpreter.run(code, {
			by: "model",
			...(this.#signal ? { signal: this.#signal } : {}),
		});
		this.#count++;
		return { result, framed: this.#frame(result.text) };
	}

	#frame(output: string): string {
		return frameOutput(this.#dialect, output) + (this.left === 0 ? this.#dialect.callsUsedUp : "");
	}
}
