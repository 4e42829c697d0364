/**
 * Where things stand on the start page. Above, the problem with its answer and domain; in the middle the problem set and
 * the sessions, side by side with a preview where there is room for it, as tabs where there is not; below what the run is
 * made with, what is being made ready, and the keys.
 *
 * What always holds, on a screen that is not too small for nudge: every rectangle lies on it, and no two of them share a
 * cell; with few rows what is needed least goes first (the introduction, the preview, what is ready).
 */
import type { Size } from "../../view.ts";
import type { Rect } from "../pane.ts";

export type StartWants = {
	/** Rows of the introduction and of what is being made ready. */
	readonly intro: number;
	readonly readiness: number;
	/** Which of the two lists is looked at, where only one of them has room. */
	readonly tab: "set" | "sessions";
	/** Rows that the problem would take, so that a long one gets more room. */
	readonly problemRows: number;
};

export type StartLayout = {
	readonly header: Rect;
	readonly intro: Rect;
	readonly problemTitle: Rect;
	readonly problem: Rect;
	readonly answerTitle: Rect;
	readonly answer: Rect;
	readonly domainTitle: Rect;
	readonly domain: Rect;
	/** The two lists are tabs of one pane. */
	readonly tabs: boolean;
	readonly setTitle?: Rect;
	readonly set?: Rect;
	readonly sessionsTitle?: Rect;
	readonly sessions?: Rect;
	readonly previewTitle?: Rect;
	readonly preview?: Rect;
	/** Rules between what stands side by side. */
	readonly rules: readonly Rect[];
	readonly settings: Rect;
	readonly readiness: Rect;
	readonly keys: Rect;
};

const COLUMNS_FOR_PANES = 100;
const COLUMNS_FOR_THREE = 160;
/** Answer and domain stand beside the problem from here on, below it before. */
const COLUMNS_FOR_ASIDE = 64;
const ASIDE = 28;
/** A space, a rule, a space. */
const BETWEEN = 3;
const AIRY_ROWS = 30;
const LEAST_FIELD = 3;

export function startLayout({ columns, rows }: Size, wants: StartWants): StartLayout {
	const airy = rows >= AIRY_ROWS;
	const beside = columns >= COLUMNS_FOR_ASIDE;
	let top = 0;
	const take = (height: number, gap = 0): number => {
		const y = top;
		top += height + gap;
		return y;
	};
	const area = (x: number, y: number, width: number, height: number): Rect =>
		within({ columns, rows }, { x, y, width, height });

	const header = area(0, take(1, airy ? 1 : 0), columns, 1);
	const introRows = rows >= 20 ? wants.intro : 0;
	const intro = area(2, take(introRows, introRows > 0 && airy ? 1 : 0), columns - 2, introRows);

	const least = rows < 16 ? 2 : LEAST_FIELD;
	const most = rows < 16 ? least : Math.max(least, Math.floor(rows * 0.3));
	const fieldRows = Math.max(airy ? LEAST_FIELD + 1 : least, Math.min(most, wants.problemRows));
	const fieldColumns = beside ? columns - ASIDE - BETWEEN - 2 : columns - 2;
	const titleAt = take(1);
	const fieldAt = take(fieldRows);
	const asideAt = beside ? columns - ASIDE - 1 : 2;
	const below = beside ? 0 : take(1);
	const above = {
		problemTitle: area(0, titleAt, beside ? fieldColumns + 2 : columns, 1),
		problem: area(2, fieldAt, fieldColumns, fieldRows),
		answerTitle: beside ? area(asideAt - 2, titleAt, ASIDE + 3, 1) : area(0, below, 9, 1),
		answer: beside ? area(asideAt, fieldAt, ASIDE, 1) : area(9, below, Math.max(8, columns - 32), 1),
		domainTitle: beside
			? area(asideAt - 2, fieldAt + 1, ASIDE + 3, fieldRows > 1 ? 1 : 0)
			: area(0, below, 0, 0),
		domain: beside
			? area(asideAt, fieldAt + 2, ASIDE, fieldRows > 2 ? 1 : 0)
			: area(columns - 22, below, 22, 1),
	};
	if (rows >= 22) take(airy ? 1 : 0);

	let bottom = rows;
	const takeUp = (height: number, gap = 0): number => {
		bottom -= height + gap;
		return bottom + gap;
	};
	const readinessRows = Math.min(wants.readiness, Math.max(1, Math.floor(rows * 0.15)));
	const foot = {
		keys: area(2, takeUp(1), columns - 2, 1),
		readiness: area(2, takeUp(readinessRows), columns - 2, readinessRows),
		settings: area(0, takeUp(1, airy ? 1 : 0), columns, 1),
	};
	const height = Math.max(0, bottom - top);
	const middle = lists(columns, top, height, wants.tab, area);
	return { header, intro, ...above, ...middle, ...foot };
}

type Middle = Pick<
	StartLayout,
	"tabs" | "setTitle" | "set" | "sessionsTitle" | "sessions" | "previewTitle" | "preview" | "rules"
>;

function lists(
	columns: number,
	y: number,
	height: number,
	tab: StartWants["tab"],
	area: (x: number, y: number, width: number, height: number) => Rect,
): Middle {
	const titled = (
		x: number,
		y: number,
		width: number,
		height: number,
	): readonly [title: Rect, rows: Rect] => [
		area(x, y, width, Math.min(1, height)),
		area(x, y + 1, width, Math.max(0, height - 1)),
	];
	const textual = (rect: Rect): Rect => area(rect.x + 2, rect.y, rect.width - 2, rect.height);
	if (columns < COLUMNS_FOR_PANES) {
		const preview = height >= 9 ? Math.min(12, Math.max(4, Math.floor(height * 0.4))) : 0;
		const [title, rows] = titled(0, y, columns, height - preview);
		const [previewTitle, text] = titled(0, y + height - preview, columns, preview);
		return {
			tabs: true,
			...(tab === "set" ? { setTitle: title, set: rows } : { sessionsTitle: title, sessions: rows }),
			...(preview > 0 ? { previewTitle, preview: textual(text) } : {}),
			rules: [],
		};
	}
	if (columns < COLUMNS_FOR_THREE) {
		const left = Math.floor(columns * 0.56);
		const right = left + BETWEEN;
		const width = columns - right;
		const upper = Math.ceil(height / 2);
		const [setTitle, set] = titled(0, y, left, height);
		const [previewTitle, text] = titled(right, y, width, upper);
		const [sessionsTitle, sessions] = titled(right, y + upper, width, height - upper);
		const preview = textual(text);
		const rules = [area(left + 1, y, 1, height)];
		return { tabs: false, setTitle, set, previewTitle, preview, sessionsTitle, sessions, rules };
	}
	const left = Math.floor(columns * 0.4);
	const sessionsAt = Math.floor(columns * 0.7);
	const [setTitle, set] = titled(0, y, left, height);
	const [previewTitle, text] = titled(left + BETWEEN, y, sessionsAt - left - 2 * BETWEEN, height);
	const [sessionsTitle, sessions] = titled(sessionsAt, y, columns - sessionsAt, height);
	const preview = textual(text);
	const rules = [area(left + 1, y, 1, height), area(sessionsAt - 2, y, 1, height)];
	return { tabs: false, setTitle, set, previewTitle, preview, sessionsTitle, sessions, rules };
}

/** The part of a rectangle that is on the screen. */
function within({ columns, rows }: Size, { x, y, width, height }: Rect): Rect {
	const left = Math.max(0, Math.min(x, columns));
	const top = Math.max(0, Math.min(y, rows));
	return {
		x: left,
		y: top,
		width: Math.max(0, Math.min(x + width, columns) - left),
		height: Math.max(0, Math.min(y + height, rows) - top),
	};
}
