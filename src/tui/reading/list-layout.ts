/**
 * Where things stand on a page that lists what can be read: below its own rows at the top the list and the text of the
 * selected one, side by side where that has room, one above the other else; the keys in the last row.
 */
import type { Rect } from "../session/layout.ts";
import type { Size } from "../view.ts";

export type ListLayout = {
	readonly title: Rect;
	readonly header: Rect;
	readonly list: Rect;
	readonly rule?: Rect;
	readonly previewTitle?: Rect;
	readonly preview?: Rect;
	readonly keys: Rect;
};

export type ListLayoutOptions = {
	/** Rows at the top that are the page's own. */
	readonly top: number;
	/** Of the rows, where the text stands below the list. */
	readonly previewShare: number;
	readonly mostPreviewRows: number;
};

const BESIDE_COLUMNS = 150;
const LIST_SHARE = 0.5;
const ROWS_FOR_PREVIEW = 18;
const BETWEEN = 3;

/** A row of the whole width. */
export function rowAt(y: number, { columns }: Pick<Size, "columns">, height = 1): Rect {
	return { x: 0, y, width: columns, height };
}

export function listLayout(
	size: Size,
	{ top, previewShare, mostPreviewRows }: ListLayoutOptions,
): ListLayout {
	const { columns, rows } = size;
	const keys = { ...rowAt(rows - 1, size), x: 1, width: columns - 1 };
	const body = rows - 1 - top;
	if (columns >= BESIDE_COLUMNS && rows >= ROWS_FOR_PREVIEW) {
		const width = Math.floor(columns * LIST_SHARE);
		const right = { x: width + BETWEEN, width: columns - width - BETWEEN };
		return {
			keys,
			title: { ...rowAt(top, size), width },
			header: { ...rowAt(top + 1, size), width },
			list: { x: 0, y: top + 2, width, height: body - 2 },
			rule: { x: width + 1, y: top, width: 1, height: body },
			previewTitle: { ...rowAt(top, size), ...right },
			preview: { ...right, y: top + 1, height: body - 1 },
		};
	}
	const height = rows < ROWS_FOR_PREVIEW ? 0 : Math.min(mostPreviewRows, Math.floor(body * previewShare));
	const list = { x: 0, y: top + 2, width: columns, height: body - 2 - (height > 0 ? height + 1 : 0) };
	const shared = { keys, title: rowAt(top, size), header: rowAt(top + 1, size), list };
	if (height === 0) return shared;
	const y = rows - 1 - height;
	return { ...shared, previewTitle: rowAt(y - 1, size), preview: { x: 0, y, width: columns, height } };
}
