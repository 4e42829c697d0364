import fc from "fast-check";
import { expect, test } from "vitest";
import { chordOf, type Input, type Mouse } from "../../../src/tui/term/input.ts";
import { InputParser } from "../../../src/tui/term/parser.ts";
import { graphemes } from "../../../src/tui/text/cells.ts";
import { nasty } from "../text/nasty.ts";

/** Everything in one chunk, then time for what waits. */
function parse(bytes: Uint8Array | string): Input[] {
	const parser = new InputParser();
	return [...parser.push(bytes), ...parser.flush(), ...parser.flush()];
}

/** Inputs in short: chords of keys, and what is not a key by its type. */
function told(inputs: readonly Input[]): string[] {
	return inputs.map(short);
}

function short(input: Input): string {
	switch (input.type) {
		case "key":
			return chordOf(input.key);
		case "paste":
			return `paste ${JSON.stringify(input.text)}`;
		case "focus":
			return `focus ${input.on}`;
		case "mouse":
			return `mouse ${mouse(input.mouse)}`;
		case "reply":
			return `reply ${JSON.stringify(input.text)}`;
	}
}

function mouse({ action, button, x, y, ctrl, alt, shift }: Mouse): string {
	const held = [ctrl && "ctrl", alt && "alt", shift && "shift"].filter(Boolean).join("+");
	return [action, button, `${x},${y}`, held].filter(Boolean).join(" ");
}

const chords = (bytes: Uint8Array | string): string[] => told(parse(bytes));
const bytesOf = (inputs: readonly Input[]): string =>
	inputs.map((input) => (input.type === "key" ? input.bytes : "")).join("");

/** What terminals send for keys, and the chord that it is. */
const KEYS: Readonly<Record<string, string>> = {
	a: "a",
	A: "A",
	" ": "space",
	é: "é",
	日: "日",
	"😀": "😀",
	"?": "?",
	"\r": "enter",
	"\n": "ctrl+j",
	"\t": "tab",
	"\x00": "ctrl+space",
	"\x01": "ctrl+a",
	"\x1a": "ctrl+z",
	"\x1c": "ctrl+\\",
	"\x1d": "ctrl+]",
	"\x1e": "ctrl+^",
	"\x1f": "ctrl+_",
	"\x7f": "backspace",
	"\b": "backspace",
	"\x1ba": "alt+a",
	"\x1bA": "alt+A",
	"\x1bé": "alt+é",
	"\x1b😀": "alt+😀",
	"\x1b ": "alt+space",
	"\x1b\r": "alt+enter",
	"\x1b\n": "ctrl+alt+j",
	"\x1b\x7f": "alt+backspace",
	"\x1b\x01": "ctrl+alt+a",
	"\x1b\x00": "ctrl+alt+space",
	"\x1b<": "alt+<",
	"\x1b[A": "up",
	"\x1b[B": "down",
	"\x1b[C": "right",
	"\x1b[D": "left",
	"\x1b[H": "home",
	"\x1b[F": "end",
	"\x1bOA": "up",
	"\x1bOH": "home",
	"\x1bOP": "f1",
	"\x1bOS": "f4",
	"\x1bO5A": "ctrl+up",
	"\x1bOa": "ctrl+up",
	"\x1bOM": "enter",
	"\x1bOp": "0",
	"\x1bOk": "+",
	"\x1b[1~": "home",
	"\x1b[2~": "insert",
	"\x1b[3~": "delete",
	"\x1b[4~": "end",
	"\x1b[5~": "pageup",
	"\x1b[6~": "pagedown",
	"\x1b[7~": "home",
	"\x1b[8~": "end",
	"\x1b[11~": "f1",
	"\x1b[15~": "f5",
	"\x1b[17~": "f6",
	"\x1b[24~": "f12",
	"\x1b[[A": "f1",
	"\x1b[[E": "f5",
	"\x1b[Z": "shift+tab",
	"\x1b[1;5Z": "ctrl+shift+tab",
	"\x1b[1;2A": "shift+up",
	"\x1b[1;3C": "alt+right",
	"\x1b[1;5D": "ctrl+left",
	"\x1b[1;6H": "ctrl+shift+home",
	"\x1b[1;8F": "ctrl+alt+shift+end",
	"\x1b[1;9A": "alt+up",
	"\x1b[1;5P": "ctrl+f1",
	"\x1b[1;2R": "shift+f3",
	"\x1b[R": "f3",
	"\x1b[a": "shift+up",
	"\x1b[c": "shift+right",
	"\x1b[3;5~": "ctrl+delete",
	"\x1b[5;2~": "shift+pageup",
	"\x1b[3^": "ctrl+delete",
	"\x1b[3@": "ctrl+shift+delete",
	"\x1b\x1b[A": "alt+up",
	"\x1b\x1b[3~": "alt+delete",
	"\x1b\x1bOA": "alt+up",
	// xterm's modifyOtherKeys.
	"\x1b[27;5;105~": "ctrl+i",
	"\x1b[27;2;13~": "shift+enter",
	"\x1b[27;6;90~": "ctrl+Z",
	"\x1b[27;5;13~": "ctrl+enter",
	// kitty's protocol.
	"\x1b[97u": "a",
	"\x1b[97;2u": "A",
	"\x1b[97:65;2u": "A",
	"\x1b[49:33;2u": "!",
	"\x1b[97;3u": "alt+a",
	"\x1b[97;5u": "ctrl+a",
	"\x1b[122;6u": "ctrl+Z",
	"\x1b[97;65u": "A",
	"\x1b[97;66u": "a",
	"\x1b[97;129u": "a",
	"\x1b[97;1:2u": "a",
	"\x1b[1089::99;5u": "ctrl+c",
	"\x1b[1089;1u": "с",
	"\x1b[47;5u": "ctrl+/",
	"\x1b[9;2u": "shift+tab",
	"\x1b[13;2u": "shift+enter",
	"\x1b[27u": "escape",
	"\x1b[32;5u": "ctrl+space",
	"\x1b[127;5u": "ctrl+backspace",
	"\x1b[1;5:1A": "ctrl+up",
	"\x1b[57399u": "0",
	"\x1b[57414u": "enter",
	"\x1b[57417;5u": "ctrl+left",
};

/** Complete sequences that are no key, and what they are; nothing: they are dropped. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
	"\x1b[I": ["focus true"],
	"\x1b[O": ["focus false"],
	"\x1b[<0;1;1M": ["mouse press left 0,0"],
	"\x1b[<2;10;20M": ["mouse press right 9,19"],
	"\x1b[<1;300;200m": ["mouse release middle 299,199"],
	"\x1b[<32;5;6M": ["mouse drag left 4,5"],
	"\x1b[<64;5;6M": ["mouse wheel-up none 4,5"],
	"\x1b[<65;5;6M": ["mouse wheel-down none 4,5"],
	"\x1b[<28;5;6M": ["mouse press left 4,5 ctrl+alt+shift"],
	"\x1b[<81;5;6M": ["mouse wheel-down none 4,5 ctrl"],
	"\x1b[<66;5;6M": [],
	"\x1b[<35;5;6M": [],
	"\x1b[<128;5;6M": [],
	"\x1b[<0;0;1M": [],
	"\x1b[<0;1M": [],
	"\x1b[M !!": [],
	"\x1b[32;5;6M": [],
	"\x1b]11;rgb:1e1e/1e1e/1e1e\x07": ['reply "\\u001b]11;rgb:1e1e/1e1e/1e1e\\u0007"'],
	"\x1b]10;rgb:ff/ff/ff\x1b\\": ['reply "\\u001b]10;rgb:ff/ff/ff\\u001b\\\\"'],
	"\x1b[?62;22c": ['reply "\\u001b[?62;22c"'],
	"\x1b[>1;10;0c": ['reply "\\u001b[>1;10;0c"'],
	"\x1b[12;40R": ['reply "\\u001b[12;40R"'],
	"\x1b[1;40R": ['reply "\\u001b[1;40R"'],
	"\x1b[1;1R": ['reply "\\u001b[1;1R"'],
	"\x1b[?2026;2$y": ['reply "\\u001b[?2026;2$y"'],
	"\x1b[?1u": ['reply "\\u001b[?1u"'],
	"\x1b[0n": ['reply "\\u001b[0n"'],
	"\x1bP>|term é\x1b\\": ['reply "\\u001bP>|term é\\u001b\\\\"'],
	"\x1b_Gi=1;OK\x1b\\": ['reply "\\u001b_Gi=1;OK\\u001b\\\\"'],
	"\x1b[200~a\r\nb\rc\nd\x1b[A\x01\x1b[201~": ['paste "a\\nb\\nc\\nd\\u001b[A\\u0001"'],
	"\x1b[200~\x1b[201~": ['paste ""'],
	"\x1b[201~": [],
	"\x1b[25~": [],
	"\x1b[E": [],
	"\x1b[99q": [],
	"\x1b[1;2;3;4z": [],
	"\x1b[ q": [],
	"\x1bOz": [],
	"\x1b[[Z": [],
	"\x1b[97;1:3u": [],
	"\x1b[1;1:3A": [],
	"\x1b[97;9u": [],
	"\x1b[57441u": [],
	"\x1b[57376u": [],
	"\x1b[u": [],
	"\x1b[55555555555u": [],
	"\x1b[1114112u": [],
	"\x1b[55296u": [],
	"\x1b[1u": [],
	"\u0085\u009b": [],
};

test("keys are read as terminals send them", () => {
	for (const [bytes, chord] of Object.entries(KEYS)) expect([bytes, chords(bytes)]).toEqual([bytes, [chord]]);
	expect(chords("abc")).toEqual(["a", "b", "c"]);
	expect(chords("\x1b[A\x1b[A\r")).toEqual(["up", "up", "enter"]);
});

test("what is no key is read as what it is, and what is unknown is dropped as a whole", () => {
	for (const [bytes, what] of Object.entries(OTHERS)) expect([bytes, chords(bytes)]).toEqual([bytes, what]);
});

test("a character is one key, however many code points it has", () => {
	for (const one of ["👨‍👩‍👧", "e\u0301", "🇩🇪", "नी"]) {
		expect(parse(`a${one}b`).map((input) => input.type === "key" && input.key.text)).toEqual(["a", one, "b"]);
	}
});

test("only keys that write something have a text", () => {
	const textOf = (bytes: string) =>
		parse(bytes).map((input) => (input.type === "key" ? input.key.text : "no key"));
	expect(textOf("aé \x1b[97;2u\x1b[32;2u\x1b[97;2;8364u\x1bOp")).toEqual(["a", "é", " ", "A", " ", "€", "0"]);
	expect(textOf("\x1ba\x01\r\t\x7f\x1b[A\x1b[97;5u\x1b[97;3u\x1b ")).toEqual(Array(9).fill(undefined));
	expect(textOf("\x1b\x1bOp")).toEqual([undefined]);
});

test("ESC waits for what may follow it, and is a key when nothing does", () => {
	const parser = new InputParser();
	expect(parser.push("\x1b")).toEqual([]);
	expect(parser.pending).toBe(true);
	expect(told(parser.flush())).toEqual(["escape"]);
	expect(parser.pending).toBe(false);
	expect(parser.flush()).toEqual([]);
	expect(chords("\x1b\x1b")).toEqual(["escape", "escape"]);
	expect(chords("\x1b\x1b\x1b")).toEqual(["escape", "escape", "escape"]);
	expect(chords("\x1b\x1b\x1b[A")).toEqual(["escape", "alt+up"]);
	expect(chords("\x1b\x1ba")).toEqual(["escape", "alt+a"]);
	// A press of Escape, then something that is no key.
	expect(chords("\x1b\x1b[I")).toEqual(["escape", "focus true"]);
	expect(chords("\x1b\x1b[<0;1;1M")).toEqual(["escape", "mouse press left 0,0"]);
	expect(chords("\x1b\x1b[200~x\x1b[201~")).toEqual(["escape", 'paste "x"']);
	expect(chords("\x1b\x1b[99q")).toEqual(["escape"]);
});

test("signs that could begin a sequence are keys with alt when nothing follows, or something else does", () => {
	for (const sign of "[O]P_") {
		const parser = new InputParser();
		expect(parser.push(`\x1b${sign}`)).toEqual([]);
		expect(parser.pending).toBe(true);
		expect(told(parser.flush())).toEqual([`alt+${sign}`]);
		expect(chords(`\x1b${sign}\r`)).toEqual([`alt+${sign}`, "enter"]);
		expect(chords(`\x1b${sign}\x1b[A`)).toEqual([`alt+${sign}`, "up"]);
		expect(chords(`\x1b${sign}\x1b`)).toEqual([`alt+${sign}`, "escape"]);
		expect(chords(`\x1b\x1b${sign}`)).toEqual(["escape", `alt+${sign}`]);
	}
});

test("a sequence that was begun waits for its rest, and is given up when that never comes", () => {
	for (const [begun, rest, whole] of [
		["\x1b[1;5", "A", "ctrl+up"],
		["\x1b[<0;1", ";1M", "mouse press left 0,0"],
		["\x1b]11;rgb:0/0", "/0\x1b\\", 'reply "\\u001b]11;rgb:0/0/0\\u001b\\\\"'],
		["\x1b]11;x\x1b", "\\", 'reply "\\u001b]11;x\\u001b\\\\"'],
		["\x1b", "a", "alt+a"],
	] as const) {
		const slow = new InputParser();
		slow.push(begun);
		expect(slow.pending).toBe(true);
		if (begun.length > 2) expect(slow.flush()).toEqual([]);
		expect(told(slow.push(rest))).toEqual([whole]);
		expect(slow.pending).toBe(false);
	}
	const lost = new InputParser();
	expect(lost.push("\x1b[1;5")).toEqual([]);
	expect([...lost.flush(), ...lost.flush()]).toEqual([]);
	expect(lost.pending).toBe(false);
	expect(told(lost.push("A"))).toEqual(["A"]);
	// Escape gets one out of a text that has no end.
	expect(chords("\x1b]11;rgb:\x1b")).toEqual(["escape"]);
	expect(chords("\x1b]11;rgb:\r")).toEqual(["enter"]);
	expect(chords("\x1b[1;5\x03")).toEqual(["ctrl+c"]);
	expect(chords("\x1b]11;\x1b[A")).toEqual(["up"]);
});

test("a sequence without an end is given up after 64 kB, and what is pasted never is", () => {
	for (const begin of ["\x1b[", "\x1b]", "\x1bP", "\x1bO"]) {
		const parser = new InputParser();
		expect(parser.push(begin + "1".repeat(65_000))).toEqual([]);
		expect(parser.pending).toBe(true);
		expect(told(parser.push("1".repeat(1_000))).every((chord) => chord === "1")).toBe(true);
		expect(parser.pending).toBe(false);
	}
	const parser = new InputParser();
	const big = "é\x1b[201".repeat(200_000);
	expect(parser.push("\x1b[200~")).toEqual([]);
	expect(parser.pending).toBe(false);
	for (let at = 0; at < big.length; at += 999) expect(parser.push(big.slice(at, at + 999))).toEqual([]);
	expect(parser.push("\x1b[201~x")).toEqual([
		{ type: "paste", text: big },
		{ type: "key", key: { name: "x", ctrl: false, alt: false, shift: false, text: "x" }, bytes: "x" },
	]);
});

test("ten megabytes are pasted, in chunks of a terminal and byte by byte", () => {
	const text = Buffer.from("some words é\n".repeat(750_000));
	const parser = new InputParser();
	parser.push("\x1b[200~");
	for (let at = 0; at < text.length; at += 4096) parser.push(text.subarray(at, at + 4096));
	const [paste] = parser.push("\x1b[201~");
	expect(paste?.type === "paste" && paste.text.length).toBe(text.toString().length);
	const slow = new InputParser();
	slow.push("\x1b[200~");
	for (let at = 0; at < 1_000_000; at++) slow.push(text.subarray(at, at + 1));
	expect(told(slow.push("\x1b[201~"))[0]).toHaveLength(
		told([{ type: "paste", text: text.toString("utf8", 0, 1_000_000) }])[0]!.length,
	);
});

test("bytes that are no UTF-8 are seen as such, once for each piece", () => {
	expect(chords(Uint8Array.of(0x61, 0xff, 0x62))).toEqual(["a", "\ufffd", "b"]);
	expect(chords(Uint8Array.of(0xe2, 0x82, 0x0d))).toEqual(["\ufffd", "enter"]);
	expect(chords(Uint8Array.of(0x1b, 0xc3, 0x61))).toEqual(["alt+\ufffd", "a"]);
	expect(chords(Uint8Array.of(0x1b, 0xff))).toEqual(["alt+\ufffd"]);
	// The old mouse's bytes are no text at all.
	expect(chords(Uint8Array.of(0x1b, 0x5b, 0x4d, 0x20, 0xe0, 0xff, 0x61))).toEqual(["a"]);
});

const known = fc.constantFrom(...Object.keys(KEYS), ...Object.keys(OTHERS));
const broken = fc.tuple(known, fc.nat(12)).map(([bytes, length]) => bytes.slice(0, length));
const stream = fc
	.array(
		fc.oneof(
			{ weight: 4, arbitrary: known.map((text) => Buffer.from(text)) },
			{ weight: 1, arbitrary: broken.map((text) => Buffer.from(text)) },
			{ weight: 1, arbitrary: nasty.map((text) => Buffer.from(text)) },
			{ weight: 1, arbitrary: fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)) },
		),
		{ maxLength: 12 },
	)
	.map((parts) => Buffer.concat(parts));

/** Typed characters joined and cut anew: where a chunk ends may part a letter from its accent. */
function joined(inputs: readonly Input[]): unknown[] {
	const all: unknown[] = [];
	let typed = "";
	const close = () => {
		all.push(...graphemes(typed).map((one) => `typed ${one}`));
		typed = "";
	};
	for (const input of inputs) {
		const isTyped = input.type === "key" && input.key.text === input.bytes;
		if (isTyped) typed += input.bytes;
		else {
			close();
			all.push(input);
		}
	}
	close();
	return all;
}

test("it makes no difference where the bytes are split", () => {
	fc.assert(
		fc.property(stream, fc.array(fc.nat(400)), (bytes, places) => {
			const cuts = [...new Set([0, ...places.filter((at) => at < bytes.length), bytes.length])].sort(
				(a, b) => a - b,
			);
			const parser = new InputParser();
			const inputs = cuts.slice(1).flatMap((end, i) => parser.push(bytes.subarray(cuts[i]!, end)));
			inputs.push(...parser.flush(), ...parser.flush());
			expect(joined(inputs)).toEqual(joined(parse(bytes)));
			const single = new InputParser();
			const one = [...bytes].flatMap((byte) => single.push(Uint8Array.of(byte)));
			one.push(...single.flush(), ...single.flush());
			expect(joined(one)).toEqual(joined(parse(bytes)));
		}),
		{ numRuns: 1000 },
	);
});

test("the bytes of the keys are the bytes that came", () => {
	const keys = fc.array(fc.constantFrom(...Object.keys(KEYS)), { maxLength: 30 });
	fc.assert(
		fc.property(keys, (parts) => {
			expect(bytesOf(parse(parts.join("")))).toBe(parts.join(""));
		}),
		{ numRuns: 500 },
	);
});

test("no sequence becomes text: what is typed holds no control, and keys no rest of a sequence", () => {
	const sequences = fc.array(
		fc.constantFrom(
			...[...Object.keys(KEYS), ...Object.keys(OTHERS)].filter((one) => one.startsWith("\x1b")),
		),
		{ maxLength: 20 },
	);
	fc.assert(
		fc.property(sequences, (parts) => {
			const expected = parts.flatMap((part) => told(parse(part)));
			expect(chords(parts.join(""))).toEqual(expected);
		}),
		{ numRuns: 500 },
	);
	fc.assert(
		fc.property(stream, (bytes) => {
			for (const input of parse(bytes)) {
				if (input.type === "key") expect(input.key.text ?? "").not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
			}
		}),
		{ numRuns: 500 },
	);
});
