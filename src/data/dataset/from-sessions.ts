/**
 * A dataset of live sessions: of each the branch that speaks for it, or every branch that a person accepted.
 *
 * What always holds: edits and hints of persons stay as they are in the trace. What a person accepted is in, whatever the
 * rules say, unless somebody asks for them (`judgeAccepted`); what a person rejected is out. Sessions are taken in the
 * order of their ids, the oldest first, so that the same sessions give the same samples.
 */
import type { Branch } from "../../trace/branch.ts";
import type { OutcomeVerdict } from "../../trace/events.ts";
import { mainBranch, type SessionState } from "../../trace/fold.ts";
import { type Sample, SessionSampleError, sampleOfTrace, tracedBranch } from "../../trace/sample.ts";
import type { SessionStore } from "../../trace/store.ts";
import type { Recipe } from "../recipe.ts";
import type { Rollout } from "../rollout.ts";
import { compile } from "../rules/compile.ts";
import type { RuleContext } from "../rules/rule.ts";
import { DatasetError, type DatasetSheet } from "./dataset.ts";
import { printOf } from "./questions.ts";
import { type Losing, Waterfalling } from "./waterfall.ts";
import { assertFree, seenFrom, writeDataset } from "./writing.ts";

/** Which sessions, and which of their branches. */
export type Wanted = {
	/** All where there are none. */
	readonly ids: readonly string[];
	readonly tag?: string | undefined;
	/** Begun then or later, in milliseconds since the Unix epoch. */
	readonly sinceMs?: number | undefined;
	/** `none`: without one. */
	readonly verdict?: OutcomeVerdict | "none" | undefined;
	/** Every accepted branch, and only those. */
	readonly accepted: boolean;
};

export type FromSessions = {
	readonly store: SessionStore;
	readonly wanted: Wanted;
	readonly recipe: Recipe;
	readonly context: RuleContext;
	/** Undefined: no rules at all. */
	readonly rules: "all but accepted" | "all" | "none";
	readonly onePerQuestion: boolean;
	readonly out: string;
	readonly nudge: string;
	readonly now?: () => Date;
	readonly signal?: AbortSignal;
	readonly onWarning?: (says: string) => void;
};

export async function makeFromSessions(what: FromSessions): Promise<DatasetSheet> {
	const { store, wanted, recipe, context, out, now, signal, onWarning } = what;
	assertFree(out);
	const sieve = what.rules === "none" ? undefined : await compile(recipe.rules, context);
	for (const says of sieve?.warnings ?? []) onWarning?.(says);
	const waterfall = new Waterfalling([
		{ id: "rejected", says: "a person rejected it" },
		{ id: "unfinished", says: "it has not come to its end and verdict, and nobody accepted it" },
		...(sieve?.rules.map(({ id, says }) => ({ id, says })) ?? []),
		{ id: "unfit", says: "nothing of it would train" },
		...(what.onePerQuestion ? [{ id: "not-chosen", says: "an earlier session has the same question" }] : []),
	]);
	const problems = new Map<string, Losing & { kept: number }>();
	return writeDataset({ out, now }, async (draft) => {
		let samples = 0;
		for (const { state, branch } of branchesOf(store, wanted, onWarning)) {
			signal?.throwIfAborted();
			await new Promise(setImmediate);
			const traced = tracedBranch(state, branch.id);
			const { problem } = traced;
			const print = printOf(problem.problem, problem.answer);
			const own = problems.get(print) ?? { lastStep: -1, kept: 0 };
			problems.set(print, own);
			waterfall.rollout();
			const drop = (step: string, why: string): void => {
				waterfall.drop(step, own);
				draft.fate({ id: traced.id, question: problem.id, fate: "dropped", step, why });
			};
			const mark = state.marks.get(branch.id);
			if (mark === "rejected") {
				drop("rejected", "a person rejected it");
				continue;
			}
			if (mark !== "accepted" && !branch.outcome) {
				drop(
					"unfinished",
					branch.end ? `ended by ${branch.end.reason}, without a verdict` : "it has not ended",
				);
				continue;
			}
			const judged = mark === "accepted" && what.rules === "all but accepted" ? undefined : sieve;
			const dropped = judged?.judge(rolloutOf(branch, state));
			if (dropped) {
				drop(dropped.rule, dropped.why);
				continue;
			}
			let sample: Sample;
			try {
				sample = sampleOfTrace(traced, { trainHints: recipe.train.hints, lens: true });
			} catch (error) {
				if (!(error instanceof SessionSampleError)) throw error;
				drop("unfit", error.message);
				continue;
			}
			if (what.onePerQuestion && own.kept > 0) {
				drop("not-chosen", "an earlier session has the same question");
				continue;
			}
			const how = mark === "accepted" ? "accepted by a person" : `verdict ${traced.verdict}`;
			draft.fate({ id: traced.id, question: problem.id, fate: "passed", why: how });
			draft.sample(sample);
			own.kept++;
			samples++;
		}
		if (waterfall.rollouts === 0)
			throw new DatasetError(
				`no session in ${store.root} fits: nudge sessions list shows what there is, with --tag and --verdict as here`,
			);
		return draft.finish({
			kind: "sessions",
			nudge: what.nudge,
			sources: [{ kind: "sessions", path: seenFrom(out, store.root), rollouts: waterfall.rollouts }],
			recipe: { ...recipe, rules_apply: what.rules, facts: sieve?.facts ?? {} },
			waterfall: waterfall.sum(problems.values(), samples, ({ kept }) => kept > 0),
			trainHints: recipe.train.hints,
		});
	});
}

function* branchesOf(
	store: SessionStore,
	{ ids, tag, sinceMs, verdict, accepted }: Wanted,
	onWarning: FromSessions["onWarning"],
): Generator<{ readonly state: SessionState; readonly branch: Branch }, void, void> {
	const named = [...new Set(ids.map((id) => store.find(id)))].sort();
	for (const id of ids.length > 0 ? named : store.ids()) {
		let state: SessionState;
		try {
			const summary = store.summary(id);
			if (!summary) continue;
			if (tag !== undefined && !summary.tags.includes(tag)) continue;
			if (sinceMs !== undefined && (summary.created ?? 0) < sinceMs) continue;
			const read = store.read(id);
			state = read.state;
			for (const { line, why } of read.bad)
				onWarning?.(`session ${id}: line ${line} of its journal is skipped: ${why}`);
		} catch (error) {
			onWarning?.(`session ${id} is left out: ${(error as Error).message}`);
			continue;
		}
		if (!state.session || !state.problem) {
			onWarning?.(`session ${id} is left out: its first line is damaged, and its problem not known`);
			continue;
		}
		const main = mainBranch(state);
		const branches = accepted
			? [...state.branches.values()].filter((branch) => state.marks.get(branch.id) === "accepted")
			: main
				? [main]
				: [];
		for (const branch of branches)
			if (verdict === undefined || (branch.outcome?.verdict ?? "none") === verdict) yield { state, branch };
	}
}

/** A branch as the rules look at it. */
function rolloutOf(branch: Branch, { session, problem }: SessionState): Rollout {
	const { outcome, end, settings, usage, hints, calls, header, spans } = branch;
	const { tests: _, ...rolled } = problem!;
	return {
		key: `${session!.id}-${branch.id}`,
		problem: rolled,
		sample: 0,
		settings,
		verdict: outcome?.verdict ?? "unchecked",
		...(outcome?.answer === undefined ? {} : { answer: outcome.answer }),
		...(outcome?.reason === undefined ? {} : { why: outcome.reason }),
		end: end ?? { reason: "interrupted" },
		usage: usage ?? { sampledTokens: 0, hints: hints.length, calls: calls.length, durationMs: 0 },
		hints,
		calls,
		header: header ?? { text: "" },
		spans,
		begun: new Date(branch.t).toISOString(),
	};
}
