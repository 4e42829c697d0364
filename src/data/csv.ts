/**
 * Comma-separated values as RFC 4180 has them (https://www.rfc-editor.org/rfc/rfc4180), read piece by piece: the first
 * record names the fields, a cell in quotes may hold commas, line ends and doubled quotes.
 *
 * What always holds: memory holds one record; a record that is not what the header promises comes out with its mistake
 * and its line, and the next one is read; where the text is cut into pieces changes nothing. "\n" and "\r\n" end a record.
 */

export type CsvRecord = {
	readonly cells: readonly string[];
	/** Where the record begins; cells may hold line ends. */
	readonly line: number;
	readonly mistake?: string;
};

/** A quote that is never closed would take the rest of the file for one cell. */
const LARGEST_CELL = 64 * 2 ** 20;

const STATE = { start: 0, plain: 1, quoted: 2, closed: 3 } as const;
type Place = (typeof STATE)[keyof typeof STATE];

export async function* csvOf(
	chunks: AsyncIterable<string>,
	separator = ",",
	largestCell = LARGEST_CELL,
): AsyncGenerator<CsvRecord, void, void> {
	let place: Place = STATE.start;
	let line = 1;
	let began = 1;
	let cells: string[] = [];
	let cell = "";
	let quoted = false;
	let mistake: string | undefined;
	let first = true;

	const endCell = (): void => {
		// In a plain cell "\r" can only be the first half of a line end; it is taken off there.
		cells.push(cell);
		cell = "";
		place = STATE.start;
	};
	const endRecord = (): CsvRecord | undefined => {
		if (!quoted && cell.endsWith("\r")) cell = cell.slice(0, -1);
		const empty = cells.length === 0 && cell === "" && !quoted;
		endCell();
		const record = { cells, line: began, ...(mistake === undefined ? {} : { mistake }) };
		cells = [];
		quoted = false;
		mistake = undefined;
		return empty ? undefined : record;
	};

	for await (const piece of chunks) {
		let at = 0;
		if (first && piece.startsWith("\ufeff")) at = 1;
		if (piece !== "") first = false;
		while (at < piece.length) {
			if (place === STATE.quoted) {
				const end = piece.indexOf('"', at);
				const part = piece.slice(at, end < 0 ? undefined : end);
				for (let i = part.indexOf("\n"); i >= 0; i = part.indexOf("\n", i + 1)) line++;
				cell += part;
				if (cell.length > largestCell) {
					throw new RangeError(
						`the record that begins in line ${began} has a quoted cell of more than ${largestCell} characters: is a quote not closed there?`,
					);
				}
				if (end < 0) break;
				place = STATE.closed;
				at = end + 1;
				continue;
			}
			const unit = piece[at] as string;
			if (place === STATE.closed && unit === '"') {
				cell += '"';
				place = STATE.quoted;
				at++;
				continue;
			}
			if (unit === separator) {
				endCell();
				quoted = false;
				at++;
				continue;
			}
			if (unit === "\n") {
				const record = endRecord();
				if (record) yield record;
				line++;
				began = line;
				at++;
				continue;
			}
			if (place === STATE.closed) {
				if (unit !== "\r") mistake ??= "there is text after the closing quote of a cell";
				at++;
				continue;
			}
			if (place === STATE.start && unit === '"') {
				place = STATE.quoted;
				quoted = true;
				at++;
				continue;
			}
			place = STATE.plain;
			const end = plainEnd(piece, at, separator);
			cell += piece.slice(at, end);
			at = end;
		}
	}
	if (place === STATE.quoted) mistake ??= "a quote is opened and never closed";
	const last = endRecord();
	if (last) yield last;
}

function plainEnd(piece: string, from: number, separator: string): number {
	let at = from;
	while (at < piece.length && piece[at] !== separator && piece[at] !== "\n") at++;
	return at;
}
