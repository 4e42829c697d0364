/** What a terminal makes of a row with SGR, as far as themes use it. */
export type Cell = { char: string; fg?: string; bg?: string; on: string[] };

const OFF: Readonly<Record<string, readonly string[]>> = {
	"22": ["1", "2"],
	"23": ["3"],
	"24": ["4"],
	"27": ["7"],
	"29": ["9"],
};

/** Throws where the row holds a control character that is no SGR. */
export function cellsOf(row: string): Cell[] {
	const cells: Cell[] = [];
	let fg: string | undefined;
	let bg: string | undefined;
	let on = new Set<string>();
	for (const [part] of row.matchAll(/\x1b\[[\d;]*m|./gsu)) {
		if (!part.startsWith("\x1b[")) {
			if (/\p{Cc}/u.test(part)) throw new Error(`a control character: ${JSON.stringify(row)}`);
			cells.push({ char: part, ...(fg && { fg }), ...(bg && { bg }), on: [...on].sort() });
			continue;
		}
		const codes = part.slice(2, -1).split(";");
		for (let index = 0; index < codes.length; index++) {
			const code = codes[index] || "0";
			const colour = /^[34]8$/.test(code)
				? codes.slice(index, index + (codes[index + 1] === "5" ? 3 : 5))
				: [code];
			index += colour.length - 1;
			if (code === "0") [fg, bg, on] = [undefined, undefined, new Set()];
			else if (code === "39") fg = undefined;
			else if (code === "49") bg = undefined;
			else if (OFF[code]) for (const one of OFF[code]) on.delete(one);
			else if (/^(3|9)\d$/.test(code)) fg = colour.join(";");
			else if (/^(4|10)\d$/.test(code)) bg = colour.join(";");
			else on.add(code);
		}
	}
	return cells;
}
