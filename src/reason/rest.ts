/** Where a branch rests that does not grow, and where it may be rewound to. */
import { type Branch, isOpen } from "../trace/fold.ts";
import type { Span } from "../trace/span.ts";
import type { LiveStatus } from "./live.ts";

export type Rest = Extract<LiveStatus, "ready" | "paused" | "stopped" | "failed" | "ended">;

/** By what its journal says. A verdict that is owed is still to be had. */
export function restOf(branch: Branch | undefined): Rest {
	if (!branch?.header) return "ready";
	if (!isOpen(branch)) return branch.outcome ? "ended" : "stopped";
	return branch.parent && !branch.end && branch.length === branch.parent.at ? "ready" : "stopped";
}

/**
 * The offset itself in text of the model (cutSpan knows how to cut tokens), or the one before it where it would split a
 * surrogate pair; the beginning of a hint or an output, which stand whole or not at all.
 */
export function snapped(spans: readonly Span[], offset: number): number {
	let start = 0;
	for (const { kind, text } of spans) {
		const inside = Math.trunc(offset) - start;
		if (inside < text.length) {
			if (inside <= 0) return start;
			if (kind === "hint" || kind === "output") return start;
			return splitsPair(text, inside) ? start + inside - 1 : start + inside;
		}
		start += text.length;
	}
	return start;
}

function splitsPair(text: string, at: number): boolean {
	const before = text.charCodeAt(at - 1);
	const behind = text.charCodeAt(at);
	return before >= 0xd800 && before <= 0xdbff && behind >= 0xdc00 && behind <= 0xdfff;
}
