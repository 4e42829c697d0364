/**
 * A watched run for somebody who hears it or has no screen to draw on: what they write, a line at a time, and what they are
 * told. It lists rollouts, reads one aloud as the lines of a session do, and takes one up as a session.
 */
import type { Rollout } from "../../data/rollout.ts";
import { eventsOfRollout } from "../../data/rollout-events.ts";
import { runFilter } from "../../data/run-filter.ts";
import type { Entry } from "../../data/run-index.ts";
import { rolloutAt } from "../../data/run-reader.ts";
import type { RunWatch } from "../../data/run-watch.ts";
import type { FenceRules } from "../../hints/fences.ts";
import { type Branch, fold } from "../../trace/fold.ts";
import { numbered, retold } from "../lines/retold.ts";
import { outcomeSays } from "../lines/says.ts";
import { Units } from "../lines/units.ts";
import { progressSays, rolloutSays } from "./watch-lines.ts";

export type WatchTalkOptions = {
	readonly watch: RunWatch;
	readonly name: string;
	readonly say: (text: string) => void;
	readonly rules: (branch: Branch) => FenceRules;
	/** Makes a session of it and gives its id. */
	readonly takeUp: (rollout: Rollout) => Promise<string>;
	readonly signal: AbortSignal;
};

const LISTED = 10;
const HELP = [
	"A plain Enter: how the run stands.",
	"list: the ten rollouts that ended last; list verdict:wrong or list WORDS: of those that fit, as the filter of the screen.",
	"more: the ten before them.",
	"read 3: the third of them, from its problem to its verdict.",
	"take up 3: a session of your own that has it; the run is not touched.",
	"quit: leave; the run goes on.",
];

export class WatchTalk {
	readonly #options: WatchTalkOptions;
	#listed: readonly Entry[] = [];
	#query = "";
	/** Where the next ones are looked for. */
	#before = 0;

	constructor(options: WatchTalkOptions) {
		this.#options = options;
	}

	/** False: the person wants to leave. */
	async line(text: string): Promise<boolean> {
		const { say, watch, name } = this.#options;
		// What is there counts from the first word on.
		if (watch.looked === 0) await watch.look();
		const [, word = "", rest = ""] = /^\s*(take up|\S*)\s*(.*?)\s*$/i.exec(text) ?? [];
		switch (word.toLowerCase()) {
			case "":
			case "status":
				say(progressSays(watch, name));
				return true;
			case "list":
				this.#query = rest;
				this.#before = watch.index?.entries.length ?? 0;
				await this.#list();
				return true;
			case "more":
				await this.#list();
				return true;
			case "read":
				await this.#with(rest, (entry, rollout) => this.#read(entry, rollout));
				return true;
			case "take up":
				await this.#with(rest, async (_, rollout) => {
					const id = await this.#options.takeUp(rollout);
					say(`Session ${id} has it. Open it: nudge open ${id}`);
				});
				return true;
			case "help":
				for (const line of HELP) say(line);
				return true;
			case "quit":
			case "q":
				return false;
			default:
				say(`There is no word ${word}. help tells those that there are.`);
				return true;
		}
	}

	async #list(): Promise<void> {
		const { say, watch, signal } = this.#options;
		const entries = watch.index?.entries ?? [];
		const { test, texts, mistakes } = runFilter(this.#query);
		for (const mistake of mistakes) say(`Note: ${mistake}.`);
		const found: Entry[] = [];
		let at = Math.min(this.#before, entries.length) - 1;
		for (; at >= 0 && found.length < LISTED && !signal.aborted; at--) {
			const entry = entries[at]!;
			if (!test(entry)) continue;
			if (texts.length > 0) {
				const rollout = await rolloutAt(entry.place);
				if (typeof rollout === "string") continue;
				const small = rollout.spans
					.map((span) => span.text)
					.join("")
					.toLowerCase();
				if (!texts.every((one) => small.includes(one))) continue;
			}
			found.push(entry);
		}
		this.#before = at + 1;
		this.#listed = found;
		for (const [index, entry] of found.entries()) say(`${index + 1}: ${rolloutSays(entry)}`);
		if (found.length === 0)
			say(entries.length === 0 ? "No rollout has ended yet." : "There is no other that fits.");
	}

	async #with(which: string, work: (entry: Entry, rollout: Rollout) => void | Promise<void>): Promise<void> {
		const { say } = this.#options;
		const entry = this.#listed[Number(which || "1") - 1];
		if (!entry) {
			say(this.#listed.length === 0 ? "Say list first." : `Say a number from 1 to ${this.#listed.length}.`);
			return;
		}
		const rollout = await rolloutAt(entry.place);
		if (typeof rollout === "string") {
			say(`Error: it cannot be read: ${rollout}.`);
			return;
		}
		try {
			await work(entry, rollout);
		} catch (error) {
			say(`Error: ${error instanceof Error ? error.message : String(error)}`);
		}
	}

	#read(entry: Entry, rollout: Rollout): void {
		const { say, watch, rules } = this.#options;
		const { sheet } = watch;
		if (!sheet) return;
		const state = fold(eventsOfRollout(rollout, entry.key, sheet));
		const branch = state.branches.get("main");
		if (!branch || !state.problem) return;
		say(`Problem ${rollout.problem.id}, sample ${rollout.sample}: ${rollout.problem.problem}`);
		const units = new Units(rules(branch));
		units.show(branch.spans);
		let fence = 0;
		for (const unit of [...units.all, ...(units.open ? [units.open] : [])]) {
			if (unit.kind === "code" && unit.fence !== fence) {
				fence = unit.fence ?? 0;
				say(unit.block ? `Code, block ${unit.block}:` : "Code that does not run:");
			}
			say(numbered(unit, retold(unit, branch), true));
		}
		say(outcomeSays(branch, state.problem));
	}
}
