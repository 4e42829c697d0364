/** A table for a terminal: columns as wide as what is in them; where it is too wide, the first one gives way. */
import { fit, pad, widthOf } from "../tui/text/cells.ts";

export function table(head: readonly string[], rows: readonly (readonly string[])[], columns = 80): string {
	const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => widthOf(row[i] ?? ""))));
	const total = widths.reduce((sum, width) => sum + width, 0) + 2 * (widths.length - 1);
	if (total > columns) widths[0] = Math.max(12, widths[0]! - (total - columns));
	const line = (row: readonly string[]): string =>
		row
			.map((cell, i) => (i === row.length - 1 ? fit(cell, widths[i]!) : pad(cell, widths[i]!)))
			.join("  ")
			.trimEnd();
	return `${[head, ...rows].map(line).join("\n")}\n`;
}
