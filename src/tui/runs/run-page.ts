/**
 * A run on the screen: how it stands, its rollouts with those in flight on top, and the text of the selected one. Opening
 * one shows it in the panes of a session. Nothing here changes the run.
 */
import { basename } from "node:path";
import type { RunWatch } from "../../data/run-watch.ts";
import { visibleLine } from "../../trace/visible.ts";
import type { CommandId, KeyContext } from "../keys/command-table.ts";
import { type ListLayout, listLayout, rowAt } from "../reading/list-layout.ts";
import { ListPane } from "../reading/list-pane.ts";
import { TracePreview } from "../reading/trace-preview.ts";
import { TraceView } from "../reading/trace-view.ts";
import type { Rect } from "../session/layout.ts";
import { nameOfHint } from "../session/timeline.ts";
import type { Key, Mouse } from "../term/input.ts";
import { fit, pad, widthOf } from "../text/cells.ts";
import { Field } from "../text/field.ts";
import type { Depth } from "../theme/colour.ts";
import type { Desk, Drawing, Size, View } from "../view.ts";
import { exportSheet } from "../views/export.ts";
import { Areas, titleLine, tooSmallFor, within } from "../views/pane.ts";
import { type BodyRow, type KeyHint, keyLine, paintRow } from "../views/sheet.ts";
import { textSheet } from "../views/text-sheet.ts";
import { aboutRun } from "./about.ts";
import { fileName, Reading } from "./reading.ts";
import { rowHeader, rowOf, shortTime } from "./row.ts";
import { type RunRow, RunRows } from "./run-rows.ts";
import { placesSay, progressLine, stateSays, verdictLine } from "./standing.ts";

export type RunPageDeps = {
	readonly desk: Desk;
	readonly watch: RunWatch;
	readonly depth: Depth;
	readonly cwd: string;
	/** Makes a session of a rollout and goes there. */
	readonly takeUp: (row: Extract<RunRow, { is: "ended" }>) => void;
	readonly now?: () => number;
};

const WHEEL_ROWS = 3;
const FIELD_MOST = 44;
const FIELD_SHARE = 0.6;

export class RunPage implements View {
	readonly sheet = false;
	readonly rows: RunRows;
	readonly #deps: RunPageDeps;
	readonly #now: () => number;
	readonly #list: ListPane<RunRow>;
	readonly #reading: Reading;
	readonly #preview = new TracePreview();
	readonly #areas = new Areas();
	readonly #field: Field;
	readonly #unsubscribe: () => void;
	readonly #ticking: NodeJS.Timeout;
	#typing = false;
	/** Its trace has the screen. */
	#open: RunRow | undefined;
	#listAt: Rect | undefined;
	#previewAt: Rect | undefined;

	constructor(deps: RunPageDeps) {
		const { desk, watch } = deps;
		this.#deps = deps;
		this.#now = deps.now ?? Date.now;
		this.rows = new RunRows(watch, () => this.#news());
		this.#reading = new Reading(watch, () => this.#news());
		this.#list = new ListPane({
			items: () => this.rows,
			keyOf: ({ key }) => key,
			row: (row, columns) => rowOf(row, columns, this.#now()),
			empty: () => this.#empty(),
		});
		this.#field = new Field({
			paint: desk.paint,
			placeholder: "words verdict: problem: hint: calls: text:",
			multiline: false,
		});
		this.#unsubscribe = watch.subscribe(() => this.#news());
		// The seconds of what is in flight.
		this.#ticking = setInterval(() => desk.changed("soon"), 1_000).unref();
		this.#news();
	}

	get typing(): boolean {
		return this.#typing;
	}

	get contexts(): readonly KeyContext[] {
		return this.#typing ? ["search", "field"] : ["rollouts", "rollout", "rows"];
	}

	/** The rollout that is looked at. */
	get selected(): RunRow | undefined {
		return this.#list.selected;
	}

	#empty(): string {
		const { watch } = this.#deps;
		if (watch.trouble !== undefined) return `! ${visibleLine(watch.trouble)}`;
		if (watch.looked === 0 && !watch.index) return "The run is being looked at ...";
		if (watch.state === "waiting")
			return `There is no run yet; it shows here when nudge sample begins it in ${visibleLine(watch.folder)}`;
		if (watch.index && !watch.index.caughtUp) return "The rollouts are being read ...";
		if (this.rows.query !== "" || this.rows.kind !== "all") {
			const { scanning } = this.rows;
			return scanning ? "Nothing yet: the traces are being looked through ..." : "Nothing fits the filter.";
		}
		return "No rollout yet.";
	}

	#news(): void {
		this.rows.refresh();
		this.#reading.show(this.#row());
		this.#deps.desk.changed("soon");
	}

	/** What is looked at: the selected row, and while its trace is open that one, wherever it went. */
	#row(): RunRow | undefined {
		const { selected } = this.#list;
		const open = this.#open;
		if (!open || selected?.key === open.key) return selected;
		// It passes the filter no more, or has just ended and is not read yet.
		const found = this.rows.find(open.key) ?? open;
		this.#open = found;
		return found;
	}

	// What a person does.

	run(command: CommandId): boolean {
		const { desk } = this.#deps;
		switch (command) {
			case "rollouts.open":
				return this.#read();
			case "rollouts.filter":
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
			case "rollouts.clear":
				if (!this.rows.clear()) return false;
				this.#list.reset();
				this.#news();
				return true;
			case "rollouts.verdict":
				this.rows.nextKind();
				this.#list.reset();
				this.#list.follow();
				this.#news();
				return true;
			case "rollouts.about":
				textSheet({ desk, title: "About the run", text: aboutRun(this.#deps.watch, this.#now()) });
				return true;
			case "rollouts.export":
				return this.#export();
			case "rollout.copy-id":
			case "rollout.take-up":
				return this.#deed(command);
			case "rows.preview-down":
			case "rows.preview-up":
				this.#preview.scroll(command === "rows.preview-down" ? WHEEL_ROWS : -WHEEL_ROWS);
				desk.changed("now");
				return true;
			default:
				if (!this.#list.run(command)) return false;
				this.#moved();
				return true;
		}
	}

	can(command: CommandId): boolean {
		const { selected } = this.#list;
		switch (command) {
			case "rollout.take-up":
			case "rollouts.export":
				return selected?.is === "ended";
			case "rollouts.open":
			case "rollout.copy-id":
				return selected !== undefined;
			default:
				return true;
		}
	}

	#moved(): void {
		this.#reading.show(this.#row());
		this.#deps.desk.changed("now");
	}

	#deed(command: CommandId): boolean {
		const { desk, takeUp } = this.#deps;
		const row = this.#row();
		if (!row) return false;
		if (command === "rollout.copy-id") desk.copy(row.key);
		else if (row.is === "ended") takeUp(row);
		else desk.say("it is still being made: it can be taken up when it has ended", "warning");
		return true;
	}

	#export(): boolean {
		const { desk, cwd } = this.#deps;
		const { rollout, live } = this.#reading;
		if (!rollout) {
			desk.say("it can be exported when it has ended and is read", "warning");
			return true;
		}
		exportSheet({ desk, state: live.state, session: fileName(rollout.key), branch: live.branch, cwd });
		return true;
	}

	#read(): boolean {
		const { desk, depth, cwd } = this.#deps;
		const row = this.#row();
		if (!row) return false;
		// Whatever comes, this one stays.
		this.#list.select(this.#list.index);
		this.#reading.show(row, 0);
		const view: TraceView = new TraceView({
			desk,
			depth,
			cwd,
			live: this.#reading.live,
			head: () => this.#traceHead(),
			status: () => this.#traceStatus(),
			leave: () => desk.close(view),
			step: (by) => {
				const moved = this.#list.move(by);
				this.#open = this.#list.selected;
				this.#moved();
				return moved;
			},
			contexts: ["rollout"],
			commands: {
				"rollout.copy-id": () => this.#deed("rollout.copy-id"),
				"rollout.take-up": () => this.#deed("rollout.take-up"),
				export: () => this.#export(),
			},
			can: (command) =>
				command === "rollout.take-up" || command === "export" ? this.can("rollout.take-up") : undefined,
			keys: this.#row()?.is === "ended" ? [["rollout.take-up", "take it up"]] : [],
			closed: () => {
				this.#open = undefined;
			},
		});
		this.#open = row;
		desk.open(view);
		return true;
	}

	#traceHead(): { readonly left: string; readonly right: string } {
		const row = this.#row();
		const name = basename(this.#deps.watch.folder);
		if (!row) return { left: name, right: "" };
		const of = row.is === "ended" ? row.entry.problem : { id: row.live.problem, asks: row.live.asks };
		const sample = row.is === "ended" ? row.entry.sample : row.live.sample;
		return {
			left: `${name}  ${of.id} #${sample}: ${of.asks}`,
			right: `${this.#list.index + 1} of ${this.rows.length}`,
		};
	}

	#traceStatus(): string[] {
		const row = this.#row();
		const { rollout, trouble, loading, missing } = this.#reading;
		if (!row) return [];
		if (row.is === "in flight") {
			const { tokens, calls, hints, begun } = row.live;
			const cut = missing > 0 ? `the first ${missing} characters show when it has ended` : "";
			return [
				"> in flight",
				`${tokens} tok`,
				`calls ${calls}`,
				`hints ${hints}`,
				shortTime(this.#now() - begun),
				cut,
			];
		}
		const { verdict, tokens, calls, ms, answer, problem, end } = row.entry;
		if (trouble !== undefined) return [`! it cannot be read: ${trouble}`];
		const kinds = rollout?.hints.map((hint) => nameOfHint(hint)).join(", ") ?? "";
		return [
			`= ${verdict}`,
			...(loading ? ["is being read"] : []),
			`${tokens} tok`,
			`calls ${calls}`,
			`hints ${row.entry.hints}`,
			shortTime(ms),
			`ended by ${end}`,
			kinds,
			...(rollout ? [`seed ${rollout.settings.sampling.seed}`] : []),
			...(answer === undefined ? [] : [`answer ${answer}`]),
			...(problem.gold === undefined ? [] : [`gold ${problem.gold}`]),
		];
	}

	#filter(query: string): void {
		this.#field.text = query;
		this.rows.query = query;
		this.#list.reset();
		if (query === "" && !this.#typing) this.#list.follow();
		this.#news();
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
		if (this.#field.text !== this.rows.query) this.#filter(this.#field.text);
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
		const { desk, watch } = this.#deps;
		const { paint } = desk;
		const small = tooSmallFor(size, paint);
		if (small) return small;
		const where = layout(size);
		const areas = this.#areas;
		areas.begin();
		areas.put("head", where.head, [{ painted: this.#head(size.columns) }], paint);
		areas.put("progress", where.progress, [progressLine(watch, where.progress.width)], paint);
		areas.put("verdicts", where.verdicts, [verdictLine(watch, where.verdicts.width)], paint);
		const title = this.#title(where.title);
		areas.put("title", where.title, [title.row], paint);
		areas.put(
			"header",
			where.header,
			[[["sheet", "  "], ...asRuns(rowHeader(where.header.width - 2))]],
			paint,
		);
		this.#listAt = where.list;
		const rows = this.#list.draw(paint, where.list.width, where.list.height);
		areas.put("list", where.list, rows, paint);
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
			["rollouts.open", "read"],
			["rollouts.filter", "filter"],
			...(filtered ? ([["rollouts.clear", "show all"]] as const) : []),
			["rollouts.verdict", "kind"],
			...(this.#list.following ? [] : ([["rows.follow", "follow"]] as const)),
			["rollouts.about", "about"],
			...(this.#row()?.is === "ended" ? ([["rollout.take-up", "take up"]] as const) : []),
			["palette", "commands"],
			["help", "help"],
			["quit", "leave"],
		];
	}

	#head(columns: number): string {
		const { desk, watch } = this.#deps;
		const { sheet } = watch;
		const places = placesSay(watch);
		const right = [stateSays(watch), ...(places === "" ? [] : [places])].join("  ");
		const said = fit(right, Math.floor(columns * 0.6));
		const model = sheet ? `${sheet.settings.model}, hints ${sheet.settings.policy.split(/[\s(]/)[0]}` : "";
		const left = pad(
			` nudge  ${visibleLine(basename(watch.folder))}${model === "" ? "" : `: ${visibleLine(model)}`}`,
			columns - widthOf(said) - 2,
		);
		return desk.paint("status", `${left} ${said} `);
	}

	#title(at: Rect): { readonly row: BodyRow; readonly cursor?: Drawing["cursor"] } {
		const { paint } = this.#deps.desk;
		const { rows } = this;
		const more = this.#deps.watch.more;
		const { scanning, mistakes } = rows;
		const counted = [
			rows.length === 0 ? "" : `${this.#list.index + 1}/${rows.length}`,
			rows.live > 0 ? `${rows.live}${more > 0 ? ` (and ${more} more)` : ""} in flight` : "",
			rows.kind === "all" ? "" : `only ${rows.kind}`,
			scanning ? `looked through ${scanning.looked} of ${scanning.of}` : "",
			mistakes[0] ?? "",
			rows.length > 0 && this.#deps.watch.trouble !== undefined
				? `! ${visibleLine(this.#deps.watch.trouble)}`
				: "",
			this.#list.following ? "follows" : "",
		]
			.filter((one) => one !== "")
			.join(", ");
		if (!this.#typing && rows.query === "") return { row: titleLine("Rollouts", counted, true, at.width) };
		const width = Math.min(FIELD_MOST, Math.max(12, Math.floor(at.width * FIELD_SHARE)));
		this.#field.paint = paint;
		if (!this.#typing) {
			const said = `/${rows.query}`;
			const own = Math.min(width, widthOf(said));
			const left = titleLine("Rollouts", counted, true, at.width - own - 1);
			return {
				row: { painted: `${paintRow(paint, left, at.width - own - 1)} ${paint("key", pad(said, own))}` },
			};
		}
		const drawn = this.#field.draw(width, 1);
		const left = at.width - width - 2;
		return {
			row: {
				painted: `${paintRow(paint, titleLine("Rollouts", counted, true, left), left)} ${paint("key", "/")}${drawn.rows[0] ?? ""}`,
			},
			...(drawn.cursor ? { cursor: { x: at.x + left + 2 + drawn.cursor.x, y: at.y } } : {}),
		};
	}

	#drawPreview({ previewTitle, preview }: Layout): void {
		this.#previewAt = preview;
		if (!preview || !previewTitle) return;
		const { desk } = this.#deps;
		const { paint } = desk;
		const row = this.#row();
		const { trouble, live, loading, missing } = this.#reading;
		const extra = !row
			? ""
			: trouble !== undefined
				? `! it cannot be read: ${visibleLine(trouble)}`
				: loading
					? "is being read"
					: row.is === "in flight"
						? missing > 0
							? "as it comes; its beginning shows when it has ended"
							: "as it comes"
						: row.entry.verdict;
		const name = row
			? row.is === "ended"
				? `${row.entry.problem.id} #${row.entry.sample}`
				: `${row.live.problem} #${row.live.sample}`
			: "Nothing selected";
		const title = titleLine(visibleLine(name), extra, false, previewTitle.width);
		this.#areas.put("preview title", previewTitle, [title], paint);
		// The screen of its own draws it.
		if (this.#open) return;
		this.#preview.show(row ? live.state.branches.get(live.branch) : undefined);
		const rows = this.#preview.rows(preview.width, preview.height, paint);
		this.#areas.put(
			"preview",
			preview,
			rows.map((painted) => ({ painted })),
			paint,
		);
	}

	close(): void {
		clearInterval(this.#ticking);
		this.#unsubscribe();
		this.rows.close();
		this.#reading.close();
	}
}

const asRuns = (line: ReturnType<typeof rowHeader>) =>
	typeof line === "string" ? [["sheet", line] as const] : line;

type Layout = ListLayout & { readonly head: Rect; readonly progress: Rect; readonly verdicts: Rect };

const ROWS_FOR_VERDICTS = 12;
const PREVIEW = { previewShare: 0.42, mostPreviewRows: 22 } as const;

/** Head, progress and verdicts above the list and the text. */
function layout(size: Size): Layout {
	const verdicts = rowAt(2, size, size.rows >= ROWS_FOR_VERDICTS ? 1 : 0);
	return {
		head: rowAt(0, size),
		progress: rowAt(1, size),
		verdicts,
		...listLayout(size, { top: 2 + verdicts.height, ...PREVIEW }),
	};
}
