/** The row above the pane: whose Python it is just now, what came of the last block, how to leave, how far scrolled back. */
import type { BlockVerdict } from "../../python/interpreter.ts";
import type { Runner } from "../../python/pty.ts";
import { fit, widthOf } from "../text/cells.ts";
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

type Piece = { readonly token: Token; readonly text: string };

export function titleRow(state: TitleState, columns: number, paint: Paint): string {
	const name: Piece = { token: state.focused ? "title-focus" : "title", text: "Python" };
	const left = [name, ...middle(state)];
	const right: Piece[] = [];
	if (state.back > 0)
		right.push({ token: "dim", text: `-${state.back} ${state.back === 1 ? "line" : "lines"}` });
	if (state.focused && state.leave) right.push({ token: "key", text: `${state.leave} leaves` });
	// What is less pressing goes first where there is little room.
	while (right.length > 0 && widthAll(left) + 2 + widthAll(right) > columns && left.length > 2) left.pop();
	while (right.length > 0 && widthAll(left) + 2 + widthAll(right) > columns) right.shift();
	const gap = columns - widthAll(left) - widthAll(right);
	if (right.length > 0) return painted(left, paint) + " ".repeat(gap) + painted(right, paint);
	while (left.length > 1 && widthAll(left) > columns) {
		const last = left.pop()!;
		const room = columns - widthAll(left) - GAP.length;
		if (room >= 8) {
			left.push({ token: last.token, text: fit(last.text, room) });
			break;
		}
	}
	if (widthAll(left) > columns) return paint(name.token, fit(name.text, columns));
	return painted(left, paint) + " ".repeat(columns - widthAll(left));
}

function middle(state: TitleState): Piece[] {
	const { running, trouble, last } = state;
	if (trouble !== undefined) return [{ token: "warning", text: trouble }];
	const pieces: Piece[] = [];
	if (running === "model") {
		const text = `> model runs block ${state.number}, ${secondsOf(state.runningMs)}`;
		pieces.push({ token: "by-model", text });
		if (state.keysWait) pieces.push({ token: "pending", text: "your keys wait" });
	} else if (running === "person") {
		pieces.push({ token: "by-person", text: `* you run, ${secondsOf(state.runningMs)}` });
		if (state.modelWaits) pieces.push({ token: "pending", text: "the model waits" });
	} else if (last) {
		const token = last.verdict === "ok" ? "output" : "failure";
		pieces.push({ token, text: `block ${last.number} ${last.verdict} ${tookOf(last.durationMs)}` });
	}
	return pieces;
}

const GAP = "  ";
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
