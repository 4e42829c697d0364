/**
 * Reads a session aloud while it grows: the thinking by sentences, everything else by what it means. It tells what `Live`
 * tells and decides nothing.
 *
 * What always holds: what is told stands in the order in which it happened, each thing once; a sentence is told when it
 * has ended, or so far as it goes when nothing more came for a while or something else is to be told.
 */
import type { FenceRules } from "../../hints/fences.ts";
import type { Live, LiveChange, LiveStatus, Pending } from "../../reason/live.ts";
import type { TraceEvent } from "../../trace/events.ts";
import type { Branch } from "../../trace/fold.ts";
import { Rate } from "../session/rate.ts";
import { MARKDOWN_FENCES } from "../text/fence-lines.ts";
import { numbered, retold, spoken } from "./retold.ts";
import { clockSays, endSays, hintSays, outcomeSays, outputSays, proposalSays, vetoSays } from "./says.ts";
import { AFTER_END, turnedSays } from "./stands.ts";
import { type Unit, Units } from "./units.ts";
import { trouble, type Voice } from "./voice.ts";

/** Nothing more came for so long: what there is of a sentence is told. */
export const SILENCE_MS = 2_000;

export type ReaderOptions = {
	readonly live: Live;
	readonly voice: Voice;
	/** Of the dialect that the branch is written in. */
	readonly rules: (branch: Branch) => FenceRules;
	/** It is a replay: nothing is asked for at its end. */
	readonly replays?: boolean;
	readonly now?: () => number;
	readonly silenceMs?: number;
};

export class Reader {
	readonly rate: Rate;
	/** The thinking is told too; without it only hints, code that runs, outputs and verdicts are. */
	aloud = true;
	/** Each line of the trace is told with its number. */
	numbers = false;
	readonly #options: ReaderOptions;
	readonly #live: Live;
	readonly #now: () => number;
	readonly #end: () => void;
	#units: Units;
	#branch: Branch | undefined;
	/** Units that were told to their end, and how far the one behind them was. */
	#told = 0;
	#toldTo = 0;
	#fence = 0;
	/** Text came since the branch was looked at: what stood there before is not news. */
	#grew = false;
	#silence: NodeJS.Timeout | undefined;
	#status: LiveStatus;
	#pending: Pending | undefined;
	/** Of the proposal that was told last. */
	#marker: Pending["marker"] | undefined;
	#held = false;
	#begun = false;
	#explained = false;

	constructor(options: ReaderOptions) {
		this.#options = options;
		this.#live = options.live;
		this.#now = options.now ?? Date.now;
		this.rate = new Rate(this.#now);
		this.#units = new Units(MARKDOWN_FENCES);
		this.#status = options.live.status;
		this.#show();
		this.#end = options.live.subscribe((change) => this.#changed(change));
	}

	get branch(): Branch | undefined {
		return this.#live.state.branches.get(this.#live.branch);
	}

	/** All there are, the one that grows too. */
	get units(): readonly Unit[] {
		const { all, open } = this.#units;
		return open ? [...all, open] : all;
	}

	/** The number of the unit that stands at a place of the text, or of the first one behind it. */
	lineAt(at: number): number | undefined {
		return this.units.find(({ to }) => to > at)?.number;
	}

	/** How many lines of a branch stand before a place in it. */
	linesBefore(branch: Branch, at: number): number {
		const units = new Units(this.#options.rules(branch));
		units.show(branch.spans);
		return units.all.filter(({ to }) => to <= at).length;
	}

	/** The model waits while a person is asked something, or while a hint is put in: nothing need be said of that. */
	holding(held: boolean): void {
		this.#held = held;
	}

	/** Tells a piece of the trace again. */
	read(units: readonly Unit[], numbers = true): void {
		for (const unit of units) this.#say(numbered(unit, retold(unit, this.branch), numbers));
	}

	/** Says again what is asked, or what can be done. */
	again(): void {
		const { pending, status } = this.#live;
		if (pending) this.#say(proposalSays(pending, this.#now()));
		else if (status === "ended") this.#sayEnd();
	}

	close(): void {
		clearTimeout(this.#silence);
		this.#end();
	}

	#say(text: string): void {
		this.#options.voice.say(text);
	}

	/** Everything anew from the branch that is looked at: what stands was told, or can be read. */
	#show(): void {
		const { branch } = this;
		this.#branch = branch;
		this.#units = new Units(branch ? this.#options.rules(branch) : MARKDOWN_FENCES);
		if (branch) this.#units.show(branch.spans);
		this.#told = this.#units.all.length;
		this.#toldTo = 0;
		this.#grew = false;
		this.#fence = this.#units.all.at(-1)?.fence ?? 0;
		clearTimeout(this.#silence);
	}

	#changed(change: LiveChange): void {
		switch (change.type) {
			case "event":
				this.#event(change.event);
				return;
			case "status":
				this.#stands();
				return;
			case "branch":
				if (this.#branch !== this.branch) this.flush();
				this.#show();
				this.#status = this.#live.status;
				this.#say(turnedSays(this.#live.branch, this.#live.state, this.units.length, this.#status));
				return;
			case "trouble":
				this.flush();
				this.#say(trouble(change.level, change.text));
		}
	}

	#event(event: TraceEvent): void {
		const { branch } = this;
		if (!branch || !("branch" in event) || event.branch !== branch.id || event.type === "mark") return;
		if (this.#branch !== branch || event.type === "edit") {
			// The branch may only now be there; an edit changes what was told.
			this.flush();
			this.#show();
			if (event.type === "edit") this.#say(`Edited by you: ${event.text.trim()}`);
			return;
		}
		switch (event.type) {
			case "tokens":
				this.#units.push("model", event.text);
				this.#grew = true;
				this.rate.add(event.ids?.length ?? 1);
				this.#tell();
				clearTimeout(this.#silence);
				this.#silence = setTimeout(() => this.flush(), this.#options.silenceMs ?? SILENCE_MS).unref();
				return;
			case "hint": {
				this.flush();
				const word = branch.markers.findLast(({ at }) => at === event.at)?.word;
				this.#units.push("hint", event.text);
				this.#announce(hintSays(event, word));
				return;
			}
			case "decision":
				if (event.decision !== "veto") return;
				this.flush();
				this.#say(vetoSays(event, branch));
				return;
			case "call":
				this.flush();
				this.#say(`Block ${event.block} runs in Python.`);
				return;
			case "output":
				this.#units.push("output", event.text);
				this.#announce(outputSays(event));
				return;
			case "limit":
				this.flush();
				this.#units.push("output", event.text);
				this.#announce(`Block ${event.block} was not run: no calls are left.`);
				return;
			case "notice":
				this.flush();
				this.#say(trouble(event.level, event.text));
				return;
			case "end":
				this.flush();
				this.#say(endSays(event, this.#options.replays === true));
				return;
			case "outcome":
				this.flush();
				this.#sayEnd();
		}
	}

	/** Status or proposal may be others. */
	#stands(): void {
		const { status, pending } = this.#live;
		const before = this.#status;
		const asked = this.#pending;
		this.#status = status;
		this.#pending = pending;
		if (pending && pending !== asked) {
			this.flush();
			const same = pending.proposal === asked?.proposal && pending.note === asked.note;
			if (!same) this.#say(proposalSays(pending, this.#now(), pending.marker === this.#marker));
			else if (pending.until !== undefined) this.#say(clockSays(pending, this.#now()).join(""));
			else if (status === "asking") this.#say("The hint waits for your answer; Enter tells it again.");
		}
		this.#marker = pending?.marker ?? this.#marker;
		if (status === "paused") this.flush();
		if (status === before || (this.#held && (status === "paused" || status === "thinking"))) return;
		switch (status) {
			case "thinking":
				if (!this.#begun) this.#say("The model thinks. Enter pauses it.");
				else if (before === "paused" || before === "stopped" || before === "ready" || before === "failed")
					this.#say("It goes on.");
				this.#begun = true;
				return;
			case "paused":
				this.#say(
					`Paused${this.#where()}.${this.#explained ? "" : " Enter goes on; help lists what you can do."}`,
				);
				this.#explained = true;
				return;
			case "ready":
				// Stopped before anything was there to be broken off; after a rewind the branch says so.
				if (before === "thinking") this.#say("It waits: Enter lets it begin.");
				return;
			case "failed":
				this.flush();
				this.#say("Enter tries again.");
				return;
		}
	}

	#where(): string {
		const { length } = this.units;
		return length === 0 ? "" : ` after line ${length}`;
	}

	#sayEnd(): void {
		const { branch } = this;
		if (branch) this.#say(outcomeSays(branch, this.#live.problem));
		if (!this.#options.replays) this.#say(AFTER_END);
	}

	/** A hint or an output: its unit counts, its words are others. */
	#announce(says: string): void {
		const unit = this.#units.all.at(-1);
		this.#tell(unit);
		if (unit) this.#say(numbered(unit, says, this.numbers));
		else this.#say(says);
	}

	/** Tells the units that have ended, but for one that is told in other words. */
	#tell(but?: Unit): void {
		const { all } = this.#units;
		for (; this.#told < all.length; this.#told++) {
			const unit = all[this.#told]!;
			if (unit !== but) this.#tellUnit(unit);
			this.#toldTo = 0;
		}
	}

	/** So far as the text goes. */
	flush(): void {
		clearTimeout(this.#silence);
		this.#tell();
		const { open } = this.#units;
		if (!open || !this.#grew) return;
		this.#tellUnit(open);
		this.#toldTo = open.text.length;
	}

	#tellUnit(unit: Unit): void {
		if (!this.aloud && unit.kind === "prose") return;
		if (unit.kind === "code" && unit.fence !== this.#fence) {
			this.#fence = unit.fence ?? 0;
			this.#say(unit.block ? `Code, block ${unit.block}:` : "Code that does not run:");
		}
		const left = unit.text.slice(this.#toldTo);
		if (left.trim() !== "")
			this.#say(numbered(unit, spoken(left, this.#toldTo), this.numbers && this.#toldTo === 0));
	}
}
