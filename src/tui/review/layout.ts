/** Where things stand on the page of a review: head and progress; the list and the text, side by side where that has room; the keys. */
import type { Rect } from "../session/layout.ts";
import type { Size } from "../view.ts";

export type ReviewLayout = {
	readonly head: Rect;
	readonly progress: Rect;
	readonly title: Rect;
	readonly header: Rect;
	readonly list: Rect;
	readonly rule?: Rect;
	readonly previewTitle?: Rect;
	readonly preview?: Rect;
	readonly keys: Rect;
};

const TOP = 2;
const BESIDE_COLUMNS = 150;
const LIST_SHARE = 0.5;
const PREVIEW_SHARE = 0.5;
const ROWS_FOR_PREVIEW = 18;
const MOST_PREVIEW_ROWS = 26;
const BETWEEN = 3;

export function reviewLayout({ columns, rows }: Size): ReviewLayout {
	const line = (y: number, height = 1): Rect => ({ x: 0, y, width: columns, height });
	const lines = { head: line(0), progress: line(1), keys: { ...line(rows - 1), x: 1, width: columns - 1 } };
	const body = rows - 1 - TOP;
	if (columns >= BESIDE_COLUMNS && rows >= ROWS_FOR_PREVIEW) {
		const width = Math.floor(columns * LIST_SHARE);
		const right = { x: width + BETWEEN, width: columns - width - BETWEEN };
		return {
			...lines,
			title: { ...line(TOP), width },
			header: { ...line(TOP + 1), width },
			list: { x: 0, y: TOP + 2, width, height: body - 2 },
			rule: { x: width + 1, y: TOP, width: 1, height: body },
			previewTitle: { ...line(TOP), ...right },
			preview: { ...right, y: TOP + 1, height: body - 1 },
		};
	}
	const height = rows < ROWS_FOR_PREVIEW ? 0 : Math.min(MOST_PREVIEW_ROWS, Math.floor(body * PREVIEW_SHARE));
	const list = {
		x: 0,
		y: TOP + 2,
		width: columns,
		height: body - 2 - (height > 0 ? height + 1 : 0),
	};
	const shared = { ...lines, title: line(TOP), header: line(TOP + 1), list };
	if (height === 0) return shared;
	const y = rows - 1 - height;
	return { ...shared, previewTitle: line(y - 1), preview: { x: 0, y, width: columns, height } };
}
