/**
 * A hand on the loop takes nothing from the trace and gives nothing to it but what was put in: wherever it is paused and
 * taken up, it is the trace that nobody touched, and whatever the engine is asked to continue is header + spans.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Marker } from "../../src/hints/marker.ts";
import type { Policy } from "../../src/hints/policy.ts";
import { reason } from "../../src/reason/reason.ts";
import { Steering } from "../../src/reason/steering.ts";
import type { TraceEvent } from "../../src/trace/events.ts";
import { type Branch, Fold, prefixIds, prefixText } from "../../src/trace/fold.ts";
import { HINT, OUTPUT, SCRIPT, WatchedEngine, writes } from "./toy-script.ts";
import { dialect, problem, settings, ToyPython } from "./toy-trace.ts";

/** Where a person steers: before a chunk of the engine, behind an event, while a proposal waits. */
type Move = {
	readonly at: "chunk" | "event" | "proposal";
	readonly number: number;
	/** Goes on at once, or when everything else has come to rest. */
	readonly soon: boolean;
	readonly inject?: string;
};

type Grown = { readonly branch: Branch; readonly said: readonly unknown[]; readonly requests: number };

async function grow(options: {
	readonly seed: number;
	readonly ids: boolean;
	readonly drops?: number;
	readonly wants: (marker: Marker) => boolean;
	readonly off?: boolean;
	readonly moves: readonly Move[];
}): Promise<Grown> {
	const { seed, ids, drops = 0, wants, moves } = options;
	const steering = new Steering();
	const fold = new Fold();
	const set = settings({ maxRounds: 2 });
	fold.apply({ type: "session", t: 0, version: 1, id: "s", problem, nudge: "0", environment: {} });
	fold.apply({ type: "branch", t: 0, branch: "main", settings: set, by: "person" });
	const branch = fold.state.branches.get("main")!;

	const seen = { chunk: 0, event: 0, proposal: 0 };
	const moment = (at: Move["at"]): void => {
		seen[at]++;
		for (const move of moves) {
			if (move.at !== at || move.number !== seen[at]) continue;
			steering.pause();
			if (move.inject !== undefined) steering.inject({ text: move.inject });
			if (move.soon) steering.goOn();
			else setImmediate(() => steering.goOn());
		}
	};
	const policy: Policy = {
		mode: options.off ? "off" : "auto",
		says: "test",
		decide: async (marker) => {
			moment("proposal");
			await new Promise((resolve) => setImmediate(resolve));
			const text = marker.kind === "before-end" ? "⟦end⟧" : "⟦hint⟧";
			const proposal = { hint: "h", kind: "k", wording: text, text, reason: "test" };
			if (wants(marker)) return { insert: { ...proposal, by: "policy" }, proposal };
			return { skip: { by: "person", reason: "vetoed" }, proposal };
		},
	};
	const engine = new WatchedEngine(writes, { seed, ids, drops });
	engine.onChunk = () => moment("chunk");
	engine.onRequest = (prefix) => {
		expect(prefix.text).toBe(prefixText(branch));
		// Without ids of its own the engine only checks that what it is given agrees with the text.
		if (ids) expect(prefix.ids).toEqual(prefixIds(branch));
	};
	const stream = reason(
		{ session: "s", branch: "main", problem, settings: set },
		{
			engine,
			policy,
			dialect,
			steering,
			interpreter: async () => new ToyPython(),
			score: async () => ({ verdict: "unchecked" }),
			now: () => 1,
			sleep: async () => {},
		},
	);
	const said: unknown[] = [];
	for await (const event of stream) {
		fold.apply(event);
		if (event.type !== "tokens") said.push(essence(event));
		moment("event");
	}
	expect(fold.state.misfits).toEqual([]);
	return { branch, said, requests: engine.requests.length };
}

/** What must be the same however often the engine was asked. */
function essence(event: TraceEvent): unknown {
	const { ids: _, usage: __, eosIds: ___, ...rest } = event as Record<string, unknown>;
	return rest;
}

const textOf = (branch: Branch): string => branch.spans.map(({ text }) => text).join("");
const places = fc.record({
	at: fc.constantFrom<Move["at"]>("chunk", "event", "proposal"),
	number: fc.integer({ min: 1, max: 60 }),
	soon: fc.boolean(),
});
const policies = fc.constantFrom<(marker: Marker) => boolean>(
	() => true,
	() => false,
	(marker) => marker.kind === "before-code",
	(marker) => marker.index === 0,
);

describe("a hand on the loop", () => {
	test("paused and gone on with anywhere, it is the trace that nobody touched, markers and all", async () => {
		let paused = 0;
		await fc.assert(
			fc.asyncProperty(
				fc.nat(),
				fc.boolean(),
				policies,
				fc.boolean(),
				fc.array(places, { minLength: 1, maxLength: 8 }),
				async (seed, ids, wants, off, moves) => {
					const still = await grow({ seed, ids, wants, off, moves: [] });
					const steered = await grow({ seed, ids, wants, off, moves });
					expect(textOf(steered.branch)).toBe(textOf(still.branch));
					expect(steered.said).toEqual(still.said);
					paused += steered.requests - still.requests;
				},
			),
			{ numRuns: 300 },
		);
		// A property whose pauses never ended a request would show nothing.
		expect(paused).toBeGreaterThan(300);
	});

	test("hints put in anywhere stand there once, and nothing else is lost, doubled or re-spaced", async () => {
		let injected = 0;
		await fc.assert(
			fc.asyncProperty(
				fc.nat(),
				fc.boolean(),
				fc.constantFrom(0, 0.05),
				policies,
				fc.array(
					fc.record({
						at: fc.constantFrom<Move["at"]>("chunk", "event", "proposal"),
						number: fc.integer({ min: 1, max: 60 }),
						soon: fc.boolean(),
						inject: fc.constantFrom("⟦a⟧", "⟦\nb\n⟧", "⟦Wait, c⟧", "⟦\n```\n⟧"),
					}),
					{ minLength: 1, maxLength: 6 },
				),
				async (seed, ids, drops, wants, moves) => {
					const { branch } = await grow({ seed, ids, drops, wants, moves });
					const text = textOf(branch);
					expect(text.replace(OUTPUT, "").replace(HINT, "")).toBe(SCRIPT);
					const own = branch.spans.filter(({ kind }) => kind === "model").map((span) => span.text);
					expect(own.join("")).toBe(SCRIPT);
					for (const hint of branch.hints) expect(text.startsWith(hint.text, hint.at)).toBe(true);
					injected += branch.hints.filter(({ marker }) => marker === "anywhere").length;
				},
			),
			{ numRuns: 300 },
		);
		expect(injected).toBeGreaterThan(300);
	});
});
