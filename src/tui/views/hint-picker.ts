/**
 * The hints that a person may put in: found by name, kind or words of a wording; beside them how the selected one would
 * read where the trace stands. One that would read badly there says why and stands back; its words can still be edited
 * and put in.
 */
import type { Hint } from "../../hints/hint.ts";
import type { Live } from "../../reason/live.ts";
import type { Branch } from "../../trace/fold.ts";
import { widthOf } from "../text/cells.ts";
import type { Desk } from "../view.ts";
import { inStream, tailOf } from "./goes-in.ts";
import { hintEditor } from "./hint-editor.ts";
import { factLines, type Line, textLines } from "./line.ts";
import { type Listed, type ListRow, marked, namedFirst } from "./list.ts";
import { ListView } from "./list-view.ts";

/** What was taken: enough to put it in by hand, or to ask for another hint by its id. */
export type PickedHint = {
	readonly hint: string;
	readonly kind: string;
	readonly wording: string;
	/** What goes into the stream, frame and all. */
	readonly text: string;
};

export type HintPickerOptions = {
	readonly desk: Desk;
	readonly live: Pick<Live, "library" | "preview" | "state" | "branch" | "status">;
	readonly title?: string;
	readonly done: (picked: PickedHint) => void;
	readonly cancelled?: () => void;
};

const WIDEST_NAME = 26;

export class HintPicker extends ListView<Hint> {
	readonly #hints: Hints;

	constructor(options: HintPickerOptions) {
		const { desk, live, title = "Hints", done, cancelled } = options;
		const hints = new Hints(live);
		super({
			desk,
			title,
			placeholder: "type to find a hint by its name, its kind or its words",
			contexts: ["library"],
			items: () => hints.listed,
			textOf: nameOf,
			same: (a, b) => a.id === b.id,
			filter: (query, items) => {
				hints.query = query;
				return namedFirst(query, items, nameOf, ({ wordings }) => wordings.join("\n"));
			},
			row: (hint, columns, marks) => hints.row(hint, columns, marks),
			preview: (hint, columns) => hints.preview(hint, columns),
			empty: "No hints: the library is read with the model, or has none for such problems.",
			chooses: "insert",
			stays: true,
			choose: (hint) => {
				const proposal = live.preview(hint.id, hints.wordingOf(hint));
				if ("skip" in proposal) {
					desk.say(
						`${hint.id} cannot go in here: ${proposal.skip}; ${keyOf(desk)} edits its words first`,
						"warning",
					);
					return;
				}
				desk.close(this);
				done({ hint: hint.id, kind: hint.kind, wording: proposal.wording, text: proposal.text });
			},
			commands: {
				"library.wording": (hint) => hints.turn(hint, 1),
				"library.wording-back": (hint) => hints.turn(hint, -1),
				"library.edit": (hint) => {
					const { wording, text, skip } = hints.wordsOf(hint);
					hintEditor({
						desk,
						title: `Edit ${hint.id}`,
						text,
						...(skip === undefined ? {} : { says: `As it stands it cannot go in here: ${skip}.` }),
						done: (edited) => {
							desk.close(this);
							done({ hint: hint.id, kind: hint.kind, wording, text: edited });
						},
					});
					return true;
				},
			},
			keys: [
				[["library.wording-back", "library.wording"], "wording"],
				["library.edit", "edit first"],
			],
			depends: () => hints.depends(),
			...(cancelled ? { cancelled } : {}),
		});
		this.#hints = hints;
	}

	/** The wording that is shown of a hint. */
	wordingOf(hint: Hint): number {
		return this.#hints.wordingOf(hint);
	}
}

const nameOf = ({ id, kind }: Hint): string => (kind === id ? id : `${id} ${kind}`);
const keyOf = (desk: Desk): string => desk.keymap.keysOf("library.edit")[0] ?? "the palette";

/** The library as it stands, with the wording that is chosen of each hint. */
class Hints {
	readonly #live: HintPickerOptions["live"];
	readonly #wordings = new Map<string, number>();
	/** Why a hint cannot go in: asked once for each, since each answer reads the whole trace. */
	readonly #skips = new Map<string, string | undefined>();
	#items: readonly Hint[] = [];
	#words: readonly string[] = [];
	#turned = 0;

	constructor(live: HintPickerOptions["live"]) {
		this.#live = live;
	}

	get listed(): Listed<Hint> {
		const items = this.#live.library();
		const same = items.length === this.#items.length && items.every((hint, i) => hint === this.#items[i]);
		if (!same) {
			this.#items = items;
			this.#skips.clear();
		}
		return { items: this.#items };
	}

	set query(query: string) {
		this.#words = query.toLowerCase().split(/\s+/).filter(Boolean);
	}

	depends(): readonly unknown[] {
		const { branch, status } = this.#live;
		return [branch, this.#branch?.length, status, this.#turned];
	}

	get #branch(): Branch | undefined {
		return this.#live.state.branches.get(this.#live.branch);
	}

	/** The one that was turned to; else the first that has the words that were typed. */
	wordingOf({ id, wordings }: Hint): number {
		const turned = this.#wordings.get(id);
		if (turned !== undefined) return turned;
		if (this.#words.length === 0) return 0;
		const found = wordings.findIndex((wording) => {
			const text = wording.toLowerCase();
			return this.#words.every((word) => text.includes(word));
		});
		return Math.max(0, found);
	}

	turn(hint: Hint, step: 1 | -1): boolean {
		const { length } = hint.wordings;
		this.#wordings.set(hint.id, (this.wordingOf(hint) + step + length) % length);
		this.#turned++;
		return true;
	}

	wordsOf(hint: Hint): { readonly wording: string; readonly text: string; readonly skip?: string } {
		const index = this.wordingOf(hint);
		const wording = hint.wordings[index] ?? "";
		const proposal = this.#live.preview(hint.id, index);
		if ("skip" in proposal) return { wording, text: wording, skip: proposal.skip };
		return { wording: proposal.wording, text: proposal.text };
	}

	row(hint: Hint, columns: number, marks: readonly number[]): ListRow {
		const names = Math.min(WIDEST_NAME, Math.max(0, ...this.#items.map(({ id }) => widthOf(id))));
		const wording = hint.wordings[this.wordingOf(hint)] ?? "";
		const dim = this.#skipOf(hint) !== undefined;
		const mark = dim ? "x" : hint.opens === "code" ? "#" : " ";
		if (columns < names + 16) return { mark, text: marked(hint.id, marks), dim };
		const rest = " ".repeat(Math.max(0, names - widthOf(hint.id)) + 2);
		return { mark, dim, text: [...marked(hint.id, marks), ["dim", rest + wording]] };
	}

	#skipOf(hint: Hint): string | undefined {
		if (!this.#skips.has(hint.id)) this.#skips.set(hint.id, this.wordsOf(hint).skip);
		return this.#skips.get(hint.id);
	}

	preview(hint: Hint, columns: number): readonly Line[] {
		const index = this.wordingOf(hint);
		const { wording, text, skip } = this.wordsOf(hint);
		const { file, line, layer } = hint.origin;
		const would: Line[] =
			skip === undefined
				? inStream(tailOf(this.#branch?.spans ?? []), text, columns, "hint")
				: [...textLines(`Not here: ${skip}.`, columns, "warning"), "", ...textLines(wording, columns, "dim")];
		return [
			...would,
			"",
			...factLines(
				[
					["kind", hint.kind],
					["for", hint.domain === "any" ? "any problem" : `${hint.domain} problems`],
					["goes in", hint.markers.join(", ")],
					["then", hint.opens === "code" ? "a block of Python is opened" : "the model thinks on"],
					["wording", `${index + 1} of ${hint.wordings.length}`],
					["note", hint.note],
					["from", `${layer}, ${file}:${line}`],
				],
				columns,
			),
		];
	}
}

export function hintPicker(options: HintPickerOptions): void {
	options.desk.open(new HintPicker(options));
}
