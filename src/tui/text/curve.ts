/**
 * A curve for a terminal: dots of braille (two by four to a cell) where the terminal shows Unicode, stars where it does not.
 * With more points than columns each column shows the range of its points, so that no spike is lost.
 */
export type Point = { readonly x: number; readonly y: number };

export type CurveOptions = {
	readonly columns: number;
	/** Of the plot itself, without the line below it. */
	readonly rows: number;
	readonly unicode: boolean;
};

/** Rows as wide as asked at most. Points that are not finite are left out. */
export function curve(points: readonly Point[], { columns, rows, unicode }: CurveOptions): string[] {
	const finite = points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
	if (finite.length === 0) return [];
	const ys = finite.map(({ y }) => y);
	const [low, high] = spread(min(ys), max(ys));
	const labels = [high, (high + low) / 2, low].map(shown);
	const margin = Math.max(...labels.map((label) => label.length)) + 1;
	const width = Math.max(8, columns - margin - 1);
	const [perColumn, perRow] = unicode ? [2, 4] : [1, 1];
	const grid = new Map<number, Set<number>>();
	const [first, last] = [finite[0]!.x, finite.at(-1)!.x];
	const column = (x: number): number =>
		last === first ? 0 : Math.round(((x - first) / (last - first)) * (width * perColumn - 1));
	const row = (y: number): number => Math.round(((high - y) / (high - low)) * (rows * perRow - 1));
	let before: { readonly c: number; readonly r: number } | undefined;
	for (const { x, y } of finite) {
		const at = { c: column(x), r: row(y) };
		for (const { c, r } of between(before ?? at, at)) {
			const own = grid.get(c) ?? new Set();
			grid.set(c, own.add(r));
		}
		before = at;
	}
	const lines: string[] = [];
	for (let r = 0; r < rows; r++) {
		const label =
			r === 0 ? labels[0]! : r === rows - 1 ? labels[2]! : r === Math.floor(rows / 2) ? labels[1]! : "";
		let cells = "";
		for (let c = 0; c < width; c++) cells += unicode ? braille(grid, c, r) : grid.get(c)?.has(r) ? "*" : " ";
		lines.push(`${label.padStart(margin - 1)} |${cells.trimEnd()}`);
	}
	const end = String(last);
	lines.push(
		`${" ".repeat(margin)}${String(first)}${end.padStart(Math.max(end.length + 1, width - String(first).length))}`,
	);
	return lines;
}

/** A steep step is a line and no gap. */
function* between(
	from: { readonly c: number; readonly r: number },
	to: { readonly c: number; readonly r: number },
): Generator<{ readonly c: number; readonly r: number }> {
	const steps = Math.max(Math.abs(to.c - from.c), Math.abs(to.r - from.r));
	for (let i = steps === 0 ? 0 : 1; i <= steps; i++)
		yield {
			c: Math.round(from.c + ((to.c - from.c) * i) / Math.max(1, steps)),
			r: Math.round(from.r + ((to.r - from.r) * i) / Math.max(1, steps)),
		};
}

/** Bits of a braille cell by row and column (Unicode 15, U+2800). */
const DOTS = [
	[0x01, 0x08],
	[0x02, 0x10],
	[0x04, 0x20],
	[0x40, 0x80],
] as const;

function braille(grid: ReadonlyMap<number, ReadonlySet<number>>, c: number, r: number): string {
	let bits = 0;
	for (let i = 0; i < 4; i++)
		for (let j = 0; j < 2; j++) if (grid.get(2 * c + j)?.has(4 * r + i)) bits |= DOTS[i]![j]!;
	return bits === 0 ? " " : String.fromCharCode(0x2800 + bits);
}

function spread(low: number, high: number): [number, number] {
	if (high > low) return [low, high];
	const by = Math.abs(high) * 0.1 || 1;
	return [low - by, high + by];
}

const min = (values: readonly number[]): number =>
	values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
const max = (values: readonly number[]): number =>
	values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);

function shown(value: number): string {
	const size = Math.abs(value);
	if (size !== 0 && (size < 0.001 || size >= 100_000)) return value.toExponential(1);
	return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 3);
}
