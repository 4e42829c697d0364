/** Where a broken-off trace stands, read from the fold of its journal: what `reason` needs to take it up. */

import type { EngineInfo } from "../engine/engine.ts";
import { type Branch, isOpen } from "../trace/fold.ts";
import type { Standing } from "./request.ts";

/**
 * Undefined for a branch that has no header yet: it begins like a new one. Ids are a model's own: for another model
 * than the one that the trace was begun with only its text is taken.
 */
export function standingOf(branch: Branch, engine?: Pick<EngineInfo, "model">): Standing | undefined {
	if (!branch.header) return undefined;
	const { end, outcome } = branch;
	const sameModel = engine === undefined || engine.model === branch.settings.model;
	return {
		header: sameModel ? branch.header : { text: branch.header.text },
		spans: sameModel ? branch.spans : branch.spans.map(({ kind, text }) => ({ kind, text })),
		blocks: branch.calls.flatMap(({ code, output }) => (output ? [{ code, output: output.text }] : [])),
		hints: branch.hints.map(({ at, hint, kind, marker }) => ({ at, hint, kind, marker })),
		markers: branch.markers.map(({ at, marker }) => ({ at, marker })),
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
