/** Where things stand on the page of a review: head and progress above the list and the text. */
import { type ListLayout, listLayout, rowAt } from "../reading/list-layout.ts";
import type { Rect } from "../session/layout.ts";
import type { Size } from "../view.ts";

export type ReviewLayout = ListLayout & { readonly head: Rect; readonly progress: Rect };

/** The text of a sample is what is looked at: it gets half. */
const SHARES = { top: 2, previewShare: 0.5, mostPreviewRows: 26 } as const;

export function reviewLayout(size: Size): ReviewLayout {
	return { head: rowAt(0, size), progress: rowAt(1, size), ...listLayout(size, SHARES) };
}
