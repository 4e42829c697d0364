/**
 * A dataset that is reviewed, on the screen: how far it is, its samples with a filter, and the text of the selected one.
 * Opening one shows it in the panes of a session, where it is edited. Everything that is decided is on the disk at once.
 */
import { basename } from "node:path";
import type { Looked, ReviewBook } from "../../data/dataset/review-book.ts";
import type { SampleEntry } from "../../data/dataset/review-index.ts";
import { eventsOfSample } from "../../data/dataset/review-trace.ts";
import { whyOf } from "../../data/dataset/why.ts";
import { Still } from "../../reason/still.ts";
import { visibleLine } from "../../trace/visible.ts";
import type { CommandId, KeyContext } from "../keys/command-table.ts";
import { ListPane } from "../reading/list-pane.ts";
import { TracePreview } from "../reading/trace-preview.ts";
import type { Rect } from "../session/layout.ts";
import type { Key, Mouse } from "../term/input.ts";
import { fit, pad, widthOf } from "../text/cells.ts";
import { Field } from "../text/field.ts";
import type { Depth } from "../theme/colour.ts";
import type { Desk, Drawing, Size, View } from "../view.ts";
import { Areas, titleLine, tooSmallFor, within } from "../views/pane.ts";
import { type BodyRow, type KeyHint, keyLine, paintRow } from "../views/sheet.ts";
import { Deeds } from "./deeds.ts";
import { type ReviewLayout, reviewLayout } from "./layout.ts";
import { progressRow, rowHeader, rowOf } from "./row.ts";
import { SampleRows } from "./sample-rows.ts";
import { editSays, SampleView } from "./sample-view.ts";

export type ReviewPageDeps = {
	readonly desk: Desk;
	readonly book: ReviewBook;
	readonly depth: Depth;
	readonly cwd: string;
};

const WHEEL_ROWS = 3;
const FIELD_MOST = 56;
const FIELD_SHARE = 0.6;

export class ReviewPage implements View {
	readonly sheet = false;
	readonly rows: SampleRows;
	readonly #deps: ReviewPageDeps;
	readonly #list: ListPane<SampleEntry>;
	readonly #deeds: Deeds;
	readonly #live = new Still("", []);
	readonly #preview = new TracePreview();
	readonly #areas = new Areas();
	readonly #field: Field;
	readonly #unsubscribe: () => void;
	#typing = false;
	/** What `#live` shows; the text of one that cannot be read is why. */
	#shown: { readonly id: string; readonly version: number; readonly looked: Looked | string } | undefined;
	#view: SampleView | undefined;
	#listAt: Rect | undefined;
	#previewAt: Rect | undefined;
	/** Why one cannot write was said. */
	#told = false;

	constructor(deps: ReviewPageDeps) {
		const { desk, book } = deps;
		this.#deps = deps;
		this.rows = new SampleRows(book, () => desk.changed("soon"));
		this.#list = new ListPane({
			items: () => this.rows,
			keyOf: ({ id }) => id,
			row: (entry, columns) => rowOf(entry, book.standing(entry.id), columns),
			empty: () => this.#empty(),
		});
		this.#list.follow(false);
		this.#preview.editSays = (at) => editSays(this.#looked(), at);
		this.#deeds = new Deeds({
			desk,
			book,
			selected: () => this.#list.selected,
			undecided: (by) => {
				const to = this.rows.undecided(this.#list.index, by);
				if (to !== undefined) this.#list.select(to);
				this.#moved();
				return to !== undefined;
			},
			why: (id) => whyOf(book.folder, id),
		});
		this.#field = new Field({
			paint: desk.paint,
			placeholder: "words decision: verdict: domain: hint: source: text:",
			multiline: false,
		});
		this.#unsubscribe = book.subscribe(() => this.#news());
		this.#news();
	}

	get typing(): boolean {
		return this.#typing;
	}

	get contexts(): readonly KeyContext[] {
		return this.#typing ? ["search", "field"] : ["samples", "sample", "rows"];
	}

	get selected(): SampleEntry | undefined {
		return this.#list.selected;
	}

	#empty(): string {
		const { index } = this.#deps.book;
		if (!index.caughtUp) return "The samples are being read ...";
		if (this.rows.scanning) return "Nothing yet: the texts are being looked through ...";
		return index.entries.length === 0 ? "The dataset has no sample." : "Nothing fits the filter.";
	}

	#news(): void {
		this.rows.refresh();
		this.#show();
		// While the samples are read it changes all the time; afterwards because of what somebody did.
		this.#deps.desk.changed(this.#deps.book.index.caughtUp ? "now" : "soon");
	}

	/** Tells at the beginning who else reviews this dataset. */
	greet(): void {
		const { desk, book } = this.#deps;
		const { writer } = book.log;
		if (writer !== undefined && !this.#told)
			desk.say(
				`this dataset is being reviewed in ${writer}: here it is read, and what is decided there shows`,
				"warning",
			);
		this.#told = true;
		const [bad] = book.log.bad;
		if (bad) desk.say(`reviews.jsonl:${bad.line} is left out: ${bad.why}`, "warning");
	}

	#looked(): Looked | undefined {
		return typeof this.#shown?.looked === "object" ? this.#shown.looked : undefined;
	}

	/** The selected sample into the panes, as it stands now. */
	#show(): void {
		const { book } = this.#deps;
		const entry = this.#list.selected;
		if (!entry) {
			if (this.#shown) this.#live.show("", []);
			this.#shown = undefined;
			return;
		}
		const version = book.log.of(entry.id).length;
		if (this.#shown?.id === entry.id && this.#shown.version === version) return;
		const same = this.#shown?.id === entry.id;
		const before = this.#looked()?.sample.segments;
		const looked = book.look(entry);
		this.#shown = { id: entry.id, version, looked };
		if (typeof looked === "string") {
			this.#live.show(entry.id, []);
			return;
		}
		// A decision changes nothing of the text: one stays where one reads.
		if (same && before && JSON.stringify(before) === JSON.stringify(looked.sample.segments)) return;
		const view = this.#view;
		const cursor = view?.thinking.cursor;
		const at = cursor === undefined ? 0 : (view?.model.lines.line(cursor).from ?? 0);
		this.#live.show(entry.id, eventsOfSample(looked.sample, looked.before, book.dialectOf(looked.sample)));
		if (view) {
			const { lines } = view.model;
			if (same && lines.length > 0) view.thinking.show(lines.textLineAt(Math.min(at, lines.offset - 1)));
			else view.thinking.toTop();
		}
	}

	#moved(): void {
		this.#show();
		this.#deps.desk.changed("now");
	}

	// What a person does.

	run(command: CommandId): boolean {
		const { desk } = this.#deps;
		switch (command) {
			case "samples.open":
				return this.#read();
			case "samples.filter":
				this.#typing = true;
				this.#field.text = this.rows.query;
				return true;
			case "search.done":
				this.#typing = false;
				return true;
			case "search.leave":
				this.#typing = false;
				this.#filter("");
				return true;
			case "samples.clear":
				if (!this.rows.clear()) return false;
				this.#moved();
				return true;
			case "samples.kind":
				this.rows.nextKind();
				this.#list.reset();
				this.#moved();
				return true;
			case "samples.sort":
				this.rows.nextOrder();
				desk.say(this.rows.order);
				this.#moved();
				return true;
			case "rows.preview-down":
			case "rows.preview-up":
				this.#preview.scroll(command === "rows.preview-down" ? WHEEL_ROWS : -WHEEL_ROWS);
				desk.changed("now");
				return true;
			case "rows.follow":
				return false;
			default:
				if (command.startsWith("sample.")) return this.#deeds.run(command);
				if (!this.#list.run(command)) return false;
				this.#moved();
				return true;
		}
	}

	can(command: CommandId): boolean {
		if (command === "rows.follow") return false;
		if (command === "sample.by" || command === "sample.reason") return true;
		if (command === "samples.open" || command.startsWith("sample.")) return this.#list.selected !== undefined;
		return true;
	}

	#read(): boolean {
		const { desk, depth, cwd, book } = this.#deps;
		const looked = this.#shown?.looked;
		if (looked === undefined) return false;
		if (typeof looked === "string") {
			desk.say(`it cannot be read: ${looked}`, "error");
			return true;
		}
		const view: SampleView = new SampleView({
			desk,
			depth,
			cwd,
			book,
			live: this.#live,
			deeds: this.#deeds,
			entry: () => this.#list.selected,
			looked: () => this.#looked(),
			place: () => `${this.#list.index + 1} of ${this.rows.length}`,
			leave: () => desk.close(view),
			step: (by) => {
				const moved = this.#list.move(by);
				this.#moved();
				return moved;
			},
			closed: () => {
				this.#view = undefined;
			},
		});
		this.#view = view;
		desk.open(view);
		return true;
	}

	#filter(query: string): void {
		this.#field.text = query;
		this.rows.query = query;
		this.#list.reset();
		this.#moved();
	}

	key(key: Key): boolean {
		if (!this.#typing || !this.#field.key(key)) return false;
		this.#typed();
		return true;
	}

	paste(text: string): void {
		if (!this.#typing) {
			this.#typing = true;
			this.#field.text = this.rows.query;
		}
		this.#field.paste(text);
		this.#typed();
	}

	#typed(): void {
		const { text } = this.#field;
		if (text !== this.rows.query) {
			this.rows.query = text;
			this.#list.reset();
			this.#show();
		}
		this.#deps.desk.changed("now");
	}

	mouse(mouse: Mouse): boolean {
		const wheel = mouse.action === "wheel-down" ? 1 : mouse.action === "wheel-up" ? -1 : 0;
		if (wheel !== 0 && within(this.#previewAt, mouse.x, mouse.y)) {
			this.#preview.scroll(wheel * WHEEL_ROWS);
			return true;
		}
		if (!this.#listAt || !within(this.#listAt, mouse.x, mouse.y)) return false;
		const did = this.#list.mouse(mouse, mouse.y - this.#listAt.y);
		if (did === "chosen") return this.#read();
		if (did === "selected") this.#moved();
		return did !== "nothing";
	}

	// What is shown.

	draw(size: Size): Drawing {
		const { desk, book } = this.#deps;
		const { paint } = desk;
		const small = tooSmallFor(size, paint);
		if (small) return small;
		const where = reviewLayout(size);
		const areas = this.#areas;
		areas.begin();
		areas.put("head", where.head, [{ painted: this.#head(size.columns) }], paint);
		areas.put("progress", where.progress, [progressRow(book.progress, where.progress.width)], paint);
		const title = this.#title(where.title);
		areas.put("title", where.title, [title.row], paint);
		const header = rowHeader(where.header.width - 2);
		areas.put(
			"header",
			where.header,
			[typeof header === "string" ? header : [["sheet", "  "], ...header]],
			paint,
		);
		this.#listAt = where.list;
		areas.put("list", where.list, this.#list.draw(paint, where.list.width, where.list.height), paint);
		if (where.rule) {
			const rule: BodyRow[] = Array.from({ length: where.rule.height }, () => [["rule", "|"]]);
			areas.put("rule", where.rule, rule, paint);
		}
		this.#drawPreview(where);
		areas.put("keys", where.keys, [keyLine(desk.keymap, this.#keys(), where.keys.width)], paint);
		return { areas: areas.drawn, ...(title.cursor ? { cursor: title.cursor } : {}) };
	}

	#keys(): KeyHint[] {
		if (this.#typing)
			return [
				["search.done", "keep the filter"],
				["search.leave", "show all"],
			];
		const filtered = this.rows.query !== "" || this.rows.kind !== "all";
		return [
			["samples.open", "read and edit"],
			["sample.accept", "accept"],
			["sample.reject-why", "reject"],
			["sample.undecided", "next undecided"],
			["samples.filter", "filter"],
			...(filtered ? ([["samples.clear", "show all"]] as const) : []),
			["samples.kind", "kind"],
			["samples.sort", "order"],
			["sample.note", "note"],
			["sample.about", "about"],
			["palette", "commands"],
			["help", "help"],
			["quit", "leave"],
		];
	}

	#head(columns: number): string {
		const { desk, book } = this.#deps;
		const { log, sheet, index, folder } = book;
		const stands =
			log.unwritten !== undefined
				? "! not saved"
				: log.writer !== undefined
					? `read only: ${log.writer} reviews`
					: `by ${book.by}`;
		const said = fit(visibleLine(stands), Math.floor(columns * 0.6));
		const count = `${index.entries.length} samples${index.caughtUp ? "" : " so far"}`;
		const odd = index.damaged > 0 ? `, ! ${index.damaged} damaged lines` : "";
		const left = pad(
			` nudge  ${visibleLine(basename(folder))}: ${sheet.kind}, ${count}${odd}`,
			columns - widthOf(said) - 2,
		);
		return desk.paint("status", `${left} ${said} `);
	}

	#title(at: Rect): { readonly row: BodyRow; readonly cursor?: Drawing["cursor"] } {
		const { paint } = this.#deps.desk;
		const { rows } = this;
		const { unwritten } = this.#deps.book.log;
		const counted = [
			unwritten === undefined ? "" : `! ${visibleLine(unwritten)}`,
			rows.length === 0 ? "" : `${this.#list.index + 1}/${rows.length}`,
			rows.kind === "all" ? "" : `only ${rows.kind}`,
			rows.order === "as in the file" ? "" : rows.order,
			rows.scanning ? `looked through ${rows.scanning.looked} of ${rows.scanning.of}` : "",
			rows.mistakes[0] ?? "",
		]
			.filter((one) => one !== "")
			.join(", ");
		if (!this.#typing && rows.query === "") return { row: titleLine("Samples", counted, true, at.width) };
		const width = Math.min(FIELD_MOST, Math.max(12, Math.floor(at.width * FIELD_SHARE)));
		this.#field.paint = paint;
		if (!this.#typing) {
			const said = `/${rows.query}`;
			const own = Math.min(width, widthOf(said));
			const left = titleLine("Samples", counted, true, at.width - own - 1);
			return {
				row: { painted: `${paintRow(paint, left, at.width - own - 1)} ${paint("key", pad(said, own))}` },
			};
		}
		const drawn = this.#field.draw(width, 1);
		const left = at.width - width - 2;
		return {
			row: {
				painted: `${paintRow(paint, titleLine("Samples", counted, true, left), left)} ${paint("key", "/")}${drawn.rows[0] ?? ""}`,
			},
			...(drawn.cursor ? { cursor: { x: at.x + left + 2 + drawn.cursor.x, y: at.y } } : {}),
		};
	}

	#drawPreview({ previewTitle, preview }: ReviewLayout): void {
		this.#previewAt = preview;
		if (!preview || !previewTitle) return;
		const { paint } = this.#deps.desk;
		const entry = this.#list.selected;
		const { looked } = this.#shown ?? {};
		const name = entry ? visibleLine(entry.question) : "Nothing selected";
		const extra = !entry
			? ""
			: typeof looked === "string"
				? `! it cannot be read: ${visibleLine(looked)}`
				: [entry.verdict, entry.answer ?? "", entry.gold === undefined ? "" : `gold ${entry.gold}`]
						.filter((one) => one !== "")
						.map(visibleLine)
						.join(", ");
		this.#areas.put(
			"preview title",
			previewTitle,
			[titleLine(name, extra, false, previewTitle.width)],
			paint,
		);
		// The screen of its own draws it.
		if (this.#view) return;
		this.#preview.show(entry && this.#live.state.branches.get(this.#live.branch));
		const rows = this.#preview.rows(preview.width, preview.height, paint);
		this.#areas.put(
			"preview",
			preview,
			rows.map((painted) => ({ painted })),
			paint,
		);
	}

	close(): void {
		this.#unsubscribe();
		this.rows.close();
	}
}
