/**
 * From the bytes of a terminal to what a person did.
 *
 * What always holds: it makes no difference where the bytes are split into chunks, except that a character of several code
 * points is one key only where it comes in one, and that what begins with ESC may have to wait; a sequence never becomes
 * text, be it known, unknown or broken off; `bytes` of a key are those it came as (invalid UTF-8 as U+FFFD); the work is
 * in proportion to the bytes, however large a paste is.
 */
import { graphemes } from "../text/cells.ts";
import type { Input, Key } from "./input.ts";
import { CONTROL_KEYS, characterKey, namedKey, readCsi, readSs3 } from "./key-sequences.ts";

const ESC = 0x1b;
const BEL = 0x07;
const DEL = 0x7f;
const PASTE_BEGIN = "\x1b[200~";
const PASTE_END = Buffer.from("\x1b[201~");
/** No sequence of a terminal is as long: what goes on for longer has lost its end. */
const LONGEST_SEQUENCE = 64 * 1024;

type State =
	| "text"
	/** ESC came. */
	| "escape"
	/** ESC and a part of a character that is not ASCII. */
	| "alt"
	/** ESC [ */
	| "csi"
	/** ESC [ [, of the Linux console: one more letter comes. */
	| "console"
	/** ESC O */
	| "ss3"
	/** ESC [ M, of terminals that write the mouse as three bytes. */
	| "old-mouse"
	/** ESC ], ESC P or ESC _: text up to ESC \ or BEL. */
	| "string"
	/** ESC within such text. */
	| "string-escape"
	| "paste";

export class InputParser {
	#state: State = "text";
	/** The unfinished sequence from its ESC on, a character for each byte. */
	#sequence = "";
	/** Another ESC came right before it: alt with a key that is a sequence, else a key of its own. */
	#doubled = false;
	/** The beginning of a character whose other bytes are still to come. */
	#begun: Buffer = Buffer.alloc(0);
	#paste = Buffer.alloc(0);
	#pasted = 0;
	#flushed = false;
	#inputs: Input[] = [];

	/** Something waits that time decides: whether more of it comes. See `flush`. */
	get pending(): boolean {
		return this.#state !== "text" && this.#state !== "paste";
	}

	push(bytes: Uint8Array | string): Input[] {
		const chunk =
			typeof bytes === "string"
				? Buffer.from(bytes)
				: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
		if (chunk.length > 0) this.#flushed = false;
		for (let at = 0; at < chunk.length; ) {
			if (this.#state === "text") at = this.#text(chunk, at);
			else if (this.#state === "paste") at = this.#pasteFrom(chunk, at);
			else if (this.#take(chunk[at]!)) at++;
		}
		return this.#taken();
	}

	/**
	 * Nothing has come for a while. ESC, and ESC with one sign that could begin a sequence, were keys then. A longer
	 * sequence is the terminal's and may be on its way: only a second flush with nothing in between gives it up.
	 */
	flush(): Input[] {
		if (!this.pending) return [];
		const typed = this.#sequence.length <= 2 && this.#state !== "alt";
		if (typed || this.#flushed) {
			const escapeToo = this.#state === "string-escape";
			this.#breakOff();
			if (escapeToo) this.#key(namedKey("escape"), "\x1b");
		}
		this.#flushed = true;
		return this.#taken();
	}

	#taken(): Input[] {
		const inputs = this.#inputs;
		this.#inputs = [];
		return inputs;
	}

	#key(key: Key, bytes: string): void {
		this.#inputs.push({ type: "key", key, bytes });
	}

	/** Takes text up to the next control character, and that. */
	#text(chunk: Buffer, from: number): number {
		let at = from;
		while (at < chunk.length && !isControl(chunk[at]!)) at++;
		if (at > from || this.#begun.length > 0) {
			const run = chunk.subarray(from, at);
			const all = this.#begun.length > 0 ? Buffer.concat([this.#begun, run]) : run;
			const whole = at < chunk.length ? all.length : wholeCharacters(all);
			this.#begun = Buffer.from(all.subarray(whole));
			for (const one of graphemes(all.toString("utf8", 0, whole))) {
				// A control character of the upper half is no key; one that names a sequence would be obeyed somewhere.
				if (!/^[\u0080-\u009f]$/.test(one)) this.#key(characterKey(one), one);
			}
		}
		if (at === chunk.length) return at;
		const byte = chunk[at]!;
		if (byte === ESC) this.#begin();
		else this.#key(CONTROL_KEYS.get(byte)!, String.fromCharCode(byte));
		return at + 1;
	}

	#begin(): void {
		this.#state = "escape";
		this.#sequence = "\x1b";
		this.#doubled = false;
	}

	/** Takes one byte of a sequence; false where it belongs to what comes after it. */
	#take(byte: number): boolean {
		const sign = String.fromCharCode(byte);
		if (this.#sequence.length >= LONGEST_SEQUENCE) this.#breakOff();
		switch (this.#state) {
			case "escape":
				return this.#afterEscape(byte, sign);
			case "alt":
				return this.#restOfAlt(byte, sign);
			case "csi":
				if (byte < 0x20 || byte >= DEL) return this.#breakOff();
				this.#sequence += sign;
				if (byte < 0x40) return true;
				if (this.#sequence === "\x1b[M") this.#state = "old-mouse";
				else if (this.#sequence === "\x1b[[") this.#state = "console";
				else if (this.#sequence === PASTE_BEGIN) this.#beginPaste();
				else this.#end(readCsi(this.#sequence));
				return true;
			case "console":
				if (byte < 0x20 || byte >= DEL) return this.#breakOff();
				this.#sequence += sign;
				this.#end(consoleKey(this.#sequence));
				return true;
			case "ss3":
				if (byte < 0x20 || byte >= DEL) return this.#breakOff();
				this.#sequence += sign;
				if (!/[\d;]/.test(sign)) this.#end(readSs3(this.#sequence));
				return true;
			case "old-mouse":
				if (byte < 0x20) return this.#breakOff();
				this.#sequence += sign;
				if (this.#sequence.length === "\x1b[M".length + 3) this.#end(undefined);
				return true;
			case "string":
				if (byte === BEL) {
					this.#sequence += sign;
					this.#end(reply(this.#sequence));
					return true;
				}
				if (byte === ESC) {
					this.#state = "string-escape";
					return true;
				}
				if (isControl(byte)) return this.#breakOff();
				this.#sequence += sign;
				return true;
			case "string-escape":
				if (sign === "\\") {
					this.#end(reply(`${this.#sequence}\x1b\\`));
					return true;
				}
				// Another sequence begins: the text has lost its end.
				this.#breakOff();
				this.#begin();
				return false;
			default:
				return false;
		}
	}

	#afterEscape(byte: number, sign: string): boolean {
		if (byte === ESC) {
			if (this.#doubled) this.#key(namedKey("escape"), "\x1b");
			this.#doubled = true;
			return true;
		}
		if (byte >= 0x80) {
			this.#sequence += sign;
			this.#state = "alt";
			if (lengthOf(byte) === 1) this.#endAlt();
			return true;
		}
		const begins = { "[": "csi", O: "ss3", "]": "string", P: "string", _: "string" }[sign];
		this.#sequence += sign;
		if (begins === undefined) this.#endTyped();
		else this.#state = begins as State;
		return true;
	}

	#restOfAlt(byte: number, sign: string): boolean {
		if (byte < 0x80 || byte >= 0xc0) return this.#breakOff();
		this.#sequence += sign;
		if (this.#sequence.length > lengthOf(this.#sequence.charCodeAt(1))) this.#endAlt();
		return true;
	}

	#endAlt(): void {
		const character = Buffer.from(this.#sequence.slice(1), "latin1").toString("utf8");
		const isWhole = [...character].length === 1 && !/[\u0080-\u009f]/.test(character);
		this.#endWith(altOf(isWhole ? character : "\ufffd"));
	}

	/** ESC and one sign: the sign with alt. */
	#endTyped(): void {
		this.#endWith(altOf(this.#sequence.slice(1)));
	}

	/** The sequence ended before it was complete. What a person may have typed is a key, the rest is dropped. */
	#breakOff(): false {
		if (this.#state === "escape") this.#endWith({ key: namedKey("escape"), bytes: "\x1b" });
		else if (this.#state === "alt") this.#endAlt();
		else if (this.#sequence.length === 2) this.#endTyped();
		else this.#end(undefined);
		return false;
	}

	#endWith({ key, bytes }: { key: Key; bytes: string }): void {
		this.#leadingEscape();
		this.#key(key, bytes);
		this.#state = "text";
		this.#sequence = "";
	}

	#end(input: Input | undefined): void {
		if (input?.type === "key" && this.#doubled) {
			this.#key({ ...withoutText(input.key), alt: true }, `\x1b${input.bytes}`);
		} else {
			this.#leadingEscape();
			if (input !== undefined) this.#inputs.push(input);
		}
		this.#doubled = false;
		this.#state = "text";
		this.#sequence = "";
	}

	#leadingEscape(): void {
		if (this.#doubled) this.#key(namedKey("escape"), "\x1b");
		this.#doubled = false;
	}

	#beginPaste(): void {
		this.#end(undefined);
		this.#state = "paste";
		this.#pasted = 0;
	}

	/** Takes what was pasted; the end is looked for in what is new, and in as much before it as may hold a part of it. */
	#pasteFrom(chunk: Buffer, from: number): number {
		const before = this.#pasted;
		const all = before + chunk.length - from;
		if (all > this.#paste.length) {
			const grown = Buffer.alloc(Math.max(all, this.#paste.length * 2));
			this.#paste.copy(grown, 0, 0, before);
			this.#paste = grown;
		}
		chunk.copy(this.#paste, before, from);
		this.#pasted = all;
		const held = this.#paste.subarray(0, all);
		const end = held.indexOf(PASTE_END, Math.max(0, before - PASTE_END.length + 1));
		if (end < 0) return chunk.length;
		const text = held.toString("utf8", 0, end).replace(/\r\n?/g, "\n");
		this.#inputs.push({ type: "paste", text });
		this.#state = "text";
		this.#paste = Buffer.alloc(0);
		this.#pasted = 0;
		return from + end + PASTE_END.length - before;
	}
}

const isControl = (byte: number): boolean => byte < 0x20 || byte === DEL;

function reply(sequence: string): Input {
	return { type: "reply", text: Buffer.from(sequence, "latin1").toString("utf8") };
}

function withoutText({ name, ctrl, alt, shift }: Key): Key {
	return { name, ctrl, alt, shift };
}

function altOf(sign: string): { key: Key; bytes: string } {
	const control = sign.length === 1 ? CONTROL_KEYS.get(sign.charCodeAt(0)) : undefined;
	const key = control ?? characterKey(sign);
	return { key: { ...withoutText(key), alt: true }, bytes: `\x1b${sign}` };
}

/** F1 to F5 of the Linux console. */
function consoleKey(sequence: string): Input | undefined {
	const number = "ABCDE".indexOf(sequence.at(-1)!) + 1;
	return number === 0 ? undefined : { type: "key", key: namedKey(`f${number}`), bytes: sequence };
}

/** How many bytes a character takes that begins with this one; 1 where none does. */
function lengthOf(byte: number): number {
	if (byte < 0xc2 || byte > 0xf4) return 1;
	return byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

/** Up to where the last character is complete. */
function wholeCharacters(bytes: Buffer): number {
	for (let back = 1; back <= Math.min(3, bytes.length); back++) {
		const byte = bytes[bytes.length - back]!;
		if (byte < 0x80) break;
		if (byte >= 0xc0) return lengthOf(byte) > back ? bytes.length - back : bytes.length;
	}
	return bytes.length;
}
