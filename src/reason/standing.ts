/** Where a broken-off trace stands, read from the fold of its journal: what `reason` needs to take it up. */

import type { EngineInfo } from "../engine/engine.ts";
import { type Branch, isOpen } from "../trace/fold.ts";
import type { Span } from "../trace/span.ts";
import type { Standing } from "./request.ts";

/**
 * Undefined for a branch that has no header yet: it begins like a new one. Ids are a model's own: for another model
 * than the one that the trace was begun with only its text is taken.
 */
export function standingOf(branch: Branch, engine?: Pick<EngineInfo, "model">): Standing | undefined {
	if (!branch.header) return undefined;
	const { end, outcome } = branch;
	const calls = branch.calls.flatMap(({ code, output }) => (output ? [{ code, output }] : []));
	const sameModel = engine === undefined || engine.model === branch.settings.model;
	return {
		header: sameModel ? branch.header : { text: branch.header.text },
		spans: sameModel ? branch.spans : branch.spans.map(({ kind, text }) => ({ kind, text })),
		blocks: calls.map(({ code, output }) => ({ code, output: output.text })),
		blocksFrom: calls.findLastIndex(({ output }) => output.stateLost) + 1,
		hints: branch.hints.map(({ at, hint, kind, marker }) => ({ at, hint, kind, marker })),
		markers: branch.markers.map(({ at, marker }) => ({ at, marker })),
		vetoed: branch.decisions
			.filter(({ decision, by }) => decision === "veto" && by === "person")
			.map(({ at }) => {
				const marker = branch.markers.findLast((one) => one.at === at)?.marker;
				return marker === undefined ? { at } : { at, marker };
			}),
		...(end && !isOpen(branch) ? { ended: end.reason, scored: outcome !== undefined } : {}),
		segments: branch.lastSegment + 1,
		usage: branch.usage ?? {
			sampledTokens: branch.spans.reduce(
				(sum, span) => sum + (span.kind === "model" ? (span.ids?.length ?? 0) : 0),
				0,
			),
			hints: branch.hints.length,
			calls: branch.calls.length,
			durationMs: 0,
		},
	};
}

/** Whether the model has ended its thinking. A hint that a person puts in behind that end opens the thinking again. */
export function thinkingEnded(spans: readonly Span[], thinkClose: string): boolean {
	const since = spans.slice(spans.findLastIndex(({ kind }) => kind === "hint") + 1);
	return since
		.map(({ kind, text }) => (kind === "output" ? "\n" : text))
		.join("")
		.includes(thinkClose);
}
