/**
 * A toy world for the tests of the fold: a byte-level tokenizer whose tokens end anywhere, also inside characters, and
 * random histories of branches, hints, outputs, edits and cuts beside the naive model of what their text must be.
 */
import fc from "fast-check";
import type { Problem, TraceEvent, TraceSettings, TraceUsage } from "../../src/trace/events.ts";

/** Ids are positions in a table of byte strings; an id begins and ends where it likes. */
export class ToyTokenizer {
	readonly #table: Buffer[] = [];

	/** Tokens of one to five bytes, cut as `sizes` says (used in a circle). */
	tokenize(text: string, sizes: readonly number[]): { ids: number[]; lens: number[] } {
		const bytes = Buffer.from(text);
		const ids: number[] = [];
		const lens: number[] = [];
		let done = 0;
		for (let start = 0, i = 0; start < bytes.length; i++) {
			const end = Math.min(bytes.length, start + sizes[i % sizes.length]!);
			this.#table.push(bytes.subarray(start, end));
			ids.push(this.#table.length - 1);
			const units = unitsComplete(bytes, end);
			lens.push(units - done);
			done = units;
			start = end;
		}
		return { ids, lens };
	}

	detokenize(ids: readonly number[]): string {
		return Buffer.concat(ids.map((id) => this.#table[id]!)).toString("utf8");
	}
}

/** UTF-16 units of the whole characters among the first bytes. */
function unitsComplete(bytes: Buffer, end: number): number {
	let whole = end;
	while (whole < bytes.length && whole > 0 && (bytes[whole]! & 0xc0) === 0x80) whole--;
	return bytes.subarray(0, whole).toString("utf8").length;
}

export const PROBLEM: Problem = { id: "p1", domain: "math", problem: "What is 6 x 7?", answer: "42" };

export const SETTINGS: TraceSettings = {
	engine: "toy",
	model: "toy-1",
	exact: true,
	dialect: "markdown",
	policy: "auto",
	sampling: { temperature: 0.6, topP: 0.95, seed: 1 },
	budgets: { maxTokens: 1000, maxCalls: 6, maxRounds: 2 },
};

export const USAGE: TraceUsage = { sampledTokens: 10, hints: 1, calls: 1, durationMs: 5 };

export type Step = { readonly events: TraceEvent[]; readonly texts: ReadonlyMap<string, string> };

type Op =
	| { op: "model"; text: string; sizes: number[]; split: number; withIds: boolean }
	| { op: "hint" | "output" | "limit"; text: string; sizes: number[]; withIds: boolean }
	| { op: "edit" | "branch"; at: number; text: string }
	| { op: "end" | "outcome" | "marker" | "call" };

const someText = fc.string({
	unit: fc.constantFrom("a", " ", "\n", "é", "中", "😀", "W", "`"),
	maxLength: 12,
});
const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 });
const withIds = fc.boolean();

const anOp: fc.Arbitrary<Op> = fc.oneof(
	{
		weight: 4,
		arbitrary: fc.record({
			op: fc.constant("model" as const),
			text: someText,
			sizes,
			split: fc.nat(),
			withIds,
		}),
	},
	{
		weight: 2,
		arbitrary: fc.record({
			op: fc.constantFrom("hint" as const, "output" as const, "limit" as const),
			text: someText,
			sizes,
			withIds,
		}),
	},
	{
		weight: 3,
		arbitrary: fc.record({
			op: fc.constantFrom("edit" as const, "branch" as const),
			at: fc.nat(),
			text: someText,
		}),
	},
	fc.record({ op: fc.constantFrom("end" as const, "outcome" as const, "marker" as const, "call" as const) }),
);

/** Which branch an operation is about (taken modulo how many there are), and the operation. */
export const histories = fc.array(fc.tuple(fc.nat(), anOp), { maxLength: 40 });

/** An offset that is not between the two halves of a character: nobody can point a cursor there. */
function atCharacter(text: string, at: number): number {
	const offset = at % (text.length + 1);
	const code = text.charCodeAt(offset);
	return code >= 0xdc00 && code <= 0xdfff ? offset - 1 : offset;
}

/** The history as events, a few at a time, each time with the text that every branch must have then. */
export function* play(
	history: readonly (readonly [number, Op])[],
	tokenizer: ToyTokenizer,
): Generator<Step, void> {
	const texts = new Map<string, string>([["b0", ""]]);
	let t = 1_000;
	yield {
		events: [
			{ type: "session", t, version: 1, id: "s", problem: PROBLEM, nudge: "0.1.0", environment: {} },
			{ type: "branch", t, branch: "b0", settings: SETTINGS, by: "person" },
			{ type: "header", t, branch: "b0", text: "Q: ", ids: tokenizer.tokenize("Q: ", [2]).ids },
		],
		texts,
	};
	for (const [which, op] of history) {
		const branch = `b${which % texts.size}`;
		const text = texts.get(branch)!;
		const at = text.length;
		t++;
		const events: TraceEvent[] = [];
		switch (op.op) {
			case "model": {
				const { ids, lens } = tokenizer.tokenize(op.text, op.sizes);
				if (!op.withIds) events.push({ type: "tokens", t, branch, text: op.text, segment: 0 });
				else {
					const first = op.split % (ids.length + 1);
					const units = lens.slice(0, first).reduce((sum, len) => sum + len, 0);
					for (const [from, to, start, end] of [
						[0, first, 0, units],
						[first, ids.length, units, op.text.length],
					] as const) {
						events.push({
							type: "tokens",
							t,
							branch,
							text: op.text.slice(start, end),
							ids: ids.slice(from, to),
							lens: lens.slice(from, to),
							segment: 0,
						});
					}
				}
				texts.set(branch, text + op.text);
				break;
			}
			case "hint":
			case "output":
			case "limit": {
				const ids = op.withIds ? { ids: tokenizer.tokenize(op.text, op.sizes).ids } : {};
				const said = { t, branch, text: op.text, ...ids };
				if (op.op === "hint") {
					const how = {
						hint: "h1",
						kind: "tool",
						wording: "w1",
						marker: "after-word",
						by: "policy",
					} as const;
					events.push({ type: "hint", at, ...how, ...said });
				} else if (op.op === "output") {
					events.push({ type: "call", t, branch, block: at, code: "1" });
					const what = { output: op.text, verdict: "ok", durationMs: 1 } as const;
					events.push({ type: "output", block: at, ...what, ...said });
				} else events.push({ type: "limit", block: at, ...said });
				texts.set(branch, text + op.text);
				break;
			}
			case "edit": {
				const cut = atCharacter(text, op.at);
				events.push({ type: "edit", t, branch, at: cut, text: op.text });
				texts.set(branch, text.slice(0, cut) + op.text);
				break;
			}
			case "branch": {
				const fresh = `b${texts.size}`;
				const cut = atCharacter(text, op.at);
				const parent = { branch, at: cut };
				events.push({ type: "branch", t, branch: fresh, parent, settings: SETTINGS, by: "person" });
				texts.set(fresh, text.slice(0, cut));
				break;
			}
			case "end":
				events.push({ type: "end", t, branch, reason: "eos", usage: USAGE, eos: "<|im_end|>" });
				break;
			case "outcome":
				events.push({
					type: "outcome",
					t,
					branch,
					verdict: "correct",
					answer: "42",
					usage: USAGE,
					session: "s",
				});
				break;
			case "marker":
				events.push({ type: "marker", t, branch, marker: "after-word", at, word: "Wait", index: 0 });
				break;
			case "call":
				events.push({ type: "call", t, branch, block: at, code: "print(1)" });
		}
		yield { events, texts };
	}
}
