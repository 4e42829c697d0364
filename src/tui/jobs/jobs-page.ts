/**
 * The jobs on the screen: every one with how it stands, and of the selected one its curve, its rates and the end of its
 * log. Nothing is asked for here: jobs-watch.ts does, behind the screen; what is done to a job is in job-deeds.ts.
 */
import type { CommandId } from "../keys/command-table.ts";
import { ListPane } from "../reading/list-pane.ts";
import type { Mouse } from "../term/input.ts";
import type { Desk, Drawing, Size, View } from "../view.ts";
import { type Line, runsOf } from "../views/line.ts";
import { Areas, type Rect, titleLine, tooSmallFor, within } from "../views/pane.ts";
import { type KeyHint, keyLine } from "../views/sheet.ts";
import { textSheet } from "../views/text-sheet.ts";
import type { JobDeeds } from "./job-deeds.ts";
import { curveLines, jobAbout, jobFacts, jobHeader, jobLine, WHATS } from "./job-row.ts";
import type { JobRow, JobsWatch } from "./jobs-watch.ts";
import { LogPage } from "./log-page.ts";

export type JobsPageDeps = {
	readonly desk: Desk;
	readonly watch: JobsWatch;
	readonly deeds: JobDeeds;
	/** Whether the terminal shows braille. */
	readonly unicode: boolean;
	/** The job that is selected at first. */
	readonly select?: string | undefined;
	readonly now?: () => number;
};

export class JobsPage implements View {
	readonly sheet = false;
	readonly typing = false;
	readonly contexts = ["jobs", "rows"] as const;
	readonly #deps: JobsPageDeps;
	readonly #now: () => number;
	readonly #list: ListPane<JobRow>;
	readonly #areas = new Areas();
	readonly #unsubscribe: () => void;
	#what = 0;
	#wanted: string | undefined;
	#listAt: Rect | undefined;

	constructor(deps: JobsPageDeps) {
		const { desk, watch } = deps;
		this.#deps = deps;
		this.#now = deps.now ?? Date.now;
		this.#wanted = deps.select;
		this.#list = new ListPane({
			items: () => ({ length: watch.rows.length, at: (index) => watch.rows[index] }),
			keyOf: ({ job }) => job.id,
			row: (row, columns) => jobLine(row, watch.steps(row.job).at(-1), columns, this.#now()),
			empty: () => {
				const key = desk.keymap.keysOf("train.accepted")[0];
				return `No job yet. nudge train begins one${key === undefined ? "" : `; ${key} trains on what you accepted`}.`;
			},
		});
		this.#list.follow(false);
		this.#unsubscribe = watch.subscribe(() => desk.changed("soon"));
		watch.show(true);
	}

	get selected(): JobRow | undefined {
		return this.#list.selected;
	}

	/** Selects a job, as soon as it is there. */
	select(id: string): void {
		this.#wanted = id;
		this.#deps.desk.changed("now");
	}

	run(command: CommandId): boolean {
		const { desk, watch, deeds } = this.#deps;
		const { selected } = this;
		switch (command) {
			case "jobs.leave":
				desk.close(this);
				return true;
			case "jobs.log": {
				if (!selected) return false;
				const { id } = selected.job;
				desk.open(
					new LogPage({ desk, watch, row: () => watch.rows.find(({ job }) => job.id === id) ?? selected }),
				);
				return true;
			}
			case "jobs.curve":
				this.#what = (this.#what + 1) % WHATS.length;
				desk.changed("now");
				return true;
			case "jobs.about":
				if (!selected) return false;
				textSheet({
					desk,
					title: selected.job.id,
					lines: (columns) => jobAbout(selected, watch.steps(selected.job), columns, this.#now()),
				});
				return true;
			case "jobs.cancel":
			case "jobs.stop":
			case "jobs.resume":
			case "jobs.fetch":
			case "jobs.talk":
				if (!selected) return false;
				deeds.run(command, selected);
				return true;
			default:
				if (command === "rows.follow" || !this.#list.run(command)) return false;
				desk.changed("now");
				return true;
		}
	}

	can(command: CommandId): boolean {
		const { selected } = this;
		if (command === "rows.follow" || command.startsWith("rows.preview")) return false;
		if (!command.startsWith("jobs.") || command === "jobs.leave" || command === "jobs.open") return true;
		if (!selected) return false;
		if (["jobs.log", "jobs.curve", "jobs.about"].includes(command)) return true;
		return this.#deps.deeds.can(command, selected);
	}

	mouse(mouse: Mouse): boolean {
		if (!this.#listAt || !within(this.#listAt, mouse.x, mouse.y)) return false;
		const did = this.#list.mouse(mouse, mouse.y - this.#listAt.y);
		if (did === "chosen") return this.run("jobs.log");
		return did !== "nothing";
	}

	draw(size: Size): Drawing {
		const { desk, watch } = this.#deps;
		const { paint, keymap } = desk;
		const small = tooSmallFor(size, paint);
		if (small) return small;
		if (this.#wanted !== undefined) {
			const at = watch.rows.findIndex(({ job }) => job.id === this.#wanted);
			if (at >= 0) {
				this.#list.select(at);
				this.#wanted = undefined;
			}
		}
		const where = layout(size, watch.rows.length);
		const areas = this.#areas;
		areas.begin();
		const running = watch.rows.filter(({ state }) => state.state === "running").length;
		const { length } = watch.damaged;
		const counted = [
			watch.rows.length === 0 ? "" : `${this.#list.index + 1}/${watch.rows.length}`,
			running > 0 ? `${running} running` : "",
			length > 0 ? `${length} cannot be read: nudge jobs list says why` : "",
		].filter((part) => part !== "");
		areas.put("title", where.title, [titleLine("Jobs", counted.join(", "), true, size.columns)], paint);
		areas.put(
			"header",
			where.header,
			[[["sheet", "  "], ...runsOf(jobHeader(where.header.width - 2))]],
			paint,
		);
		this.#listAt = where.list;
		areas.put("list", where.list, this.#list.draw(paint, where.list.width, where.list.height), paint);
		const { selected } = this;
		if (selected && where.detail.height > 0) {
			watch.catchUp(selected.job);
			const name = titleLine(selected.job.id, WHATS[this.#what]!, false, where.detailTitle.width);
			areas.put("detail title", where.detailTitle, [name], paint);
			areas.put("detail", where.detail, this.#detail(selected, where.detail), paint);
		}
		areas.put("keys", where.keys, [keyLine(keymap, this.#keys(selected), where.keys.width)], paint);
		return { areas: areas.drawn };
	}

	/** Facts, then the curve, then as much of the log's end as there is room for. */
	#detail(row: JobRow, { width, height }: Rect): Line[] {
		const { watch, unicode } = this.#deps;
		const steps = watch.steps(row.job);
		const facts = jobFacts(row, steps, width, this.#now());
		const room = height - facts.length;
		const rows = Math.max(0, Math.min(MOST_CURVE_ROWS, Math.floor(room * CURVE_SHARE)));
		const drawn = curveLines(steps, WHATS[this.#what]!, { columns: Math.min(width, 120), rows, unicode });
		const left = height - facts.length - drawn.length;
		const tail = left > 0 ? watch.tail(row.job).slice(-left) : [];
		return [...facts, ...drawn, ...tail.map((line): Line => [["dim", line]])].slice(0, height);
	}

	#keys(row: JobRow | undefined): KeyHint[] {
		const can = (command: CommandId): boolean => row !== undefined && this.can(command);
		const deeds: KeyHint[] = [
			["jobs.log", "log"],
			["jobs.talk", "talk to it"],
			["jobs.fetch", "fetch"],
			["jobs.stop", "stop"],
			["jobs.cancel", "end"],
			["jobs.resume", "resume"],
			["jobs.curve", "curve"],
			["jobs.about", "about"],
		];
		return [
			...deeds.filter(([command]) => can(command as CommandId)),
			["palette", "commands"],
			["help", "help"],
			["jobs.leave", "back"],
		];
	}

	close(): void {
		this.#deps.watch.show(false);
		this.#unsubscribe();
	}
}

const MOST_CURVE_ROWS = 14;
const CURVE_SHARE = 0.7;
const LIST_SHARE = 0.4;
const LEAST_DETAIL = 6;

type Layout = Readonly<Record<"title" | "header" | "list" | "detailTitle" | "detail" | "keys", Rect>>;

/** The list has the rows that it needs, and at most its share; the rest is the selected job's. */
function layout({ columns, rows }: Size, jobs: number): Layout {
	const line = (y: number): Rect => ({ x: 0, y, width: columns, height: 1 });
	const body = Math.max(1, rows - 3);
	const most = body - 1 < LEAST_DETAIL + 2 ? body : Math.max(2, Math.floor(body * LIST_SHARE));
	const height = Math.min(Math.max(2, jobs), most);
	const left = jobs === 0 ? 0 : body - height - 1;
	const whole = left < 2 ? body : height;
	return {
		title: line(0),
		header: line(1),
		list: { x: 0, y: 2, width: columns, height: whole },
		detailTitle: { ...line(2 + whole), height: left < 2 ? 0 : 1 },
		detail: { x: 2, y: 3 + whole, width: columns - 3, height: Math.max(0, left < 2 ? 0 : left) },
		keys: { ...line(rows - 1), x: 2, width: columns - 2 },
	};
}
