/** The row above the pane: whose Python it is just now, what came of the last block, how to leave, how far scrolled back. */
import type { BlockVerdict } from "../../python/interpreter.ts";
import type { Runner } from "../../python/pty.ts";
import { pad, widthOf } from "../text/cells.ts";
import type { Paint, Token } from "../theme/theme.ts";

export type Ended = { readonly number: number; readonly verdict: BlockVerdict; readonly durationMs: number };

export type TitleState = {
	readonly focused: boolean;
	/** The key that leaves, as the keymap writes it. */
	readonly leave: string | undefined;
	readonly running: Runner;
	/** Of the block that runs. */
	readonly number: number;
	readonly runningMs: number;
	/** The model has a block that waits for the person's code to end. */
	readonly modelWaits: boolean;
	readonly keysWait: boolean;
	readonly last: Ended | undefined;
	/** What is the matter with it, where it does not stand: "starting", "ended". */
	readonly trouble: string | undefined;
	readonly back: number;
};

/** `short` says it where there is less room. */
type Piece = { readonly token: Token; readonly text: string; readonly short?: string };

/** Exactly that many cells. What is less pressing is said shorter first, then left out. */
export function titleRow(state: TitleState, columns: number, paint: Paint): string {
	const name: Piece = { token: state.focused ? "title-focus" : "title", text: "Python" };
	const all = { left: [name, ...middle(state)], right: edge(state) };
	const room = ({ left, right }: typeof all): boolean =>
		widthAll(left) + EDGE.length + widthAll(right) <= columns;
	const shortLeft = { ...all, left: all.left.map(shorter) };
	const short = { ...shortLeft, right: all.right.map(shorter) };
	const tries = [all, shortLeft, short];
	for (let left = short.left; left.length > 1; ) {
		left = left.slice(0, -1);
		tries.push({ ...short, left });
	}
	const row = tries.find(room);
	if (row) {
		const gap = columns - widthAll(row.left) - widthAll(row.right);
		return painted(row.left, paint) + ruled(gap, row.right.length > 0, paint) + painted(row.right, paint);
	}
	return paint(name.token, pad(name.text, columns));
}

/** A rule over the room that is left, as the other panes' titles have it. */
function ruled(gap: number, between: boolean, paint: Paint): string {
	const room = gap - (between ? 2 : 1);
	return room < 1 ? " ".repeat(gap) : ` ${paint("rule", "-".repeat(room))}${between ? " " : ""}`;
}

function middle(state: TitleState): Piece[] {
	const { running, trouble, last } = state;
	if (trouble !== undefined) return [{ token: "warning", text: trouble, short: trouble.replace(/:.*/, "") }];
	const pieces: Piece[] = [];
	if (running === "model") {
		const block = `block ${state.number}, ${secondsOf(state.runningMs)}`;
		pieces.push({ token: "by-model", text: `> model runs ${block}`, short: `> ${block}` });
		if (state.keysWait) pieces.push({ token: "pending", text: "your keys wait", short: "keys wait" });
	} else if (running === "person") {
		const time = secondsOf(state.runningMs);
		pieces.push({ token: "by-person", text: `* you run, ${time}`, short: `* you, ${time}` });
		if (state.modelWaits) pieces.push({ token: "pending", text: "the model waits", short: "model waits" });
	} else if (last) {
		const token = last.verdict === "ok" ? "output" : "failure";
		pieces.push({ token, text: `block ${last.number} ${last.verdict} ${tookOf(last.durationMs)}` });
	}
	return pieces;
}

function edge({ back, focused, leave }: TitleState): Piece[] {
	const pieces: Piece[] = [];
	if (back > 0)
		pieces.push({ token: "dim", text: `-${back} ${back === 1 ? "line" : "lines"}`, short: `-${back}` });
	if (focused && leave) pieces.push({ token: "key", text: `${leave} leaves`, short: leave });
	return pieces;
}

const GAP = "  ";
/** Between what stands left and what stands right, where something does. */
const EDGE = "  ";
const shorter = (piece: Piece): Piece =>
	piece.short === undefined ? piece : { ...piece, text: piece.short };
const painted = (pieces: readonly Piece[], paint: Paint): string =>
	pieces.map(({ token, text }) => paint(token, text)).join(GAP);
const widthAll = (pieces: readonly Piece[]): number =>
	pieces.reduce((sum, { text }) => sum + widthOf(text), Math.max(0, pieces.length - 1) * GAP.length);

/** Of something that still runs: it ticks in quarters, and shows tenths. */
const secondsOf = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** As the interpreter writes it below a block. */
export function tookOf(ms: number): string {
	if (ms < 1) return "<1 ms";
	return ms < 999.5 ? `${ms.toFixed(0)} ms` : secondsOf(ms);
}
