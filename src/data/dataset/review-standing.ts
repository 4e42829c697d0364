/** How a sample stands by its events alone, without its text: what a list of a hundred thousand shows of each. */
import type { Decision, ReviewEvent } from "./review.ts";

export type Standing = {
	readonly decision?: Decision;
	/** Who decided last, or edited or noted where nobody decided. */
	readonly by?: string;
	readonly why?: string;
	/** Edits less those taken back; one that does not fit the text any more counts here, and is told where it is read. */
	readonly edits: number;
	readonly notes: number;
};

const NONE: Standing = { edits: 0, notes: 0 };

export function standingOf(events: readonly ReviewEvent[]): Standing {
	if (events.length === 0) return NONE;
	let decided: ReviewEvent | undefined;
	let edits = 0;
	let notes = 0;
	for (const event of events) {
		switch (event.do) {
			case "accept":
			case "reject":
				decided = event;
				break;
			case "clear":
				decided = undefined;
				break;
			case "edit":
				edits++;
				break;
			case "undo":
				edits = Math.max(0, edits - 1);
				break;
			case "note":
				notes++;
		}
	}
	const by = (decided ?? events.at(-1))?.by;
	return {
		...(decided && { decision: decided.do === "accept" ? "accepted" : "rejected" }),
		...(by === undefined ? {} : { by }),
		...(decided?.why === undefined ? {} : { why: decided.why }),
		edits,
		notes,
	};
}
