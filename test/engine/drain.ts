/** Reads a generation to its end, or leaves it after some chunks, and checks what every chunk must hold. */
import { expect } from "vitest";
import type { Chunk, Engine, GenerateEnd, SampleOptions, TokenAlternative } from "../../src/engine/engine.ts";
import type { Prefix } from "../../src/trace/span.ts";

export type Drained = {
	readonly text: string;
	/** Undefined as soon as one chunk has none. */
	readonly ids: readonly number[] | undefined;
	readonly lens: readonly number[] | undefined;
	readonly top: readonly (readonly TokenAlternative[])[];
	readonly chunks: readonly Chunk[];
	/** Undefined: left early. */
	readonly end: GenerateEnd | undefined;
	readonly error: unknown;
};

export async function drain(
	engine: Engine,
	prefix: Prefix,
	options: SampleOptions,
	how: {
		readonly signal?: AbortSignal;
		readonly leaveAfterTokens?: number;
		readonly onChunk?: () => void;
	} = {},
): Promise<Drained> {
	const chunks: Chunk[] = [];
	let end: GenerateEnd | undefined;
	let error: unknown;
	const stream = engine.generate(prefix, options, how.signal);
	try {
		while (true) {
			const next = await stream.next();
			if (next.done) {
				end = next.value;
				break;
			}
			const chunk = next.value;
			chunks.push(chunk);
			if (chunk.lens !== undefined) {
				expect(chunk.lens.length).toBe(chunk.ids?.length);
				expect(chunk.lens.reduce((a, b) => a + b, 0)).toBe(chunk.text.length);
			}
			how.onChunk?.();
			const tokens = chunks.reduce((sum, c) => sum + (c.ids?.length ?? 1), 0);
			if (how.leaveAfterTokens !== undefined && tokens >= how.leaveAfterTokens) {
				await stream.return(undefined as never);
				break;
			}
		}
	} catch (thrown) {
		error = thrown;
	}
	const all = <T>(of: (chunk: Chunk) => readonly T[] | undefined): readonly T[] | undefined =>
		chunks.every((chunk) => of(chunk) !== undefined) ? chunks.flatMap((chunk) => of(chunk)!) : undefined;
	return {
		text: chunks.map((chunk) => chunk.text).join(""),
		ids: all((chunk) => chunk.ids),
		lens: all((chunk) => chunk.lens),
		top: chunks.flatMap((chunk) => chunk.top ?? []),
		chunks,
		end,
		error,
	};
}

/** A prefix with what was sampled behind it. */
export function extended(prefix: Prefix, by: Pick<Drained, "text" | "ids">): Prefix {
	return prefix.ids !== undefined && by.ids !== undefined
		? { text: prefix.text + by.text, ids: [...prefix.ids, ...by.ids] }
		: { text: prefix.text + by.text };
}
