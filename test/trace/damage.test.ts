import fc from "fast-check";
import { expect, test } from "vitest";
import { TraceRenderer } from "../../src/commands/render.ts";
import type { TraceEvent } from "../../src/trace/events.ts";
import { Fold, prefixOf } from "../../src/trace/fold.ts";
import { markdownOf } from "../../src/trace/markdown.ts";
import { plainOf } from "../../src/trace/plain.ts";
import { retell } from "../../src/trace/retell.ts";
import { SessionSampleError, sampleOf } from "../../src/trace/sample.ts";
import { parseEvent } from "../../src/trace/shape.ts";
import { textOf } from "../../src/trace/span.ts";
import { summarise } from "../../src/trace/summary.ts";
import { histories, play, ToyTokenizer } from "./tree.ts";

/** Where in an event something is changed (a path by indices into its keys), and to what; undefined takes it away. */
const damages = fc.array(
	fc.tuple(
		fc.nat(),
		fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
		fc.option(fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constantFrom(1e300, -1, 0.5))),
	),
	{ maxLength: 6 },
);

function damage(value: unknown, [first, ...rest]: readonly number[], to: unknown): unknown {
	if (first === undefined || typeof value !== "object" || value === null) return to;
	const keys = Object.keys(value);
	if (keys.length === 0) return to;
	const key = keys[first % keys.length]!;
	const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
	copy[key] = damage(copy[key], rest, to);
	return copy;
}

test("whatever a journal holds, it is read, listed, shown and exported, or refused in words", () => {
	fc.assert(
		fc.property(histories, damages, (history, changes) => {
			const events: unknown[] = [...play(history, new ToyTokenizer())].flatMap((step) => step.events);
			for (const [which, path, to] of changes) {
				const index = which % events.length;
				events[index] = damage(events[index], path, to ?? undefined);
			}
			const fold = new Fold();
			const renderer = new TraceRenderer({ colour: true });
			let bad = 0;
			for (const event of events) {
				const parsed = parseEvent(JSON.stringify(event) ?? "");
				if (typeof parsed === "string") {
					bad++;
					continue;
				}
				fold.apply(parsed as TraceEvent);
				renderer.render(parsed);
			}
			const { state } = fold;
			expect(summarise("s", state, 0, bad).damaged).toBe(bad + state.misfits.length);
			JSON.stringify(plainOf(state));
			for (const branch of state.branches.values()) {
				expect(textOf(branch.spans).length).toBe(branch.length);
				prefixOf(branch);
				markdownOf(state, branch);
				for (const event of retell(branch)) renderer.render(event);
				try {
					sampleOf(state, { branch: branch.id });
				} catch (error) {
					if (!(error instanceof SessionSampleError)) throw error;
				}
			}
		}),
		{ numRuns: 400 },
	);
});
