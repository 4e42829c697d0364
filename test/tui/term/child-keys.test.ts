import fc from "fast-check";
import { expect, test } from "vitest";
import { pasteFor, rewriteKeys } from "../../../src/tui/term/child-keys.ts";
import { InputParser } from "../../../src/tui/term/parser.ts";

const normal = { applicationCursor: false };
const application = { applicationCursor: true };

test("cursor keys come as the program set them", () => {
	for (const letter of "ABCDHF") {
		for (const bytes of [`\x1b[${letter}`, `\x1bO${letter}`]) {
			expect(rewriteKeys(bytes, application)).toBe(`\x1bO${letter}`);
			expect(rewriteKeys(bytes, normal)).toBe(`\x1b[${letter}`);
		}
		expect(rewriteKeys(`\x1b\x1b[${letter}`, application)).toBe(`\x1b\x1b[${letter}`);
	}
});

test("everything else comes as it was typed", () => {
	for (const bytes of [
		"a",
		"é",
		"\x01",
		"\x1b",
		"\x1bf",
		"\x1b[1;5A",
		"\x1b[3~",
		"\x1bOP",
		"\x1b[Z",
		"\t",
		"\x1d",
	]) {
		expect([bytes, rewriteKeys(bytes, application)]).toEqual([bytes, bytes]);
	}
});

test("keys in a form that only nudge was sent come as terminals always sent them", () => {
	const plain: Readonly<Record<string, string>> = {
		"\x1b[97u": "a",
		"\x1b[97;2u": "A",
		"\x1b[99;5u": "\x03",
		"\x1b[27;5;105~": "\t",
		"\x1b[97;7u": "\x1b\x01",
		"\x1b[98;3u": "\x1bb",
		"\x1b[13u": "\r",
		"\x1b[13;2u": "\r",
		"\x1b[27u": "\x1b",
		"\x1b[9;2u": "\x1b[Z",
		"\x1b[127u": "\x7f",
		"\x1b[127;3u": "\x1b\x7f",
		"\x1b[32u": " ",
		"\x1b[32;5u": "\x00",
		"\x1b[47;5u": "\x1f",
		"\x1b[93;5u": "\x1d",
		"\x1b[57419u": "\x1bOA",
		"\x1b[57426u": "\x1b[3~",
	};
	for (const [bytes, wanted] of Object.entries(plain)) {
		const [input] = new InputParser().push(bytes);
		if (input?.type !== "key") throw new Error(`${JSON.stringify(bytes)} is no key`);
		expect([bytes, rewriteKeys(input.bytes, application, input.key)]).toEqual([bytes, wanted]);
	}
});

test("a paste is in brackets where the program wants them, and typed where it does not", () => {
	expect(pasteFor("a\nb\r\nc", { bracketed: false })).toBe("a\rb\rc");
	expect(pasteFor("a\nb", { bracketed: true })).toBe("\x1b[200~a\nb\x1b[201~");
});

test("nothing that is pasted can end its brackets", () => {
	const part = fc.constantFrom(
		"\x1b[201~",
		"\x1b[200~",
		"\x1b[20",
		"\x1b",
		"[201~",
		"[20",
		"0~",
		"1~",
		"a",
		"\n",
	);
	fc.assert(
		fc.property(fc.array(part, { maxLength: 12 }), fc.boolean(), (parts, bracketed) => {
			const sent = pasteFor(parts.join(""), { bracketed });
			const inner = bracketed ? sent.slice("\x1b[200~".length, -"\x1b[201~".length) : sent;
			expect(inner).not.toMatch(/\x1b\[20[01]~/);
			if (bracketed) expect(new InputParser().push(sent).map(({ type }) => type)).toEqual(["paste"]);
		}),
		{ numRuns: 2000 },
	);
});
