/**
 * What a person does about the sample that is selected or read, wherever it is shown: decisions, notes, undo, who reviews
 * and why. What went wrong is said, and nothing was done then.
 */
import type { Looked, ReviewBook } from "../../data/dataset/review-book.ts";
import type { Change } from "../../data/dataset/review-edits.ts";
import type { SampleEntry } from "../../data/dataset/review-index.ts";
import type { Why } from "../../data/dataset/why.ts";
import { visibleLine } from "../../trace/visible.ts";
import type { CommandId } from "../keys/command-table.ts";
import type { Desk } from "../view.ts";
import { askLine } from "../views/ask-line.ts";
import { textSheet } from "../views/text-sheet.ts";
import { aboutLines, diffLines } from "./about.ts";

export type DeedsOptions = {
	readonly desk: Desk;
	readonly book: ReviewBook;
	readonly selected: () => SampleEntry | undefined;
	/** To the next or previous one that nobody has decided; false: there is none. */
	readonly undecided: (by: 1 | -1) => boolean;
	/** What became of the rollouts of a sample's question. */
	readonly why?: (id: string) => Promise<Why | undefined>;
};

export class Deeds {
	readonly #options: DeedsOptions;
	/** Why edits are made: asked once. */
	#reason: string | undefined;
	/** Reasons that were given, the latest last. */
	readonly #reasons: string[] = [];

	constructor(options: DeedsOptions) {
		this.#options = options;
	}

	/** The commands of the context "sample"; false for others, and where there is no sample. */
	run(command: CommandId): boolean {
		const { desk, book, selected, undecided } = this.#options;
		if (command === "sample.by") return this.#who();
		if (command === "sample.reason") return this.askReason(() => {}, true);
		if (command === "sample.undecided" || command === "sample.undecided-back") {
			const by = command === "sample.undecided" ? 1 : -1;
			if (!undecided(by))
				desk.say(by > 0 ? "no undecided sample behind this one" : "no undecided sample before this one");
			return true;
		}
		const entry = selected();
		if (!entry) return false;
		switch (command) {
			case "sample.accept":
				return this.#decide(entry, "accept");
			case "sample.reject":
				return this.#decide(entry, "reject");
			case "sample.accept-why":
			case "sample.reject-why": {
				const what = command === "sample.accept-why" ? "accept" : "reject";
				askLine({
					desk,
					title: `Why ${what} ${visibleLine(entry.question)}?`,
					label: "why",
					history: this.#reasons,
					accepts: what,
					done: (why) => this.#decide(entry, what, why),
				});
				return true;
			}
			case "sample.clear":
				if (book.standing(entry.id).decision === undefined) desk.say("nothing is decided about it");
				else this.tried(() => book.clear(entry.id), "the decision is taken back");
				return true;
			case "sample.note":
				askLine({
					desk,
					title: `A note on ${visibleLine(entry.question)}`,
					multiline: true,
					check: (text) => (text.trim() === "" ? "an empty note says nothing" : undefined),
					done: (text) => this.tried(() => book.note(entry.id, text.trim()), "the note is kept"),
				});
				return true;
			case "sample.undo":
				return this.#withSample(entry, (looked) => {
					if (looked.edits === 0) desk.say("no edit of it stands");
					else this.tried(() => book.undo(entry.id, looked), "the last edit is taken back");
				});
			case "sample.diff":
				return this.#withSample(entry, (looked) =>
					textSheet({
						desk,
						title: `${visibleLine(entry.question)}: before (-) and after (+)`,
						lines: (columns) => diffLines(looked, columns),
					}),
				);
			case "sample.about":
				return this.#withSample(entry, (looked) => void this.#about(entry, looked));
			case "sample.copy-id":
				desk.copy(entry.id);
				return true;
			default:
				return false;
		}
	}

	/** Does it, and says what was done; what cannot be done is said. */
	tried(work: () => void, says: string): boolean {
		const { desk, book } = this.#options;
		try {
			work();
		} catch (error) {
			desk.say(error instanceof Error ? error.message : String(error), "error");
			return false;
		}
		const { unwritten } = book.log;
		if (unwritten === undefined) desk.say(says);
		else desk.say(`${unwritten}; it is kept in memory and tried again every second`, "error");
		return true;
	}

	/** One edit, with its reason, which is asked for once. `left`: it was not made. */
	edit(entry: SampleEntry, looked: Looked, change: Change, says: string, left: () => void = () => {}): void {
		const { book, desk } = this.#options;
		this.askReason(
			() => {
				let not: string | undefined;
				const did = this.tried(() => {
					not = book.edit(entry.id, looked, change, this.#reason);
				}, says);
				if (not !== undefined) desk.say(not, "warning");
				if (!did || not !== undefined) left();
			},
			false,
			left,
		);
	}

	/** Why edits are made, where it is not known yet or is to be another. */
	askReason(then: () => void, anew: boolean, left: () => void = () => {}): boolean {
		const { desk } = this.#options;
		if (this.#reason !== undefined && !anew) {
			then();
			return true;
		}
		const key = desk.keymap.keysOf("sample.reason")[0];
		askLine({
			desk,
			title: "Why do you edit?",
			label: `Kept with every edit from here on; ${key} changes it. It may be empty.`,
			text: this.#reason ?? "",
			history: this.#reasons,
			done: (why) => {
				this.#reason = why.trim();
				if (this.#reason !== "") this.#reasons.push(this.#reason);
				then();
			},
			cancelled: left,
		});
		return true;
	}

	#decide(entry: SampleEntry, what: "accept" | "reject", why?: string): boolean {
		const { book, undecided } = this.#options;
		if (why?.trim()) this.#reasons.push(why.trim());
		const says = `${visibleLine(entry.question)} is ${what}ed${why?.trim() ? `: ${visibleLine(why.trim())}` : ""}`;
		if (this.tried(() => book[what](entry.id, why), says)) undecided(1);
		return true;
	}

	#who(): boolean {
		const { desk, book } = this.#options;
		askLine({
			desk,
			title: "Who reviews?",
			label: "name",
			text: book.by,
			check: (name) => (name.trim() === "" ? "a decision needs somebody who made it" : undefined),
			done: (name) => {
				book.by = name.trim();
			},
		});
		return true;
	}

	async #about(entry: SampleEntry, looked: Looked): Promise<void> {
		const { desk, book, why } = this.#options;
		// A dataset whose fates cannot be read tells less, that is all.
		const told = await why?.(entry.id).catch(() => undefined);
		textSheet({
			desk,
			title: `${visibleLine(entry.question)}: ${entry.verdict}`,
			lines: (columns) => aboutLines(book, looked, told, columns),
		});
	}

	#withSample(entry: SampleEntry, work: (looked: Looked) => void): boolean {
		const looked = this.#options.book.look(entry);
		if (typeof looked === "string") this.#options.desk.say(`it cannot be read: ${looked}`, "error");
		else work(looked);
		return true;
	}
}
