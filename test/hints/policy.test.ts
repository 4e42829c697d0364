import { describe, expect, it } from "vitest";
import { type Answer, AskPolicy } from "../../src/hints/ask.ts";
import { uniform, weighted } from "../../src/hints/draw.ts";
import type { Hint, Library } from "../../src/hints/hint.ts";
import { builtInLayer, loadLibrary } from "../../src/hints/library.ts";
import type { Marker, MarkerKind } from "../../src/hints/marker.ts";
import { AutoPolicy, type Decision, off, type PolicyContext } from "../../src/hints/policy.ts";
import { QWEN } from "./scanning.ts";

const library = loadLibrary([builtInLayer]);
const shelf = (): Library => library;

const marker = (kind: MarkerKind, index = 0, at = 10): Marker => ({ kind, index, at });

function at(kind: MarkerKind, over: Partial<PolicyContext> = {}): PolicyContext {
	return {
		problem: { id: "p", domain: "math", problem: "What is 2 + 2?" },
		dialect: QWEN,
		text: kind === "after-word" ? "So 5. Wait" : "So 5.\n",
		hints: [],
		calls: 0,
		callsLeft: 6,
		...over,
	};
}

const had = (kind: MarkerKind, times: number): PolicyContext["hints"] =>
	Array.from({ length: times }, (_, index) => ({ at: index, hint: "x", kind: "x", marker: kind }));

const skipped = (decision: Decision): string | undefined =>
	"skip" in decision ? decision.skip.reason : undefined;
const inserted = (decision: Decision) => {
	if (!("insert" in decision)) throw new Error(`skipped: ${decision.skip.reason}`);
	return decision.insert;
};

describe("auto", () => {
	it("inserts a hint at the first reflection word and before the end of thinking", async () => {
		const policy = new AutoPolicy(shelf, { seed: 1 });
		const word = inserted(await policy.decide(marker("after-word"), at("after-word")));
		expect(word.by).toBe("policy");
		expect(word.text).toBe(`, ${word.wording}.\n\`\`\`python\n`);
		expect(library.hints.find((hint) => hint.id === word.hint)?.wordings[word.wordingIndex!]).toBe(
			word.wording,
		);
		const end = inserted(
			await policy.decide(marker("before-end"), at("before-end", { hints: had("after-word", 1), calls: 1 })),
		);
		expect(end.text).toBe(`Wait, ${end.wording}.\n\`\`\`python\n`);
		expect(end.reason).toBe("round 1 of 1 before the end of thinking");
	});

	it("draws the same for the same seed and marker, whatever was drawn before", async () => {
		const draw = async (seed: number, index: number) => {
			const policy = new AutoPolicy(shelf, { seed, words: 9 });
			const { hint, wording } = inserted(await policy.decide(marker("after-word", index), at("after-word")));
			return `${hint}: ${wording}`;
		};
		const policy = new AutoPolicy(shelf, { seed: 3, words: 9 });
		for (const index of [4, 0, 2]) {
			const { hint, wording } = inserted(await policy.decide(marker("after-word", index), at("after-word")));
			expect(`${hint}: ${wording}`).toBe(await draw(3, index));
		}
		const all = new Set<string>();
		for (let seed = 0; seed < 60; seed++) all.add(await draw(seed, 0));
		expect(all.size).toBeGreaterThan(25);
	});

	it("leaves a model alone at reflection words once it has used Python", async () => {
		const policy = new AutoPolicy(shelf, { seed: 1, words: 5 });
		const context = at("after-word", { calls: 1 });
		expect(skipped(await policy.decide(marker("after-word"), context))).toBe(
			"the model already uses Python in this trace",
		);
	});

	it.each([
		["after-word", { words: 2 }, 1, undefined],
		["after-word", { words: 2 }, 2, "the trace has its 2 at reflection words"],
		["after-word", { words: 0 }, 0, "hints at reflection words are switched off (words 0)"],
		["before-end", { rounds: 3 }, 2, undefined],
		["before-end", { rounds: 3 }, 3, "the trace has its rounds before the end of thinking (3)"],
		["before-end", { rounds: 0 }, 0, "the trace has its rounds before the end of thinking (0)"],
	] as const)("at %s with %j has had %i", async (kind, options, times, reason) => {
		const policy = new AutoPolicy(shelf, { seed: 1, ...options });
		expect(skipped(await policy.decide(marker(kind), at(kind, { hints: had(kind, times) })))).toBe(reason);
	});

	it("counts each kind of marker for itself", async () => {
		const policy = new AutoPolicy(shelf, { seed: 1, words: 1, rounds: 1 });
		expect(
			skipped(await policy.decide(marker("before-end"), at("before-end", { hints: had("after-word", 3) }))),
		).toBe(undefined);
		expect(
			skipped(await policy.decide(marker("after-word"), at("after-word", { hints: had("before-end", 3) }))),
		).toBe(undefined);
	});

	it("puts hints before code of code problems only, at most as many as asked for", async () => {
		const policy = new AutoPolicy(shelf, { seed: 1 });
		const decide = (over: Partial<PolicyContext>) =>
			policy.decide(marker("before-code"), at("before-code", over));
		const problem = { id: "c", domain: "code" as const, problem: "Sort a list." };
		expect(skipped(await decide({}))).toBe("hints before code are for code problems only");
		expect(inserted(await decide({ problem })).kind).toBe("debug");
		expect(skipped(await decide({ problem, hints: had("before-code", 1) }))).toBe(
			"the trace has its 1 before code",
		);
	});

	it("opens no code when no calls are left: in words where there are such hints, else nothing", async () => {
		const policy = new AutoPolicy(shelf, { seed: 1 });
		const none = { callsLeft: 0, calls: 6 };
		expect(skipped(await policy.decide(marker("before-end"), at("before-end", none)))).toMatch(
			/^no hint .* domain math and the marker before-end and opens no code/,
		);
		const science = { id: "s", domain: "science" as const, problem: "Which?" };
		for (let index = 0; index < 10; index++) {
			const made = inserted(
				await policy.decide(marker("before-end", index), at("before-end", { ...none, problem: science })),
			);
			expect(made.text).not.toContain("```");
		}
	});

	it("does not speak into an open block of code", async () => {
		const policy = new AutoPolicy(shelf, { seed: 1 });
		const context = at("before-end", { text: "So:\n```cpp\nint x;\n" });
		expect(skipped(await policy.decide(marker("before-end"), context))).toMatch(/inside a block of code/);
		const closed = at("before-end", { text: "So:\n```cpp\nint x;\n```" });
		expect(inserted(await policy.decide(marker("before-end"), closed)).text).toMatch(/^\nWait, /);
	});

	it("uses the examples that a problem shows, and no template where it shows none", async () => {
		const policy = new AutoPolicy(shelf, { seed: 1 });
		const drawn = async (problem: PolicyContext["problem"]) => {
			const ids = new Set<string>();
			for (let index = 0; index < 40; index++) {
				ids.add(
					inserted(await policy.decide(marker("before-end", index), at("before-end", { problem }))).hint,
				);
			}
			return [...ids].sort();
		};
		const tests = [{ input: "2 3\n", output: "5\n" }];
		expect(await drawn({ id: "c", domain: "code", problem: "Input\n2 3\nOutput\n5", tests })).toEqual([
			"debug-own-tests",
			"debug-programs",
		]);
		expect(await drawn({ id: "c", domain: "code", problem: "Add two numbers.", tests })).toEqual([
			"debug-own-tests",
		]);
		expect(await drawn({ id: "c", domain: "code", problem: ">>> add(2, 3)\n5" })).toEqual([
			"debug-functions",
			"debug-own-tests",
		]);
	});

	it("keeps to the kinds it was given, and draws by weight", async () => {
		const only = new AutoPolicy(shelf, { seed: 1, kinds: ["logic-check"] });
		for (let index = 0; index < 5; index++) {
			expect(inserted(await only.decide(marker("before-end", index), at("before-end"))).kind).toBe(
				"logic-check",
			);
		}
		const heavy = (id: string, weight: number): Hint => ({
			...library.hints.find((hint) => hint.id === "logic-check")!,
			id,
			weight,
		});
		const policy = new AutoPolicy(
			() => ({ ...library, hints: [heavy("a", 3), heavy("b", 1), heavy("c", 0)] }),
			{ seed: 1 },
		);
		const counts: Record<string, number> = { a: 0, b: 0, c: 0 };
		for (let index = 0; index < 400; index++) {
			counts[inserted(await policy.decide(marker("before-end", index), at("before-end"))).hint]!++;
		}
		expect(counts.c).toBe(0);
		expect(counts.a! / 400).toBeGreaterThan(0.68);
		expect(counts.a! / 400).toBeLessThan(0.82);
		const none = new AutoPolicy(() => ({ ...library, hints: [heavy("c", 0)] }), { seed: 1 });
		expect(skipped(await none.decide(marker("before-end"), at("before-end")))).toMatch(/weight 0/);
	});

	it("takes an edited library at the next marker", async () => {
		let now: Library = library;
		const policy = new AutoPolicy(() => now, { seed: 1 });
		now = { ...library, hints: [] };
		expect(skipped(await policy.decide(marker("before-end"), at("before-end")))).toMatch(
			/^no hint of the library fits/,
		);
	});

	it("says what it is, for the settings of a trace", () => {
		expect(new AutoPolicy(shelf, { seed: 7, rounds: 2 }).says).toBe("auto rounds=2 words=1 code=1 seed=7");
		expect(new AutoPolicy(shelf, { seed: 7, kinds: ["debug"] }).says).toMatch(/ kinds=debug seed=7$/);
	});
});

it("off never inserts", async () => {
	expect(await off.decide(marker("before-end"), at("before-end"))).toEqual({
		skip: { by: "policy", reason: "the policy is off" },
	});
});

describe("ask", () => {
	/** A person who answers in turn; `seen` is what was put before them. */
	function person(...answers: Answer[]) {
		const seen: { wording: string; kind: string; note: string | undefined }[] = [];
		const auto = new AutoPolicy(shelf, { seed: 1, rounds: 9 });
		const policy = new AskPolicy(auto, shelf, async (proposal, _marker, _context, note) => {
			seen.push({ wording: proposal.wording, kind: proposal.kind, note });
			return answers.shift() ?? { do: "insert" };
		});
		return { policy, seen, auto };
	}
	const end = marker("before-end");

	it("inserts what auto proposes, in the person's name", async () => {
		const { policy, auto } = person({ do: "insert" });
		const decision = await policy.decide(end, at("before-end"));
		const proposed = inserted(await auto.decide(end, at("before-end")));
		expect(inserted(decision)).toEqual({ ...proposed, by: "person" });
		expect(policy.says).toMatch(/^ask rounds=9/);
	});

	it("inserts what the person wrote instead, and keeps the proposal beside it", async () => {
		const { policy } = person({ do: "edit", text: "Wait, no.\n" });
		const decision = await policy.decide(end, at("before-end"));
		expect(inserted(decision)).toMatchObject({ text: "Wait, no.\n", by: "person" });
		expect(decision.proposal?.text).toMatch(/```python\n$/);
	});

	it("goes through the wordings of a hint, round and round", async () => {
		const hint = library.hints.find((one) => one.id === "deep-thinking")!;
		const others = hint.wordings.map((): Answer => ({ do: "other-wording" }));
		const { policy, seen } = person({ do: "other-hint", hint: hint.id }, ...others, { do: "insert" });
		const decision = await policy.decide(end, at("before-end"));
		expect(seen.slice(1).map((one) => one.wording)).toEqual([...hint.wordings, hint.wordings[0]]);
		expect(inserted(decision).wording).toBe(hint.wordings[0]);
	});

	it("says why a hint cannot be taken, and asks again", async () => {
		const { policy, seen } = person(
			{ do: "other-hint", hint: "nonsense" },
			{ do: "other-hint", hint: "deep-thinking" },
			{ do: "edit", text: "" },
			{ do: "other-hint", hint: "debug-programs" },
			{ do: "veto" },
		);
		await policy.decide(marker("after-word"), at("after-word"));
		expect(seen.map((one) => one.note)).toEqual([
			undefined,
			"the library has no hint nonsense",
			"deep-thinking is for the markers before-end, not for after-word",
			"an empty text is no hint: veto it, or write something",
			"debug-programs is for the markers before-code, before-end, not for after-word",
		]);
	});

	it("skips what was vetoed, once", async () => {
		const { policy, seen } = person({ do: "veto" });
		const decision = await policy.decide(end, at("before-end"));
		expect(decision).toMatchObject({ skip: { by: "person", reason: "vetoed" } });
		expect(decision.proposal).toBeDefined();
		inserted(await policy.decide(end, at("before-end")));
		expect(seen[1]?.kind).toBe(seen[0]?.kind);
	});

	it("remembers a veto of a kind", async () => {
		const kinds = new Set(library.hints.filter((hint) => hint.domain === "math").map((hint) => hint.kind));
		const { policy, seen } = person(...[...kinds].map((): Answer => ({ do: "veto-kind" })));
		for (let times = 0; times < kinds.size; times++) await policy.decide(end, at("before-end"));
		expect(new Set(seen.map((one) => one.kind))).toEqual(kinds);
		expect(policy.vetoedKinds).toEqual(kinds);
		expect(skipped(await policy.decide(end, at("before-end")))).toMatch(/^no hint of the library fits/);
		expect(seen).toHaveLength(kinds.size);
	});

	it("does not ask where auto would do nothing", async () => {
		const { policy, seen } = person();
		expect(skipped(await policy.decide(marker("after-word"), at("after-word", { calls: 1 })))).toMatch(
			/already uses/,
		);
		expect(seen).toEqual([]);
	});
});

describe("draws", () => {
	it("are even, and differ by seed and label", () => {
		const all = Array.from({ length: 2000 }, (_, seed) => uniform(seed, "a"));
		expect(Math.min(...all)).toBeGreaterThanOrEqual(0);
		expect(Math.max(...all)).toBeLessThan(1);
		expect(all.reduce((a, b) => a + b) / all.length).toBeCloseTo(0.5, 1);
		expect(uniform(1, "a")).toBe(uniform(1, "a"));
		expect(uniform(1, "a", 1)).not.toBe(uniform(1, "a1"));
	});

	it("never take what has no weight", () => {
		const weights = [0, 2, 0, 1, 0];
		for (const at of [0, 0.3, 0.67, 0.999999])
			expect(weighted(weights, (one) => one, at)).toBe(at < 2 / 3 ? 2 : 1);
		expect(weighted([0, 0], (one) => one, 0.5)).toBeUndefined();
		expect(weighted([], () => 1, 0.5)).toBeUndefined();
	});
});
