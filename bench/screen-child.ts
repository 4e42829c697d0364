/**
 * What bench/screen.ts measures, in a process of its own on a real pty: the session's screen, or one of two plain Ink
 * programs, fed the same text at the same speed. Says what it used of the processor and of memory when it is told to end.
 */
import { writeFileSync } from "node:fs";
import { Box, render, Text } from "ink";
import { createElement, useState } from "react";
import type { Live, LiveChange } from "../src/reason/live.ts";
import type { TraceEvent, TraceSettings } from "../src/trace/events.ts";
import { Fold } from "../src/trace/fold.ts";
import { App } from "../src/tui/app.ts";
import { keymapOf } from "../src/tui/keys/bindings.ts";
import { COMMANDS } from "../src/tui/keys/command-table.ts";
import { openRoot } from "../src/tui/root.ts";
import { BlocksPane } from "../src/tui/session/blocks-pane.ts";
import { SessionView } from "../src/tui/session/session-view.ts";
import { InputParser } from "../src/tui/term/parser.ts";
import { builtInThemes } from "../src/tui/theme/built-in.ts";
import { paintOf } from "../src/tui/theme/paint.ts";

const [, , kind = "ours", prefill = "10000", perSecond = "500", report = ""] = process.argv;
const CHARACTERS_PER_TOKEN = 4;
/** A plain program thins its drawing out, else it draws per token. */
const PLAIN_MS = 33;

const WORDS =
	"let me compute this product by splitting the number into hundreds and tens wait i should check that again because 17 times 23 is 391 and not 381".split(
		" ",
	);
let at = 0;
/** About `characters` of prose, with a newline now and then. */
function prose(characters: number): string {
	let text = "";
	while (text.length < characters) {
		text += WORDS[at % WORDS.length];
		text += at++ % 29 === 28 ? "\n" : " ";
	}
	return text;
}

const PYTHON = Array.from(
	{ length: 27 },
	(_, row) => `>>> print(${row}, "hello, this is a line of output")`,
).join("\n");
const TIMELINE = Array.from(
	{ length: 18 },
	(_, row) => `+ after Wait   self-reflection ${row}          policy`,
).join("\n");

const cpu = { at: process.cpuUsage(), wall: performance.now(), fed: 0 };
const frames = { count: 0 };
let fed = 0;
process.stdin.setRawMode?.(true);

/** Feeds in steps of 10 ms, as a socket would. */
function stream(take: (text: string, tokens: number) => void): void {
	const begin = performance.now();
	setInterval(() => {
		const due = Math.floor(((performance.now() - begin) / 1000) * Number(perSecond));
		if (due <= fed) return;
		take(prose((due - fed) * CHARACTERS_PER_TOKEN), due - fed);
		fed = due;
	}, 10);
}

function plain(shown: (text: string) => string): void {
	let text = prose(Number(prefill));
	let redraw = (): void => {};
	const Page = () => {
		const [, set] = useState({});
		redraw = () => set({});
		frames.count++;
		return createElement(
			Box,
			{ width: 200, height: 50 },
			createElement(
				Box,
				{ width: 120, height: 50, flexDirection: "column", overflow: "hidden", justifyContent: "flex-end" },
				createElement(Box, { flexShrink: 0 }, createElement(Text, null, shown(text))),
			),
			createElement(
				Box,
				{ flexDirection: "column", width: 80 },
				createElement(Text, null, `${focus ? ">" : " "} Hints`),
				createElement(Text, null, TIMELINE),
				createElement(Text, null, PYTHON),
			),
		);
	};
	let focus = true;
	render(createElement(Page), {
		alternateScreen: true,
		incrementalRendering: true,
		maxFps: 60,
		exitOnCtrlC: false,
		patchConsole: false,
		stdin: nothing(),
	});
	process.stdin.on("data", (bytes) => {
		if (told(bytes)) return;
		focus = !focus;
		redraw();
	});
	let due = false;
	stream((more) => {
		text += more;
		if (due) return;
		due = true;
		setTimeout(() => {
			due = false;
			redraw();
		}, PLAIN_MS);
	});
}

function nothing(): NodeJS.ReadStream {
	const { Readable } = process.getBuiltinModule("node:stream");
	return Object.assign(new Readable({ read() {} }), {
		isTTY: true,
		setRawMode: () => {},
		ref: () => {},
		unref: () => {},
	}) as never;
}

function ours(): void {
	const fold = new Fold();
	const settings: TraceSettings = {
		engine: "bench",
		model: "bench",
		exact: true,
		dialect: "qwen",
		policy: "auto",
		sampling: { temperature: 0, seed: 0 },
		budgets: { maxTokens: 1e9, maxCalls: 6, maxRounds: 1 },
	};
	const problem = { id: "bench", domain: "math" as const, problem: "What is 17 * 23?" };
	const on = { t: 0, branch: "main" };
	const events: TraceEvent[] = [
		{ type: "session", t: 0, version: 1, id: "20261122-0000", problem, nudge: "0", environment: {} },
		{ type: "branch", ...on, settings, by: "person" },
		{ type: "header", ...on, text: "" },
		{ type: "tokens", ...on, text: prose(Number(prefill)), segment: 0 },
	];
	for (const event of events) fold.apply(event);
	const listeners = new Set<(change: LiveChange) => void>();
	const live = {
		id: "20261122-0000",
		problem,
		state: fold.state,
		branch: "main",
		status: "thinking",
		pending: undefined,
		hints: { mode: "auto", rounds: 1, words: 1, vetoMs: 0 },
		subscribe: (listener: (change: LiveChange) => void) => {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
	} as unknown as Live;
	const size = { columns: process.stdout.columns, rows: process.stdout.rows };
	const root = openRoot(process.stdout, size);
	const app: App = new App({
		surface: {
			show: (drawing, size) => {
				frames.count++;
				root.show(drawing, size);
			},
			redraw: root.redraw,
			edit: async () => ({}),
			copy: () => "",
			print: async () => {},
			suspend: () => {},
			mouse: () => {},
		},
		size,
		paint: paintOf(builtInThemes()[0]!, "truecolor"),
		keymap: keymapOf(COMMANDS),
		themes: builtInThemes(),
		paintOf: (theme) => paintOf(theme, "truecolor"),
		mouse: true,
		run: () => false,
	});
	app.open(
		new SessionView({
			desk: app,
			live,
			python: new BlocksPane({ desk: app, live }),
			depth: "truecolor",
			waits: () => undefined,
			engine: () => {},
			next: () => {},
			replay: () => {},
			cwd: "/",
			journal: "",
		}),
	);
	const parser = new InputParser();
	process.stdin.on("data", (bytes) => {
		if (told(bytes)) return;
		for (const input of parser.push(bytes)) app.input(input);
	});
	let n = 0;
	stream((text, tokens) => {
		// An engine hands over token by token.
		const piece = Math.ceil(text.length / tokens);
		for (let from = 0; from < text.length; from += piece) {
			const event: TraceEvent = {
				type: "tokens",
				...on,
				text: text.slice(from, from + piece),
				ids: [n++],
				segment: 0,
			};
			fold.apply(event);
			for (const listener of listeners) listener({ type: "event", event });
		}
	});
}

/** Says what was used since the last time, and begins anew. */
function tell(): void {
	const used = process.cpuUsage(cpu.at);
	const wallMs = performance.now() - cpu.wall;
	if (report) {
		writeFileSync(
			report,
			JSON.stringify({
				cpu: (used.user + used.system) / 1000 / wallMs,
				frames: frames.count,
				rssMb: process.memoryUsage.rss() / 2 ** 20,
				heapMb: process.memoryUsage().heapUsed / 2 ** 20,
				tokensPerSecond: ((fed - cpu.fed) * 1000) / wallMs,
				wallMs,
			}),
		);
	}
	cpu.at = process.cpuUsage();
	cpu.wall = performance.now();
	cpu.fed = fed;
	frames.count = 0;
}

/** `c` asks what was used, `q` ends. True where the bytes were for us. */
function told(bytes: Buffer): boolean {
	const said = bytes.toString();
	if (said.includes("q")) process.exit(0);
	if (said.includes("c")) tell();
	return said.includes("c");
}

/** Start-up is not what is measured. */
setTimeout(() => {
	cpu.at = process.cpuUsage();
	cpu.wall = performance.now();
	cpu.fed = fed;
	frames.count = 0;
}, 1500);

if (kind === "ours") ours();
else if (kind === "whole") plain((text) => text);
else plain((text) => text.slice(-8000));
