/**
 * One branch of a live session while it grows: opens it where it is new, says what is other than its settings have it,
 * and lets `reason()` run from where it stands.
 */
import { dialectNamed } from "../hints/library.ts";
import type { Policy } from "../hints/policy.ts";
import type { Problem, TraceEvent } from "../trace/events.ts";
import { isOpen, type SessionState } from "../trace/fold.ts";
import type { HintSettings } from "./live.ts";
import type { LiveLab } from "./live-lab.ts";
import type { Namespace } from "./namespace.ts";
import { reason } from "./reason.ts";
import { standingOf } from "./standing.ts";
import type { Steering } from "./steering.ts";

export type Ground = {
	readonly session: string;
	readonly branch: string;
	readonly problem: Problem;
	/** Shows each event as soon as it was yielded. */
	readonly state: SessionState;
	readonly hints: () => HintSettings;
	readonly steering: Steering;
	readonly signal: AbortSignal;
	readonly namespace: Namespace;
	/** For draws of this seed; nobody is asked once the signal has aborted. */
	readonly policy: (seed: number, signal: AbortSignal) => Policy;
	/** What the policy of a branch was last changed to. */
	readonly policies: ReadonlyMap<string, string>;
	readonly now: () => number;
};

export async function* grow(lab: LiveLab, ground: Ground): AsyncGenerator<TraceEvent, void, void> {
	const { state, problem, hints, steering, signal, namespace, now } = ground;
	const { info } = lab.engine;
	const on = <Type extends TraceEvent["type"]>(type: Type) => ({ type, t: now(), branch: ground.branch });
	const notice = (text: string): TraceEvent => ({ ...on("notice"), level: "info", text });

	if (!state.branches.has(ground.branch)) {
		const made = lab.traceSettings(ground.policy(lab.settings.sampling.seed, signal));
		const budgets = { ...made.budgets, maxRounds: hints().rounds };
		yield { ...on("branch"), settings: { ...made, budgets }, by: "person" };
		if (state.session?.environment.engine !== info.server) yield notice(`the engine is ${info.server}`);
	}
	const branch = state.branches.get(ground.branch);
	if (!branch) throw new Error(`the branch ${ground.branch} could not be opened`);
	const { settings } = branch;
	const policy = ground.policy(settings.sampling.seed, signal);
	if (isOpen(branch)) {
		if (info.id !== settings.engine) yield notice(`the engine is ${info.id} from here on`);
		if (policy.says !== (ground.policies.get(branch.id) ?? settings.policy))
			yield notice(`the policy is ${policy.says} from here on`);
	}
	const stood = standingOf(branch, info);
	const from = stood && namespace.stand(branch.id, stood);
	yield* reason(
		{ session: ground.session, branch: branch.id, problem, settings, ...(from ? { from } : {}) },
		{
			...lab.deps(signal, policy),
			dialect: dialectNamed(lab.library.dialects, settings.dialect),
			interpreter: namespace.forRun(branch.id, stood?.blocks.length ?? 0),
			steering,
			now,
		},
	);
}
