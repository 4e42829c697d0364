import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TraceEvent } from "../../src/trace/events.ts";
import { Fold, fold, isOpen, mainBranch, prefixIds, prefixOf, prefixText } from "../../src/trace/fold.ts";
import type { Span } from "../../src/trace/span.ts";
import { textOf } from "../../src/trace/span.ts";
import { histories, PROBLEM, play, SETTINGS, ToyTokenizer, USAGE } from "./tree.ts";

const t = 1;
const SESSION: TraceEvent = {
	type: "session",
	t,
	version: 1,
	id: "s",
	problem: PROBLEM,
	nudge: "0.1.0",
	environment: {},
};
const OPEN: TraceEvent = { type: "branch", t, branch: "b0", settings: SETTINGS, by: "person" };

function tokens(text: string, branch = "b0", more: { ids?: number[]; lens?: number[] } = {}): TraceEvent {
	return { type: "tokens", t, branch, text, segment: 0, ...more };
}

function expectExact(spans: readonly Span[], tokenizer: ToyTokenizer): void {
	for (const span of spans) {
		if (span.ids) expect(tokenizer.detokenize(span.ids)).toBe(span.text);
		if (span.lens) {
			expect(span.lens.length).toBe(span.ids?.length);
			expect(span.lens.reduce((sum, len) => sum + len, 0)).toBe(span.text.length);
		}
	}
}

describe("the fold of random histories", () => {
	test("gives every branch the text of the naive model, after every step and again at the end", () => {
		fc.assert(
			fc.property(histories, (history) => {
				const tokenizer = new ToyTokenizer();
				const growing = new Fold();
				const all: TraceEvent[] = [];
				let texts: ReadonlyMap<string, string> = new Map();
				for (const step of play(history, tokenizer)) {
					for (const event of step.events) growing.apply(event);
					all.push(...step.events);
					texts = step.texts;
					const state = growing.state;
					for (const [id, text] of texts) {
						const branch = state.branches.get(id)!;
						expect(textOf(branch.spans)).toBe(text);
						expect(branch.length).toBe(text.length);
						expect(prefixText(branch)).toBe(`Q: ${text}`);
						expectExact(branch.spans, tokenizer);
						const ids = prefixIds(branch);
						if (ids) expect(tokenizer.detokenize(ids)).toBe(`Q: ${text}`);
						for (const list of [branch.markers, branch.hints, branch.calls]) {
							for (const item of list) expect(item.at).toBeLessThanOrEqual(text.length);
						}
					}
					expect(state.misfits).toEqual([]);
				}
				expect(fold(all)).toEqual(growing.state);
			}),
			{ numRuns: 300 },
		);
	});

	test("is a valid state for every prefix of the events, and for events that lost some in the middle", () => {
		fc.assert(
			fc.property(histories, fc.infiniteStream(fc.boolean()), (history, drops) => {
				const all = [...play(history, new ToyTokenizer())].flatMap((step) => step.events);
				const growing = new Fold();
				for (const event of all) {
					growing.apply(event);
					for (const branch of growing.state.branches.values()) {
						expect(textOf(branch.spans).length).toBe(branch.length);
					}
				}
				const holed = new Fold();
				for (const event of all) {
					if (drops.next().value) continue;
					holed.apply(event);
					for (const branch of holed.state.branches.values()) {
						expect(textOf(branch.spans).length).toBe(branch.length);
					}
				}
			}),
			{ numRuns: 100 },
		);
	});

	test("does not depend on how model text was cut into events", () => {
		fc.assert(
			fc.property(fc.array(fc.string({ maxLength: 6 }), { maxLength: 8 }), (pieces) => {
				const ids = (text: string) => ({ ids: [...text].map(() => 7), lens: [...text].map((c) => c.length) });
				const apart = fold([SESSION, OPEN, ...pieces.map((text) => tokens(text, "b0", ids(text)))]);
				const whole = pieces.join("");
				const joined = fold([SESSION, OPEN, tokens(whole, "b0", ids(whole))]);
				expect(apart.branches.get("b0")?.spans).toEqual(joined.branches.get("b0")?.spans);
			}),
		);
	});
});

describe("a cut", () => {
	const parent = [SESSION, OPEN, tokens("Wait, no", "b0", { ids: [1, 2, 3], lens: [4, 1, 3] })];
	const at = (offset: number): readonly Span[] | undefined =>
		fold([
			...parent,
			{ ...OPEN, branch: "b1", parent: { branch: "b0", at: offset } } as TraceEvent,
		]).branches.get("b1")?.spans;

	test("between tokens keeps the ids before it", () => {
		expect(at(5)).toEqual([{ kind: "model", text: "Wait,", ids: [1, 2], lens: [4, 1] }]);
	});
	test("inside a token keeps the tokens before and leaves the rest without ids", () => {
		expect(at(7)).toEqual([
			{ kind: "model", text: "Wait,", ids: [1, 2], lens: [4, 1] },
			{ kind: "model", text: " n" },
		]);
	});
	test("gives up an id that may hold the first bytes of the character behind the cut", () => {
		const state = fold([
			SESSION,
			OPEN,
			tokens("a é", "b0", { ids: [1, 2, 3], lens: [1, 1, 1] }),
			{ ...OPEN, branch: "b1", parent: { branch: "b0", at: 2 } } as TraceEvent,
		]);
		expect(state.branches.get("b1")?.spans).toEqual([
			{ kind: "model", text: "a", ids: [1], lens: [1] },
			{ kind: "model", text: " " },
		]);
	});
	test("at nothing leaves nothing", () => {
		expect(at(0)).toEqual([]);
	});
	test("takes away the hints, calls and decisions behind it, and the end", () => {
		const state = fold([
			...parent,
			{
				type: "hint",
				t,
				branch: "b0",
				at: 8,
				text: " hm",
				hint: "h",
				kind: "k",
				wording: "w",
				marker: "after-word",
				by: "policy",
			},
			{ type: "end", t, branch: "b0", reason: "eos", usage: USAGE },
			{ type: "edit", t, branch: "b0", at: 8, text: "!" },
		]);
		const branch = state.branches.get("b0")!;
		expect(branch.hints).toEqual([]);
		expect(branch.end).toBeUndefined();
		expect(textOf(branch.spans)).toBe("Wait, no!");
		expect(branch.spans.at(-1)).toEqual({ kind: "edit", text: "!" });
	});
	test("in a branch leaves the branch that it grew out of as it was, and the other way round", () => {
		const state = fold([
			...parent,
			{ ...OPEN, branch: "b1", parent: { branch: "b0", at: 8 } } as TraceEvent,
			tokens("w", "b1", { ids: [9], lens: [1] }),
			tokens("t", "b0", { ids: [8], lens: [1] }),
			{ type: "edit", t, branch: "b1", at: 4, text: "" },
		]);
		expect(state.branches.get("b0")?.spans).toEqual([
			{ kind: "model", text: "Wait, not", ids: [1, 2, 3, 8], lens: [4, 1, 3, 1] },
		]);
		expect(state.branches.get("b1")?.spans).toEqual([{ kind: "model", text: "Wait", ids: [1], lens: [4] }]);
	});
});

describe("the prefix", () => {
	test("has ids only when the header and every span have them", () => {
		const header: TraceEvent = { type: "header", t, branch: "b0", text: "Q", ids: [0] };
		const full = fold([SESSION, OPEN, header, tokens("a", "b0", { ids: [1], lens: [1] })]);
		expect(prefixOf(full.branches.get("b0")!)).toEqual({ text: "Qa", ids: [0, 1] });
		const hint: TraceEvent = {
			type: "hint",
			t,
			branch: "b0",
			at: 1,
			text: "b",
			hint: "h",
			kind: "k",
			wording: "w",
			marker: "m",
			by: "person",
		};
		const partly = fold([SESSION, OPEN, header, tokens("a", "b0", { ids: [1], lens: [1] }), hint]);
		expect(prefixOf(partly.branches.get("b0")!)).toEqual({ text: "Qab" });
	});
});

describe("what a reader does not know", () => {
	test("is counted and otherwise ignored, as are unknown fields", () => {
		const state = fold([
			SESSION,
			{ ...OPEN, colour: "blue" } as TraceEvent,
			{ type: "hologram", t, branch: "b0" } as unknown as TraceEvent,
			tokens("a"),
		]);
		expect(state.unknown).toBe(1);
		expect(state.misfits).toEqual([]);
		expect(prefixText(state.branches.get("b0")!)).toBe("a");
	});
	test("and what cannot be (an unopened branch, an offset outside) is listed in words", () => {
		const state = fold([
			SESSION,
			tokens("a", "nowhere"),
			OPEN,
			{ ...OPEN, branch: "b1", parent: { branch: "b0", at: 99 } } as TraceEvent,
		]);
		expect(state.misfits).toHaveLength(2);
		expect(state.misfits[0]).toContain("nowhere");
		expect(state.misfits[1]).toContain("99");
		expect(state.branches.get("b1")?.length).toBe(0);
	});
	test("an empty journal is a session about which nothing is known", () => {
		const state = fold([]);
		expect(state.session).toBeUndefined();
		expect(mainBranch(state)).toBeUndefined();
	});
});

describe("the end of a trace", () => {
	test("is forgotten when the trace is taken up again", () => {
		const stopped = [
			SESSION,
			OPEN,
			tokens("a"),
			{ type: "end", t, branch: "b0", reason: "interrupted", usage: USAGE },
		] as TraceEvent[];
		expect(isOpen(fold(stopped).branches.get("b0")!)).toBe(true);
		expect(fold(stopped).branches.get("b0")?.end?.reason).toBe("interrupted");
		const further = fold([...stopped, tokens("b")]).branches.get("b0")!;
		expect(further.end).toBeUndefined();
		expect(prefixText(further)).toBe("ab");
	});
	test("an accepted branch speaks for the session, else the last with an outcome, else the current one", () => {
		const events: TraceEvent[] = [SESSION, OPEN, { ...OPEN, branch: "b1" }, { ...OPEN, branch: "b2" }];
		expect(mainBranch(fold(events))?.id).toBe("b2");
		events.push({ type: "outcome", t: 2, branch: "b0", verdict: "wrong", usage: USAGE, session: "s" });
		events.push(tokens("x", "b1"));
		expect(mainBranch(fold(events))?.id).toBe("b0");
		events.push({ type: "mark", t: 3, branch: "b1", mark: "accepted" });
		expect(mainBranch(fold(events))?.id).toBe("b1");
	});
});

test("a block that was broken off and is begun anew is one call; one that answered stays", () => {
	const call = (block: number): TraceEvent => ({
		type: "call",
		t,
		branch: "b0",
		block,
		code: `print(${block})`,
	});
	const output = (block: number): TraceEvent => ({
		type: "output",
		t,
		branch: "b0",
		block,
		text: `${block}\n`,
		output: `${block}`,
		verdict: "ok",
		durationMs: 1,
	});
	const { branches, misfits } = fold([SESSION, OPEN, call(1), call(1), output(1), call(2), output(2)]);
	expect(branches.get("b0")?.calls.map(({ block, output }) => [block, output?.text])).toEqual([
		[1, "1"],
		[2, "2"],
	]);
	expect(misfits).toEqual([]);
});
