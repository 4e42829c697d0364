/** Where a trace may be rewound to. */
import type { Span } from "../trace/span.ts";

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
