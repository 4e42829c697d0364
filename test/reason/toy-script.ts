/** A model that writes one script down, whatever others put into it: what is lost, doubled or re-spaced shows. */
import type { Chunk, GenerateEnd, SampleOptions } from "../../src/engine/engine.ts";
import type { Prefix } from "../../src/trace/span.ts";
import { ToyEngine } from "./toy-engine.ts";

/**
 * Every kind of place that the loop knows, and some that only look like one. Behind a block comes no white space, since
 * how much of it stays depends on how the toy happens to cut its tokens.
 */
export const SCRIPT = [
	"Let me see. Wait, 6*7 is `Wait`.\nWait. So:\n```python\nprint(6*7)\n```\nHmm, 42. Hold on, a list:\n",
	"```text\nWait, no\n```\n```py\nprint(2*3)\n```\nAlternatively, éé𝔸𝔸 ```python is no fence.\n  Wait\n\nBut wait, done.\n",
	"</think>\n\nThe answer:\n```python\nprint(1)\n```\n\\boxed{42}.",
].join("");

export const OUTPUT = /```output\n(?:\d+\n)?```\n(?:\[No Python calls are left[^\n]*\n)?/g;
export const HINT = /⟦[^⟧]*⟧/g;

/** Writes the script down, whatever others put into it. */
export function writes(assistant: string): string {
	const own = assistant.replace(OUTPUT, "").replace(HINT, "");
	if (!SCRIPT.startsWith(own)) throw new Error(`led off its path: ${JSON.stringify(own.slice(-40))}`);
	return SCRIPT.slice(own.length);
}

/** Tells of each request, and of each chunk before it is handed over. */
export class WatchedEngine extends ToyEngine {
	running = 0;
	onChunk = (): void => {};
	onRequest = (_prefix: Prefix): void => {};

	override async *generate(
		prefix: Prefix,
		options: SampleOptions,
		signal?: AbortSignal,
	): AsyncGenerator<Chunk, GenerateEnd, void> {
		this.onRequest(prefix);
		this.running++;
		try {
			return yield* this.#watched(prefix, options, signal);
		} finally {
			this.running--;
		}
	}

	async *#watched(
		prefix: Prefix,
		options: SampleOptions,
		signal?: AbortSignal,
	): AsyncGenerator<Chunk, GenerateEnd, void> {
		const stream = super.generate(prefix, options, signal);
		for (;;) {
			const next = await stream.next();
			this.onChunk();
			if (next.done) return next.value;
			yield next.value;
		}
	}
}
