/**
 * The verifiers that are there: those of a user first, then nudge's own. Of those that apply to a problem the first judges.
 *
 * What always holds: an id is there once; a problem that none applies to is "unchecked".
 */
import { createHash } from "node:crypto";
import type { OutcomeVerdict, Problem } from "../trace/events.ts";
import { ScoreError } from "./mathverify.ts";
import type { Outcome, ScoreContext, ScorePlugin } from "./plugin.ts";

const VERDICTS: readonly OutcomeVerdict[] = ["correct", "wrong", "unparseable", "no answer", "unchecked"];

export class Registry {
	readonly plugins: readonly ScorePlugin[];
	/** There are none but nudge's own, of which only one applies to a problem. */
	readonly own: boolean;

	constructor(plugins: readonly ScorePlugin[], own = false) {
		const ids = new Set<string>();
		for (const { id } of plugins) {
			if (ids.has(id)) throw new ScoreError(`two verifiers are called "${id}": give one another id`);
			ids.add(id);
		}
		this.plugins = plugins;
		this.own = own;
	}

	/** The one that judges a problem. */
	for(problem: Problem): ScorePlugin | undefined {
		return this.plugins.find((plugin) => plugin.applies(problem));
	}

	async score(problem: Problem, text: string, context: ScoreContext): Promise<Outcome> {
		const plugin = this.for(problem);
		if (!plugin) return { verdict: "unchecked", reason: "the problem gives no answer to check against" };
		return judged(plugin, problem, text, context);
	}

	async close(): Promise<void> {
		await Promise.all(this.plugins.map((plugin) => plugin.close?.()));
	}
}

/** What a plug-in says, made sure of: somebody else's may return anything. */
export async function judged(
	plugin: ScorePlugin,
	problem: Problem,
	text: string,
	context: ScoreContext,
): Promise<Outcome> {
	const outcome = await plugin.score(problem, text, context);
	if (!VERDICTS.includes(outcome?.verdict))
		throw new ScoreError(
			`the verifier ${plugin.id} returned ${JSON.stringify(outcome)?.slice(0, 100)}: it must return {verdict}, one of ${VERDICTS.join(", ")}`,
		);
	return outcome;
}

/** What a kept verdict is known by: the verifier with its version and settings. */
export function stampOf({ id, version, settings }: ScorePlugin): string {
	const fields = Object.entries(settings ?? {})
		.filter(([, value]) => value !== undefined)
		.sort(([a], [b]) => (a < b ? -1 : 1));
	const digest = createHash("sha256")
		.update(JSON.stringify([version, fields]))
		.digest("hex")
		.slice(0, 8);
	return `${id}@${version.split(" ")[0]}+${digest}`;
}
