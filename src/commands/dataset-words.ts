/** What a dataset came to, in words that fit 80 columns. Text of a model or a file reaches the terminal only through `visibleLine`. */
import type { Waterfall } from "../data/dataset/dataset.ts";
import { visibleLine } from "../trace/visible.ts";

const WIDTH = 80;
const NAME = 22;

/** From rollouts to samples, a line a step; steps that dropped nothing are named together. */
export function waterfallLines({ rollouts, problems, steps, samples, kept }: Waterfall): string[] {
	let [left, stay] = [rollouts, problems];
	const row = (name: string, dropped: string, now: number, lost: string, there: number): string =>
		`${name.padEnd(NAME)}${dropped.padStart(10)}${String(now).padStart(10)}${lost.padStart(12)}${String(there).padStart(10)}`;
	const lines = [
		`${"".padEnd(NAME)}${"dropped".padStart(10)}${"left".padStart(10)}${"problems".padStart(12)}${"left".padStart(10)}`,
		row("rollouts", "", rollouts, "", problems),
	];
	const idle: string[] = [];
	const said: string[] = [];
	for (const { id, says, dropped, problems: lost } of steps) {
		if (dropped === 0) {
			idle.push(id);
			continue;
		}
		left -= dropped;
		stay -= lost;
		lines.push(row(`- ${id}`, String(dropped), left, lost === 0 ? "" : String(lost), stay));
		said.push(...entry(id, says));
	}
	lines.push(row("samples", "", samples, "", kept), "");
	lines.push(...said);
	if (idle.length > 0) lines.push(...wrapped(`Nothing was dropped by ${idle.join(", ")}.`, ""));
	return lines;
}

function entry(id: string, says: string): string[] {
	return wrapped(`${id.padEnd(NAME - 2)}${visibleLine(says)}`, " ".repeat(NAME - 2));
}

/** Lines of at most 80 columns, those after the first indented. */
export function wrapped(text: string, indent: string, width = WIDTH): string[] {
	const lines: string[] = [];
	let line = "";
	let empty = true;
	for (const word of text.split(/(?<=\S) (?=\S)/)) {
		if (!empty && line.length + 1 + word.length > width) {
			lines.push(line);
			line = indent + word;
		} else line = empty ? word : `${line} ${word}`;
		empty = false;
	}
	return [...lines, line];
}
