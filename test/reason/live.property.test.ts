/**
 * Whatever a person does to a session, in whatever order and however fast: every request continues header + spans of the
 * branch that is looked at, at most one runs, what is kept is what was shown, and in the end the trace can be finished.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Branch, prefixIds, prefixText } from "../../src/trace/fold.ts";
import { ASK, AUTO, library, OFF, open, toyLab } from "./toy-live.ts";
import { HINT, OUTPUT, SCRIPT, WatchedEngine, writes } from "./toy-script.ts";

/** What a person may do, and how long is waited after it: not at all, a few steps of the loop, or until it rests. */
const action = fc.record({
	what: fc.oneof(
		{ weight: 4, arbitrary: fc.constant("goOn" as const) },
		{ weight: 2, arbitrary: fc.constant("pause" as const) },
		{ weight: 2, arbitrary: fc.constant("inject" as const) },
		{ weight: 2, arbitrary: fc.constant("answer" as const) },
		fc.constantFrom("stop", "rewind", "undoHint", "undo", "switchTo", "setHints", "note"),
	),
	number: fc.nat(200),
	steps: fc.constantFrom(0, 0, 1, 5, 20),
});

/** Hints that the script's model knows again. */
const marked = {
	...library,
	hints: library.hints.map((hint) => ({ ...hint, opens: "none" as const })),
	frames: { "after-word": "⟦{{wording}}⟧", "before-code": "⟦{{wording}}⟧", "before-end": "⟦{{wording}}⟧" },
};

test("anything that a person does leaves a session whole", async () => {
	let requests = 0;
	let branches = 0;
	await fc.assert(
		fc.asyncProperty(
			fc.nat(),
			fc.constantFrom(AUTO, ASK, OFF, { ...AUTO, vetoMs: 1 }),
			fc.array(action, { minLength: 3, maxLength: 25 }),
			async (seed, hints, actions) => {
				const engine = new WatchedEngine(writes, { seed });
				const { live, store, until, text } = open({ hints, lab: { ...toyLab(engine), library: marked } });
				const looked = (): Branch => live.state.branches.get(live.branch)!;
				const wrong: string[] = [];
				engine.onRequest = (prefix) => {
					if (engine.running > 0) wrong.push("two requests at once");
					if (prefix.text !== prefixText(looked())) wrong.push(`continued from ${prefix.text}`);
					// Text that was cut through a token has ids of its own in the request, and none in the journal.
					const ids = prefixIds(looked());
					if (ids && prefix.ids?.join() !== ids.join()) wrong.push("continued from other ids");
					requests++;
				};
				const answers = ["insert", "veto", "veto-kind", "other-wording", "let"] as const;
				const waiting: Promise<void>[] = [];
				for (const { what, number, steps } of actions) {
					if (what === "stop") waiting.push(live.stop());
					else if (what === "inject")
						waiting.push(live.inject({ text: ["⟦a⟧", "⟦\nWait, b\n⟧"][number % 2]! }));
					else if (what === "answer") live.answer({ do: answers[number % answers.length]! });
					else if (what === "rewind") live.rewind(number % ((looked()?.length ?? 0) + 1));
					else if (what === "switchTo")
						live.switchTo(
							[...live.state.branches.keys()][number % (live.state.branches.size || 1)] ?? "main",
						);
					else if (what === "setHints") live.setHints([ASK, OFF, { ...AUTO, rounds: 2 }][number % 3]!);
					else if (what === "note") live.note("n");
					else live[what]();
					for (let i = 0; i < steps; i++) await new Promise((resolve) => setImmediate(resolve));
				}
				live.setHints(OFF);
				await Promise.all(waiting);
				// The last may have put a hint in where nothing ran.
				live.goOn();
				await until("ended");
				expect(text().replace(OUTPUT, "").replace(HINT, "")).toBe(SCRIPT);
				await live.close();
				expect(wrong).toEqual([]);
				expect(engine.running).toBe(0);
				const kept = store.read(live.id).state;
				expect(kept.misfits).toEqual([]);
				expect(JSON.stringify([...kept.branches])).toBe(JSON.stringify([...live.state.branches]));
				branches += kept.branches.size;
			},
		),
		{ numRuns: 200 },
	);
	expect(requests).toBeGreaterThan(400);
	expect(branches).toBeGreaterThan(250);
});
