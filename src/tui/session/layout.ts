/**
 * Where things stand on the session's screen. Row 0 names the session, the last two are status and prompt; between them
 * the thinking on the left, the hint timeline above Python on the right. With fewer columns, or when a pane is zoomed, the
 * panes are tabs: one at a time. A pane's first row is its title.
 */
import type { Size } from "../view.ts";

export const PANES = ["thinking", "timeline", "python"] as const;
export type PaneName = (typeof PANES)[number];

export type Rect = {
	readonly x: number;
	readonly y: number;
	readonly width: number;
	readonly height: number;
};

export type Arrangement = {
	/** Share of the columns that the thinking has, and of the right side's rows that the timeline has. */
	readonly split: number;
	readonly upper: number;
	readonly zoomed: boolean;
	/** The right side is hidden. */
	readonly hidden: boolean;
};

export const ARRANGEMENT: Arrangement = { split: 0.6, upper: 0.35, zoomed: false, hidden: false };

export const SMALLEST: Size = { columns: 40, rows: 10 };
/** Two panes of at least half as many columns each want this much. */
const COLUMNS_FOR_PANES = 100;
const LEAST_COLUMNS = 30;
const LEAST_ROWS = 4;

export type Layout = {
	/** Panes that are shown; in tabs only one. */
	readonly panes: Partial<Readonly<Record<PaneName, Rect>>>;
	readonly tabs: boolean;
	/** The rule between left and right. */
	readonly rule: Rect | undefined;
	readonly status: number;
	readonly prompt: number;
};

export function tooSmall(size: Size): boolean {
	return size.columns < SMALLEST.columns || size.rows < SMALLEST.rows;
}

export function layout(size: Size, wish: Arrangement, focus: PaneName): Layout {
	const status = size.rows - 2;
	const body: Rect = { x: 0, y: 1, width: size.columns, height: status - 1 };
	const lines = { status, prompt: size.rows - 1 };
	const tabs = size.columns < COLUMNS_FOR_PANES;
	if (tabs || wish.zoomed || (wish.hidden && focus === "thinking"))
		return { panes: { [focus]: body }, tabs, rule: undefined, ...lines };
	const left = within(Math.round(size.columns * wish.split), LEAST_COLUMNS, size.columns - 2 - LEAST_COLUMNS);
	const right = { x: left + 2, width: size.columns - left - 2 };
	const upper = within(Math.round(body.height * wish.upper), LEAST_ROWS, body.height - LEAST_ROWS);
	return {
		panes: {
			thinking: { ...body, width: left },
			timeline: { ...right, y: body.y, height: upper },
			python: { ...right, y: body.y + upper, height: body.height - upper },
		},
		tabs,
		rule: { x: left, y: body.y, width: 1, height: body.height },
		...lines,
	};
}

export function paneAt(where: Layout, x: number, y: number): PaneName | undefined {
	return PANES.find((name) => {
		const rect = where.panes[name];
		return rect && x >= rect.x && x < rect.x + rect.width && y >= rect.y && y < rect.y + rect.height;
	});
}

const within = (value: number, least: number, most: number): number => Math.max(least, Math.min(most, value));
