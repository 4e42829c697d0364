/**
 * A screen of the least that one can be: nudge's terminal, its exits and its log around a picture of two rows. What is
 * told of it holds for the terminal alone, without the session behind the real screen. Keys do what tests need.
 */
import { Box, render, Text, useApp } from "ink";
import { createElement, type ReactElement, useSyncExternalStore } from "react";
import { askBackground } from "../../src/tui/term/background.ts";
import { copyText } from "../../src/tui/term/clipboard.ts";
import { guardExits } from "../../src/tui/term/exits.ts";
import { editText, printPlain } from "../../src/tui/term/external.ts";
import { joinLauncher } from "../../src/tui/term/launcher.ts";
import { ScreenLog } from "../../src/tui/term/log.ts";
import { type Picture, Terminal } from "../../src/tui/term/terminal.ts";

const KEYS: Readonly<Record<string, () => void>> = {
	q: () => void quit(),
	x: () => process.exit(3),
	t: () => {
		setImmediate(() => {
			throw new Error("thrown on purpose");
		});
	},
	r: () => void Promise.reject(new Error("rejected on purpose")),
	e: () =>
		void editText(terminal, "as it was", "txt", process.env).then(({ text, says }) =>
			show(text === undefined ? `left: ${says}` : `edited: ${text}`),
		),
	p: () =>
		void printPlain(terminal, "printed \x1b[31mplainly\x1b[0m", process.stdout).then(() => show("printed")),
	m: () => terminal.mouse(false),
	c: () => show(copyText("copied text", (sequence) => terminal.send(sequence), process.env)),
	l: () => {
		console.log("a library talks");
		process.stderr.write("a library complains\n");
		process.emitWarning("a library warns");
		show("logged");
	},
	b: () =>
		void askBackground((text) => terminal.send(text), replies, 20_000, process.env).then((background) =>
			show(`background: ${background}`),
		),
	h: () => {
		for (;;);
	},
	"\x1a": () => void terminal.suspend().then((stopped) => show(stopped ? "back from the shell" : "no shell")),
};

if (process.env.NUDGE_LAUNCHED !== undefined) joinLauncher();

const sizeNow = () => ({ columns: process.stdout.columns, rows: process.stdout.rows });
let frame = { text: "ready", ...sizeNow() };
const listeners = new Set<() => void>();
const show = (text: string): void => {
	frame = { text, ...sizeNow() };
	for (const listener of listeners) listener();
};
process.stdout.on("resize", () => show(frame.text));
const terminal = new Terminal({
	stdin: process.stdin,
	stdout: process.stdout,
	env: process.env,
	title: "stand-in",
});
const REPLY = /\x1b\]11;[^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[\?[\d;]*c/g;
const replies = (listener: (text: string) => void): (() => void) =>
	terminal.onInput((bytes) => {
		for (const reply of bytes.toString().match(REPLY) ?? []) listener(reply);
	});
const log = ScreenLog.of(process.env);
const release = log.capture();
const free = guardExits({
	terminal,
	log,
	close: async () => {
		if (process.env.STAND_IN_HANGS) await new Promise(() => {});
		// Closing takes its time.
		await new Promise((resolve) => setTimeout(resolve, 100));
		log.write("all is closed");
	},
	resume: () => "nudge open last",
});
terminal.enter();
terminal.attach(picture());
terminal.onInput((bytes) => {
	const keys = bytes.toString().replaceAll(REPLY, "");
	if (keys === "") return;
	const known = KEYS[keys];
	if (known) known();
	else show(`typed ${JSON.stringify(keys)}`);
});
process.stdin.ref?.();

async function quit(): Promise<void> {
	terminal.end();
	free();
	release();
	process.stdout.write("left by itself\n");
	process.exit(0);
}

function picture(): Picture {
	type App = ReturnType<typeof useApp>;
	let app: App | undefined;
	let suspended: ReturnType<App["suspendTerminal"]> | undefined;
	const Page = (): ReactElement => {
		app = useApp();
		const { text, columns, rows } = useSyncExternalStore(
			(listener) => {
				listeners.add(listener);
				return () => listeners.delete(listener);
			},
			() => frame,
		);
		return createElement(
			Box,
			{ flexDirection: "column", height: rows, width: columns },
			createElement(Text, null, "the stand-in's screen"),
			createElement(Text, null, text),
		);
	};
	const instance = render(createElement(Page), {
		stdout: process.stdout,
		stdin: noKeys() as never,
		alternateScreen: true,
		incrementalRendering: true,
		interactive: true,
		exitOnCtrlC: false,
		patchConsole: false,
	});
	return {
		hide: () => {
			suspended = app?.suspendTerminal();
		},
		show: () => void suspended?.then(({ resume }) => resume()),
		end: () => instance.unmount(),
	};
}

/** Ink's input: it says nothing. */
function noKeys() {
	const { PassThrough } = process.getBuiltinModule("node:stream");
	return Object.assign(new PassThrough(), {
		isTTY: true,
		setRawMode: () => {},
		ref: () => {},
		unref: () => {},
	});
}
