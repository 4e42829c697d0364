/** The runs that are being sampled or were lately, one line each. Enter watches one. */
import { visibleLine } from "../../trace/visible.ts";
import type { CommandId } from "../keys/command-table.ts";
import { ListPane } from "../reading/list-pane.ts";
import type { Mouse } from "../term/input.ts";
import { fit, pad, widthOf } from "../text/cells.ts";
import type { Token } from "../theme/theme.ts";
import type { Desk, Drawing, Size, View } from "../view.ts";
import { type Line, type Run, runsOf } from "../views/line.ts";
import { Areas, cell, type Rect, tooSmallFor, within } from "../views/pane.ts";
import { keyLine } from "../views/sheet.ts";
import { longTime, percent, placesSay, rateSays, stateSays } from "./standing.ts";
import type { TopRun, TopWatch } from "./top-watch.ts";

export type TopPageDeps = {
	readonly desk: Desk;
	readonly top: TopWatch;
	readonly open: (folder: string) => void;
};

export class TopPage implements View {
	readonly sheet = false;
	readonly typing = false;
	readonly contexts = ["runs", "rows"] as const;
	readonly #deps: TopPageDeps;
	readonly #list: ListPane<TopRun>;
	readonly #areas = new Areas();
	readonly #unsubscribe: () => void;
	#listAt: Rect | undefined;

	constructor(deps: TopPageDeps) {
		this.#deps = deps;
		const { desk, top } = deps;
		this.#list = new ListPane({
			items: () => ({ length: top.runs.length, at: (index) => top.runs[index] }),
			keyOf: ({ folder }) => folder,
			row: (run, columns) => topRow(run, columns),
			empty: () => "No run is being sampled here, nor was in the last day. nudge sample begins one.",
		});
		// Here the selected run stays selected, wherever it goes.
		this.#list.follow(false);
		this.#unsubscribe = top.subscribe(() => desk.changed("soon"));
	}

	run(command: CommandId): boolean {
		if (command === "runs.open") {
			const { selected } = this.#list;
			if (selected) this.#deps.open(selected.folder);
			return selected !== undefined;
		}
		if (command === "rows.follow" || !this.#list.run(command)) return false;
		this.#deps.desk.changed("now");
		return true;
	}

	can(command: CommandId): boolean {
		if (command === "runs.open") return this.#list.selected !== undefined;
		return command !== "rows.follow" && !command.startsWith("rows.preview");
	}

	mouse(mouse: Mouse): boolean {
		if (!this.#listAt || !within(this.#listAt, mouse.x, mouse.y)) return false;
		const did = this.#list.mouse(mouse, mouse.y - this.#listAt.y);
		if (did === "chosen") return this.run("runs.open");
		return did !== "nothing";
	}

	draw(size: Size): Drawing {
		const { desk, top } = this.#deps;
		const { paint, keymap } = desk;
		const small = tooSmallFor(size, paint);
		if (small) return small;
		const { columns, rows } = size;
		const areas = this.#areas;
		areas.begin();
		const line = (y: number): Rect => ({ x: 0, y, width: columns, height: 1 });
		const sampled = top.runs.filter(({ watch }) => watch.processes.length > 0);
		const sum = (of: (run: TopRun) => number): number => sampled.reduce((all, run) => all + of(run), 0);
		const facts = [
			`${sampled.length} of ${top.runs.length} ${top.runs.length === 1 ? "run is" : "runs are"} being sampled`,
			...(sampled.length === 0
				? []
				: [
						`${rateSays(sum(({ watch }) => watch.rates.rollouts))} rollouts/s`,
						`${Math.round(sum(({ watch }) => watch.rates.tokens))} tokens/s`,
					]),
		].join("  ");
		const said = fit(facts, columns - 10);
		const head = paint("status", `${pad(" nudge  runs", columns - widthOf(said) - 2)} ${said} `);
		areas.put("head", line(0), [{ painted: head }], paint);
		areas.put("header", line(1), [[["sheet", "  "], ...runsOf(topHeader(columns - 2))]], paint);
		this.#listAt = { x: 0, y: 2, width: columns, height: rows - 3 };
		areas.put("list", this.#listAt, this.#list.draw(paint, columns, rows - 3), paint);
		const keys = keyLine(
			keymap,
			[
				["runs.open", "watch"],
				[["rows.up", "rows.down"], "move"],
				["palette", "commands"],
				["help"],
				["quit", "leave"],
			],
			columns - 1,
		);
		areas.put("keys", { ...line(rows - 1), x: 1, width: columns - 1 }, [keys], paint);
		return { areas: areas.drawn };
	}

	close(): void {
		this.#unsubscribe();
	}
}

type Column = {
	readonly name: string;
	readonly width: number;
	/** Shown from so many columns on. */
	readonly from?: number;
	readonly token?: (run: TopRun) => Token;
	readonly says: (run: TopRun) => string;
};

const STATE_TOKENS: Readonly<Record<string, Token>> = {
	sampling: "by-model",
	silent: "warning",
	owed: "warning",
	done: "correct",
};

const whileSampling = ({ watch }: TopRun, says: () => string): string =>
	watch.processes.length > 0 ? says() : "";

const COLUMNS: readonly Column[] = [
	{
		name: "state",
		width: 13,
		token: ({ watch }) => STATE_TOKENS[watch.state] ?? "dim",
		says: ({ watch }) => stateSays(watch),
	},
	{ name: "done", width: 14, says: ({ watch }) => `${watch.done}/${watch.total}` },
	{
		name: "",
		width: 8,
		from: 100,
		says: ({ watch }) => (watch.total > 0 ? percent(watch.done / watch.total) : ""),
	},
	{
		name: "right",
		width: 8,
		says: ({ watch }) => (watch.summary?.accuracy === undefined ? "-" : percent(watch.summary.accuracy)),
	},
	{
		name: "left",
		width: 8,
		says: (run) =>
			whileSampling(run, () => {
				const { leftMs } = run.watch.rates;
				return leftMs === undefined ? "?" : longTime(leftMs);
			}),
	},
	{
		name: "roll/s",
		width: 7,
		says: (run) => whileSampling(run, () => rateSays(run.watch.rates.rollouts)),
	},
	{
		name: "tok/s",
		width: 7,
		says: (run) => whileSampling(run, () => String(Math.round(run.watch.rates.tokens))),
	},
	{
		name: "calls/s",
		width: 8,
		says: (run) => whileSampling(run, () => rateSays(run.watch.rates.calls)),
	},
];

const NAME_LEAST = 12;
const NAME_MOST = 40;
const WHERE_FROM = 120;

function shownColumns(columns: number): {
	readonly name: number;
	readonly shown: readonly Column[];
	readonly where: number;
} {
	const shown: Column[] = [];
	let left = columns - NAME_LEAST;
	for (const column of COLUMNS) {
		if (column.width > left || columns < (column.from ?? 0)) continue;
		shown.push(column);
		left -= column.width;
	}
	const name = Math.min(NAME_MOST, NAME_LEAST + left);
	return { name, shown, where: columns >= WHERE_FROM ? Math.max(0, left - (name - NAME_LEAST)) : 0 };
}

function topHeader(columns: number): Line {
	const { name, shown, where } = shownColumns(columns);
	return [
		["dim", pad("run", name)],
		...shown.map(
			({ name, width }): Run =>
				name === "state" ? ["dim", pad(`  ${name}`, width)] : cell("dim", name, width, true),
		),
		["dim", pad(where > 2 ? "  where" : "", where)],
	];
}

function topRow(run: TopRun, columns: number): Line {
	const { name, shown, where } = shownColumns(columns);
	const { sheet } = run.watch;
	const places = placesSay(run.watch);
	const model = sheet ? `${sheet.settings.model}, hints ${sheet.settings.policy}` : "";
	return [
		["sheet", pad(visibleLine(run.name), name)],
		...shown.map(
			({ name, width, token, says }): Run =>
				name === "state"
					? [token?.(run) ?? "sheet", pad(`  ${says(run)}`, width)]
					: cell(token?.(run) ?? "sheet", says(run), width, true),
		),
		["dim", pad(where > 2 ? `  ${visibleLine(places === "" ? model : `${places}: ${model}`)}` : "", where)],
	];
}

/** The same without a screen, as a table. */
export function topTable(runs: readonly TopRun[], columns: number): string[] {
	const plain = (line: Line): string =>
		runsOf(line)
			.map(([, text]) => text)
			.join("")
			.trimEnd();
	return [plain(topHeader(columns)), ...runs.map((run) => plain(topRow(run, columns)))];
}
