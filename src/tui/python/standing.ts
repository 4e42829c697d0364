/** What stands in the pane while there is no Python: what is being made, or why there is none and what to do. */
import { visible } from "../../trace/visible.ts";
import { pad, wrapText } from "../text/cells.ts";

export type Standing = {
	/** It is being opened. */
	readonly opening: boolean;
	/** What is being made, in words. */
	readonly says: string | undefined;
	/** Why it could not be opened. */
	readonly failure: string | undefined;
	/** The key that tries again. */
	readonly restart: string | undefined;
};

export function standingText({ opening, says, failure, restart }: Standing): string {
	if (failure !== undefined)
		return `Python could not be opened: ${failure}${restart ? `\n\n${restart} tries again.` : ""}`;
	if (opening) return `Python is being prepared: ${says ?? "it starts"}`;
	return says ?? "Python starts with the model's first block, or with the first key here.";
}

/** Rows of exactly `columns` cells; `paint` is for those that hold text. */
export function standingRows(
	text: string,
	columns: number,
	height: number,
	paint: (row: string) => string,
): readonly string[] {
	const lines = text.split("\n").flatMap((line) => wrapText(visible(line), columns));
	return Array.from({ length: height }, (_, index) => {
		const row = pad(lines[index] ?? "", columns);
		return row.trim() === "" ? row : paint(row);
	});
}
