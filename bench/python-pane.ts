/**
 * `node bench/python-pane.ts`: what the live Python costs the screen, against the plain way, in the same run.
 *
 * Serialising: a 78x27 terminal as rows, in microseconds a frame, when one row has changed (typing) and when all have
 * (output scrolls by). Baseline: all cells walked in every frame and the screen joined into one string, with
 * colours as hex, as gemini-cli's terminalSerializer does it (shape only; our code).
 *
 * Flood: a person runs `while True: print("x" * 1000)` and stops it by Ctrl+C. The share of a core that this process
 * takes while it is drawn 20 times a second, the longest that its event loop was blocked, and the time from Ctrl+C to a
 * prompt that is seen. Baseline: the same interpreter and emulator without flow control, serialised the plain way.
 */
import xterm from "@xterm/headless";
import { openHost } from "../src/python/host.ts";
import { openPtyInterpreter } from "../src/python/pty.ts";
import { PythonPane } from "../src/tui/python/pane.ts";
import { RowCache } from "../src/tui/python/serialise.ts";
import { BARE, paintOf } from "../src/tui/theme/paint.ts";
import { heading, inTurns, line, show, spread } from "./measure.ts";

const COLUMNS = 78;
const ROWS = 27;
const FRAMES = 200;
const TURNS = 30;
const FLOODS = 10;
const FLOOD_MS = 1500;
const DRAW_MS = 50;
const FLOOD = 'while True: print("x" * 1000)';
const PROMPT_AGAIN = /KeyboardInterrupt\s+>>>/;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const written = (screen: xterm.Terminal, text: string): Promise<void> =>
	new Promise((resolve) => screen.write(text, resolve));

function naive(screen: xterm.Terminal): string {
	const { active } = screen.buffer;
	const rows: string[] = [];
	for (let y = 0; y < screen.rows; y++) {
		const row = active.getLine(active.viewportY + y)!;
		let text = "";
		let style = "";
		for (let x = 0; x < screen.cols; x++) {
			const cell = row.getCell(x)!;
			const now = `${cell.isBold()} ${cell.isDim()} ${cell.isItalic()} ${cell.isUnderline()} ${cell.isInverse()} #${cell.getFgColor().toString(16)} #${cell.getBgColor().toString(16)}`;
			if (now !== style) text += `\x1b[${now}m`;
			style = now;
			text += cell.getChars() || " ";
		}
		rows.push(text);
	}
	return rows.join("\n");
}

async function serialising(): Promise<void> {
	const screen = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, scrollback: 1000, allowProposedApi: true });
	const output = (from: number): string =>
		Array.from(
			{ length: ROWS },
			(_, n) => `\x1b[3${(from + n) % 8}mline ${from + n}\x1b[0m ${"text ".repeat((from + n) % 13)}`,
		).join("\r\n");
	await written(screen, output(0));
	const cache = new RowCache();
	const ours = (): unknown =>
		cache.rows(screen.buffer.active, screen.buffer.active.viewportY, COLUMNS, ROWS, "256");
	let count = 0;
	const timed = async (what: () => unknown, change: (n: number) => string): Promise<number> => {
		let us = 0;
		for (let frame = 0; frame < FRAMES; frame++) {
			await written(screen, change(++count));
			const began = performance.now();
			what();
			us += (performance.now() - began) * 1000;
		}
		return us / FRAMES;
	};
	const typing = (n: number): string => (n % 60 === 0 ? "\r\x1b[K" : "x");
	const scrolling = (n: number): string => `\r\n${output(n)}`;
	for (const [name, change] of [
		["one row changes (typing)", typing],
		["all rows change (output)", scrolling],
	] as const) {
		await timed(ours, change);
		await timed(() => naive(screen), change);
		const found = await inTurns(
			TURNS,
			() => timed(ours, change),
			() => timed(() => naive(screen), change),
		);
		line(`${name}: ours`, show(found.ours, " us"));
		line("  all cells, one string", show(found.baseline, " us"));
		line("  ratio", show(found.ratio, "", 2));
	}
	screen.dispose();
}

/** A pane that can be flooded: ours, or the plain one. */
type Flooded = {
	write(keys: string): void;
	draw(): string;
	close(): Promise<void>;
};
type Found = { readonly core: number; readonly blockedMs: number; readonly stoppedMs: number };

const host = await openHost({ onProgress: ({ detail }) => console.error(detail) });

async function ourPane(): Promise<Flooded> {
	const pane = new PythonPane({
		paint: paintOf(BARE, "none"),
		depth: "256",
		open: (size) => openPtyInterpreter(host, size),
		onChange: () => {},
	});
	pane.resize(COLUMNS, ROWS);
	await pane.interpreter();
	const key = { name: "x", ctrl: false, alt: false, shift: false };
	return {
		write: (keys) => pane.key(key, keys),
		draw: () => pane.rows(COLUMNS, ROWS).join("\n"),
		close: () => pane.close(),
	};
}

async function plainPane(): Promise<Flooded> {
	const python = await openPtyInterpreter(host, { cols: COLUMNS, rows: ROWS });
	const screen = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, scrollback: 5000, allowProposedApi: true });
	let dropped = false;
	// Past 50 MB the emulator refuses more; dropping it then is kinder to the baseline than an exception.
	python.onData((data) => {
		try {
			if (!dropped) screen.write(data);
		} catch {
			dropped = true;
		}
	});
	return { write: (keys) => python.write(keys), draw: () => naive(screen), close: () => python.close() };
}

async function flood(open: () => Promise<Flooded>): Promise<Found> {
	const pane = await open();
	await wait(200);
	pane.write(`${FLOOD}\r\r`);
	await wait(300);
	let blockedMs = 0;
	let last = performance.now();
	const beat = setInterval(() => {
		const now = performance.now();
		blockedMs = Math.max(blockedMs, now - last);
		last = now;
	}, 1);
	const drawing = setInterval(() => pane.draw(), DRAW_MS);
	const cpu = process.cpuUsage();
	const began = performance.now();
	await wait(FLOOD_MS);
	const { user, system } = process.cpuUsage(cpu);
	const core = (user + system) / 10 / (performance.now() - began);
	pane.write("\x03");
	const asked = performance.now();
	while (!PROMPT_AGAIN.test(pane.draw().replace(/\x1b\[[^m]*m/g, "")) && performance.now() - asked < 20_000)
		await wait(2);
	const stoppedMs = performance.now() - asked;
	clearInterval(beat);
	clearInterval(drawing);
	await pane.close();
	return { core, blockedMs, stoppedMs };
}

async function flooding(): Promise<void> {
	const ours: Found[] = [];
	const plain: Found[] = [];
	for (let turn = 0; turn < FLOODS; turn++) {
		plain.push(await flood(plainPane));
		ours.push(await flood(ourPane));
	}
	const report = (name: string, unit: string, pick: (found: Found) => number): void => {
		line(`${name}: ours`, show(spread(ours.map(pick)), unit));
		line("  without flow control", show(spread(plain.map(pick)), unit));
		line("  ratio", show(spread(ours.map((found, turn) => pick(found) / pick(plain[turn]!))), "", 2));
	};
	report("share of a core", " %", (found) => found.core);
	report("event loop blocked for at most", " ms", (found) => found.blockedMs);
	report("Ctrl+C to the prompt seen", " ms", (found) => found.stoppedMs);
}

heading(`The live Python in a pane of ${COLUMNS}x${ROWS}`);
process.stdout.write(`Serialising a frame, ${TURNS} turns of ${FRAMES} frames\n`);
await serialising();
process.stdout.write(`Flood, ${FLOODS} turns of ${FLOOD_MS} ms: ${FLOOD}\n`);
await flooding();
await host.close();
