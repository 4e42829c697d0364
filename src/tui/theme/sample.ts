/** Rows that show a theme before it is taken: a small screen in it, then every token by its name. */
import { fit, widthOf } from "../text/cells.ts";
import { type Paint, TOKENS, type Token } from "./theme.ts";

type Piece = readonly [token: Token, text: string];
type Row = { readonly pieces: readonly Piece[]; readonly over?: Token };

const SCREEN: readonly Row[] = [
	{
		pieces: [
			["title-focus", "Thinking"],
			["rule", " ------------ "],
			["title", "Hints"],
			["dim", "  12.4 tokens/s"],
		],
	},
	{
		pieces: [
			["text", "So the sum is 4950. "],
			["marker", "Wait"],
		],
	},
	{ pieces: [["hint-title", "[hint after Wait] self-reflection"]] },
	{ pieces: [["hint", ", maybe I can use Python to check this."]] },
	{ pieces: [["code", "print(sum(range(100)))"]] },
	{ pieces: [["output-title", "[output] ok in 0.02 s"]] },
	{ pieces: [["output", "4950"]] },
	{ pieces: [["failure", "NameError: name 'total' is not defined"]] },
	{
		pieces: [
			["edit-title", "[edit by you] "],
			["edit", "The total is 4950."],
		],
	},
	{
		pieces: [
			["pending", "[pending] try another way"],
			["text", " "],
			["vetoed", "[vetoed] too early"],
		],
	},
	{
		over: "selected",
		pieces: [
			["text", "> the selected line "],
			["hint", "with a hint "],
			["dim", "at 1,204"],
		],
	},
	{
		over: "selected-dim",
		pieces: [
			["text", "> the same without the focus "],
			["output", "4950"],
		],
	},
	{
		pieces: [
			["text", "a "],
			["match", "hit"],
			["text", " of the search, and the "],
			["match-current", "hit"],
			["text", " at the cursor"],
		],
	},
	{
		pieces: [
			["correct", "correct"],
			["text", "  "],
			["wrong", "wrong"],
			["text", "  "],
			["unknown", "no answer"],
			["text", "  by "],
			["by-model", "model"],
			["text", " and "],
			["by-person", "you"],
		],
	},
	{
		pieces: [
			["info", "saved"],
			["text", "  "],
			["warning", "warning: slow"],
			["text", "  "],
			["error", "error: engine gone"],
		],
	},
	{
		over: "sheet",
		pieces: [
			["title", "Search "],
			["field", " sum          "],
			["text", " "],
			["key", "Enter"],
			["dim", " choose"],
		],
	},
	{
		over: "status",
		pieces: [
			["status-strong", " correct "],
			["status", " qwen3  2,048 tokens  auto"],
		],
	},
];

/** As wide as `columns`, every one of them. */
export function sampleRows(paint: Paint, columns: number): string[] {
	return [...SCREEN, { pieces: [] }, ...namesOf(columns)].map((row) => draw(row, paint, columns));
}

/** The names, each in its own style, as many in a row as there is room for. */
function namesOf(columns: number): Row[] {
	const rows: Piece[][] = [];
	let room = 0;
	for (const token of TOKENS) {
		const width = widthOf(token) + 1;
		if (rows.length === 0 || width > room) {
			rows.push([]);
			room = columns + 1;
		}
		rows.at(-1)?.push([token, token], ["text", " "]);
		room -= width;
	}
	return rows.map((pieces) => ({ pieces }));
}

function draw({ pieces, over }: Row, paint: Paint, columns: number): string {
	let room = columns;
	let row = "";
	for (const [token, text] of pieces) {
		const shown = fit(text, room);
		row += paint(token, shown);
		room -= widthOf(shown);
		if (shown !== text) break;
	}
	row += " ".repeat(room);
	return over ? paint.over(over, row) : row;
}
