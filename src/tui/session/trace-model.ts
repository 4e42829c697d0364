/**
 * A branch as the panes show it: its wrapped lines, its timeline and its figures, kept in step with the events as they
 * come. Everything here can be made anew from the branch (`show`), and is, when another one is looked at.
 */
import type { Pending } from "../../reason/live.ts";
import type { EventOf, TraceEvent } from "../../trace/events.ts";
import type { Branch } from "../../trace/fold.ts";
import { retell } from "../../trace/retell.ts";
import { visibleLine } from "../../trace/visible.ts";
import { LineIndex } from "../text/line-index.ts";
import { Rate } from "./rate.ts";
import { duration, type Entry, nameOfHint, placeOf, timelineOf, verdictToken } from "./timeline.ts";

export class TraceModel {
	readonly lines: LineIndex;
	readonly rate: Rate;
	#branch: Branch | undefined;
	#entries: Entry[] | undefined;
	#pending: Pending | undefined;
	/** The last thing shown was why the trace stopped: it goes when the trace goes on. */
	#ended = false;
	#sampled = 0;
	#words = new Map<number, string>();
	/** What is said of text that a person changed, by where it stands. */
	editSays: (at: number) => string = () => "edited by you";

	constructor(columns: number, now: () => number = Date.now) {
		this.lines = new LineIndex(columns);
		this.rate = new Rate(now);
	}

	get branch(): Branch | undefined {
		return this.#branch;
	}

	/** Tokens that the model sampled in this branch, as far as is known. */
	get sampledTokens(): number {
		return Math.max(this.#sampled, this.#branch?.usage?.sampledTokens ?? 0);
	}

	/** Everything anew, from a branch as it stands. */
	show(branch: Branch): void {
		this.lines.cut(0);
		this.#branch = branch;
		this.#entries = undefined;
		this.#ended = false;
		this.#sampled = 0;
		this.#words = new Map(branch.markers.flatMap(({ at, word }) => (word === undefined ? [] : [[at, word]])));
		for (const span of branch.spans) {
			if (span.kind === "model") this.#sampled += span.ids?.length ?? Math.ceil(span.text.length / 4);
		}
		for (const event of retell(branch)) this.#line(event);
	}

	/** The next event of the branch that is shown; the branch has it already. */
	event(event: TraceEvent): void {
		if (event.type === "tokens") {
			const tokens = event.ids?.length ?? 1;
			this.#sampled += tokens;
			this.rate.add(tokens);
		} else {
			this.#entries = undefined;
			if (event.type === "marker" && event.word !== undefined) this.#words.set(event.at, event.word);
		}
		this.#line(event);
	}

	setPending(pending: Pending | undefined): void {
		if (pending === this.#pending) return;
		this.#pending = pending;
		this.#entries = undefined;
	}

	get entries(): readonly Entry[] {
		this.#entries ??= this.#branch ? timelineOf(this.#branch, this.#pending) : [];
		return this.#entries;
	}

	#line(event: TraceEvent): void {
		// A mark or a notice is no going on.
		if (this.#ended && !["outcome", "notice", "mark"].includes(event.type)) {
			// What was said of the end stands at the end, without text of its own.
			this.lines.cut(this.lines.offset);
			this.#ended = false;
		}
		switch (event.type) {
			case "tokens":
				this.lines.append("model", event.text);
				return;
			case "hint":
				this.lines.title(`[${hintTitle(event, this.#words.get(event.at))}]`, "hint-title");
				this.lines.append("hint", event.text);
				return;
			case "output": {
				const lost = event.stateLost ? " - its variables are lost" : "";
				const good = event.verdict === "ok";
				const took = duration(event.durationMs);
				this.lines.title(
					`[output ${event.block} - ${event.verdict}${took === "" ? "" : ` - ${took}`}${lost}]`,
					good ? "output-title" : "failure",
				);
				this.lines.append(good ? "output" : "failure", event.text);
				return;
			}
			case "limit":
				this.lines.title(`[block ${event.block} was not run: no calls are left]`, "warning");
				this.lines.append("output", event.text);
				return;
			case "edit":
				this.lines.cut(event.at);
				this.lines.title(`[${visibleLine(this.editSays(event.at))}]`, "edit-title");
				this.lines.append("edit", event.text);
				return;
			case "end":
				this.#ended = true;
				this.lines.title(`[${endWords(event)}]`, event.reason === "eos" ? "dim" : "warning");
				return;
			case "outcome":
				this.#ended = true;
				this.lines.title(`[${outcomeWords(event)}]`, verdictToken(event.verdict));
				return;
		}
	}
}

function hintTitle(event: EventOf<"hint">, word: string | undefined): string {
	const who = event.by === "person" ? " - by you" : "";
	const what = nameOfHint(event);
	return visibleLine(`hint ${placeOf(event.marker, word)}${what ? ` - ${what}` : ""}${who}`);
}

const ENDS: Readonly<Record<EventOf<"end">["reason"], string>> = {
	eos: "the model ended its turn",
	tokens: "the token budget is used up",
	time: "the time is used up",
	context: "the context is full",
	interrupted: "stopped here; it can be taken up again",
	engine: "the engine failed; it can be taken up again",
};

export function endWords(event: EventOf<"end">): string {
	const why = event.message === undefined ? "" : `: ${event.message}`;
	return visibleLine(`end - ${ENDS[event.reason] ?? event.reason}${why}`);
}

export function outcomeWords(event: EventOf<"outcome">): string {
	const answer = event.answer === undefined ? "" : ` - answer ${event.answer}`;
	const reason = event.reason === undefined ? "" : ` - ${event.reason}`;
	return visibleLine(`${event.verdict}${answer}${reason}`);
}
