import { join } from "node:path";
import { expect, test } from "vitest";
import { type FromSessions, makeFromSessions } from "../../../src/data/dataset/from-sessions.ts";
import { statsOf } from "../../../src/data/dataset/stats.ts";
import { ruleContext } from "../../../src/data/rules/context.ts";
import type { OutcomeVerdict, TraceEvent } from "../../../src/trace/events.ts";
import { SessionStore } from "../../../src/trace/store.ts";
import { freshFolder } from "../../trace/folder.ts";
import { PROBLEM, SETTINGS, USAGE } from "../../trace/tree.ts";
import { fatesIn, recipeWith, samplesIn } from "./made.ts";

const NOON = Date.UTC(2026, 10, 22, 12);
const HOUR = 3_600_000;

type Of = {
	readonly branch?: string;
	readonly verdict?: OutcomeVerdict;
	readonly words?: string;
	readonly edit?: string;
	readonly mark?: "accepted" | "rejected";
};

function branchEvents(
	t: number,
	{ branch = "b0", verdict = "correct", words = "It is 42.\n", edit, mark }: Of,
): TraceEvent[] {
	const on = { branch, t };
	return [
		{ type: "branch", ...on, settings: SETTINGS, by: "person" },
		{ type: "header", ...on, text: "<|user|>" },
		{ type: "tokens", ...on, text: words, segment: 0 },
		...(edit === undefined ? [] : [{ type: "edit" as const, ...on, at: 6, text: edit }]),
		{ type: "end", ...on, reason: "eos", usage: USAGE, eos: "<|end|>" },
		{ type: "outcome", ...on, verdict, answer: "42", usage: USAGE, session: "s" },
		...(mark ? [{ type: "mark" as const, t, branch, mark }] : []),
	];
}

function sessionAt(store: SessionStore, hour: number, branches: readonly Of[], tag?: string): string {
	const t = NOON + hour * HOUR;
	const session = store.create(
		{ problem: { ...PROBLEM, id: "typed", problem: `What is ${hour}?` }, nudge: "0", environment: {} },
		{},
		t,
	);
	for (const of of branches) for (const event of branchEvents(t, of)) session.append(event);
	if (tag) session.append({ type: "tag", t, tag, on: true });
	session.close();
	return session.id;
}

function making(
	store: SessionStore,
	changes: Partial<FromSessions> & { want?: Partial<FromSessions["wanted"]> } = {},
) {
	const out = join(freshFolder(), "d");
	const { want, ...rest } = changes;
	const what: FromSessions = {
		store,
		wanted: { ids: [], accepted: false, ...want },
		recipe: recipeWith("verdict"),
		context: ruleContext({ env: { NUDGE_HOME: "/nowhere" }, cwd: "/" }),
		rules: "all but accepted",
		onePerQuestion: false,
		out,
		nudge: "0",
		...rest,
	};
	return { what, out };
}

function stored() {
	const store = new SessionStore(freshFolder());
	const ids = [
		sessionAt(store, 0, [{}], "seed"),
		sessionAt(store, 1, [{ verdict: "wrong" }]),
		sessionAt(store, 2, [
			{ verdict: "wrong", mark: "accepted", edit: "7." },
			{ branch: "b1", mark: "accepted" },
			{ branch: "b2" },
		]),
		sessionAt(store, 3, [{ mark: "rejected" }]),
		sessionAt(store, 4, [{}], "seed"),
	];
	const open = store.create({ problem: PROBLEM, nudge: "0", environment: {} }, {}, NOON + 5 * HOUR);
	for (const event of branchEvents(NOON, {}).slice(0, 3)) open.append(event);
	open.close();
	return { store, ids, all: [...ids, open.id] };
}

test("of each session the branch that speaks for it; what was rejected, has not ended or is wrong is told", async () => {
	const { store, ids, all } = stored();
	const { what, out } = making(store);
	const { waterfall } = await makeFromSessions(what);
	expect(samplesIn(out).map(({ id }) => id)).toEqual([`${ids[0]}-b0`, `${ids[2]}-b1`, `${ids[4]}-b0`]);
	expect(fatesIn(out).map(({ id, step }) => [id, step])).toEqual([
		[`${ids[0]}-b0`, undefined],
		[`${ids[1]}-b0`, "verdict"],
		[`${ids[2]}-b1`, undefined],
		[`${ids[3]}-b0`, "rejected"],
		[`${ids[4]}-b0`, undefined],
		[`${all[5]}-b0`, "unfinished"],
	]);
	// What is typed has one id and is another question each time.
	expect(waterfall).toMatchObject({ rollouts: 6, samples: 3, problems: 6, kept: 3 });
	expect(await statsOf(out)).toMatchObject({ training: 3, problems: 3 });
});

test("every accepted branch is taken whatever the rules say, with the person's edits, unless rules are asked for", async () => {
	const { store, ids } = stored();
	const { what, out } = making(store, { want: { accepted: true } });
	await makeFromSessions(what);
	const samples = samplesIn(out);
	expect(samples.map(({ id }) => id)).toEqual([`${ids[2]}-b0`, `${ids[2]}-b1`]);
	expect(samples[0]!.segments.map(({ kind, text, train }) => [kind, text, train])).toContainEqual([
		"edit",
		"7.",
		true,
	]);

	const judged = making(store, { want: { accepted: true }, rules: "all" });
	await makeFromSessions(judged.what);
	expect(samplesIn(judged.out).map(({ id }) => id)).toEqual([`${ids[2]}-b1`]);

	const one = making(store, { want: { accepted: true }, onePerQuestion: true });
	await makeFromSessions(one.what);
	expect(samplesIn(one.out).map(({ id }) => id)).toEqual([`${ids[2]}-b0`]);
});

test("sessions are chosen by id, tag, verdict and day; without rules only what a person or the trace's end says counts", async () => {
	const { store, ids } = stored();
	const chosen = async (
		want: Partial<FromSessions["wanted"]>,
		rules: FromSessions["rules"] = "none",
	): Promise<string[]> => {
		const { what, out } = making(store, { want, rules });
		await makeFromSessions(what);
		return samplesIn(out).map(({ session }) => session!);
	};
	expect(await chosen({})).toEqual([ids[0], ids[1], ids[2], ids[4]]);
	expect(await chosen({ tag: "seed" })).toEqual([ids[0], ids[4]]);
	expect(await chosen({ verdict: "wrong" })).toEqual([ids[1]]);
	expect(await chosen({ sinceMs: NOON + 2 * HOUR })).toEqual([ids[2], ids[4]]);
	expect(await chosen({ ids: [ids[4]!, ids[1]!, ids[4]!] })).toEqual([ids[1], ids[4]]);
	await expect(chosen({ tag: "nobody's" })).rejects.toThrow(/no session .* fits/);
});
