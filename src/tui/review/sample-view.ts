/**
 * A sample in the panes of a session, to be edited by hand: lines are selected with the cursor, and each command makes one
 * `edit` event. What Python said is only ever taken out whole, after asking.
 */
import type { Looked, ReviewBook } from "../../data/dataset/review-book.ts";
import {
	blockAt,
	type Change,
	type Piece,
	pieceAt,
	piecesOf,
	refused,
	rewriting,
	tailAfterAnswer,
	tailFrom,
	textOfSample,
} from "../../data/dataset/review-edits.ts";
import type { SampleEntry } from "../../data/dataset/review-index.ts";
import type { Still } from "../../reason/still.ts";
import type { Segment } from "../../trace/sample.ts";
import { visibleLine } from "../../trace/visible.ts";
import type { CommandId, KeyContext } from "../keys/command-table.ts";
import { TraceView } from "../reading/trace-view.ts";
import { ruleWith } from "../session/panels.ts";
import type { Panel } from "../session/session-view.ts";
import { verdictToken } from "../session/timeline.ts";
import { fit } from "../text/cells.ts";
import type { Line } from "../text/line-index.ts";
import type { Depth } from "../theme/colour.ts";
import type { Desk } from "../view.ts";
import { confirm } from "../views/confirm.ts";
import type { Deeds } from "./deeds.ts";
import { EditSheet } from "./edit-sheet.ts";
import { DECIDED } from "./row.ts";

export type SampleViewOptions = {
	readonly desk: Desk;
	readonly depth: Depth;
	readonly cwd: string;
	readonly book: ReviewBook;
	readonly live: Still;
	readonly deeds: Deeds;
	readonly entry: () => SampleEntry | undefined;
	/** As it is shown now; undefined where it cannot be read. */
	readonly looked: () => Looked | undefined;
	/** Place among those of the list. */
	readonly place: () => string;
	readonly leave: () => void;
	readonly step: (by: 1 | -1) => boolean;
	readonly closed: () => void;
};

export class SampleView extends TraceView {
	readonly #options: SampleViewOptions;
	/** What was typed and not taken, by what it was about. */
	readonly #drafts = new Map<string, string>();
	#masked = false;

	constructor(options: SampleViewOptions) {
		const { desk, depth, cwd, live, book, entry, place } = options;
		const commands: Partial<Record<CommandId, () => boolean>> = {
			"review.select": () => this.#select(),
			"review.edit": () => this.#edit(),
			"review.block": () => this.#block(),
			"review.tail": () => this.#tail(),
			"review.cut": () => this.#cut(),
			"review.mask": () => {
				this.#masked = !this.#masked;
				desk.say(this.#masked ? "what trains is bright (+), what does not is dim (.)" : "who wrote what");
				return true;
			},
			"select.drop": () => {
				this.thinking.anchor(false);
				return true;
			},
			export: () => false,
		};
		super({
			desk,
			depth,
			cwd,
			live,
			head: () => ({
				left: `${entry()?.question ?? ""}: ${entry()?.asks ?? ""}`,
				right: `${place()}  by ${book.by}`,
			}),
			status: () => this.#facts(),
			panel: (rect, paint) => this.#foot(rect.width, rect.height, paint),
			leave: options.leave,
			step: options.step,
			// While lines are selected Escape is about those.
			get contexts(): readonly KeyContext[] {
				return self.thinking.chosen ? ["selecting", "review", "sample"] : ["review", "sample"];
			},
			commands,
			can: (command) => {
				if (command === "export") return false;
				return command.startsWith("sample.") || command.startsWith("select.") ? true : undefined;
			},
			keys: [
				["sample.accept", "accept"],
				["sample.reject-why", "reject"],
				["review.edit", "edit"],
				["review.select", "select"],
				["review.tail", "cut the tail"],
				["review.block", "take a block out"],
				["review.mask", "what trains"],
			],
			closed: options.closed,
		});
		const self = this;
		this.#options = options;
		this.model.editSays = (at) => editSays(options.looked(), at);
		this.thinking.toTop();
		this.reread();
	}

	override run(command: CommandId): boolean {
		if (command.startsWith("sample.")) return this.#options.deeds.run(command);
		return super.run(command);
	}

	/** The text anew, with the same place in sight. */
	reread(): void {
		const { branch } = this;
		const { cursor } = this.thinking;
		const lines = this.model.lines;
		const at = cursor === undefined || lines.length === 0 ? 0 : lines.line(cursor).from;
		if (branch) this.model.show(branch);
		this.thinking.reset();
		if (lines.length > 0) this.thinking.show(lines.textLineAt(Math.min(at, Math.max(0, lines.offset - 1))));
		this.searching.anew();
	}

	protected override get mask(): ((line: Line) => boolean) | undefined {
		const looked = this.#masked ? this.#options.looked() : undefined;
		if (!looked) return undefined;
		const pieces = piecesOf(looked.sample);
		return ({ from }) => pieceAt(pieces, from)?.segment.train === true;
	}

	// Editing.

	#select(): boolean {
		const { thinking } = this;
		if (thinking.cursor === undefined) thinking.select(thinking.first);
		thinking.anchor(thinking.chosen === undefined);
		return true;
	}

	/** What commands are about: the selected lines, or the cursor's. */
	#range(): { readonly from: number; readonly to: number } | undefined {
		const { thinking, model } = this;
		const { cursor, chosen } = thinking;
		const first = chosen?.from ?? cursor;
		const last = chosen?.to ?? cursor;
		if (first === undefined || last === undefined) return undefined;
		return { from: model.lines.line(first).from, to: model.lines.line(last).to };
	}

	#begin(): { entry: SampleEntry; looked: Looked; range: { from: number; to: number } } | undefined {
		const { desk, entry: current, looked: now, book } = this.#options;
		const entry = current();
		const looked = now();
		if (!entry || !looked) return undefined;
		try {
			// Whoever cannot write need not type.
			book.log.take();
		} catch (error) {
			desk.say(error instanceof Error ? error.message : String(error), "error");
			return undefined;
		}
		const range = this.#range();
		if (range) return { entry, looked, range };
		desk.say("go to a line first (j and k move)", "warning");
		return undefined;
	}

	#edit(): boolean {
		const begun = this.#begin();
		if (!begun) return true;
		const { entry, looked, range } = begun;
		const { desk } = this.#options;
		const pieces = piecesOf(looked.sample);
		const { chosen } = this.thinking;
		const span = pieceAt(pieces, range.from);
		const { from, to } = chosen ? range : (span ?? range);
		const inside = pieces.filter((piece) => piece.from < to && piece.to > from);
		if (inside.some(({ segment }) => segment.kind === "output")) {
			const key = desk.keymap.keysOf("review.block")[0];
			desk.say(`what Python said cannot be rewritten; ${key} takes the block out whole`, "warning");
			return true;
		}
		this.#write(entry, looked, from, to, inside);
		return true;
	}

	#write(entry: SampleEntry, looked: Looked, from: number, to: number, inside: readonly Piece[]): void {
		const { desk, deeds } = this.#options;
		const was = textOfSample(looked.sample).slice(from, to);
		const draft = `${entry.id} ${from} ${was}`;
		const kinds = [...new Set(inside.map(({ segment }) => WHOSE[segment.kind]))].join(", ");
		desk.open(
			new EditSheet({
				desk,
				title: `Edit ${visibleLine(entry.question)}`,
				says: `${was.length} characters: ${kinds}. What you change trains as your words; what stays keeps its writer.`,
				text: this.#drafts.get(draft) ?? was,
				check: (text) => {
					const change = rewriting(looked.sample, from, to, text);
					return change && refused(looked.sample, change);
				},
				done: (text) => {
					const change = rewriting(looked.sample, from, to, text);
					if (!change) {
						desk.say("nothing was changed");
						return;
					}
					this.#drafts.delete(draft);
					const left = (): void => {
						this.#drafts.set(draft, text);
						desk.say("the edit was not made; what you wrote is there when you edit it again");
					};
					this.thinking.anchor(false);
					deeds.edit(
						entry,
						looked,
						change,
						`edited; ${desk.keymap.keysOf("sample.undo")[0]} takes it back`,
						left,
					);
				},
				cancelled: (text) => {
					if (text === was) return;
					this.#drafts.set(draft, text);
					desk.say("nothing is changed; what you wrote is there when you edit it again");
				},
			}),
		);
	}

	#block(): boolean {
		const begun = this.#begin();
		if (!begun) return true;
		const { book, desk } = this.#options;
		const { entry, looked, range } = begun;
		const found = blockAt(looked.sample, range.from, book.dialectOf(looked.sample));
		if (typeof found === "string") desk.say(found, "warning");
		else this.#takeOut(entry, looked, found, "the block with its output");
		return true;
	}

	#tail(): boolean {
		const begun = this.#begin();
		if (!begun) return true;
		const { book, desk } = this.#options;
		const found = tailAfterAnswer(begun.looked.sample, book.thinkClose);
		if (typeof found === "string") desk.say(found);
		else this.#takeOut(begun.entry, begun.looked, found, "the tail behind the answer");
		return true;
	}

	#cut(): boolean {
		const begun = this.#begin();
		if (!begun) return true;
		const { entry, looked, range } = begun;
		const selected = this.thinking.chosen !== undefined;
		const found: Change | string = selected
			? { from: range.from, was: textOfSample(looked.sample).slice(range.from, range.to), text: "" }
			: tailFrom(looked.sample, range.from);
		if (typeof found === "string") this.#options.desk.say(found);
		else this.#takeOut(entry, looked, found, selected ? "the selected lines" : "everything from here on");
		return true;
	}

	/** Asks where something of Python goes with it. */
	#takeOut(entry: SampleEntry, looked: Looked, change: Change, what: string): void {
		const { desk, deeds } = this.#options;
		const not = refused(looked.sample, change);
		if (not !== undefined) {
			desk.say(not, "warning");
			return;
		}
		const to = change.from + change.was.length;
		const outputs = piecesOf(looked.sample).filter(
			({ segment, from }) => segment.kind === "output" && from >= change.from && from < to,
		).length;
		const undo = desk.keymap.keysOf("sample.undo")[0];
		const says = `${what}: ${change.was.length} characters are taken out; ${undo} takes it back`;
		const make = (): void => {
			this.thinking.anchor(false);
			deeds.edit(entry, looked, change, says, () => desk.say("nothing is changed"));
		};
		if (outputs === 0) {
			make();
			return;
		}
		confirm({
			desk,
			title: `Take out ${what}?`,
			says: `${change.was.length} characters go, with ${outputs === 1 ? "an output" : `${outputs} outputs`} of Python.\n\n${shortened(change.was)}`,
			yes: "Take it out",
			no: "Keep it",
			done: (yes) => {
				if (yes) make();
			},
		});
	}

	// What is shown.

	#facts(): string[] {
		const { entry: current, book } = this.#options;
		const entry = current();
		if (!entry) return [];
		const { decision, edits, notes, by, why } = book.standing(entry.id);
		const [mark] = DECIDED[decision ?? "none"];
		const { chosen } = this.thinking;
		const lines = chosen ? chosen.to - chosen.from + 1 : 0;
		return [
			...(book.log.unwritten === undefined ? [] : ["! not saved"]),
			...(lines > 0 ? [`${lines} ${lines === 1 ? "line" : "lines"} selected`] : []),
			decision ? `${mark} ${decision} by ${by}` : ". undecided",
			edits > 0 ? `~ ${edits} ${edits === 1 ? "edit" : "edits"}` : "",
			this.#masked ? "shows what trains" : "",
			`= ${entry.verdict}`,
			`${entry.tokens} tok`,
			`calls ${entry.calls}`,
			`hints ${entry.hints}`,
			notes > 0 ? `${notes} ${notes === 1 ? "note" : "notes"}` : "",
			why ?? "",
			entry.kinds,
		];
	}

	#foot(width: number, height: number, paint: Desk["paint"]): Panel | undefined {
		const { entry: current, looked: now, book } = this.#options;
		const entry = current();
		if (!entry || height < 8) return undefined;
		const looked = now();
		const answer = entry.answer === undefined ? "no answer" : `answer ${visibleLine(entry.answer)}`;
		const gold = entry.gold === undefined ? "no gold answer" : `gold ${visibleLine(entry.gold)}`;
		const { accepted, rejected, edited, undecided, of } = book.progress;
		const second =
			book.log.unwritten !== undefined
				? paint("error", fit(`  ! ${visibleLine(book.log.unwritten)}`, width))
				: looked && looked.misfits.length > 0
					? paint("warning", fit(`  ! left out: ${looked.misfits[0]}`, width))
					: paint(
							"dim",
							fit(
								`  ${accepted} accepted, ${rejected} rejected, ${edited} edited, ${undecided} of ${of} undecided`,
								width,
							),
						);
		return {
			rows: [
				ruleWith(`= ${entry.verdict} - ${answer} - ${gold}`, width, paint, verdictToken(entry.verdict)),
				second,
			],
		};
	}
}

const WHOSE: Readonly<Record<Segment["kind"], string>> = {
	prompt: "the prompt",
	model: "the model's",
	hint: "a hint",
	output: "Python's",
	edit: "a person's",
};

const SHOWN_UNITS = 300;

function shortened(text: string): string {
	const said = text.trim();
	if (said.length <= SHOWN_UNITS) return said;
	return `${said.slice(0, SHOWN_UNITS / 2)}\n...\n${said.slice(-SHOWN_UNITS / 2)}`;
}

/** Who changed what stands at a place, when, why, and what was there. */
export function editSays(looked: Looked | undefined, at: number): string {
	const piece = looked && pieceAt(piecesOf(looked.sample), at);
	const edited = piece?.segment.edited;
	if (!edited) return "edit";
	const when = edited.at.slice(0, 16).replace("T", " ");
	const why = edited.why === undefined ? "" : ` - ${edited.why}`;
	return `edit - by ${edited.by}, ${when}${why}`;
}
